"""What a thing is like, and how it would have to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional, Union

from cutter.named_tuple import NamedTuple

Plain = Union[str, int, bool, None]
State = Mapping[str, Plain]
"""A flat mapping of plain values; bytes are in it as a digest, secrets as a keyed digest."""

_MISSING = object()


class Change(NamedTuple):
    """From what was seen (before) to what is wanted (after); None means: does not exist.

    `before` is everything an observation found. `after` may name fewer keys: only what is declared.
    """

    before: Optional[State]
    after: Optional[State]

    @property
    def creates(self) -> bool:
        """Nothing is there and something should be."""
        return self.before is None and self.after is not None

    @property
    def removes(self) -> bool:
        """Something is there and nothing should be."""
        return self.before is not None and self.after is None

    @property
    def keys(self) -> frozenset[str]:
        """The attributes that differ: all declared ones of a creation, all observed ones of a removal."""
        if self.after is None:
            return frozenset(self.before or ())
        if self.before is None:
            return frozenset(self.after)
        before = self.before
        return frozenset(
            key for key, value in self.after.items() if not _same(before.get(key, _MISSING), value)
        )

    @property
    def empty(self) -> bool:
        """What was seen already is what is wanted."""
        return not (self.creates or self.removes or self.keys)

    def inverse(self) -> Change:
        """Return the change that goes back."""
        return Change(before=self.after, after=self.before)

    def within(self, planned: Change) -> bool:
        """Tell whether this change reaches what was planned and touches no key beyond the planned ones."""
        return self.empty or (self.after == planned.after and self.keys <= planned.keys)


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right
