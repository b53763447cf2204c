"""The approval step: signatures beside a document, judged once; and the request of the run itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from signers import People, people

from cutter.approvals.accepted import AcceptedRequest, Signer
from cutter.errors import ApprovalRefused
from cutter.hosts.run_scope import RunScope
from cutter.language.authority import load_authority
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change
from cutter.resource import Resource

if TYPE_CHECKING:
    from governed import Governed

__all__ = ["people"]
ROLES = ["SG_1", "SG_2"]
RULING = "documents/f3-ruling.md"


@pytest.fixture
def place(bare: Governed, people: People) -> Governed:
    """Give a database without our schema, whose runs are under an authority."""
    inventory = bare.folder / "inventory"
    people.authority(inventory)
    bare.context.scope = RunScope(bare.context.run, lambda: load_authority(str(inventory)))
    return bare


def sign(place: Governed, people: People, **by: str) -> None:
    path = place.folder / RULING
    for role, name in by.items():
        Path(f"{path}.{role}.sig").write_bytes(people.sign(path.read_bytes(), name))


def record(place: Governed, resource: Resource, **more: Any) -> None:
    """Let the ledger have what a run would record of the step."""
    body = {"type": "approval", "outcome": "changed", "observed": resource.observe()}
    place.entries.append(("evidence", "now", {**body, "identity": place.context.identity(), **more}))


def test_a_document_is_approved_by_the_signatures_beside_it(place: Governed, people: People) -> None:
    sign(place, people, SG_1="alice", SG_2="bob")
    ruling = place.resource("approval", document=RULING, roles=ROLES)
    place.apply(ruling)
    seen = ruling.observe() or {}
    assert seen["signed_by"] == "SG_1: alice, SG_2: bob"
    assert seen["subject"] == bytes_digest((place.folder / RULING).read_bytes())
    ruling.apply(Change(seen, None), place.content)
    assert ruling.observe() is None


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ({}, "the signature for SG_1 is missing"),
        ({"SG_1": "alice"}, "the signature for SG_2 is missing"),
        ({"SG_1": "alice", "SG_2": "mallory"}, "for SG_2 was made by the key"),
        ({"SG_1": "bob", "SG_2": "bob"}, "the same key twice"),
        ({"SG_1": "alice", "SG_2": "carol"}, "carol, who is not of that role"),
    ],
)
def test_without_signatures_that_count_it_refuses(
    by: dict[str, str], told: str, place: Governed, people: People
) -> None:
    sign(place, people, **by)
    with pytest.raises(ApprovalRefused, match=told) as caught:
        place.resource("approval", document=RULING, roles=ROLES).observe()
    assert caught.value.exit_code == 15


def test_a_changed_document_is_another_one(place: Governed, people: People) -> None:
    sign(place, people, SG_1="alice", SG_2="bob")
    before = place.resource("approval", document=RULING, roles=ROLES)
    record_of = place.apply(before)
    assert record_of.creates
    record(place, before)
    path = place.folder / RULING
    path.write_text(path.read_text() + "\nOne more.\n")
    with pytest.raises(ApprovalRefused, match="is not over these bytes"):
        place.resource("approval", document=RULING, roles=ROLES).observe()
    unknowing = type(before)({**vars(before), "document": RULING}, b"law")
    unknowing.context = place.context
    place.entries.clear()
    with pytest.raises(ApprovalRefused, match="changed while it was looked at"):
        unknowing.observe()


def test_a_recorded_verdict_is_not_given_again(place: Governed, people: People) -> None:
    sign(place, people, SG_1="alice", SG_2="bob")
    ruling = place.resource("approval", document=RULING, roles=ROLES)
    place.apply(ruling)
    record(place, ruling)
    for role in ROLES:
        (place.folder / f"{RULING}.{role}.sig").unlink()
    (place.folder / "inventory/authority.yml").unlink()
    again = place.resource("approval", document=RULING, roles=ROLES)
    assert again.observe() == ruling.observe()
    assert Change(again.observe(), again.desired()).empty


def test_where_nobody_can_approve_it_says_so(place: Governed) -> None:
    (place.folder / "inventory/authority.yml").unlink()
    with pytest.raises(ApprovalRefused, match="nobody can approve"):
        place.resource("approval", document=RULING, roles=ROLES).observe()


def accepted(place: Governed, *roles: str, database: str = "") -> AcceptedRequest:
    signers = {role: Signer("A" * 40, role.lower(), "2026-07-01T00:00:00Z") for role in roles}
    request = bytes_digest(b"a request")
    databases = (database or place.context.identity(),)
    return AcceptedRequest(request, "n", "v1:p", databases, "2026", "2026", "v1:a", signers)


def test_a_run_without_a_request_is_refused(place: Governed) -> None:
    with pytest.raises(ApprovalRefused, match="this run has no approved request") as caught:
        place.resource("approval", roles=ROLES).observe()
    assert "cutter request" in caught.value.remedy


def test_a_run_has_the_request_that_was_accepted_for_it(place: Governed) -> None:
    place.context.scope.accepted = accepted(place, *ROLES)
    step = place.resource("approval", roles=ROLES)
    assert Change(step.observe(), step.desired()).empty
    place.context.scope.accepted = accepted(place, "SG_1")
    with pytest.raises(ApprovalRefused, match="is not signed for SG_2"):
        step.observe()
    place.context.scope.accepted = accepted(place, *ROLES, database="postgresql:1:2:other")
    with pytest.raises(ApprovalRefused, match="is for another database"):
        step.observe()


def test_a_look_outside_a_run_reads_the_record_and_checks_its_digest(place: Governed) -> None:
    place.context.scope.accepted = accepted(place, *ROLES)
    step = place.resource("approval", roles=ROLES)
    record(place, step)
    place.context.run = ""
    assert step.observe() is None  # the request itself is not kept
    kept = {"request": bytes_digest(b"a request"), "text": "a request"}
    place.entries.append(("approval", "now", kept))
    assert Change(step.observe(), step.desired()).empty
    place.entries[-1] = ("approval", "now", {**kept, "text": "another"})
    assert step.observe() is None


@pytest.mark.parametrize(
    "params", [{"roles": []}, {"roles": ["SG_1", "SG_1"]}, {"roles": ROLES, "approved": True}, {}]
)
def test_what_makes_no_sense_is_a_complaint(params: dict[str, Any], place: Governed) -> None:
    with pytest.raises(AssertionError):
        place.resource("approval", **params)
