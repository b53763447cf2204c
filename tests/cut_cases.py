"""A governed database for tests: the schema, its logins, and the switch held on for one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
import pytest

from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.cutplan import Cutplan
from cutter.cut.documents import Document, load
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins
from cutter.cut.recorders import CutLeg, VerifyLeg, context_of
from cutter.cut.rows import CutplanRow, Span
from cutter.cut.schema_install import upgrade
from cutter.database.connections import ConnectionProvider
from cutter.database.switch import held_on
from cutter.model.canonical import bytes_digest

Connection = psycopg.Connection[tuple[Any, ...]]
RUN = "run-1"
REF = "constitution"
GRAMMAR = "v1:" + "0" * 64


def unit(ordinal: int, kind: str, ref: str, parent: str | None, body: str = "") -> CutplanRow:
    text = body or f"{kind.title()} {ordinal} binds whoever reads it, “{ref}” included."
    title = f"{kind.title()} {ordinal}"
    hashed = bytes_digest(text.encode())
    return CutplanRow(ordinal, kind, kind, title, text, REF, parent, ref, Span(0, 1), hashed)


def sixty() -> tuple[CutplanRow, ...]:
    """15 principles, 3 sections, 14 articles under each section."""
    kinds: list[tuple[str, str, str | None]] = [("principle", f"princ_{n}", None) for n in range(1, 16)]
    for section in range(1, 4):
        kinds.append(("section", f"sec_{section}", None))
        kinds += [("article", f"art_{14 * (section - 1) + n}", f"sec_{section}") for n in range(1, 15)]
    return tuple(unit(n, kind, ref, parent) for n, (kind, ref, parent) in enumerate(kinds, 1))


def cutplan(rows: tuple[CutplanRow, ...] = (), version: int = 1, text: str = "") -> Cutplan:
    rows = rows or sixty()
    source = text or f"version {version}\n" + "\n".join(row.body for row in rows)
    return Cutplan(REF, version, bytes_digest(source.encode()), GRAMMAR, rows, ())


def many(count: int, ref: str = REF) -> tuple[CutplanRow, ...]:
    """Articles of six hundred bytes, ten under each section."""
    body = "The text of an article that says what is so, and what follows from it. " * 9
    found = []
    for n in range(1, count + 1):
        section = (n - 1) // 11
        first = n % 11 == 1
        kind, name = ("section", f"sec_{section}") if first else ("article", f"art_{n}")
        row = unit(n, kind, name, None if first else f"sec_{section}", f"{n}. {body}")
        found.append(row._replace(owner_ref=ref))
    return tuple(found)


@dataclass
class Governed:
    """A database with everything installed, and the calls that tests make of it."""

    provider: ConnectionProvider
    stack: ExitStack = field(default_factory=ExitStack)

    def connect(self, login: str) -> Connection:
        return self.stack.enter_context(closing(self.provider(login)))

    def by_role(self, role: str) -> Connection:
        return self.provider.by_role(role)

    def switch_on(self, run: str = RUN, seconds: float = 60) -> None:
        self.stack.enter_context(held_on(self.connect("OWNER"), run, seconds=seconds, by="SG_1"))

    def load(self, plan: Cutplan, supersedes: int | None = None, run: str = RUN, text: str = "") -> str:
        text = text or self.text_of(plan)
        found = Document(plan.document_ref, plan.version, text.encode(), plan.grammar_digest, supersedes)
        with self.provider("WRITER") as connection:
            return load(connection, found, run)

    @staticmethod
    def text_of(plan: Cutplan) -> str:
        return f"version {plan.version}\n" + "\n".join(row.body for row in plan.rows)

    def adapter(self, plan: Cutplan, run: str = RUN) -> ProductionLiveExecutionAdapter:
        context = context_of(run, plan.rows)
        return self.stack.enter_context(ProductionLiveExecutionAdapter(self.by_role, context))

    def cut(self, plan: Cutplan, run: str = RUN) -> tuple[CutLeg, VerifyLeg]:
        with self.adapter(plan, run) as adapter:
            return adapter.execute(plan)

    def enact(self, plan: Cutplan, day: date, run: str = RUN) -> str:
        with self.adapter(plan, run) as adapter:
            status = adapter.lifecycle_enact(plan.document_ref, plan.version, day)
            adapter.commit()
            return status

    def as_owner(self, statement: str) -> list[tuple[Any, ...]]:
        with self.provider("OWNER") as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def installed(provider: ConnectionProvider) -> Iterator[Governed]:
    """Install the schema and its logins; the switch is off."""
    with provider("OWNER") as connection:
        upgrade(connection)
        users = {login: provider.place.logins[login].user for login in GROUPS_OF_LOGIN}
        map_logins(connection, users, {})
    governed = Governed(provider)
    with governed.stack:
        yield governed


@pytest.fixture
def governed(installed: Governed) -> Governed:
    """Hold the switch on for RUN, too."""
    installed.switch_on()
    return installed
