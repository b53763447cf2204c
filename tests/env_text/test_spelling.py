"""A written value means the same to every reader that is promised."""

from __future__ import annotations

from io import StringIO

import compose_v1
import pytest
from dotenv import dotenv_values
from hypothesis import example, given
from hypothesis import strategies as st

from cutter.env_text.compose import effective
from cutter.env_text.spelling import Unwritable, spelled

AWKWARD = st.text(st.sampled_from("ab1 \t\n\r'\"\\$#={}:é`~"), max_size=12)
ANY = st.one_of(AWKWARD, st.text(max_size=30))


def text_mode(text: str) -> StringIO:
    """Return what `open` gives python-dotenv for these bytes."""
    return StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))


@given(ANY, st.booleans())
@example("\\'\\", False)
@example("it's $5\\", False)
@example("a\\\\'b", True)
def test_all_readers_agree(value: str, commented: bool) -> None:
    try:
        written = spelled(value, commented=commented)
    except Unwritable:
        return
    comment = ' # it\'s "so"' if commented else ""
    text = f"BEFORE='1'\nKEY={written}{comment}\nAFTER=\"2\"\n"
    expected = {"BEFORE": "1", "KEY": value, "AFTER": "2"}
    assert dotenv_values(stream=text_mode(text)) == expected, "interpolation is on, as it is by default"
    assert effective(text) == expected
    assert compose_v1.read(text) == expected


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", ""),
        ("plain-1.2/x:y@z", "plain-1.2/x:y@z"),
        ("two words", "'two words'"),
        ("a#b", "'a#b'"),
        ("cost $5", "'cost $5'"),
        ("it's", '"it\'s"'),
        ("C:\\temp", "'C:\\temp'"),
        ("\\\\host\\share", '"\\\\\\\\host\\\\share"'),
        ("ends\\", "ends\\"),
        ("l1\nl2", "'l1\nl2'"),
        ("l1\r\nl2", '"l1\\r\\nl2"'),
        ("~/x", "'~/x'"),
    ],
)
def test_how_a_value_is_written(value: str, written: str) -> None:
    assert spelled(value) == written


@pytest.mark.parametrize("value", ["nul\0", "a${B}", "$'", "it's\n$5", "\ud800", "line\nends\\", "two$\\\\"])
def test_what_has_no_common_spelling_is_refused_without_telling_it(value: str) -> None:
    with pytest.raises(Unwritable) as refused:
        spelled(value)
    assert value not in str(refused.value)


@given(st.text(st.characters(exclude_characters="'$\\\r\0", exclude_categories=["Cs"])))
def test_text_without_quotes_dollars_and_backslashes_is_always_writable(value: str) -> None:
    assert spelled(value) or not value
