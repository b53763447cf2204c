"""Where the content of a file comes from, on the controller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cutter.errors import CutterError, InvalidDocument
from cutter.filesystem.regular import LARGEST
from cutter.model.references import BadReference, is_late, references
from cutter.model.secret import Secret, contains_secret
from cutter.resource import Desk

SOURCES = ("content", "source", "template", "json", "yaml")
_LATE = (
    "the content of a file is known before the target is contacted; "
    "facts and step outputs cannot be used in it"
)


def late_references(value: Any) -> Iterator[str]:
    """Yield one complaint when a content, or its source, needs what the target knows."""
    try:
        if any(is_late(name) for name in references(value)):
            yield _LATE
    except BadReference:  # the language complains about it, with its place
        return


def is_secret(params: Mapping[str, Any]) -> bool:
    """Tell whether a secret is anywhere in the content."""
    return any(contains_secret(params.get(name)) for name in SOURCES)


def rendered(params: Mapping[str, Any], desk: Desk) -> bytes:
    """Return the bytes that the file should have.

    Raises InvalidDocument for what cannot be written, or is too large, and a source that cannot be read.
    """
    for name in SOURCES:
        value = params.get(name)
        if value is not None:
            if any(late_references(value)):
                raise InvalidDocument(_LATE)
            return _of_possible_size(name, _RENDER[name](value, desk))
    raise InvalidDocument("a file without content, source, template, json or yaml")


def _of_possible_size(name: str, content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise InvalidDocument(f"the {name} has {len(content)} bytes; a file has at most {LARGEST}")
    return content


def _of_content(value: Any, desk: Desk) -> bytes:
    del desk
    return _encoded(value.reveal() if isinstance(value, Secret) else value)


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InvalidDocument("the content holds a character that has no UTF-8 form") from error


def _of_source(value: Any, desk: Desk) -> bytes:
    return _asked(desk.read, "source", value)


def _of_template(value: Any, desk: Desk) -> bytes:
    return _asked(desk.render, "template", value)


def _asked(ask: Callable[[str], bytes], what: str, path: str) -> bytes:
    try:
        return ask(path)
    except CutterError:
        raise
    except OSError as error:
        raise InvalidDocument(f"the {what} {path} cannot be read: {error.strerror or error}") from error


def _of_json(value: Any, desk: Desk) -> bytes:
    import json

    del desk
    try:
        text = json.dumps(_revealed(value), indent=2, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidDocument(f"the value cannot be written as JSON: {error}") from error
    return _encoded(f"{text}\n")


def _of_yaml(value: Any, desk: Desk) -> bytes:
    import yaml

    del desk
    try:
        text = yaml.safe_dump(_revealed(value), sort_keys=False, allow_unicode=True, width=float("inf"))
    except yaml.YAMLError as error:
        raise InvalidDocument(f"the value cannot be written as YAML: {error}") from error
    return _encoded(text)


def _revealed(value: Any) -> Any:
    """Return a copy with the secrets in plain, and nothing shared, so that YAML needs no anchors."""
    if isinstance(value, Mapping):
        return {key: _revealed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_revealed(item) for item in value]
    return value.reveal() if isinstance(value, Secret) else value


_RENDER: Mapping[str, Callable[[Any, Desk], bytes]] = {
    "content": _of_content,
    "source": _of_source,
    "template": _of_template,
    "json": _of_json,
    "yaml": _of_yaml,
}
