"""The text of a document as the database holds it, read by a login that may only read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cutter.cut.cutplan import Cutplan, plan
from cutter.cut.discover import FromFile
from cutter.cut.faults import InvalidSource
from cutter.cut.grammar import Grammar
from cutter.cut.live import LiveDryRun, LiveReadOnly
from cutter.cut.reading import ByRole, reading
from cutter.errors import PreconditionError
from cutter.language.grammars import load_grammar
from cutter.model.canonical import bytes_digest

HERE = Path(__file__).parent
TEXT = HERE / "constitution.md"
AsOwner = Callable[..., list[tuple[Any, ...]]]
DOCUMENT = """
INSERT INTO cutter.document (document_ref, version, source_text, source_digest, grammar_digest,
    supersedes, created_run)
SELECT 'constitution', %(version)s, %(text)s, %(digest)s, %(grammar)s, max(document_id), 'run-1'
FROM cutter.document WHERE version < %(version)s
RETURNING document_id
"""
UNIT = """
INSERT INTO cutter.information_unit (document_id, unit_ref, ordinal, unit_kind, section_type, title, body,
    body_hash, owner_ref, parent_id, created_run)
SELECT %(document)s, %(ref)s, %(ordinal)s, %(kind)s, %(kind)s, %(title)s, %(body)s, %(hash)s, 'constitution',
    (SELECT unit_id FROM cutter.information_unit WHERE unit_ref = %(parent)s AND document_id = %(document)s),
    'run-1'
"""


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return load_grammar(HERE / "constitution.grammar.yml")


@pytest.fixture(scope="module")
def here(grammar: Grammar) -> Cutplan:
    return plan(FromFile("constitution", str(TEXT)).discover(grammar))


def stored(as_owner: AsOwner, text: str | None, version: int, digest: str = "") -> int:
    """Put a version there, with or without its text."""
    found = digest or bytes_digest((text or "").encode())
    grammar = f"v1:{version}"
    ((document_id,),) = as_owner(DOCUMENT, version=version, text=text, digest=found, grammar=grammar)
    return int(document_id)


def rows_alone(as_owner: AsOwner, cutplan: Cutplan, version: int = 1) -> None:
    """Put the rows of a plan there, and no text."""
    as_owner("ALTER TABLE cutter.document ALTER source_text DROP NOT NULL")
    document = stored(as_owner, None, version)
    for row in cutplan.rows:
        values = {"ref": row.unit_ref, "parent": row.parent_ref, "kind": row.unit_kind, "hash": row.body_hash}
        as_owner(UNIT, document=document, ordinal=row.ordinal, title=row.title, body=row.body, **values)


def test_the_stored_text_gives_the_plan_of_the_file(
    as_owner: AsOwner, reader: ByRole, grammar: Grammar, here: Cutplan
) -> None:
    text = TEXT.read_text(encoding="utf-8")
    stored(as_owner, text, 1)
    stored(as_owner, text.replace("two persons", "three persons"), 2)
    there = plan(LiveReadOnly(reader, "constitution", 1).discover(grammar))
    newest = plan(LiveReadOnly(reader, "constitution").discover(grammar))
    assert there == here == LiveDryRun(reader, "constitution", 1).dry_run(grammar)
    assert newest.version == 2
    bodies = {row.body for row in there.rows}
    assert [row.unit_ref for row in newest.rows if row.body not in bodies] == ["principle_9"]


def test_bytes_survive_the_database(as_owner: AsOwner, reader: ByRole, grammar: Grammar) -> None:
    text = "\ufeff## Principle 1. U\u0308\U0001f600\r\n\r\nA\tb\u2028\r\nc\r\n"
    stored(as_owner, text, 1)
    found = plan(LiveReadOnly(reader, "constitution").discover(grammar, (("principle", 1),)))
    assert (found.rows[0].title, found.rows[0].body) == ("U\u0308\U0001f600", "A\tb\u2028\r\nc")
    assert found.source_digest == bytes_digest(text.encode())


def test_reading_is_done_by_the_reader_where_nothing_can_be_written(
    as_owner: AsOwner, reader: ByRole
) -> None:
    as_owner("CREATE TABLE open_to_all (a integer); GRANT ALL ON open_to_all TO PUBLIC")
    with reading(reader) as connection:
        now = "SELECT current_user, current_setting('transaction_isolation')"
        assert connection.execute(now).fetchone() == ("cutter_reader", "repeatable read")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), reading(reader) as connection:
        connection.execute("INSERT INTO open_to_all VALUES (1)")


def test_reading_leaves_no_session(as_owner: AsOwner, grammar: Grammar, reader: ByRole) -> None:
    stored(as_owner, TEXT.read_text(encoding="utf-8"), 1)
    opened: list[Any] = []

    def remembered(role: str) -> Any:
        opened.append(reader(role))
        return opened[-1]

    LiveDryRun(remembered, "constitution").dry_run(grammar)
    assert [connection.closed for connection in opened] == [True]


def test_what_is_not_there_is_said(as_owner: AsOwner, reader: ByRole, grammar: Grammar) -> None:
    stored(as_owner, "text", 1)
    with pytest.raises(PreconditionError, match="no version 7 of constitution"):
        LiveReadOnly(reader, "constitution", 7).discover(grammar)
    with pytest.raises(PreconditionError, match="neither a text nor units of no-such"):
        LiveReadOnly(reader, "no-such").discover(grammar)


def test_a_text_altered_in_the_database_is_refused(
    as_owner: AsOwner, reader: ByRole, grammar: Grammar
) -> None:
    stored(as_owner, "another text", 1, digest=bytes_digest(b"a text"))
    with pytest.raises(PreconditionError, match="not what its digest says"):
        LiveReadOnly(reader, "constitution").discover(grammar)


def test_without_a_text_the_rows_themselves_are_read(
    as_owner: AsOwner, reader: ByRole, grammar: Grammar, here: Cutplan
) -> None:
    rows_alone(as_owner, here)
    found = LiveDryRun(reader, "constitution").dry_run(grammar)
    assert [row._replace(span=here.rows[0].span) for row in found.rows] == [
        row._replace(span=here.rows[0].span) for row in here.rows
    ]


def test_rows_of_several_versions_are_not_mixed(
    as_owner: AsOwner, reader: ByRole, grammar: Grammar, here: Cutplan
) -> None:
    rows_alone(as_owner, here)
    rows_alone(as_owner, here, version=2)
    assert len(LiveDryRun(reader, "constitution").dry_run(grammar).rows) == 60
    as_owner("DELETE FROM cutter.document")
    with pytest.raises(InvalidSource, match="repeat: art_42 comes twice"):
        LiveDryRun(reader, "constitution").dry_run(grammar)


def test_a_placeholder_among_the_rows_is_refused(
    as_owner: AsOwner, reader: ByRole, grammar: Grammar, here: Cutplan
) -> None:
    rows_alone(as_owner, here)
    as_owner("UPDATE cutter.information_unit SET body = 'O4-DRYRUN-SHADOW' WHERE unit_ref = 'art_4'")
    with pytest.raises(InvalidSource, match="art_4: body is a placeholder"):
        LiveDryRun(reader, "constitution").dry_run(grammar)


def test_a_missing_row_is_a_wrong_count(
    as_owner: AsOwner, reader: ByRole, grammar: Grammar, here: Cutplan
) -> None:
    rows_alone(as_owner, here)
    as_owner("DELETE FROM cutter.information_unit WHERE unit_ref = 'art_42'")
    with pytest.raises(InvalidSource, match="count: 41 of section type article; 42 expected"):
        LiveDryRun(reader, "constitution").dry_run(grammar)
