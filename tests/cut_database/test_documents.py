"""Documents and their versions: loaded byte for byte, in one line."""

from __future__ import annotations

import psycopg
import pytest
from cut_cases import GRAMMAR, REF, RUN, Governed, cutplan

from cutter.cut import documents
from cutter.cut.documents import Document
from cutter.errors import Conflict, KillSwitchOff, StalePlan


def load(governed: Governed, text: str, version: int = 1, supersedes: int | None = None) -> str:
    with governed.provider("WRITER") as connection:
        return documents.load(connection, Document(REF, version, text.encode(), GRAMMAR, supersedes), RUN)


def test_the_text_comes_back_byte_for_byte(governed: Governed) -> None:
    text = "\ufeffArt. 1\r\n\tÜber “alles” \U0001f600\n\n%s \\N \\.\n"
    assert load(governed, text) == "created"
    assert governed.as_owner("SELECT source_text FROM cutter.document") == [(text,)]
    with governed.provider("READER") as connection:
        there = documents.stored(connection, REF, 1)
    assert there is not None
    assert there.source_digest == Document(REF, 1, text.encode(), GRAMMAR).source_digest
    assert there.supersedes is None


def test_a_text_of_many_portions_comes_back_byte_for_byte(governed: Governed) -> None:
    text = "".join(f"{number}. “parted” anywhere, \U0001f600 \\ \t\r\n" for number in range(70_000))
    assert len(text.encode()) > 2**21
    assert load(governed, text) == "created"
    ((there,),) = governed.as_owner("SELECT source_text FROM cutter.document")
    assert there == text  # the digest was compared when it was loaded; this says where it would differ


def test_the_same_text_again_is_there_already(governed: Governed) -> None:
    assert [load(governed, "one"), load(governed, "one")] == ["created", "exists"]


def test_a_changed_text_needs_supersedes_and_then_versions(governed: Governed) -> None:
    load(governed, "one")
    with pytest.raises(Conflict, match="already there with another text"):
        load(governed, "two")
    with pytest.raises(Conflict, match="changed since its version 1") as caught:
        load(governed, "two", version=2)
    assert "supersedes: 1" in caught.value.remedy
    assert load(governed, "two", version=2, supersedes=1) == "created"


def test_versions_form_one_line(governed: Governed) -> None:
    load(governed, "one")
    load(governed, "two", version=2, supersedes=1)
    with pytest.raises(Conflict, match="newest version of constitution is 2, not 1"):
        load(governed, "three", version=3, supersedes=1)
    with pytest.raises(Conflict, match="are already its version 1, not 3"):
        load(governed, "one", version=3, supersedes=2)


def test_a_first_version_supersedes_nothing(governed: Governed) -> None:
    with pytest.raises(Conflict, match="no version 4 that could be superseded"):
        load(governed, "one", version=5, supersedes=4)


def test_a_digest_that_is_not_of_the_text_is_refused(governed: Governed) -> None:
    with governed.provider("WRITER") as connection:
        connection.execute("SET LOCAL ROLE cutter_cut")
        with pytest.raises(psycopg.Error, match="not what its digest says") as caught:
            connection.execute(
                "SELECT cutter.fn_document_create('d', 1, 'text', %s, 'g', NULL, %s)",
                ("sha256:" + "0" * 64, RUN),
            )
        assert caught.value.sqlstate == "CT012"
        connection.rollback()


def test_loading_needs_the_switch(installed: Governed) -> None:
    with pytest.raises(KillSwitchOff):
        load(installed, "one")
    assert installed.as_owner("SELECT count(*) FROM cutter.work") == [(0,)]


def test_a_version_is_taken_back_while_nothing_depends_on_it(governed: Governed) -> None:
    load(governed, "one")
    load(governed, "two", version=2, supersedes=1)
    with governed.provider("WRITER") as connection, pytest.raises(StalePlan, match="cut or a successor"):
        documents.remove(connection, REF, 1, RUN)
    for version in (2, 1):
        with governed.provider("WRITER") as connection:
            documents.remove(connection, REF, version, RUN)
    assert governed.as_owner("SELECT count(*) FROM cutter.document") == [(0,)]
    assert governed.as_owner("SELECT count(*) FROM cutter.work") == [(0,)]
    assert load(governed, "one") == "created"


def test_a_version_that_is_cut_is_not_taken_back(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    governed.cut(plan)
    with governed.provider("WRITER") as connection, pytest.raises(StalePlan, match="cut or a successor"):
        documents.remove(connection, REF, 1, RUN)
