"""What can be wrong with wiring, server and connection: each said plainly, with nothing half done."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from wired import CANARY, SCHEMA, STEPS, administrator, loopback

from cutter.database import connections

if TYPE_CHECKING:
    from command_line import Answer
    from wired import Wired

LOAD = "  - name: Load\n" + STEPS.split("  - name: Load\n")[1].split("  - name: Cut")[0]
DOCUMENT = "{document: {source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}}"
COPY = f"  - name: Tried\n    rehearsal: {{where: copy, steps: [{DOCUMENT}]}}\n"
COUNTED = "SELECT (SELECT count(*) FROM cutter.work) + (SELECT count(*) FROM cutter.governance_record)"


def said(answer: Answer) -> str:
    text = answer.out + answer.err
    assert CANARY not in text
    assert "Traceback" not in text
    return text


@pytest.fixture
def installed(project: Wired) -> Wired:
    """Give a project whose schema is installed."""
    project.apply(project.governed(SCHEMA, "schema"))
    return project


@pytest.mark.parametrize(
    ("wiring", "words"),
    [
        ({"READER_PASSWORD": "wrong"}, ("does not accept the password of reader_", ".env")),
        ({"OWNER_PASSWORD": "wrong"}, ("does not accept the password of owner_", ".env")),
        ({"OWNER_USER": None}, ("OWNER is not configured",)),
        ({"DB": "nothing_here"}, ("does not exist",)),
        ({"HOST": None}, ("DOT_CUTTER_HOST missing",)),
        ({"PORT": "5432x"}, ("DOT_CUTTER_PORT is not a port number",)),
    ],
)
@pytest.mark.parametrize("verb", ["plan", "apply", "verify"])
def test_wrong_wiring_is_78_and_names_what_to_correct(
    installed: Wired, verb: str, wiring: dict[str, str | None], words: tuple[str, ...]
) -> None:
    path = installed.governed(SCHEMA + LOAD)
    installed.wire(**wiring)
    answer = installed.cutter(verb, *(["--yes"] if verb == "apply" else []), path)
    text = said(answer)
    assert answer.code in ({69, 78} if verb == "verify" else {78}), text
    assert all(word in text for word in words), text
    assert installed.rows(COUNTED) == [(0,)]
    drifted = [body for body in installed.entries("evidence") if body["outcome"] == "drifted"]
    assert all(body["keys"] for body in drifted), "what nobody could see is not called drifted"


@contextmanager
def listening(answer: bytes) -> Iterator[str]:
    """Give the port of something that is no PostgreSQL: it says its words and hangs up, or nothing."""
    with socket.create_server((loopback(), 0)) as server:
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return
                if answer:
                    kept[-1].sendall(answer)
                    kept[-1].close()

        threading.Thread(target=serve, daemon=True).start()
        yield str(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        for one in kept:
            one.close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b""])
def test_a_port_where_something_else_answers_is_69(
    installed: Wired, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_CONNECT_SECONDS", 2)
    with listening(answer) as port:
        installed.wire(PORT=port)
        found = installed.cutter("apply", "--yes", installed.governed(LOAD))
    assert found.code == 69, said(found)
    assert "cannot be reached" in said(found)
    assert installed.rows(COUNTED) == [(0,)]


@pytest.mark.parametrize("wiring", [{"PORT": "9"}, {"HOST": "no-such-host.invalid"}])
def test_a_server_that_is_not_there_is_69(installed: Wired, wiring: dict[str, str]) -> None:
    path = installed.governed(LOAD)
    installed.wire(**wiring)
    for verb, more in (("plan", []), ("apply", ["--yes"]), ("verify", []), ("prove", [])):
        found = installed.cutter(verb, *more, path)
        assert found.code == 69, said(found)
        assert "cannot be reached" in said(found)


@pytest.mark.parametrize("login", ["BACKUP", "SCRATCH", "REHEARSAL"])
@pytest.mark.parametrize("how", ["missing", "wrong"])
def test_a_copy_without_one_of_its_logins_fails_with_nothing_left(
    installed: Wired, login: str, how: str
) -> None:
    wiring = {f"{login}_USER": None} if how == "missing" else {f"{login}_PASSWORD": "wrong"}
    installed.wire(**wiring)
    found = installed.cutter("apply", "--yes", installed.governed(COPY))
    text = said(found)
    assert found.code == 11, text
    assert (f"DOT_CUTTER_{login}_USER" if how == "missing" else f"password of {login.lower()}_") in text
    owner = installed.users["SCRATCH"]
    query = (
        f"SELECT d.datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = '{owner}'"
    )
    assert installed.rows(query) == []


def test_a_proof_without_its_login_proves_nothing(installed: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    installed.wire(REHEARSAL_USER=None, REHEARSAL_PASSWORD=None)
    path = installed.governed(LOAD)
    with installed.switched_on(monkeypatch):
        found = installed.cutter("prove", path)
    assert found.code == 13, said(found)
    assert "DOT_CUTTER_REHEARSAL_USER" in said(found)


def test_a_line_break_in_a_password_is_refused_where_a_program_would_need_it(installed: Wired) -> None:
    installed.wire(BACKUP_PASSWORD="one\ntwo")
    user = installed.users["BACKUP"]
    with administrator(installed.server) as connection:
        verifier = connection.pgconn.encrypt_password(b"one\ntwo", user.encode(), b"scram-sha-256").decode()
        connection.execute(f"ALTER ROLE {user} PASSWORD '{verifier}'".encode())
    found = installed.cutter("apply", "--yes", installed.governed(COPY))
    assert found.code == 11, said(found)
    assert "has a line break" in said(found)


POINTS = (
    "fn_document_create",
    "fn_cut_open",
    "COPY",
    "fn_iu_create",
    "fn_cut_record",
    "fn_cut_verified",
    "fn_lifecycle_enact",
)


class Executioner:
    """Ends the session that is about to send a certain statement, from another session."""

    def __init__(self, project: Wired, at: str) -> None:
        self.project = project
        self.at = at
        self.struck = 0

    def __call__(self, cursor: psycopg.Cursor[Any], query: object) -> None:
        if self.struck or self.at not in str(query):
            return
        self.struck += 1
        with administrator(self.project.server) as connection:
            gone = connection.execute(
                "SELECT pg_terminate_backend(%s, 60000)", (cursor.connection.info.backend_pid,)
            )
            assert gone.fetchone() == (True,)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Look at every statement before it is sent."""
        execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy

        def executed(cursor: Any, query: Any, *words: Any, **more: Any) -> Any:
            self(cursor, query)
            return execute(cursor, query, *words, **more)

        def copied(cursor: Any, query: Any, *words: Any, **more: Any) -> Any:
            self(cursor, query)
            return copy(cursor, query, *words, **more)

        monkeypatch.setattr(psycopg.Cursor, "execute", executed)
        monkeypatch.setattr(psycopg.Cursor, "copy", copied)


