#!/bin/sh
# Make a fresh Debian into what every machine of the lab begins as: prepare.sh ROOT.
set -eu
root=$1

for user in ops opspw; do chroot "$root" useradd --create-home --shell /bin/bash "$user"; done
echo opspw:opspw-of-the-lab | chroot "$root" chpasswd
printf 'ops ALL=(ALL) NOPASSWD: ALL\nopspw ALL=(ALL) ALL\n' >"$root/etc/sudoers.d/lab"
chmod 0440 "$root/etc/sudoers.d/lab"

# Each machine brings a host key and an identity of its own.
rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"
printf '%s\n' 'PermitRootLogin prohibit-password' 'UseDNS no' 'MaxSessions 200' 'MaxStartups 200' \
    'HostKey /etc/ssh/ssh_host_ed25519_key' >"$root/etc/ssh/sshd_config.d/lab.conf"
# What logs in waits for no name server, and a package installs without asking the disk for its word.
: >"$root/etc/resolv.conf"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/lab"

# The packages that it was made of are its only source of packages: apt works, and asks nobody.
packages=/usr/share/lab-packages
mkdir "$root$packages"
mv "$root"/var/cache/apt/archives/*.deb "$root$packages"
for file in "$root$packages"/*.deb; do
    dpkg-deb --field "$file"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat -c %s "$file")" \
        "$(sha256sum "$file" | cut -d ' ' -f 1)"
done >"$root$packages/Packages"
find "$root/var/lib/apt/lists" -type f -delete
echo "deb [trusted=yes] file:$packages ./" >"$root/etc/apt/sources.list"
chroot "$root" apt-get update -q

# What reaches for hardware, for the kernel or for a terminal that is not there.
for unit in systemd-modules-load.service systemd-sysctl.service systemd-udevd.service \
    systemd-udev-trigger.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
    systemd-tmpfiles-setup-dev.service systemd-remount-fs.service systemd-timesyncd.service \
    systemd-networkd.service systemd-resolved.service systemd-logind.service \
    systemd-journal-flush.service systemd-firstboot.service kmod-static-nodes.service \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount proc-sys-fs-binfmt_misc.automount \
    proc-sys-fs-binfmt_misc.mount getty.target getty@.service console-getty.service serial-getty@.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
: >"$root/etc/fstab"
