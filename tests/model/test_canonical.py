"""One value, one digest; two values, two digests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter.model.canonical import Canonical, NotCanonical, Texts, canonical, digest
from cutter.model.secret import Secret, contains_secret, keyed_digest

TEXT = st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def _typed(value: Any) -> Any:
    """Return a value in which True is not 1, so that equality means what a digest means."""
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    return (type(value).__name__, value)


@given(VALUES)
def test_the_canonical_form_reads_back_as_the_value(value: Any) -> None:
    assert _typed(json.loads(canonical(value))) == _typed(value)


@given(VALUES, VALUES)
def test_two_values_share_a_digest_only_when_they_are_equal(left: Any, right: Any) -> None:
    assert (digest("test", left) == digest("test", right)) == (_typed(left) == _typed(right))


@given(st.dictionaries(TEXT, VALUES, min_size=2))
def test_the_order_of_keys_changes_nothing(value: dict[str, Any]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_the_domain_is_part_of_a_digest() -> None:
    assert digest("step", {}) != digest("plan", {})


def test_a_known_digest_never_moves() -> None:
    value = {"b": [1, True, None], "a": "\u00e9\U0001f600"}
    assert canonical(value) == rb'{"a":"\u00e9\ud83d\ude00","b":[1,true,null]}'
    assert digest("step", value) == "v1:f19cb06ee4748b0bd48b4fc1d29d76333e8e7cb0585bee8797ff8d58602f60d6"


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), {1: "a"}, {"a": Secret("s")}, b"bytes", "\ud800", {"\udbff": 1}]
)
def test_what_has_more_than_one_spelling_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_name_that_is_not_utf8_has_a_form_of_its_own() -> None:
    assert canonical(b"\xff".decode("utf-8", "surrogateescape")) == rb'"\udcff"'


def test_a_secret_shows_nothing_of_itself() -> None:
    secret = Secret("hunter2")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>10}", "%s" % secret, repr({"a": [secret]})]  # noqa: UP031
    assert not any("hunter2" in text for text in shown)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)
    with pytest.raises(TypeError):
        __import__("copy").deepcopy(secret)


def test_a_secret_is_found_inside_a_nested_value() -> None:
    assert contains_secret({"a": [1, {"b": Secret("x")}]})
    assert not contains_secret({"a": [1, {"b": "x"}]})


def test_a_keyed_digest_needs_its_key() -> None:
    assert keyed_digest(b"one", "value") != keyed_digest(b"two", "value")
    assert keyed_digest(b"one", "value") == keyed_digest(b"one", b"value")


@given(VALUES, TEXT)
def test_a_canonical_text_stands_for_its_value(value: Any, key: str) -> None:
    text = Canonical(canonical(value).decode("ascii"))
    assert canonical({key: [text, value]}) == canonical({key: [value, value]})


@given(st.lists(VALUES, min_size=1, max_size=3), st.data())
def test_texts_of_the_same_values_are_those_of_each(values: list[Any], data: st.DataObject) -> None:
    texts = Texts()
    for value in data.draw(st.lists(st.sampled_from(values))):
        assert texts.of(value) == canonical(value).decode("ascii")


def test_a_text_is_not_that_of_a_value_that_is_gone() -> None:
    texts = Texts()
    assert len({texts.of([number]) for number in range(100)}) == 100
