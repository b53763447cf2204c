"""The variables that say how a host is reached and who acts there: Ansible's own words, and one of cutter's.

A word among them that cutter would not do as it says is a problem and never passed over, and so is one that
is nearly a known one. Every other name is a variable of the project's own, and free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cutter.language.problems import Problem, nearest
from cutter.language.strict_yaml import Document
from cutter.model.runbook import ValuePath
from cutter.named_tuple import NamedTuple

PREFIX = "ansible_"
BOOTSTRAP = "bootstrap_python"
KNOWN: Mapping[str, Mapping[str, Any]] = {
    "ansible_connection": {"type": "string", "description": "local, or ssh (the default)."},
    "ansible_host": {"type": "string", "description": "The address to connect to."},
    "ansible_user": {"type": "string", "description": "The user to log in as."},
    "ansible_port": {"type": ["integer", "string"], "description": "The port to connect to."},
    "ansible_become": {"type": ["boolean", "string"], "description": "Whether to work as root."},
    "ansible_become_password": {
        "description": "Where the password of sudo is: {env: NAME} or {file: PATH}.",
    },
    "ansible_ssh_private_key_file": {"type": "string", "description": "The key to log in with."},
    "ansible_ssh_common_args": {"type": "string", "description": "Options for ssh."},
    "ansible_ssh_extra_args": {"type": "string", "description": "More options for ssh."},
    "ansible_python_interpreter": {"type": "string", "description": "The Python there."},
    BOOTSTRAP: {
        "type": ["boolean", "string"],
        "description": "Whether an apply installs python3, by apt, where there is no Python: on all such "
        "hosts before the first step, wave by wave.",
    },
}
"""What cutter does as it says, with the schema of each."""
_CALLED = {
    "ansible_become_pass": "ansible_become_password",
    "ansible_private_key_file": "ansible_ssh_private_key_file",
    "ansible_ssh_args": "ansible_ssh_common_args",
    "ansible_ssh_host": "ansible_host",
    "ansible_ssh_port": "ansible_port",
    "ansible_ssh_user": "ansible_user",
    "ansible_sudo": "ansible_become",
    "ansible_sudo_pass": "ansible_become_password",
}
_KEYS = "ssh logs in by a key or an agent; no password stands in a file of the project"
_POLICY = "whether a host key counts is for ~/.ssh/config to say"
_REFUSED = {
    "ansible_become_exe": "cutter calls sudo by its name",
    "ansible_become_flags": "cutter calls sudo with words of its own",
    "ansible_become_method": "cutter becomes root by sudo alone",
    "ansible_become_user": "cutter becomes root and nobody else",
    "ansible_host_key_checking": _POLICY,
    "ansible_password": _KEYS,
    "ansible_shell_type": "a host of cutter has a POSIX shell",
    "ansible_ssh_executable": "CUTTER_SSH names another program than ssh",
    "ansible_ssh_host_key_checking": _POLICY,
    "ansible_ssh_pass": _KEYS,
    "ansible_ssh_password": _KEYS,
    "ansible_ssh_private_key": "the key is in ssh-agent, or in the file of ansible_ssh_private_key_file",
}
"""What Ansible knows and cutter would not do, with the reason."""
_AS_IT_IS = {
    "ansible_become_method": ("sudo",),
    "ansible_become_user": ("root",),
    "ansible_host_key_checking": (True, "true", "yes"),
    "ansible_shell_type": ("sh",),
    "ansible_ssh_host_key_checking": (True, "true", "yes"),
}
"""The values of those that say what cutter does anyway."""
_WITHOUT_MATTER = frozenset(
    {
        "ansible_async_dir",
        "ansible_command_timeout",
        "ansible_control_path",
        "ansible_control_path_dir",
        "ansible_keep_remote_files",
        "ansible_managed",
        "ansible_perl_interpreter",
        "ansible_pipelining",
        "ansible_remote_tmp",
        "ansible_ruby_interpreter",
        "ansible_scp_executable",
        "ansible_scp_extra_args",
        "ansible_scp_if_ssh",
        "ansible_sftp_batch_mode",
        "ansible_sftp_executable",
        "ansible_sftp_extra_args",
        "ansible_shell_allow_world_readable_temp",
        "ansible_shell_executable",
        "ansible_ssh_control_path",
        "ansible_ssh_control_path_dir",
        "ansible_ssh_pipelining",
        "ansible_ssh_retries",
        "ansible_ssh_timeout",
        "ansible_ssh_transfer_method",
        "ansible_ssh_use_tty",
        "ansible_system_tmpdirs",
        "ansible_timeout",
    }
)
"""What Ansible knows and says neither where a host is nor who acts there: speed, and folders of its own."""
_NEAR = 0.85


class _Verdict(NamedTuple):
    what: str
    suggestion: str = ""
    advice: str = ""


def decides_connection(name: str) -> bool:
    """Tell whether a variable is one of those that only an inventory may give."""
    return name.startswith(PREFIX) or name == BOOTSTRAP


def connection_problems(document: Document, found: Any, path: ValuePath) -> Iterator[Problem]:
    """Yield the problems of the names in a mapping of an inventory's variables; no value is told."""
    for name, value in found.items() if isinstance(found, dict) else ():
        verdict = _verdict(name) if isinstance(name, str) else None
        if verdict is not None and value not in _AS_IT_IS.get(name, ()):
            yield document.problem(
                (*path, name),
                verdict.what,
                key=True,
                offending=name,
                suggestion=verdict.suggestion,
                advice=verdict.advice,
            )


def elsewhere_problems(document: Document, found: Any, path: ValuePath) -> Iterator[Problem]:
    """Yield the problems of a runbook's variables that would say nothing: the inventory has the word."""
    for name in filter(decides_connection, found if isinstance(found, dict) else ()):
        what = f"{name!r} has no effect here: how a host is reached is said in the inventory"
        yield document.problem((*path, name), what, key=True, offending=name, advice="move it there")


@cache
def _verdict(name: str) -> _Verdict | None:
    if name in KNOWN or name in _WITHOUT_MATTER:
        return None
    if name in _CALLED:
        return _Verdict(f"{name!r} has another name here", _CALLED[name])
    if name in _REFUSED:
        return _Verdict(f"cutter would not do as {name!r} says: {_REFUSED[name]}", advice="remove it")
    if name.startswith(PREFIX):
        endings = {
            word.removeprefix(PREFIX): word for word in (*KNOWN, *_CALLED, *_REFUSED, *_WITHOUT_MATTER)
        }
        meant = endings.get(nearest(name.removeprefix(PREFIX), endings), "")
        advice = "" if meant else f"known are {', '.join(KNOWN)}; a variable of your own begins otherwise"
        return _Verdict(f"cutter does not know {name!r}, and would not do as it says", meant, advice)
    meant = _nearly(name)
    what = f"{name!r} is nearly the name of a variable that cutter acts on"
    return _Verdict(what, meant, "or choose a name of your own less like it") if meant else None


def _nearly(name: str) -> str:
    """Return the known word that a free name is nearly; difflib is asked only where it could say so."""
    letters = Counter(name)
    near = [word for word in KNOWN if _ratio((letters & Counter(word)).total(), name, word) >= _NEAR]
    if not near:
        return ""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, near, n=1, cutoff=_NEAR)), "")


def _ratio(common: int, name: str, word: str) -> float:
    """Return what difflib calls the ratio, if all letters in common stood in one order."""
    return 2 * common / (len(name) + len(word))
