"""A request is applied exactly and once: any changed byte, any reuse and any other world refuses it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable

import pytest
from approvals.asking import STEPS, Asking, make_asking
from hypothesis import given, settings
from hypothesis import strategies as st
from project import gap_matrix, in_child
from signers import People, people

from cutter.app import rollout
from cutter.app.accepting import LedgerMemory, read_request
from cutter.approvals.files import signatures_beside
from cutter.approvals.verdicts import judge_request
from cutter.errors import CutterError
from cutter.language.authority import load_authority
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.canonical import bytes_digest

__all__ = ["people"]
Alteration = Callable[[Asking], object]


@pytest.fixture
def approved(asking: Asking) -> Asking:
    asking.request()
    asking.signed()
    return asking


def test_what_is_approved_is_applied_once_and_recorded(approved: Asking) -> None:
    run = approved.project.apply(str(approved.path))
    assert (approved.project.world / "sign").read_text() == "from a file\n"
    (entry,) = approved.project.entries("approval")
    assert entry["run"] == run
    assert entry["verdict"] == "accepted"
    assert entry["text"] == approved.path.read_text()
    assert entry["signers"]["SG_1"]["person"] == "alice"
    assert entry["authority_text"] == load_authority(str(approved.inventory)).content
    assert approved.project.cutter("ledger", "verify").code == 0
    approved.refused(15, f"the approval was used by run {run}")
    assert approved.project.entries("refusal")[-1]["exit_code"] == 15


def test_an_unsigned_and_a_once_signed_request_are_refused(asking: Asking) -> None:
    asking.request()
    asking.refused(15, "the signature for SG_1 is missing")
    asking.sign("SG_1", "alice")
    asking.refused(15, "the signature for SG_2 is missing")
    assert "cutter approve" in asking.project.cutter("apply", "--yes", str(asking.path)).err


def edit(name: str, old: str, new: str) -> Alteration:
    def edited(asking: Asking) -> None:
        path = asking.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return edited


def _other_plan(asking: Asking) -> None:
    asking.plan("other.plan", STEPS.replace("0750", "0700"))
    (asking.folder / "other.plan").rename(asking.folder / "a.plan")


def _other_certificate(asking: Asking) -> None:
    asking.people.gpg(
        "--quick-add-uid", asking.people.fingerprints["carol"], f"c{time.time_ns()} <c@x.invalid>"
    )
    (asking.inventory / "authority/carol.asc").write_bytes(asking.people.certificate("carol"))


def _other_request(asking: Asking) -> None:
    """Put another request, well signed by its requester, in the place of the one that was approved."""
    asking.path.unlink()
    asking.request("--expires", "1h")


def _fresh_ledger(asking: Asking) -> None:
    shutil.rmtree(asking.project.ledger_folder)


CHANGES: dict[str, tuple[Alteration, int, str]] = {
    "text of the request": (edit("a.request", "Runbook:      site", "Runbook:      tide"), 15, "was altered"),
    "text and line": (
        edit("a.request", "site: A test", "site: B test"),
        15,
        "requester dave is not over these",
    ),
    "expiry in the request": (edit("a.request", "Expires:      2", "Expires:      3"), 15, "was altered"),
    "another request": (_other_request, 15, "for SG_1 is not over these bytes"),
    "plan": (edit("a.plan", "0750", "0777"), 20, "the plan was altered after it was written"),
    "another plan": (_other_plan, 15, "is another plan than the one the request is for"),
    "no plan": (lambda asking: (asking.folder / "a.plan").unlink(), 15, "there is no such file"),
    "runbook": (edit("runbooks/site.yml", "0750", "0700"), 20, "changed since the plan was made"),
    "runbook's comment": (
        edit("runbooks/site.yml", "apiVersion", "# by hand\napiVersion"),
        15,
        "than its plan",
    ),
    "document": (edit("runbooks/from.txt", "a file", "another"), 20, "sign is declared otherwise now"),
    "authority": (edit("inventory/here/authority.yml", "7d", "6d"), 15, "authority.yml, or a certificate"),
    "certificate": (_other_certificate, 15, "authority.yml, or a certificate in it, changed"),
    "no authority": (
        lambda asking: (asking.inventory / "authority.yml").unlink(),
        78,
        "nobody can approve",
    ),
    "gap matrix": (edit("runbooks/gap-matrix.yml", "because", "whatever"), 15, "the gap matrix changed"),
    "environment": (
        edit("inventory/here/environment.yml", "production: no", "production: yes"),
        15,
        "says something else than its plan: production",
    ),
    "another environment": (
        edit("inventory/here/environment.yml", "name: here", "name: there"),
        22,
        "not there",
    ),
    "target": (lambda asking: (asking.project.world / "sign").write_text("somebody's"), 20, "sign drifted"),
    "fresh ledger": (_fresh_ledger, 15, "the request was made with another ledger"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changed_since_refuses_it(change: str, approved: Asking) -> None:
    alter, code, told = CHANGES[change]
    alter(approved)
    approved.refused(code, told)


def test_another_runbook_that_closes_a_gap_for_less_refuses_it(asking: Asking) -> None:
    both = gap_matrix("{runbook: site.yml, steps: all}", "{runbook: other.yml, steps: all}")
    asking.project.write("runbooks/gap-matrix.yml", both)
    other = asking.project.write("runbooks/other.yml", "apiVersion: cutter/v1\n")
    asking.request()
    asking.signed()
    assert f"other.yml {bytes_digest(other.read_bytes())}" in asking.path.read_text()
    other.write_text("apiVersion: cutter/v1\n# and one step less\n")
    asking.refused(15, "the request says something else than its plan: told")


def test_another_machine_refuses_it(approved: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutter.hosts.local.machine_identity", lambda: "machine:0000000000000000")
    approved.refused(22, "the plan was made for machine:")


def test_an_expired_request_is_refused(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.request("--expires", "1h")
    asking.signed()
    later = time.time() + 3601
    monkeypatch.setattr("cutter.app.accepting.time.time", lambda: later)
    asking.refused(15, "the request expired at")


def test_an_approval_is_used_though_its_run_was_killed(
    approved: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(rollout, "execute", killed)
    code = in_child(lambda: approved.project.cutter("apply", "--yes", str(approved.path)).code)
    assert code == -signal.SIGKILL
    monkeypatch.undo()
    approved.refused(15, "the approval was used by run")


def test_an_older_ledger_has_forgotten_and_a_database_has_not(approved: Asking) -> None:
    older = approved.folder / "older"
    shutil.copytree(approved.project.ledger_folder, older)
    nonce = str(approved.body()["nonce"])
    run = approved.project.apply(str(approved.path))
    with SqliteLedger.read(str(approved.project.ledger_folder), environment="here") as ledger:
        assert LedgerMemory(ledger).used_by(nonce) == run
    with SqliteLedger.read(str(older), environment="here") as ledger:
        assert LedgerMemory(ledger).used_by(nonce) == ""


def test_a_request_that_failed_half_way_is_not_applied_again(approved: Asking) -> None:
    steps = STEPS + '  - {name: Fails, command: {argv: ["false"], check: ["false"]}, irreversible: so}\n'
    for path in approved.folder.glob("a.request*"):
        path.unlink()
    approved.plan(steps=steps)
    approved.request()
    approved.signed()
    approved.project.apply(str(approved.path), expect=12)
    approved.refused(15, "the approval was used by run")


def test_approved_is_no_key_of_a_runbook(asking: Asking) -> None:
    for text in ("approved: true\n", ""):
        steps = STEPS if text else STEPS.replace("name: Room,", "name: Room, approved: true,")
        answer = asking.project.cutter("plan", asking.project.runbook(steps, name="own", head=text))
        assert answer.code == 65
        assert "approved" in answer.err


def test_a_request_is_applied_alone(approved: Asking) -> None:
    for words in (("--only", "room"), ("-e", "x=1"), (str(approved.folder / "a.plan"),)):
        answer = approved.project.cutter("apply", "--yes", str(approved.path), *words)
        assert answer.code == 64, answer


@settings(max_examples=100)
@given(which=st.integers(0, 3), at=st.integers(0, 2**20), byte=st.integers(1, 255))
def test_no_single_byte_can_be_another(template: Asking, which: int, at: int, byte: int) -> None:
    names = ("a.request", "a.plan", "a.request.SG_1.sig", "a.request.SG_2.sig")
    path = template.folder / names[which]
    content = path.read_bytes()
    changed = bytearray(content)
    changed[at % len(changed)] ^= byte
    try:
        path.write_bytes(bytes(changed))
        with pytest.raises(CutterError) as caught:
            judged(template)
        assert caught.value.exit_code in {15, 20}
    finally:
        path.write_bytes(content)


def judged(asking: Asking) -> object:
    request = read_request(str(asking.path))
    authority = load_authority(str(asking.inventory))
    signatures = signatures_beside(str(asking.path), authority.rule.roles)
    return judge_request(request.signed, signatures, authority, place=str(asking.path), now=time.time())


@pytest.fixture(scope="module")
def template(people: People, tmp_path_factory: pytest.TempPathFactory) -> Asking:
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("GNUPGHOME", people.home)
        asking = make_asking(folder, people)
        asking.plan()
        asking.request()
        asking.signed()
    assert judged(asking)
    return asking
