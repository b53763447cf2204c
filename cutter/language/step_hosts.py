"""The step-level keys `hosts:` and `when:`: which of the runbook's hosts a step is for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cutter.language.places import Places
from cutter.language.problems import Problem, nearest, where_text
from cutter.model.inventory import Environment, Host
from cutter.model.runbook import Runbook, Step
from cutter.model.when import FACTS, VERSION, VERSIONED, Term

HOSTS, WHEN = "hosts", "when"
KEYS = (HOSTS, WHEN)
_NOT = "not"
_SAID = {
    "arch": "What the machine calls its architecture, like x86_64.",
    "os.codename": "VERSION_CODENAME of /etc/os-release, like bookworm.",
    "os.id": "ID of /etc/os-release, like debian.",
    "python": "The version of the Python that acts there: 3.11, any 3, >=3.9, or <3.12.",
    "user": "The user that acts there.",
}


def _one_fact(fact: str) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "string", "minLength": 1}
    if fact == VERSIONED:
        value |= {"pattern": f"^{VERSION}$", "description": "Like 3.11, 3, >=3.9 or <3.12."}
    values = [value, {"type": "array", "minItems": 1, "uniqueItems": True, "items": value}]
    negated = {
        "type": "object",
        "additionalProperties": False,
        "required": [_NOT],
        "properties": {_NOT: {"description": "Every value but these.", "anyOf": values}},
    }
    return {"description": _SAID[fact], "anyOf": [*values, negated]}


SCHEMA: Mapping[str, Mapping[str, Any]] = {
    HOSTS: {
        "type": "string",
        "minLength": 1,
        "description": "Hosts and groups of the inventory, joined by commas: which of the runbook's hosts "
        "this step is for.",
    },
    WHEN: {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {fact: _one_fact(fact) for fact in FACTS},
        "description": "Facts a host must have for this step to be for it, each with a value, a list of "
        "values, or {not: ...}; all must hold.",
    },
}


def terms_of(said: object) -> tuple[Term, ...]:
    """Return the conditions that `when:` says; what has another shape, the schema refuses."""
    return tuple(map(_term, said.items())) if isinstance(said, dict) else ()


def _term(said: tuple[str, Any]) -> Term:
    fact, value = said
    negated = isinstance(value, dict)
    wanted = value.get(_NOT) if negated else value
    return Term(str(fact), tuple(map(str, wanted if isinstance(wanted, list) else [wanted])), negated)


def is_for(step: Step, host: Host) -> bool:
    """Tell whether the `hosts:` of a step, whose words are known, name a host."""
    return not step.hosts or any(word == host.name or word in host.groups for word in words(step.hosts))


def words(pattern: str) -> list[str]:
    """Return the names of hosts and groups in a pattern."""
    return [part.strip() for part in pattern.split(",")]


def only_for(step: Step) -> dict[str, Any]:
    """Return the canonical form of which hosts a step is for; nothing where it is for all."""
    found: dict[str, Any] = {HOSTS: sorted(words(step.hosts))} if step.hosts else {}
    return {**found, WHEN: sorted(term.body() for term in step.when)} if step.when else found


def unknown_names(environment: Environment, runbook: Runbook, known: Collection[str]) -> Iterator[Problem]:
    """Yield every name in the `hosts:` of a step that is neither a host nor a group of an inventory."""
    for step in (*runbook.preflight, *runbook.steps):
        for word in words(step.hosts) if step.hosts else ():
            if word not in known:
                what = f"{word!r} is neither a host nor a group of {environment.folder}"
                meant = nearest(word, known)
                advice = "" if meant else f"there are {', '.join(sorted(known))}"
                yield Problem(step.places[(HOSTS,)], _where(step), what, word, meant, advice)


def _where(step: Step) -> str:
    path = step.places.path if isinstance(step.places, Places) else ()
    return where_text((*path, HOSTS))
