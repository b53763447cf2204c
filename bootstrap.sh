#!/bin/sh
# The door for those who evaluate or contribute: makes .venv beside this file, then does what the words say.
#
#   sh bootstrap.sh                    install, and print the next line to type
#   sh bootstrap.sh test [PYTEST...]   run every gate; what follows `test` goes to pytest
#   sh bootstrap.sh WORD...            the same as `cutter WORD...`, in the caller's folder
#
# .venv holds exactly requirements.lock, each file checked against its hash, and this folder as an editable
# install. Where nothing changed, nothing is done. Exit codes are those of `cutter explain`.
set -eu

case $0 in
    */*) here=$(CDPATH='' cd -- "${0%/*}" && pwd -P) ;;
    *) here=$(pwd -P) ;;
esac
venv=$here/.venv
say() { printf '%s\n' "bootstrap: $*" >&2; }

# Stop with a cause, what it left behind and the next command: refuse CODE CAUSE LINE...
refuse() {
    code=$1
    shift
    for line in "$@"; do say "$line"; done
    exit "$code"
}

# A stamp is written last, so a .venv that was killed half-way has none.
stamped() {
    [ -f "$1" ] && IFS= read -r stamp <"$1" && [ "$stamp" = "$2" ]
}

lock_sum="$here $(cksum <"$here/requirements.lock")"
project_sum=$(cksum <"$here/pyproject.toml")
packages_current() { [ -x "$venv/bin/python" ] && stamped "$venv/.packages" "$lock_sum"; }
current() { packages_current && stamped "$venv/.project" "$project_sum"; }

# The real executable of NAME when it is 3.11 or newer; a version manager's shim costs 100 ms.
real_python() {
    "$1" -I -S -c '
import os, sys
if sys.version_info < (3, 11):
    sys.exit(1)
print(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))' 2>/dev/null
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null && python=$(real_python "$name"); then
            return 0
        fi
    done
    return 1
}

missing_packages() {
    missing=
    command -v gpg >/dev/null || missing="gnupg"
    if ! find_python; then
        missing="$missing python3 python3-venv"
    elif ! "$python" -I -c 'import ensurepip, venv' 2>/dev/null; then
        missing="$missing ${python##*/}-venv"
    fi
    missing=${missing# }
    [ -n "$missing" ]
}

apt_install() {
    # shellcheck disable=SC2086 # one word per package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing </dev/null
}

need_packages() {
    missing_packages || return 0
    by_hand="apt-get update && apt-get install -y $missing"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        refuse 69 "missing: $missing (gpg; Python 3.11 or newer with its venv module). Nothing was changed." \
            "next, on Debian or Ubuntu: sudo sh -c '$by_hand'"
    fi
    say "installing $missing"
    # A fresh image has no package lists, and then the first try fails at once.
    log=$(apt_install 2>&1 || { apt-get update -q </dev/null && apt_install; } 2>&1) ||
        refuse 69 "$log" "apt-get could not install: $missing" "next: $by_hand"
    ! missing_packages || refuse 69 "still missing after apt-get: $missing" \
        "next: install Python 3.11 or newer, with its venv module, under one of its usual names"
}

there() (
    PATH=$PATH:/usr/sbin:/sbin
    command -v "$1" >/dev/null
)

