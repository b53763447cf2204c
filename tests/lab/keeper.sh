#!/bin/sh
# Hold the ground that a lab stands on until standard input ends, then leave nothing: keeper.sh FOLDER NAME.
#
# Mounts, network and processes are in namespaces that end with this process. What is left of control groups is
# removed, also that of labs whose keeper was killed.
set -eu
folder=$1
name=$2

mount -t tmpfs -o size=4g,mode=0755 lab "$folder"
mkdir "$folder/cgroup"
if mount -t cgroup2 cgroup "$folder/cgroup" 2>/dev/null; then
    for left in "$folder"/cgroup/cutter-lab-*; do
        # One that still holds a process refuses to go.
        [ ! -d "$left" ] || find "$left" -depth -type d -exec rmdir {} + 2>/dev/null || :
    done
    # The keeper stands in its own, so nobody else takes it for one that was left.
    for _ in $(seq 20); do
        mkdir -p "$folder/cgroup/$name/keeper" &&
            echo $$ >"$folder/cgroup/$name/keeper/cgroup.procs" && break
    done 2>/dev/null
fi

unshare --net --pid --fork --kill-child=KILL sh -ec '
    ip link set lo up
    ip link add br0 type bridge
    ip addr add 10.99.255.254/16 dev br0
    ip link set br0 up
    echo ready
    exec cat >/dev/null' || :

[ ! -d "$folder/cgroup/$name" ] || {
    echo $$ >"$folder/cgroup/cgroup.procs"
    for _ in $(seq 200); do
        find "$folder/cgroup/$name" -depth -type d -exec rmdir {} + 2>/dev/null && break
        sleep 0.05
    done
}
