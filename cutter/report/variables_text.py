"""Variables, their values and their origins as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from cutter.model.inventory import Variable
from cutter.report.style import paint, printable


class Explained(Protocol):
    """What is shown of a variable."""

    @property
    def host(self) -> str:
        """Where it counts."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def value(self) -> Any:
        """Its value, references followed."""

    @property
    def problem(self) -> str:
        """Why it has none."""

    @property
    def given(self) -> tuple[Variable, ...]:
        """Everybody who gave one, weakest first."""


def list_text(variables: Sequence[Explained], *, colour: bool = False) -> str:
    """Return each variable with its value and the origin of the word that counts."""
    lines: list[str] = []
    host = ""
    for variable in variables:
        if variable.host != host:
            host = variable.host
            lines.append(paint(host, "strong", colour=colour))
        winner = variable.given[-1]
        lines.append(f"  {variable.name} = {_value(variable)}  ({_origin(winner)})")
    return "\n".join(lines)


def explain_text(variable: Explained, *, colour: bool = False) -> str:
    """Return one variable and everybody who gave it a value, strongest first; ``*`` marks what counts."""
    head = f"{paint(variable.name, 'strong', colour=colour)} on {variable.host} = {_value(variable)}"
    return "\n".join([head, *_given_lines(variable)])


def variable_body(variable: Explained) -> dict[str, Any]:
    """Return one variable for programs."""
    given = [{"value": one.value, "origin": one.origin, "layer": one.layer} for one in variable.given]
    body = {"host": variable.host, "name": variable.name, "value": variable.value, "given": given}
    return {**body, "problem": variable.problem} if variable.problem else body


def _given_lines(variable: Explained) -> Iterator[str]:
    for index, one in enumerate(reversed(variable.given)):
        yield f"  {' ' if index else '*'} {_shown(one.value)}  ({_origin(one)})"


def _origin(one: Variable) -> str:
    return one.layer if one.layer == one.origin else f"{one.layer}, {one.origin}"


def _value(variable: Explained) -> str:
    return f"? {printable(variable.problem)}" if variable.problem else _shown(variable.value)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return printable(text).replace("\n", "\\n")
