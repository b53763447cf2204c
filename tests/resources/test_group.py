from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import testinfra
from laws import build, change_of, obeys_the_laws, snapshot

from cutter.accounts.books import LOCK, at_work
from cutter.errors import Conflict, LockHeld
from cutter.filesystem.kept import KeptContent
from cutter.model.state import Change
from cutter.resource import Resource, type_complaints
from cutter.resources.target.group import Group

pytestmark = pytest.mark.usefixtures("machine")
LINES = "alice:x:4001:4001::/home/alice:/bin/sh\nbob:x:4002:4001::/home/bob:/bin/sh\n"


def group(**params: Any) -> Resource:
    return build(Group, {"name": "orders", **params})


def reach(resource: Resource, content: KeptContent) -> None:
    resource.apply(change_of(resource), content)
    assert change_of(resource).empty


def add(name: str, text: str) -> None:
    path = Path("/etc", name)
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize("params", [{}, {"gid": 4711}, {"system": True}])
def test_making_a_group_obeys_the_laws(machine: Path, content: KeptContent, params: dict[str, Any]) -> None:
    obeys_the_laws(group(**params), content, machine)


@pytest.mark.parametrize("shadow", ["orders:!::\n", "orders:$6$x$y:alice:\n", ""])
def test_removing_a_group_obeys_the_laws(machine: Path, content: KeptContent, shadow: str) -> None:
    add("group", "orders:x:4711:\n")
    add("gshadow", shadow)
    obeys_the_laws(group(ensure="absent"), content, machine)


@pytest.mark.parametrize(("params", "first", "last"), [({}, 1000, 60000), ({"system": True}, 100, 999)])
def test_a_number_is_free_and_of_its_range_and_a_second_observer_agrees(
    content: KeptContent, params: dict[str, Any], first: int, last: int
) -> None:
    taken = {int(line.split(":")[2]) for line in Path("/etc/group").read_text().splitlines()}
    reach(group(**params), content)
    seen = testinfra.get_host("local://").group("orders")
    assert seen.exists
    assert first <= seen.gid <= last
    assert seen.gid not in taken
    assert subprocess.run(["grpck", "-r", "-q"], check=False, capture_output=True).returncode == 0


def test_what_login_defs_says_is_the_range(content: KeptContent) -> None:
    Path("/etc/login.defs").write_text("UID_MIN 5000\nUID_MAX\t5001 \n# UID_MIN 7\n")
    add("passwd", "taken:x:5000:5000::/:/bin/sh\n")
    reach(group(), content)
    assert testinfra.get_host("local://").group("orders").gid == 5001
    with pytest.raises(Conflict, match="no number from 5000 to 5001 is free"):
        reach(group(name="more"), content)


def test_another_number_is_a_conflict() -> None:
    add("group", "orders:x:4711:\n")
    with pytest.raises(Conflict, match="has the number 4711, not 4712"):
        group(gid=4712).observe()


def test_a_number_that_is_taken_is_a_conflict_and_nothing_changes(
    machine: Path, content: KeptContent
) -> None:
    before = snapshot(machine)
    resource = group(gid=0)
    with pytest.raises(Conflict, match="belongs to the group root"):
        resource.apply(change_of(resource), content)
    assert snapshot(machine) == before


def test_a_group_with_anybody_in_it_is_not_removed(content: KeptContent) -> None:
    add("group", "orders:x:4001:carol\n")
    add("passwd", LINES)
    resource = group(ensure="absent")
    assert resource.inside() == ("user alice", "user bob", "user carol")
    with pytest.raises(Conflict, match="while user alice, user bob, user carol is in it"):
        resource.apply(Change(resource.observe(), None), content)
    assert "orders:x:4001:carol" in Path("/etc/group").read_text()


def test_two_entries_of_one_name_are_a_conflict() -> None:
    add("group", "orders:x:4711:\norders:x:4712:\n")
    with pytest.raises(Conflict, match="2 entries for orders"):
        group().observe()


def test_what_is_no_entry_stays(content: KeptContent) -> None:
    odd = "# a comment\n+:::\nbroken\n\n"
    add("group", odd)
    reach(group(), content)
    text = Path("/etc/group").read_text()
    assert odd in text
    assert text.endswith("\n")


def test_owner_and_mode_of_the_files_stay(content: KeptContent) -> None:
    os.chown("/etc/gshadow", 0, 42)
    Path("/etc/gshadow").chmod(0o640)
    reach(group(), content)
    seen = Path("/etc/gshadow").stat()
    assert (seen.st_gid, seen.st_mode & 0o777) == (42, 0o640)


def test_the_lock_of_all_tools_is_waited_for_and_its_holder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutter.accounts.books._PATIENCE", 0)
    program = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX)"
    words = ["python3", "-c", f"{program}; print(flush=True); sys.stdin.read()", LOCK]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(LockHeld, match=rf"process {holder.pid} \(python3\) holds {LOCK}"), at_work():
            pass
    with at_work() as books:
        assert books.group.entry("root")


@pytest.mark.parametrize("name", ["", "1000", "-r", "a:b", "a b", "x" * 33, "a\nb"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert type_complaints(Group, {"name": name})
