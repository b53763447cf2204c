"""The chain of entries: how one is linked to the next, and what a look at all of them finds. Pure.

An entry's hash covers everything a reader relies on, its number and its predecessor's hash included. So each
entry vouches for all before it, and only a checkpoint kept elsewhere vouches for the last one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from cutter.errors import LedgerError
from cutter.ledger.checkpoint import Checkpoint
from cutter.model.sha256 import sha256_hex
from cutter.named_tuple import NamedTuple

DOMAIN = b"cutter.ledger.v1\n"
BEGINNING = ""
"""What the first entry names as its predecessor's hash."""
FIRST_KIND = "ledger"
"""The kind of the first entry; its body is the ledger's id and environment."""
_EXCHANGES = (("seq",), ("kind", "body", "at", "actor"), ("body",))


class Entry(NamedTuple):
    """One link: `body` is canonical JSON text, `at` RFC 3339 in UTC, `prev` the hash of the entry before."""

    seq: int
    prev: str
    hash: str
    kind: str
    body: str
    at: str
    actor: str

    def content(self) -> dict[str, Any]:
        """Return the body as plain values. Raises LedgerError for one that was overwritten."""
        try:
            content = json.loads(self.body)
        except (TypeError, ValueError):
            content = None
        if not isinstance(content, dict):
            raise LedgerError(
                f"entry {self.seq} cannot be read", remedy="see what was done: cutter ledger verify"
            )
        return content


class Finding(NamedTuple):
    """Something a sound chain does not have; `fault` is one word, `seq` the entry it is about."""

    seq: int
    fault: str
    message: str


def link(previous: Entry | None, kind: str, body: str, at: str, actor: str) -> Entry:
    """Return the entry that follows `previous`; None begins a chain. `body` is canonical text."""
    seq = previous.seq + 1 if previous else 1
    prev = previous.hash if previous else BEGINNING
    entry = Entry(seq, prev, "", kind, body, at, actor)
    return entry._replace(hash=hash_of(entry))


def hash_of(entry: Entry) -> str:
    """Return ``v1:<64 hex>`` over the domain and the canonical form of all that an entry says.

    Written out, because a ledger of 100,000 entries is checked in seconds; the form is that of
    `cutter.model.canonical`.
    """
    text = (
        f'{{"actor":{quoted(entry.actor)},"at":{quoted(entry.at)},"body":{quoted(entry.body)},'
        f'"kind":{quoted(entry.kind)},"prev":{quoted(entry.prev)},"seq":{entry.seq:d}}}'
    )
    return f"v1:{sha256_hex(DOMAIN + text.encode('ascii'))}"


def check(
    entries: Iterable[Entry], checkpoints: Iterable[Checkpoint] = (), *, after: Entry | None = None
) -> list[Finding]:
    """Check every link, in order of the numbers, and say per place what is wrong; empty: the chain is sound.

    `after` is the entry that these follow; None where they begin the chain.
    A chain alone cannot show that its tail was cut or that all of it was made anew: that takes checkpoints.
    """
    findings: list[Finding] = []
    seen = {after.hash: after.seq} if after else {}
    first = previous = after
    for entry, whole in _in_place(entries, findings):
        findings += _place(previous, entry)
        findings += _links(previous, entry, whole=whole, seen=seen)
        seen.setdefault(entry.hash, entry.seq)
        first, previous = first or entry, entry
    return findings + against(checkpoints, first, previous, seen)


def _in_place(entries: Iterable[Entry], findings: list[Finding]) -> Iterator[tuple[Entry, bool]]:
    """Yield each entry and whether its hash is its own; swapped neighbours are reported and put back."""
    source = iter(entries)
    following = next(source, None)
    while following is not None:
        entry, following = following, next(source, None)
        whole = sound(entry)
        pair = _swapped(entry, following) if following is not None and not whole else None
        if pair is None:
            yield entry, whole
            continue
        findings.append(
            Finding(pair[0].seq, "swapped", f"entries {pair[0].seq} and {pair[1].seq} changed places")
        )
        yield from ((put_back, True) for put_back in pair)
        following = next(source, None)


