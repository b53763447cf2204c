"""Variables from the command line: ``-e name=text``, ``-e @file.yml``, ``-e '{"name": ...}'``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cutter.errors import UsageError
from cutter.language.connection_words import decides_connection
from cutter.language.problems import nearest
from cutter.language.strict_yaml import read_file
from cutter.language.variables import known_names
from cutter.language.vars_checks import RESERVED
from cutter.model.inventory import Environment
from cutter.model.runbook import Runbook

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def parse_extra(words: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return what `-e` words give, later over earlier. Raises UsageError, InvalidDocuments."""
    if isinstance(words, Mapping):
        return dict(words)
    found: dict[str, Any] = {}
    for word in words:
        found.update(_parsed(word))
    for name in found:
        if decides_connection(name):
            raise UsageError(
                f"-e {name} has no effect: how a host is reached is said in the inventory",
                remedy="say it in its hosts.yml, group_vars/ or host_vars/",
            )
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise UsageError(
                f"-e cannot set {name!r}", remedy="names are letters, digits and _, and not cutter's own"
            )
    return found


def refuse_undeclared(
    extra: Mapping[str, Any], runbooks: Iterable[Runbook], environment: Environment
) -> None:
    """Raise UsageError for an extra variable that neither a runbook nor the inventory declares."""
    known = known_names(runbooks, environment)
    for name in extra:
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean {meant}?" if meant else "declare it in the vars of the runbook"
            raise UsageError(
                f"-e {name}: no runbook and no inventory file declares this variable", remedy=hint
            )


def _parsed(word: str) -> Mapping[str, Any]:
    if word.startswith("@"):
        document = read_file(word[1:])
        return _mapping(document.value, word)
    if word.lstrip().startswith("{"):
        try:
            return _mapping(json.loads(word, parse_float=_no_float), word)
        except ValueError as error:
            raise UsageError(f"-e: this is not a JSON object: {error}") from None
    name, equals, value = word.partition("=")
    if not equals:
        raise UsageError(f"-e {word}: neither name=value, nor @file.yml, nor a JSON object")
    return {name.strip(): value}


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is a floating-point number; quote it")


def _mapping(value: Any, word: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"-e {word}: this is not a mapping of variables")
    return value
