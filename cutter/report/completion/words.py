"""What a shell has to know of a verb: its flags, its places, and what each of them takes."""

from __future__ import annotations

from collections.abc import Sequence

from cutter.named_tuple import NamedTuple

WORDS_VERB = "completion words"
_NOT_ASKED = ("yaml", "file", "folder", "none")
_LISTED = ("hosts",)


class Kind(NamedTuple):
    """What may stand in a place: some `words`, or what `source` names.

    `source` is ``yaml`` (YAML files), ``file``, ``folder``, ``none`` (anything, so nothing is offered), or a
    word that `cutter completion words` answers.
    """

    source: str
    words: tuple[str, ...] = ()

    @property
    def asked(self) -> bool:
        """Tell whether cutter has to be asked, because only it knows."""
        return not self.words and self.source not in _NOT_ASKED

    @property
    def listed(self) -> bool:
        """Tell whether several may stand there, joined by commas, a ``!`` before those to leave out."""
        return self.source in _LISTED


class Flag(NamedTuple):
    """One flag with all its spellings; `takes` is None where it takes no value."""

    spellings: tuple[str, ...]
    summary: str
    takes: Kind | None


class Verb(NamedTuple):
    """One verb; `rest` is what every place after `places` takes, None where there is none."""

    name: str
    summary: str
    flags: Sequence[Flag]
    places: Sequence[Kind]
    rest: Kind | None
