"""What only looks changes nothing: not a byte, a mode, an owner or a time, in no world and for no user."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest
from command_line import Answer, cutter
from laws import facts, snapshot
from postgres import HASTY, ended, superuser
from project import as_nobody

from cutter.database.embedded import EmbeddedServer

ROOT = Path(__file__).parents[2] / "runbooks"
RUNBOOKS = sorted(path.name for path in ROOT.glob("*.yml") if path.name != "gap-matrix.yml")
GOVERNED = tuple(name for name in RUNBOOKS if "\ndatabase:" in (ROOT / name).read_text())
IN_ORDER = sorted({*RUNBOOKS} - {*GOVERNED}, key=lambda name: (name != "provision-vps.yml", name))
AUTHORISED = ("f1.yml", "f3-ruling.yml", "first-production-run.yml")  # blocked until somebody has signed
# An ordinary user is let at every runbook of hosts, and at one of each kind on a database.
AS_NOBODY = sorted({*RUNBOOKS} - {*GOVERNED} | {"f2.yml", "f4.yml", "first-production-run.yml"})
_TABLES = """\
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1
"""
LOOKS: Sequence[Sequence[str]] = (
    ["plan", "{}"],
    ["plan", "{}", "--diff", "--json", "--detailed-exitcode"],
    ["plan", "{}", "-o", "evidence/a.plan"],
    ["apply", "{}", "--check", "--diff"],
    ["preflight", "{}"],
    ["preflight", "{}", "--json"],
    ["verify", "{}"],
    ["verify", "{}", "--json"],
    ["validate", "{}"],
    ["vars", "{}"],
    ["gaps"],
    ["gaps", "--json"],
    ["runs"],
    ["doctor"],
    ["ledger", "verify"],
)


def look_at(tree: Path, runbook: str) -> list[Answer]:
    """Run every verb that only looks, and check after each that nothing but the ledger's folder changed."""
    with ExitStack() as held:
        return [looked(tree, [word.format(f"runbooks/{runbook}") for word in words], held) for words in LOOKS]


def looked(tree: Path, words: Sequence[str], held: ExitStack) -> Answer:
    """Run a verb that only looks; the governed database's server is held once there is one."""
    before = watched(tree, held)
    answer = cutter(*words)
    after = watched(tree, held)
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    assert not changed, f"{' '.join(words)} changed {changed}"
    assert answer.code != 1, answer
    return answer


def watched(tree: Path, held: ExitStack) -> dict[str, object]:
    """Return all that is there but evidence; of a database its content, its files are the server's."""
    left_out = (str(tree / "evidence"), str(tree / "sandbox/postgres"))
    found: dict[str, object] = {**snapshot(tree, without=left_out)}
    for path in (f"{tree}/sandbox", f"{tree}/sandbox/."):  # where the server makes its own folder
        found[path] = facts(path, times=False)
    return {**found, **content_of(tree / "sandbox/postgres", held)}


def content_of(folder: Path, held: ExitStack) -> dict[str, object]:
    """Return every row of every table of the governed database, where there is one that we may start."""
    if not (os.access(folder / "data", os.R_OK | os.X_OK) and os.access(sys.executable, os.X_OK)):
        return {}
    server = held.enter_context(EmbeddedServer(str(folder), HASTY))
    with superuser(server) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'governed'").fetchone() is None:
            return {}
    with superuser(server, "governed") as connection:
        return {
            f"{name}": sorted(
                str(row[0]) for row in connection.execute(f"SELECT t::text FROM {name} t".encode())
            )
            for (name,) in connection.execute(_TABLES).fetchall()
        }


def applied(*words: str) -> None:
    answer = cutter("apply", "--yes", *words)
    assert answer.code == 0, "\n".join(answer[1:])


def converge(runbook: str = "") -> None:
    governed = [runbook] if runbook in GOVERNED and runbook not in AUTHORISED else []
    applied(*(f"runbooks/{name}" for name in [*IN_ORDER, *governed]))


