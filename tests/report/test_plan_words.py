"""What a plan says of a state: short, and never a secret, not even its digest."""

from __future__ import annotations

import pytest

from cutter.model.secret import keyed_digest
from cutter.model.state import Change, State
from cutter.report.plan_text import change_words, shown

SECRET = keyed_digest(b"key", "hunter2")


@pytest.mark.parametrize("before", [None, {"value:KEY": keyed_digest(b"key", "before")}])
def test_a_secret_is_three_stars(before: State | None) -> None:
    words = change_words(Change(before, {"value:KEY": SECRET}))
    assert "***" in words
    assert "hmac" not in words
    assert SECRET[-8:] not in words


def test_what_is_removed_is_not_listed() -> None:
    assert change_words(Change({"value:KEY": SECRET}, None)) == "removed"


@pytest.mark.parametrize(("value", "text"), [(True, "yes"), (None, "nothing"), ("a\x1b[1m", "a\\x1b[1m")])
def test_a_value_reads_as_words_and_cannot_move_the_cursor(value: object, text: str) -> None:
    assert shown(value) == text


def test_many_alike_are_counted_when_they_come_and_named_when_they_differ() -> None:
    after: State = {"version": 2, "login/a": "reader", "login/b": "writer"}
    assert change_words(Change(None, after)) == "created: version 2, 2 logins"
    before: State = {"version": 1, "login/a": "reader", "login/b": "writer, owner"}
    assert change_words(Change(before, after)) == "version 1 -> 2, login b differs"
