"""Texts, titles, names and numbers that nobody would write by hand: stored as they are, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from laws import change_of

from cutter.errors import InvalidDocument, StalePlan
from cutter.resource import type_complaints
from cutter.resources import resource_type

if TYPE_CHECKING:
    from governed import Governed

    from cutter.resource import Resource

FILES = {"source": "documents/text.md", "grammar": "documents/text.grammar.yml"}
GRAMMAR = """\
apiVersion: cutter/v1
document: {ref}
format: markdown
levels:
  - {{section_type: article, heading: 2, match: "{{1}}. {{title}}"}}
"""
PLAIN = b"## 1. One\n\nText.\n\n## 2. Two\n\nMore text.\n"
LONG = b"x" * 10_000_000

EXACT = {
    "carriage returns": PLAIN.replace(b"\n", b"\r\n"),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "no last line break": PLAIN.rstrip(),
    "right to left": "## 1. One\n\n\u202egnirts\u202c and \u2066isolated\u2069.\n".encode(),
    "letters beyond the plane": "## 1. \U0001f4dc\n\n\U0001f512 e\u0301 \u00e9.\n".encode(),
    "quotes in titles": b'## 1. It\'s "so" \\ $$ %s {0} `x`\n\nText \'with\' "quotes" \\n %(x)s.\n',
    "SQL in a title": b"## 1. '); DROP TABLE cutter.information_unit; --\n\nDELETE FROM cutter.cut;\n",
    "copy's own marks": b"## 1. One\n\nA\tB \\N \\. C\n\\.\n",
    "a line of ten megabytes": b"## 1. Long\n\n" + LONG + b"\n",
    "a thousand units": b"".join(b"## %d. Unit %d\n\nText %d.\n\n" % (n, n, n) for n in range(1, 1001)),
}
REFUSED = {
    "nothing": (b"", "is empty"),
    "a NUL character": (PLAIN + b"a\0b\n", "NUL"),
    "half a character": (PLAIN + b"\xc3", "not UTF-8"),
    "a surrogate": (PLAIN + b"\xed\xa0\x80\n", "not UTF-8"),
    "an overlong slash": (PLAIN + b"\xc0\xaf\n", "not UTF-8"),
    "another encoding": (PLAIN.decode().encode("utf-16"), "not UTF-8"),
}


def write(governed: Governed, text: bytes, ref: str = "text") -> None:
    (governed.folder / FILES["source"]).write_bytes(text)
    (governed.folder / FILES["grammar"]).write_text(GRAMMAR.format(ref=ref))


def applied(governed: Governed) -> Resource:
    """Load and cut the text; return the cut."""
    governed.apply(governed.resource("document", **FILES))
    units = governed.resource("cut", **FILES)
    governed.apply(units)
    return units


@pytest.mark.parametrize("text", EXACT.values(), ids=EXACT)
def test_it_is_stored_byte_for_byte_and_every_body_with_it(text: bytes, governed: Governed) -> None:
    write(governed, text)
    units = applied(governed)
    assert change_of(units).empty
    ((stored,),) = governed.sql("SELECT convert_to(source_text, 'UTF8') FROM cutter.document")
    assert bytes(stored) == text
    rows = governed.sql(
        "SELECT convert_to(title, 'UTF8'), convert_to(body, 'UTF8') FROM cutter.information_unit"
    )
    assert len(rows) == text.count(b"## ")
    assert all(bytes(title) in text and bytes(body) in text for title, body in rows)
    assert governed.sql("SELECT count(*) FROM cutter.cut") == [(1,)]
    units.apply(change_of(units)._replace(after=None), governed.content)
    assert units.observe() is None


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("kind", ["document", "cut"])
def test_it_is_refused_while_it_is_prepared(kind: str, text: bytes, said: str, bare: Governed) -> None:
    write(bare, text)
    with pytest.raises(InvalidDocument) as refused:
        bare.resource(kind, **FILES)
    assert refused.value.exit_code == 65
    if kind == "document":
        assert said in refused.value.cause


@pytest.mark.parametrize("ref", ["a.b/c:d_e-f", "A", "x" * 200])
def test_a_name_of_odd_but_lawful_characters(ref: str, governed: Governed) -> None:
    write(governed, PLAIN, ref)
    applied(governed)
    assert governed.sql("SELECT DISTINCT owner_ref FROM cutter.information_unit") == [(ref,)]


@pytest.mark.parametrize(
    "ref", ["'a b'", "../up", '"it\'s"', "'a;b'", '"a\\nb"', '"\\u202ea"', "''", "-a", "\u00e9"]
)
def test_a_name_that_could_be_mistaken_is_refused(ref: str, bare: Governed) -> None:
    write(bare, PLAIN, ref)
    with pytest.raises(InvalidDocument) as refused:
        bare.resource("document", **FILES)
    assert "document" in str(refused.value)


HUGE = 10**30
NUMBERS: list[tuple[str, dict[str, Any]]] = [
    *(
        (kind, {**FILES, "version": number})
        for kind in ("document", "cut")
        for number in (0, -1, 2**31, HUGE)
    ),
    ("document", {**FILES, "version": 2, "supersedes": 2**31}),
    ("enact", {"document": "text", "effective_from": "2026-07-01", "version": 2**31}),
    ("enact", {"document": "text", "effective_from": "0000-01-01"}),
    ("enact", {"document": "text", "effective_from": "2026-13-01"}),
]


@pytest.mark.parametrize(("kind", "params"), NUMBERS)
def test_a_number_that_the_database_cannot_hold_is_a_complaint(kind: str, params: dict[str, Any]) -> None:
    assert type_complaints(resource_type(kind), params)


@pytest.mark.parametrize("count", [0, 1, 3, HUGE])
def test_another_count_than_there_is_names_both(count: int, bare: Governed) -> None:
    write(bare, PLAIN)
    with pytest.raises(InvalidDocument, match=f"2 of section type article; {count} expected"):
        bare.resource("cut", **FILES, expect={"article": count})


def test_the_highest_version_can_be_loaded(governed: Governed) -> None:
    write(governed, PLAIN)
    governed.apply(governed.resource("document", **FILES, version=2**31 - 1))


def test_a_text_that_changes_between_plan_and_apply_is_not_cut(governed: Governed) -> None:
    write(governed, PLAIN)
    governed.apply(governed.resource("document", **FILES))
    units = governed.resource("cut", **FILES)
    change = change_of(units)
    governed.sql(
        "UPDATE cutter.document SET source_text = %s, source_digest = cutter.text_digest(%s)",
        *["## 1. Other\n\nText.\n"] * 2,
    )
    with pytest.raises(StalePlan):
        units.apply(change, governed.content)
    assert governed.sql("SELECT count(*) FROM cutter.cut") == [(0,)]
