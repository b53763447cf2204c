"""apt-get and dpkg, run without anybody there: no questions, edited conffiles stay, locks are waited for."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from cutter.apt.status import known
from cutter.children import Finished, run
from cutter.errors import LeftBehind, LockHeld, PreconditionError, StepFailed
from cutter.filesystem.record_locks import held, holder_of

_LISTS = "/var/lib/apt/lists/lock"
_DPKG = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock")
_LOCKS = (*_DPKG, _LISTS, "/var/cache/apt/archives/lock")
_PATIENCE = 60
_PAUSE = 0.5
_SECONDS = 1800
_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l", "LC_ALL": "C.UTF-8"}
_CONFFILES = ("--force-confdef", "--force-confold")
_REMOVED = re.compile(r"^(?:Remv|Purg) (\S+)", re.MULTILINE)
_UNKNOWN = re.compile(
    r"Unable to locate package|has no installation candidate|Version '.*' for '.*' was not found"
    "|Can't find a source to download version"
)
_UNMET = re.compile(r"^The following packages have unmet dependencies:\n((?: .*\n)+)", re.MULTILINE)
_REFUSED = re.compile(r"^dpkg: error processing .*(?:\n .*)*", re.MULTILINE)
_LINES = 10
_WHERE = "correct it, or declare the repository that has it in an earlier step; apt-cache policy tells of all"
_UNREAD = "let the machine reach that repository, or take it out of apt's sources"
_BROKEN = re.compile(r"'?(dpkg --configure -a|apt(?:-get)? --fix-broken install)'?")
"""What apt and dpkg tell a person to do first; it touches packages that no step names."""
PERHAPS = "packages may be partly changed: dpkg --audit shows which"


def removals(words: Sequence[str]) -> list[str]:
    """Return the packages that an apt-get command would remove, by simulating it.

    Where it does not know a package, the lists are fetched anew once. Raises PreconditionError when it
    cannot be done at all, and LockHeld.
    """
    ended = _apt("-s", *words)
    if not ended.succeeded and _UNKNOWN.search(_said(ended)):
        update()
        ended = _apt("-s", *words)
    if not ended.succeeded:
        _refuse_lock(ended)
        cause = "\n".join([f"apt-get -s {' '.join(words)}: {ended.last_lines()}", *_unmet(ended)])
        raise PreconditionError(cause, remedy=_remedy(ended) or _remedy_of_unmet(ended, words))
    return sorted(set(_REMOVED.findall(ended.stdout.decode("utf-8", "replace"))))


def update(*options: str) -> None:
    """Fetch the lists of packages; `options` are words of apt-get.

    Raises LockHeld, and StepFailed when any of them cannot be had.
    """
    _wait_for(_LISTS)
    ended = _apt("update", "--error-on=any", *options)
    if not ended.succeeded:
        _refuse_lock(ended)
        cause = f"apt-get update: {ended.last_lines()}"
        raise StepFailed(cause, world="the lists of packages may be partly new", remedy=_UNREAD)


def change(words: Sequence[str]) -> None:
    """Run an apt-get command for real.

    Raises LockHeld, StepFailed with the last lines it said, and LeftBehind where dpkg has begun.
    """
    before = known()
    ended = _apt(*words)
    begun = not ended.succeeded and (known() != before or bool(_refused_by_dpkg(ended)))
    _demand(ended, f"apt-get {' '.join(words)}", LeftBehind if begun else StepFailed)


def configure(name: str) -> None:
    """Finish what an interrupted dpkg left of a package. Raises as `change` does.

    One whose dependencies are unfinished as well stays as it is: apt-get install finishes them together.
    """
    _wait_for(*_DPKG)
    ended = _run(["dpkg", *_CONFFILES, "--configure", name])
    if b"dependency problems" not in ended.stderr:
        _demand(ended, f"dpkg --configure {name}")


def select(name: str, *, hold: bool) -> None:
    """Hold a package at its version, or release it. Raises as `change` does."""
    line = f"{name} {'hold' if hold else 'install'}\n".encode()
    _wait_for(*_DPKG)
    _demand(_run(["dpkg", "--set-selections"], line), "dpkg --set-selections")


def _apt(*words: str) -> Finished:
    options = [f"DPkg::Lock::Timeout={_PATIENCE}", "APT::Get::Assume-Yes=true"]
    options += [f"DPkg::Options::={option}" for option in _CONFFILES]
    flags = [word for option in options for word in ("-o", option)]
    return _run(["apt-get", "-q", *flags, *words])


def _run(words: list[str], stdin: bytes = b"") -> Finished:
    return run(words, stdin=stdin, timeout=_SECONDS, environment=_ENVIRONMENT, cwd="/", package="apt")


def _wait_for(*locks: str) -> None:
    """Wait for locks for which the program itself does not. Raises LockHeld."""
    deadline = time.monotonic() + _PATIENCE
    while taken := next(filter(holder_of, locks), ""):
        if time.monotonic() >= deadline:
            raise held(taken)
        time.sleep(_PAUSE)


def _demand(ended: Finished, shown: str, failure: type[StepFailed] = StepFailed) -> None:
    if not ended.succeeded:
        _refuse_lock(ended)
        cause = "\n".join([f"{shown}: {ended.killed or ended.last_lines()}", *_refused_by_dpkg(ended)])
        raise failure(cause, world=PERHAPS, remedy=_remedy(ended))


def _remedy(ended: Finished) -> str:
    found = _BROKEN.search(_said(ended))
    if found:
        return f"put what is broken there right first: {found.group(1)}"
    return _WHERE if _UNKNOWN.search(_said(ended)) else ""


def _unmet(ended: Finished) -> list[str]:
    """Return what apt said of dependencies that cannot be had together; its error alone names no package."""
    found = _UNMET.search(ended.stdout.decode("utf-8", "replace"))
    return [line.strip() for line in found.group(1).splitlines()[-_LINES:]] if found else []


def _remedy_of_unmet(ended: Finished, words: Sequence[str]) -> str:
    """Return the way out; what the command names itself may move, held or not."""
    unmet = _unmet(ended)
    if not unmet:
        return ""
    named = set(re.findall(r"[a-z0-9][a-z0-9+.-]+", " ".join(unmet)))
    named -= {re.split("[:=]", word)[0] for word in words}
    stay = [item for item in known() if item.hold and item.name in named]
    if stay:
        names = " ".join(item.name for item in stay)
        which = ", ".join(f"{item.name} (at {item.version})" for item in stay)
        return f"held: {which}; let an earlier step say hold: false of it, or apt-mark unhold {names}"
    return "declare the repository that has what is missing in an earlier step, or another version"


def _refused_by_dpkg(ended: Finished) -> list[str]:
    """Return what dpkg said of packages that it could not process; apt has that among all it says."""
    said = ended.stdout.decode("utf-8", "replace").replace("\r", "")
    return [line for found in _REFUSED.findall(said) for line in found.splitlines()][-_LINES:]


def _refuse_lock(ended: Finished) -> None:
    if re.search(r"Could not get lock|(is|was) locked by another process", _said(ended)):
        found: list[LockHeld] = [held(path) for path in _LOCKS if holder_of(path)]
        raise found[0] if found else held(_LOCKS[0])


def _said(ended: Finished) -> str:
    return (ended.stdout + ended.stderr).decode("utf-8", "replace")