def half_way() -> None:
    """Apply the first half of the first runbook."""
    first = f"runbooks/{IN_ORDER[0]}"
    steps = json.loads(cutter("plan", first, "--json").out)["plans"][0]["targets"][0]["steps"]
    ids = [step["id"].partition("[")[0] for step in steps]
    applied(first, *(word for name in ids[: len(ids) // 2] for word in ("--only", name)))


def drifted(tree: Path, runbook: str) -> None:
    converge(runbook)
    for path in (tree / "sandbox").rglob("*"):
        if path.is_file() and not path.is_symlink() and not {"gnupg", "postgres"} & {*path.parts}:
            path.write_bytes(path.read_bytes() + b"\n# by hand\n")
            path.chmod(0o604)


@contextmanager
def served(tree: Path, runbook: str) -> Iterator[None]:
    """Hold the server that a runbook needs, if any, from before it is first asked; a hasty one."""
    folder = tree / "sandbox/postgres"
    with EmbeddedServer(str(folder), HASTY) if runbook in GOVERNED else nullcontext():
        yield
    ended(folder)


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("world", ["fresh", "half applied", "converged", "drifted"])
def test_looking_changes_nothing(world: str, runbook: str, tree: Path) -> None:
    with served(tree, runbook if world in {"converged", "drifted"} else ""):
        if world == "half applied":
            half_way()
        elif world == "converged":
            converge(runbook)
        elif world == "drifted":
            drifted(tree, runbook)
        look_at(tree, runbook)


@pytest.mark.parametrize("runbook", AS_NOBODY)
@pytest.mark.parametrize("world", ["fresh", "converged by root", "its own"])
def test_looking_as_an_ordinary_user_changes_nothing(world: str, runbook: str, tree: Path) -> None:
    with served(tree, runbook):
        converge(runbook)
        look_at(tree, runbook)  # what it imports is there in the child, which may not read it
    if world != "converged by root":
        shutil.rmtree(tree / "sandbox")
        (tree / "sandbox").mkdir()
    for folder in ("evidence", "sandbox") if world == "its own" else ("evidence",):
        for path in (tree / folder, *(tree / folder).rglob("*")):
            shutil.chown(path, 65534, 65534)

    def look() -> int:
        if world == "its own":
            converge()  # an ordinary user may lack the right to start a server: what it needs is elsewhere
        look_at(tree, runbook)
        return 0

    assert as_nobody(look) == 0


def test_a_second_apply_writes_nothing_but_evidence(tree: Path) -> None:
    converge()
    assert list((tree / "sandbox/target/kept").iterdir()), "something was replaced and kept"
    with ExitStack() as held:
        before = watched(tree, held)
        for words in ([], ["--diff"], ["--json"]):
            answer = cutter("apply", "--yes", *words, *(f"runbooks/{name}" for name in IN_ORDER))
            assert answer.code == 0, "\n".join(answer[1:])
            if words == ["--json"]:
                assert {name for run in json.loads(answer.out)["runs"] for name in run["outcomes"]} == {"ok"}
        assert watched(tree, held) == before


_SNEAKY = '''\
"""A type that breaks its word."""

from __future__ import annotations

from cutter.resource import Resource, param


class Sneaky(Resource):
    """Writes while it looks."""

    path: str = param("Where.")
    how: str = param("What it does.")

    def desired(self):
        return {"there": True}

    def observe(self):
        import os

        if self.how == "writes":
            with open(self.path, "a") as file:
                file.write("seen")
        elif self.how == "makes":
            open(self.path + ".lock", "w").close()
        elif self.how == "touches":
            os.utime(self.path, ns=(1, os.stat(self.path).st_mtime_ns))
        elif self.how == "changes and puts back":
            mode = os.stat(self.path).st_mode
            os.chmod(self.path, 0o600)
            os.chmod(self.path, mode)
        return {"there": True}
'''


@pytest.mark.parametrize("how", ["writes", "makes", "touches", "changes and puts back", "nothing"])
def test_a_type_that_writes_while_it_looks_is_caught(
    how: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cutter.resources.target as types

    name = f"sneaky_{how.replace(' ', '_')}"
    (tmp_path / f"{name}.py").write_text(_SNEAKY)
    monkeypatch.setattr(types, "__path__", [*types.__path__, str(tmp_path)])
    (tree / "sandbox/thing").write_text("here")
    (tree / "runbooks/sneaky.yml").write_text(
        "apiVersion: cutter/v1\nrunbook: sneaky\ntitle: Sneaky\nhosts: all\nvars: {sandbox_root: /x}\n"
        f'steps:\n  - name: Look\n    {name}: {{path: "{{{{ sandbox_root }}}}/thing", how: {how}}}\n'
    )
    if how == "nothing":
        assert [answer.code for answer in look_at(tree, "sneaky.yml")][:4] == [0, 0, 0, 0]
    else:
        with pytest.raises(AssertionError, match=r"^plan runbooks/sneaky.yml changed"):
            look_at(tree, "sneaky.yml")