def world(project: Wired) -> list[tuple[Any, ...]]:
    """Return how much there is of each kind, and whether a cut is half done."""
    return project.rows(
        "SELECT (SELECT count(*) FROM cutter.document), (SELECT count(*) FROM cutter.cut),"
        " (SELECT count(*) FROM cutter.information_unit), (SELECT count(*) FROM cutter.governance_record),"
        " (SELECT count(*) FROM cutter.lifecycle WHERE state = 'enacted')"
    )


@pytest.mark.parametrize("at", POINTS)
def test_a_session_that_is_ended_at_a_leg_leaves_that_step_undone_and_the_next_run_does_it(
    installed: Wired, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    path = installed.governed(STEPS)
    with installed.switched_on(monkeypatch):
        executioner = Executioner(installed, at)
        with monkeypatch.context() as patched:
            executioner.watch(patched)
            found = installed.cutter("apply", "--yes", "--json", path)
        text = said(found)
        assert executioner.struck == 1
        assert found.code == (11 if at == POINTS[0] else 12), text
        assert "connection was lost" in text
        documents, cuts, units, records, enacted = world(installed)[0]
        step = POINTS.index(at)
        assert (documents, cuts, enacted) == (int(step > 0), int(step > 5), 0)
        assert (units == 0) == (cuts == 0)
        assert records == documents + 2 * cuts
    outcomes = [body["outcome"] for body in installed.entries("evidence")]
    assert "unknown" not in outcomes
    with installed.switched_on(monkeypatch, "20260101T000001Z-abcdef"):
        again = installed.cutter("apply", "--yes", path)
    assert again.code == 0, said(again)
    assert world(installed)[0][1] == 1
    assert world(installed)[0][4] == 1