missing_for_the_lab() {
    missing=
    for need in sshd=openssh-server ssh=openssh-client debootstrap=debootstrap ip=iproute2 sudo=sudo \
        unshare=util-linux; do
        there "${need%%=*}" || missing="$missing ${need#*=}"
    done
    missing=${missing# }
    [ -n "$missing" ]
}

# Install without starting anything: nobody asked for a server. A policy that is there is the machine's own.
apt_install_silent() (
    policy=/usr/sbin/policy-rc.d
    if ! [ -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 130' HUP INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 0755 "$policy"
    fi
    apt_install || { apt-get update -q </dev/null && apt_install; }
)

# Some tests build machines of their own. Without these packages they are skipped, and pytest says so.
want_lab() {
    missing_for_the_lab || return 0
    if [ "$(id -u)" != 0 ] || ! there apt-get; then
        say "not installed: $missing; tests that need it are skipped"
        return 0
    fi
    say "installing $missing, for tests that build machines of their own"
    log=$(apt_install_silent 2>&1) || say "$log" "apt-get could not install it; these tests are skipped"
}

# Run a command that is of interest only when it fails: quietly WHAT COMMAND...
quietly() {
    what=$1
    shift
    "$@" >"$venv/.log" 2>&1 </dev/null || {
        cat "$venv/.log" >&2
        refuse 69 "$what failed (above); .venv is not usable, nothing else was changed" \
            "next: see that the package index answers, then: sh $here/bootstrap.sh"
    }
}

pip() { PIP_USER=0 "$venv/bin/python" -I -m pip --disable-pip-version-check --no-input --quiet "$@"; }

install_packages() {
    if [ -e "$venv" ] && ! [ -e "$venv/.bootstrap" ]; then
        refuse 78 "$venv was not made by this script, so it stays as it is" "next: mv $venv $venv.old"
    fi
    need_packages
    say "preparing $venv with $python (once; about 20 seconds)"
    rm -rf "$venv"
    mkdir "$venv"
    : >"$venv/.bootstrap"
    quietly "making the virtual environment" "$python" -I -m venv "$venv"
    quietly "installing requirements.lock" pip install --no-compile --require-hashes --only-binary :all: \
        -r "$here/requirements.lock"
    # pip compiles on one core only. A file that does not compile is one that nobody imports.
    "$venv/bin/python" -I -m compileall -q -j 0 "$venv/lib" >"$venv/.log" 2>&1 || :
    printf '%s\n' "$lock_sum" >"$venv/.packages"
}

install_project() {
    quietly "installing cutter itself" pip install --no-index --no-deps --no-build-isolation \
        --editable "$here"
    printf '%s\n' "$project_sum" >"$venv/.project"
}

# One at a time: the lock is on the folder itself and dies with its holder. The caller's umask is not ours.
install() (
    [ -w "$here" ] || refuse 77 "$here is not writable by $(id -un). Nothing was changed." \
        "next: run as its owner, or work in a clone of your own"
    command -v flock >/dev/null || refuse 69 "flock is missing (package util-linux). Nothing was changed."
    umask 022
    exec 9<"$here"
    flock -n 9 || { say "another bootstrap is at work here; waiting" && flock 9; }
    packages_current || install_packages
    current || install_project
)

# Run one gate and say its verdict; its output is of interest only when it failed.
gate() {
    name=$1
    shift
    if report=$("$@" 2>&1); then
        printf '%-20s passed\n' "$name"
    else
        printf '%s\n%-20s FAILED\n' "$report" "$name"
        failed="$failed, $name"
    fi
}

run_gates() {
    cd -- "$here"
    failed=
    gate "ruff check" "$venv/bin/ruff" check
    gate "ruff format" "$venv/bin/ruff" format --check
    gate "mypy --strict" "$venv/bin/mypy" --strict
    gate "lint-imports" "$venv/bin/lint-imports"
    "$venv/bin/python" -m pytest -n auto --dist worksteal -rs "$@" || failed="$failed, pytest"
    [ -z "$failed" ] || refuse 1 "failed: ${failed#, }"
}

current || install

case ${1-} in
    '')
        printf '%s\n' "Installed. Next:" \
            "  sh bootstrap.sh apply --yes -i inventory/sandbox runbooks/provision-vps.yml runbooks/gap5.yml"
        ;;
    test)
        shift
        want_lab
        run_gates "$@"
        ;;
    # Isolated: no module in the caller's folder is taken for ours. 8 ms sooner than the console script.
    *) exec "$venv/bin/python" -I -c 'from cutter.cli.main import entry; entry()' "$@" ;;
esac
