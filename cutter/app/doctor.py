"""What of this machine and environment would stop a run, or make its record doubtful. Only looks."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cutter.app.doctor_checks import Check, fail, of_error, ok, warn
from cutter.app.workspace import Choice, Workspace
from cutter.errors import CutterError

OLDEST_PYTHON = (3, 11)
OLDEST_GPG = (2, 2)
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?([^;]*)")
_LIMIT = re.compile(r"(>=|==|<)\s*([0-9.]+)")
_HOLDS: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": lambda found, limit: found >= limit,
    "==": lambda found, limit: found == limit,
    "<": lambda found, limit: found < limit,
}
_OTHERS_MAY_WRITE = 0o002


def examine(choice: Choice) -> list[Check]:
    """Return every check, in the order an operator would make them."""
    checks = [python(sys.version_info[:3]), packages(), gpg(), umask(), text()]
    try:
        workspace = Workspace(choice)
    except CutterError as error:
        fix = error.remedy or f"correct it, or choose another with -i; then: cutter validate {choice.folder}"
        return [*checks, of_error("inventory", error)._replace(fix=fix)]
    from cutter.app.doctor_database import of_databases
    from cutter.app.doctor_ledger import of_environment

    hosts = f"{len(workspace.environment.hosts)} host(s)"
    found = ok("inventory", f"{choice.folder}: environment {workspace.environment.name}, {hosts}")
    return [*checks, found, *of_environment(workspace), *of_databases(workspace)]


def python(version: tuple[int, ...]) -> Check:
    """Check the version of Python."""
    told = ".".join(map(str, version)) + f" at {sys.executable}"
    if version < OLDEST_PYTHON:
        return fail("python", told, "install Python 3.11 or newer, and cutter with it")
    return ok("python", told)


def packages() -> Check:
    """Check that what cutter declares to need is there, new enough, and can be imported."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        declared = [text for text in requires("cutter") or [] if ";" not in text]
    except PackageNotFoundError:
        return warn("packages", "cutter is not installed, it runs from a folder", "sh bootstrap.sh")
    problems = list(_package_problems(declared))
    if problems:
        return fail("packages", "; ".join(problems), "sh bootstrap.sh, or: pipx install --force .")
    return ok("packages", f"{len(declared)} packages, none missing or too old")


def gpg() -> Check:
    """Check that gpg is there and new enough."""
    from cutter.gpg import available

    try:
        version = available()
    except CutterError as error:
        return fail("gpg", error.cause, error.remedy or "apt-get install gnupg")
    if _numbers(version) < OLDEST_GPG:
        return fail("gpg", f"{version} is too old: 2.2 is needed", "apt-get install gnupg")
    return ok("gpg", version)


def umask() -> Check:
    """Check what new files look like. /proc says it; to ask the process would be to change it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"^Umask:\s*([0-7]+)", status, re.MULTILINE)
    if found is None or int(found[1], 8) & _OTHERS_MAY_WRITE:
        return ok("umask", found[1] if found else "the system does not say")
    return warn("umask", f"{found[1]}: everybody may write to what is made without a mode", "umask 022")


def text() -> Check:
    """Check that names of files and messages can be any text."""
    import locale

    used = {sys.getfilesystemencoding().lower(), locale.getpreferredencoding(do_setlocale=False).lower()}
    if used == {"utf-8"}:
        return ok("text", "UTF-8")
    return warn("text", f"this locale has {', '.join(sorted(used))}", "export LANG=C.UTF-8")


def _package_problems(declared: Iterable[str]) -> Iterator[str]:
    from importlib.metadata import packages_distributions

    modules: dict[str, str] = {}
    for module, names in packages_distributions().items():
        modules.update({_plain(name): module for name in names if not module.startswith("_")})
    for requirement in declared:
        found = _REQUIREMENT.match(requirement)
        if found is not None:
            yield from _problem_of(found[1], found[2], modules.get(_plain(found[1]), found[1]))


def _problem_of(name: str, limits: str, module: str) -> Iterator[str]:
    from importlib import import_module
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version(name)
        import_module(module)
    except PackageNotFoundError:
        yield f"{name} is not installed"
    except ImportError as error:
        yield f"{name} cannot be imported: {error}"
    else:
        for sign, limit in _LIMIT.findall(limits):
            if not _HOLDS[sign](_numbers(found), _numbers(limit)):
                yield f"{name} is {found}, and {sign}{limit} is needed"


def _plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
