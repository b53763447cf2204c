"""The forms in which a runbook gives the value of a key, and what becomes of them towards the target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from cutter.env_text.spelling import Unwritable, spelled
from cutter.errors import ConfigurationError
from cutter.model.references import BadReference, references
from cutter.model.secret import Secret
from cutter.named_tuple import NamedTuple
from cutter.resource import Complaint, Desk

KEY = r"^[A-Za-z_][A-Za-z0-9_]*$"
SHORTEST, USUAL, LONGEST = 8, 32, 1024
_SECRET = {
    "secret": {
        "type": "boolean",
        "description": "False shows the value in plans and in the ledger. Without it, the value is a secret.",
    }
}


def _form(name: str, description: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": {name: {**inner}, **_SECRET},
        "required": [name],
        "additionalProperties": False,
    }


_GENERATE = {
    "type": "object",
    "properties": {"length": {"type": "integer", "minimum": SHORTEST, "maximum": LONGEST, "default": USUAL}},
    "additionalProperties": False,
}
VALUE_SCHEMA: Mapping[str, Any] = {
    "oneOf": [
        {"type": "string", "description": "The text itself; a secret if it holds the output of a step."},
        {"type": "integer", "description": "A number, written in decimal; not a secret."},
        _form("value", "A text or number that is a secret.", {"type": ["string", "integer"]}),
        _form("env", "An environment variable of the controller.", {"type": "string", "pattern": KEY}),
        _form("file", "A file of the controller; one line break at its end is dropped.", {"type": "string"}),
        _form("generate", "Letters and digits made on the target once, and kept.", _GENERATE),
    ]
}
MAP_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "propertyNames": {"pattern": KEY},
    "additionalProperties": VALUE_SCHEMA,
}
_LISTS = ("set", "default", "required", "absent")
_FORMS = ("value", "env", "file", "generate")


class Source(NamedTuple):
    """A value as the target knows it; `text` is None for one that is to be generated."""

    text: Optional[str]
    secret: bool
    length: int = USUAL


def source_of(form: Any) -> Source:
    """Return the value of a prepared form. Raises ConfigurationError for one not read on a controller."""
    if not isinstance(form, Mapping):
        return Source(_text(form), isinstance(form, Secret))
    if "generate" in form:
        return Source(None, secret=True, length=(form["generate"] or {}).get("length", USUAL))
    if "value" not in form:
        raise ConfigurationError(
            "a value from the environment or a file of the controller was not read there"
        )
    return Source(_text(form["value"]), bool(form.get("secret", True)))


def without_secret_values(forms: Any) -> dict[str, Any]:
    """Return a prepared map with three stars for each secret, also for one completed on the target."""
    return {key: _masked(form) for key, form in entries(forms)}


def prepared(key: str, form: Any, desk: Desk) -> Any:
    """Return the form with everything read that only the controller can read; secrets have their type.

    Raises ConfigurationError for what is missing, empty or not text.
    """
    if not isinstance(form, Mapping):
        marked = isinstance(form, Secret) or (isinstance(form, str) and _from_a_step(form))
        return {"value": form, "secret": True} if marked else form
    secret = bool(form.get("secret", True))
    if "env" in form:
        return _wrapped(_variable(key, form["env"], desk), secret=secret)
    if "file" in form:
        return _wrapped(_file(key, form["file"], desk), secret=secret)
    return _marked(form, secret=secret) if "value" in form else form


def complaint_about(form: Any) -> str:
    """Return what is wrong with a form, or an empty text; never with the value in it."""
    if isinstance(form, Mapping):
        return _complaint_about_mapping(form)
    return _complaint_about_literal(form)


def _complaint_about_literal(value: Any) -> str:
    if isinstance(value, (bool, float)) or value is None:
        return f"is {_yaml(value)}, not a text: quote it to write it literally"
    if not isinstance(value, (str, int, Secret)):
        return f"is a {type(value).__name__}, not a text, a number or one of {', '.join(_FORMS)}"
    return _complaint_about_text(value)


def entries(mapping: Any) -> list[tuple[Any, Any]]:
    """Return the entries of a map; none where a reference stands in its place, judged when resolved."""
    return list(mapping.items()) if isinstance(mapping, Mapping) else []


def complaints_about_keys(params: Mapping[str, Any]) -> Iterator[Complaint]:
    """Yield complaints about keys that are no names, stand in two lists, or are not there at all."""
    seen: dict[str, str] = {}
    for name in _LISTS:
        given = params.get(name) or ()
        if isinstance(given, str):  # a reference
            seen.setdefault(given, name)
            continue
        for key in given:
            if not re.fullmatch(KEY, str(key)):
                yield Complaint((name,), f"{key!r} is no name of a variable")
            elif key in seen:
                yield Complaint((name,), f"{key} stands in {seen[key]} already")
            seen.setdefault(key, name)
    if not seen:
        yield Complaint((), f"names no key: one of {', '.join(_LISTS)} is needed")


def _complaint_about_mapping(form: Mapping[str, Any]) -> str:
    named = [name for name in _FORMS if name in form]
    unknown = sorted(str(name) for name in form if name not in (*_FORMS, "secret"))
    if len(named) != 1 or unknown:
        extra = f"; {', '.join(unknown)} is not known" if unknown else ""
        return f"needs exactly one of {', '.join(_FORMS)}{extra}"
    if not isinstance(form.get("secret", False), bool):
        return "secret: is not true or false"
    inner = form[named[0]]
    if named[0] == "generate":
        return _complaint_about_length(inner)
    if named[0] == "value":
        return _complaint_about_literal(inner)
    return "" if isinstance(inner, str) and inner else f"{named[0]}: is not a text"


def _complaint_about_length(inner: Any) -> str:
    if not isinstance(inner, Mapping) or set(inner) - {"length"}:
        return "generate: takes a mapping with length, and nothing else"
    length = inner.get("length", USUAL)
    fits = isinstance(length, int) and not isinstance(length, bool) and SHORTEST <= length <= LONGEST
    return "" if fits else f"generate: length is a number from {SHORTEST} to {LONGEST}"


def _complaint_about_text(value: Any) -> str:
    if isinstance(value, str) and "{{" in value:
        return ""  # judged again where it is resolved
    try:
        spelled(_text(value))
    except Unwritable as problem:
        return f"cannot be written: it {problem}"
    return ""


def _wrapped(text: str, *, secret: bool) -> dict[str, Any]:
    """Return a value from outside. Braces in it are text, and only a Secret is never searched for them."""
    return {"value": Secret(text) if secret or "{{" in text else text, "secret": secret}


def generated(length: int) -> str:
    """Return that many random letters and digits."""
    import secrets
    import string

    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(length))


def _masked(form: Any) -> Any:
    if isinstance(form, Secret):
        return {"value": "***", "secret": True}
    if isinstance(form, Mapping) and "value" in form and form.get("secret", True):
        return {**form, "value": "***"}
    return form


def _marked(form: Mapping[str, Any], *, secret: bool) -> dict[str, Any]:
    """Return a literal as a Secret where it is one, unless the target has yet to resolve something in it."""
    value = form["value"]
    if secret and isinstance(value, (str, int)) and "{{" not in str(value):
        value = Secret(str(value))
    return {"value": value, "secret": secret}


def _variable(key: str, name: str, desk: Desk) -> str:
    text = desk.environment(name).reveal()
    if not text:
        raise ConfigurationError(
            f"the environment variable {name}, the value of {key}, is empty",
            remedy=f"export {name} and run again",
        )
    return text


def _file(key: str, path: str, desk: Desk) -> str:
    try:
        text = desk.read(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"the file {path}, the value of {key}, is not UTF-8 text") from None
    return re.sub(r"\r?\n\Z", "", text)


def _from_a_step(text: str) -> bool:
    try:
        return any(name.startswith("steps.") for name in references(text))
    except BadReference:
        return False


def _text(value: Any) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


def _yaml(value: Any) -> str:
    return "null" if value is None else str(value).lower()