def sound(entry: Entry) -> bool:
    """Tell whether an entry's hash is its own."""
    try:
        return entry.hash == hash_of(entry)
    except (TypeError, ValueError):  # what was written over it is not even of the right type
        return False


def _swapped(left: Entry, right: Entry) -> tuple[Entry, Entry] | None:
    for names in _EXCHANGES:
        one = left._replace(**{name: getattr(right, name) for name in names})
        other = right._replace(**{name: getattr(left, name) for name in names})
        if sound(one) and sound(other):
            return (one, other) if one.seq < other.seq else (other, one)
    return None


def _place(previous: Entry | None, entry: Entry) -> Iterator[Finding]:
    expected = previous.seq + 1 if previous else 1
    if entry.seq == expected + 1:
        yield Finding(expected, "deleted", f"entry {expected} is missing: it was deleted")
    elif entry.seq > expected:
        missing = f"entries {expected} to {entry.seq - 1} are missing: they were deleted"
        yield Finding(expected, "deleted", missing)
    elif entry.seq < expected:
        yield Finding(entry.seq, "forked", f"more than one entry is numbered {entry.seq}")
    if previous is None and entry.seq == 1 and entry.kind != FIRST_KIND:
        yield Finding(1, "edited", f"entry 1 is of kind {entry.kind!r}, and not the beginning of a ledger")


def _links(previous: Entry | None, entry: Entry, *, whole: bool, seen: dict[str, int]) -> Iterator[Finding]:
    expected = previous.hash if previous else BEGINNING
    followed = entry.seq == (previous.seq + 1 if previous else 1)
    if entry.prev != expected and followed:
        yield _broken(entry, seen)
        whole = whole or sound(entry._replace(prev=expected))
    if not whole:
        yield Finding(
            entry.seq, "edited", f"entry {entry.seq} was edited: what it says does not match its hash"
        )


def _broken(entry: Entry, seen: dict[str, int]) -> Finding:
    before = entry.seq - 1
    if entry.prev in seen:
        text = f"entry {entry.seq} follows entry {seen[entry.prev]}, not {before}: the chain is forked"
        return Finding(entry.seq, "forked", text)
    if before == 0:
        return Finding(1, "deleted", "entry 1 names a predecessor: what came before it was deleted")
    text = f"entry {before} is not the one that entry {entry.seq} follows: one of the two was replaced"
    return Finding(before, "edited", text)


def against(
    checkpoints: Iterable[Checkpoint], first: Entry | None, last: Entry | None, seen: Mapping[str, int]
) -> list[Finding]:
    """Compare what checkpoints remember with a ledger: its first and last entry, and the numbers by hash.

    Of each fault the one that says most is told: the earliest entry that is another, the latest that is gone.
    """
    found: dict[str, Finding] = {}
    for checkpoint in sorted(checkpoints, key=lambda each: each.seq):
        finding = _contradicted(checkpoint, first, last, seen)
        if finding is not None and (finding.fault == "cut" or finding.fault not in found):
            found[finding.fault] = finding
    return list(found.values())


def _contradicted(
    checkpoint: Checkpoint, first: Entry | None, last: Entry | None, seen: Mapping[str, int]
) -> Finding | None:
    remembered = f"the checkpoint of {checkpoint.at} remembers entry {checkpoint.seq}"
    if first is not None and beginning(first).get("id") != checkpoint.ledger:
        return Finding(1, "foreign", f"this is not the ledger of the checkpoint, {checkpoint.ledger}")
    if last is None:
        return Finding(0, "cut", f"the ledger is empty, but {remembered}")
    if last.seq < checkpoint.seq:
        text = f"the tail was cut: the ledger ends at entry {last.seq}, but {remembered}"
        return Finding(last.seq + 1, "cut", text)
    if seen.get(checkpoint.hash) != checkpoint.seq:
        text = f"entry {checkpoint.seq} was rewritten: {remembered} with another hash"
        return Finding(checkpoint.seq, "rewritten", text)
    return None


def beginning(first: Entry | None) -> dict[str, Any]:
    """Return what the first entry says of its ledger (id, environment); nothing where it cannot be read."""
    try:
        return first.content() if first is not None and first.kind == FIRST_KIND else {}
    except LedgerError:
        return {}
