"""Conditions over facts: a value, one of several, none of several, a version; and what is left out."""

from __future__ import annotations

import pytest

from cutter import facts
from cutter.model.when import FACTS, Term, unfit


@pytest.mark.parametrize(
    ("fact", "values", "negated", "found", "holds"),
    [
        ("os.id", ("debian",), False, "debian", True),
        ("os.id", ("debian",), False, "Debian", False),
        ("os.id", ("debian", "ubuntu"), False, "ubuntu", True),
        ("os.id", ("debian", "ubuntu"), True, "ubuntu", False),
        ("os.id", ("debian",), True, "fedora", True),
        ("os.codename", ("bookworm",), False, "", False),
        ("os.codename", ("bookworm",), True, "", True),
        ("python", ("3.1",), False, "3.11", False),
        ("python", ("3.11",), False, "3.11", True),
        ("python", ("3",), False, "3.11", True),
        ("python", (">=3.9",), False, "3.11", True),
        ("python", (">=3.9",), False, "3.9", True),
        ("python", (">=3.10",), False, "3.9", False),
        ("python", ("<3.10",), False, "3.9", True),
        ("python", ("<3.9",), False, "3.11", False),
        ("python", (">=4",), False, "3.11", False),
        ("python", ("<3.9", ">=3.12"), False, "3.11", False),
        ("python", (">=3.9",), True, "3.8", True),
        ("python", (">=3.9",), True, "3.9", False),
        ("arch", ("amd64", "x86_64"), False, "x86_64", True),
    ],
)
def test_a_condition_holds(
    fact: str, values: tuple[str, ...], *, negated: bool, found: str, holds: bool
) -> None:
    term = Term(fact, values, negated)
    assert term.holds(found) is holds
    assert bool(unfit([term], {fact: found})) is not holds


def test_all_conditions_must_hold_and_the_first_that_does_not_is_told() -> None:
    terms = [Term("os.id", ("debian",)), Term("arch", ("arm64", "riscv64"), negated=True)]
    assert unfit(terms, {"os.id": "debian", "arch": "x86_64"}) == ""
    assert unfit(terms, {"os.id": "debian", "arch": "arm64"}) == (
        "arch is arm64, and it is for any but arm64 or riscv64"
    )
    assert unfit(terms, {"os.id": "", "arch": "arm64"}) == "os.id is nothing, and it is for debian"
    assert unfit([], {}) == ""


def test_the_facts_that_decide_are_facts_and_none_is_confidential() -> None:
    assert set(FACTS) <= set(facts.names())
    assert "machine_id" not in FACTS
