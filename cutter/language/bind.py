"""A runbook bound to one target: variables resolved, loops expanded, files read, content hashes made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cutter.errors import CutterError
from cutter.language.alike import Alike, Asked
from cutter.language.bind_problems import StepProblems
from cutter.language.content_hash import content_hash
from cutter.language.desk import BindDesk
from cutter.language.extra import parse_extra
from cutter.language.loops import Item, items
from cutter.language.problems import InvalidDocuments, Problem
from cutter.language.step_hosts import is_for, only_for
from cutter.language.variables import Scope, all_values
from cutter.model.inventory import Environment, Host
from cutter.model.references import BadReference, references, resolve
from cutter.model.runbook import BoundRunbook, BoundStep, Runbook, Step, ValuePath
from cutter.model.when import LeftOut
from cutter.resource import Resource, type_complaints
from cutter.resources import resource_type


def bind(
    runbook: Runbook,
    environment: Environment,
    host: Host,
    extra_vars: Sequence[str] | Mapping[str, Any],
    digest_key: bytes,
    *,
    alike: Alike | None = None,
) -> BoundRunbook:
    """Return a runbook as it is for one target. Raises InvalidDocuments with every problem of every step.

    `extra_vars` are the words given with ``-e``, or a mapping of names to values. Read are the files and
    environment variables that steps name, and nothing else; no target is contacted. What is `alike` on the
    hosts that were bound before with it is not bound again.
    """
    scope = Scope(all_values(environment, host, runbook, parse_extra(extra_vars)))
    binding = _Binding(runbook, scope, digest_key, host, alike or Alike())
    preflight = tuple(binding.bound("preflight", runbook.preflight))
    steps = tuple(binding.bound("steps", runbook.steps))
    if binding.problems:
        raise InvalidDocuments(binding.problems)
    declared = tuple(step.id for step in runbook.steps)
    return BoundRunbook(runbook, host.name, preflight, steps, declared, tuple(binding.left_out.values()))


class _Binding:
    """One runbook on its way to one target."""

    def __init__(self, runbook: Runbook, scope: Scope, digest_key: bytes, host: Host, alike: Alike) -> None:
        self.runbook = runbook
        self.scope = scope
        self.digest_key = digest_key
        self.host = host
        self.alike = alike
        self.particular = False  # whether a step has taken more of this host than its lookups tell
        self.left_out: dict[str, LeftOut] = {}
        self.problems: list[Problem] = []
        self.hashes: dict[str, str] = {}

    def bound(self, listed: str, steps: Sequence[Step]) -> Iterator[BoundStep]:
        """Yield the bound steps of one list; what cannot be bound is a problem instead."""
        self.hashes = {}
        for index, step in enumerate(steps):
            if not is_for(step, self.host):
                self.left_out[step.id] = LeftOut(step.id, "", f"it is for the hosts of {step.hosts}")
                continue
            known = self.alike.find((listed, index), self.scope.lookup)
            for bound in self._anew(step, (listed, index)) if known is None else known:
                self.hashes[bound.id] = bound.content_hash
                yield bound

    def _anew(self, step: Step, path: ValuePath) -> Iterator[BoundStep]:
        tell, asked, made = StepProblems(step, path), Asked(self.scope.lookup), []
        self.particular = False
        for item in list(self._items(step, tell, asked)):
            bound = self._step(step, item, tell, asked)
            if bound is not None:
                made.append(bound)
                yield bound
        self.problems += tell.problems
        if not tell.problems and not self.particular:
            self.alike.keep(path, asked.answers, tuple(made))

    def _items(self, step: Step, tell: StepProblems, asked: Asked) -> Iterator[Item | None]:
        if step.for_each is None:
            yield None
            return
        value = tell.attempt(("for_each",), resolve, step.for_each, asked)
        if value is not None:
            yield from items(value, step, tell)

    def _step(self, step: Step, item: Item | None, tell: StepProblems, asked: Asked) -> BoundStep | None:
        before = len(tell.problems)
        lookup = item.lookup(asked) if item else asked
        params = {
            name: tell.resolved((step.type, name), value, lookup) for name, value in step.params.items()
        }
        name = tell.resolved(("name",), step.name, lookup)
        reason = tell.resolved(("irreversible",), step.irreversible, lookup)
        desk = BindDesk(self.runbook, self.scope, self.digest_key, {"item": item.plain()} if item else None)
        if len(tell.problems) > before:
            return None
        kind = resource_type(step.type)
        prepared = self._prepared(kind, params, desk, tell)
        needs = None if prepared is None else self._needs(prepared, tell)
        if prepared is None or needs is None:
            return None
        self.particular = self.particular or desk.rendered or bool(needs)
        found = content_hash(kind, step.type, prepared, self.digest_key, needs, only_for=only_for(step))
        return BoundStep(
            id=f"{step.id}[{item.key}]" if item else step.id,
            declared_id=step.id,
            name=item.name(name, step.name) if item else str(name),
            type=step.type,
            params=prepared,
            place=step.place,
            content_hash=found,
            content=desk.content,
            irreversible=reason,
            confirm=step.confirm,
            provided_by=step.provided_by,
            when=step.when,
            duties=kind.owing(prepared),
        )

    def _prepared(
        self, kind: type[Resource], params: dict[str, Any], desk: BindDesk, tell: StepProblems
    ) -> dict[str, Any] | None:
        """Return the parameters as the target gets them; None, and problems told, when something is wrong."""
        try:
            given = [name for name in params if name in kind.params and kind.params[name].internal]
            tell.internal(given)
            if tell.complaints(type_complaints(kind, params)) or given:
                return None
            prepared = kind.prepare(dict(params), desk)
            same = prepared == params  # then there is nothing new to judge
            return None if not same and tell.complaints(type_complaints(kind, prepared)) else prepared
        except CutterError as error:
            tell.fault(error)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            tell.senseless(error)
        return None

    def _needs(self, params: Mapping[str, Any], tell: StepProblems) -> dict[str, str] | None:
        """Return the hashes of the steps that the parameters name, also through a variable.

        None, and problems told, when one of them is not an earlier step.
        """
        try:
            names = {name for name in references(params) if name.startswith("steps.")}
        except BadReference as bad:
            tell.senseless(bad)
            return None
        owners = {name: name.split(".", 1)[1].rpartition(".")[0] for name in sorted(names)}
        missing = [name for name, owner in owners.items() if owner not in self.hashes]
        for name in missing:
            left_out = self.left_out.get(owners[name].partition("[")[0])
            if left_out is None:
                tell.unknown_step(name, self.hashes)
            else:
                tell.left_out_step(name, left_out, self.host.name)
        return None if missing else {owner: self.hashes[owner] for owner in owners.values()}
