"""Whether a service answers: a program, an address, or a page asked on the machine itself."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from cutter.children import run
from cutter.errors import CutterError
from cutter.model.secret import contains_secret

KINDS = ("argv", "http", "tcp")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "argv": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "http": {"type": "string", "pattern": "^https?://|[{][{]"},
        "tcp": {"type": "string", "pattern": "^.+:[0-9]+$|[{][{]"},
        "retries": {"type": "integer", "minimum": 0, "maximum": 1000},
        "every": {"type": "integer", "minimum": 1, "maximum": 600},
        "timeout": {"type": "integer", "minimum": 1, "maximum": 600},
    },
    "additionalProperties": False,
}
_RETRIES, _EVERY, _TIMEOUT = 5, 2, 5


def complaints(probe: Any) -> Iterator[str]:
    """Yield what is wrong with a declared probe, beyond its shape."""
    if isinstance(probe, Mapping):
        given = [kind for kind in KINDS if kind in probe]
        if len(given) != 1:
            yield f"exactly one of argv, http and tcp is needed, not {' and '.join(given) or 'none'}"
        if contains_secret(probe.get("argv")):
            yield "has a secret among its arguments, and everybody on the machine can read those"


def failure(probe: Mapping[str, Any]) -> str:
    """Ask once; return why there was no good answer, or nothing."""
    seconds = float(probe.get("timeout", _TIMEOUT))
    try:
        if "argv" in probe:
            ended = run(probe["argv"], timeout=seconds, cwd="/")
            return "" if ended.succeeded else f"exit code {ended.code}: {ended.killed or ended.last_lines()}"
        if "tcp" in probe:
            host, _, port = probe["tcp"].rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
            return ""
        return _page(probe["http"], seconds)
    except (OSError, ValueError, CutterError) as error:
        return f"{getattr(error, 'reason', None) or error}"


def patient_failure(probe: Mapping[str, Any]) -> str:
    """Ask until there is a good answer or the retries are used up; return why there was none, or nothing."""
    why = failure(probe)
    for _ in range(probe.get("retries", _RETRIES)):
        if not why:
            break
        time.sleep(probe.get("every", _EVERY))
        why = failure(probe)
    return why


def shown(probe: Mapping[str, Any]) -> str:
    """Return what is asked, in words."""
    kind = next(kind for kind in KINDS if kind in probe)
    return " ".join(probe[kind]) if kind == "argv" else str(probe[kind])


class _NoRedirect(HTTPRedirectHandler):
    """An answer that leads elsewhere is an answer; nobody is followed to another machine."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing."""


def _page(address: str, seconds: float) -> str:
    if not urlsplit(address).hostname:
        return f"{address} names no host"
    opener = build_opener(ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(Request(address), timeout=seconds) as answer:  # noqa: S310 - http and https alone
            return "" if answer.status < 400 else f"status {answer.status}"  # noqa: PLR2004 - errors of HTTP
    except URLError as error:
        code = getattr(error, "code", None)
        if code is not None:
            return "" if code < 400 else f"status {code}"  # noqa: PLR2004 - as above
        raise
