#!/bin/sh
# The first process of a machine, in namespaces of its own: init.sh NAME sshd|systemd.
set -eu
hostname "$1"

mount -t proc proc /proc
mount -t sysfs -o ro sysfs /sys
mount -t tmpfs -o mode=0755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
# The kernel's own settings are those of the machine that the lab stands on.
for shared in /proc/sys /proc/sysrq-trigger; do
    [ ! -e "$shared" ] || { mount --bind "$shared" "$shared" && mount -o remount,bind,ro "$shared"; }
done

# The devices too: a /dev that is private, with what a program may count on.
mount -t tmpfs -o mode=0755,nosuid dev /dev
mkdir /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
for name in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${name#*:}" "/dev/${name%:*}"; done
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    numbers=${node#*:}
    mknod -m 0666 "/dev/${node%%:*}" c "${numbers%:*}" "${numbers#*:}"
done

mkdir -p /run/sshd /run/lock
if [ "$2" = systemd ]; then
    mount -t cgroup2 cgroup /sys/fs/cgroup
    exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --system --unit=multi-user.target
fi
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /usr/sbin/sshd -D -E /var/log/sshd.log
