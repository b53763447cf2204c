"""The words of ``--limit``: hosts and groups, by name or pattern, joined by commas; ``!`` leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cutter.errors import UsageError
from cutter.language.problems import nearest
from cutter.model.inventory import Environment

EVERYTHING = "all"
_NOT = "!"
_WILD = "*?"
_LISTED = 20


def limited(environment: Environment, limit: str) -> frozenset[str]:
    """Return the names of the hosts that a limit stands for; `web*` and `web?` are patterns of names.

    A host that a word with ``!`` stands for is left out, wherever that word stands; where there are only
    such words, they leave out of all hosts. Raises UsageError for a word that stands for nothing.
    """
    known = hosts_by_word(environment)
    found: dict[bool, frozenset[str]] = {}
    for written in (word.strip() for word in limit.split(",")):
        left_out = written.startswith(_NOT)
        word = written.removeprefix(_NOT).strip()
        hosts = _matched(known, word)
        if hosts is None:
            raise _stands_for_nothing(environment, limit, written, word)
        found[left_out] = found.get(left_out, frozenset()) | hosts
    return found.get(False, known[EVERYTHING]) - found.get(True, frozenset())


def hosts_by_word(environment: Environment) -> dict[str, frozenset[str]]:
    """Return what the name of each host and of each group stands for; a group is stronger."""
    alone = {host.name: frozenset({host.name}) for host in environment.hosts}
    return {**alone, **{name: frozenset(hosts) for name, hosts in environment.groups.items()}}


def some_of(names: Iterable[str]) -> str:
    """Return names as a message lists them, in their order, not all where there are very many."""
    every = list(names)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more


def _matched(known: Mapping[str, frozenset[str]], word: str) -> frozenset[str] | None:
    """Return the hosts of a name or a pattern, None where it has none.

    Groups are found by a pattern too, but not `all`, or `a*` would be everything: that is the pattern `*`.
    """
    if not any(mark in word for mark in _WILD):
        return known.get(word)
    from fnmatch import fnmatchcase

    pattern = word.replace("[", "[[]")  # a bracket is itself: in an inventory it is a range
    matching = [name for name in known if fnmatchcase(name, pattern) and (name != EVERYTHING or word == "*")]
    return frozenset().union(*(known[name] for name in matching)) if matching else None


def _stands_for_nothing(environment: Environment, limit: str, written: str, word: str) -> UsageError:
    known = hosts_by_word(environment)
    meant = nearest(word.strip(_WILD), known)
    hint = f"did you mean {meant}? " if meant else ""
    there = some_of(
        [*sorted(environment.groups), *(name for name in known if name not in environment.groups)]
    )
    whole = f" (in {limit!r})" if limit != written else ""
    cause = f"--limit {written or repr(written)}: neither a host nor a group of {environment.folder}{whole}"
    return UsageError(cause, remedy=f"{hint}there are {there}")
