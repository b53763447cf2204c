"""Jinja2 templates of files: sandboxed, strict, rendered on the controller for one target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutter.language.desk_faults import DeskFault


def rendered(path: str, given: str, variables: Mapping[str, Any], late: frozenset[str]) -> bytes:
    """Return a template's text as UTF-8. `late` names variables that hold what only the target knows.

    Raises DeskFault for a template that cannot be read, does not parse, or needs what is not there.
    """
    from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
    from jinja2.sandbox import SandboxedEnvironment

    jinja = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        return jinja.from_string(text).render(variables).encode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DeskFault(given, f"the template {given} cannot be read: {reason}") from None
    except TemplateSyntaxError as error:
        raise DeskFault(given, f"{given}:{error.lineno}: {error.message}") from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise DeskFault(
            given, f"the template {given} cannot be rendered: {error}", _late_advice(str(error), late)
        ) from None


def _late_advice(said: str, late: frozenset[str]) -> str:
    known_late = [name for name in sorted(late) if f"'{name}'" in said]
    return (
        f"{known_late[0]} holds a fact or a step's output, which a template cannot have" if known_late else ""
    )
