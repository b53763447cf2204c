"""The chain as a pure value: whatever is altered is found, and where."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cutter.ledger.chain import Entry, check, hash_of, link
from cutter.ledger.checkpoint import Checkpoint
from cutter.model.canonical import digest

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


def chain(bodies: list[str]) -> list[Entry]:
    entries = [link(None, "ledger", '{"environment":"x","id":"' + "a" * 32 + '"}', "t", "me")]
    for body in bodies:
        entries.append(link(entries[-1], "evidence", body, "t", "me"))
    return entries


BODIES = st.lists(TEXT, min_size=3, max_size=12)


@given(TEXT, TEXT, TEXT, TEXT)
def test_the_hash_is_that_of_the_canonical_form(kind: str, body: str, at: str, actor: str) -> None:
    entry = link(None, kind, body, at, actor)
    said = {name: value for name, value in entry._asdict().items() if name != "hash"}
    assert entry.hash == hash_of(entry) == digest("ledger", said)


@given(BODIES)
def test_a_chain_as_linked_is_sound(bodies: list[str]) -> None:
    entries = chain(bodies)
    last = entries[-1]
    assert check(entries) == check(entries, [Checkpoint("a" * 32, last.seq, last.hash, "t")]) == []


@given(BODIES, st.data())
def test_any_edit_of_any_entry_is_found(bodies: list[str], data: st.DataObject) -> None:
    entries = chain(bodies)
    index = data.draw(st.integers(0, len(entries) - 1))
    column = data.draw(st.sampled_from(["prev", "hash", "kind", "body", "at", "actor"]))
    value = data.draw(TEXT.filter(lambda text: text != getattr(entries[index], column)))
    altered = {**entries[index]._asdict(), column: value}
    entries[index] = Entry(**altered)
    places = {finding.seq for finding in check(entries)}
    assert places
    assert places <= {index, index + 1, index + 2}, "the fault is named at the entry or its link"


@given(BODIES, st.data())
def test_an_edit_that_is_hashed_anew_is_found_unless_it_is_the_last(
    bodies: list[str], data: st.DataObject
) -> None:
    entries = chain(bodies)
    index = data.draw(st.integers(0, len(entries) - 2))
    edited = entries[index]._replace(body=entries[index].body + " ")
    entries[index] = edited._replace(hash=hash_of(edited))
    assert [(finding.seq, finding.fault) for finding in check(entries)] == [(index + 1, "edited")]


@given(BODIES, st.data())
def test_whatever_is_removed_before_the_end_is_found(bodies: list[str], data: st.DataObject) -> None:
    entries = chain(bodies)
    first = data.draw(st.integers(0, len(entries) - 2))
    last = data.draw(st.integers(first, len(entries) - 2))
    del entries[first : last + 1]
    (finding,) = check(entries)
    assert (finding.seq, finding.fault) == (first + 1, "deleted")


@given(BODIES, st.data())
def test_a_cut_tail_is_found_by_a_checkpoint(bodies: list[str], data: st.DataObject) -> None:
    entries = chain(bodies)
    kept = data.draw(st.integers(0, len(entries) - 1))
    last = entries[-1]
    (finding,) = check(entries[:kept], [Checkpoint("a" * 32, last.seq, last.hash, "t")])
    assert (finding.seq, finding.fault) == (kept + 1 if kept else 0, "cut")


@given(BODIES, st.data())
def test_any_order_but_the_own_is_found(bodies: list[str], data: st.DataObject) -> None:
    entries = chain(bodies)
    order = data.draw(st.permutations(range(len(entries))))
    moved = [entries[old]._replace(seq=new + 1) for new, old in enumerate(order)]
    assert bool(check(moved)) is (list(order) != sorted(order))


def test_a_second_branch_is_said_to_be_a_fork() -> None:
    entries = chain(["1", "2", "3"])
    branch = link(entries[1], "evidence", "other", "t", "me")
    (first, *_) = check([*entries[:3], branch._replace(seq=4)])
    assert (first.seq, first.fault) == (4, "forked")
    (first, *_) = check([*entries[:3], branch, entries[3]])
    assert (first.seq, first.fault) == (3, "forked")


def test_values_of_a_wrong_type_are_edits() -> None:
    entries = chain(["1", "2"])
    entries[1] = Entry._make([2, entries[1].prev, entries[1].hash, "evidence", None, b"x", 7])
    assert [(finding.seq, finding.fault) for finding in check(entries)] == [(2, "edited")]
