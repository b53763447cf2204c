"""The reader with docker compose's rules, against facts from compose-go's own tests and fixtures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter.env_text.compose import effective


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("FOO=bar", "bar"),
        ("FOO =bar", "bar"),
        ("FOO= bar", "bar"),
        ("FOO: 1", "1"),
        ("FOO: a=b", "a=b"),
        ("FOO=1:B", "1:B"),
        ("export FOO=2", "2"),
        ("export\tFOO=2", "2"),
        ("\texport FOO=2", "2"),
        ("FOO=foobar=", "foobar="),
        ("FOO=bar ", "bar"),
        ("FOO=bar # this is foo", "bar"),
        ("FOO=bar#baz", "bar#baz"),
        ("FOO='bar#baz' # comment", "bar#baz"),
        ('FOO="bar#baz" # comment', "bar#baz"),
        ('FOO="escaped\\"bar"', 'escaped"bar'),
        ("FOO='\\n'", "\\n"),
        ("FOO='it\\'s'", "it's"),
        ('FOO="bar\\nbaz"', "bar\nbaz"),
        ('FOO="a\\0101"', "aA"),
        ('FOO="foo\\$BAR"', "foo$BAR"),
        ('FOO="first\nsecond"', "first\nsecond"),
        ("FOO=a$$b", "a$b"),
        ("FOO='$BAR'", "$BAR"),
        ("FOO=$BAR", None),
        ('FOO="x ${BAR}"', None),
        ("FOO\n", None),
        ("\ufeffFOO=1", "1"),
        ("FOO=1\r\nBAR=2\r\n", "1"),
        ("FOO=1\nFOO=2\n", "2"),
        ("# FOO=1\n\n  # FOO=2\nFOO=3", "3"),
        ("FOO=\nBAR=x", ""),
    ],
)
def test_a_statement(text: str, value: str | None) -> None:
    assert effective(text)["FOO"] == value


@pytest.mark.parametrize("bad", ["lol$wut", "%x=1", "a b=1", "A='open", 'A="open'])
def test_a_line_it_cannot_read_hides_no_other(bad: str) -> None:
    assert effective(f"X=1\n{bad}\nFOO=2\n") == {"X": "1", "FOO": "2"}


@given(st.text(st.sampled_from("AB=:'\"\\\n\r\t #$x\ufeff\x85"), max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    effective(text)
