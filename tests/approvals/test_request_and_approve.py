"""The verbs: who may request, what people see, who may sign, and what is refused before gpg is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from approvals.asking import STEPS, Asking

from cutter.cli.main import verbs


@pytest.fixture
def asked(asking: Asking) -> Asking:
    asking.request()
    return asking


def approve(asking: Asking, role: str, name: str, *words: str, file: str = "a.request") -> tuple[int, str]:
    """Approve with --yes, and return the exit code and all that was said."""
    key = asking.people.fingerprints.get(name, name)
    path = str(asking.folder / file)
    answer = asking.project.cutter("approve", path, "--role", role, "--key", key, "--yes", *words)
    assert "Traceback" not in answer.err
    return answer.code, answer.out + answer.err


def test_the_text_begins_with_what_a_person_must_see(asked: Asking) -> None:
    lines = asked.path.read_text().splitlines()
    said = {line.partition(":")[0]: line.partition(":")[2].strip() for line in lines if ":" in line}
    assert lines[0] == "Request to run a plan once"
    assert said["Environment"] == "here: no production"
    assert said["Target"].startswith("web1: a host, machine:")
    for heading in ("Units", "Irreversible", "Backup", "Document", "Cutplan pin", "Unknown"):
        assert said[heading] == "none"
    assert said["Steps"].startswith("+ room  directory  would be created: mode 0750")
    for heading in ("Plan", "Authority", "Gap matrix", "Ledger", "Nonce", "Expires", "Revert until"):
        assert said[heading]
    assert asked.body()["requester"] == "dave"


def test_of_several_hosts_each_is_told_with_what_is_for_it_and_what_is_not(asking: Asking) -> None:
    hosts = "all:\n  vars: {ansible_connection: local}\n  hosts: {web1: {}, db1: {}}\n"
    asking.project.write("inventory/here/hosts.yml", hosts)
    own = 'directory: {path: "{{ world }}/%s-{{ inventory_hostname }}"}'
    asking.plan(
        steps=f"  - {{name: Room, {own % 'room'}}}\n"
        f"  - {{name: Web, hosts: web1, {own % 'web'}}}\n"
        f"  - {{name: Other, when: {{os.id: plan9}}, {own % 'other'}}}\n"
    )
    asking.request()
    text = asking.path.read_text()
    steps = [line for line in text.splitlines() if "would be created" in line and not line.startswith("{")]
    told = [(line.partition("+ ")[2].split()[0], line.rpartition("  on ")[2]) for line in steps]
    assert told == [("room", "web1"), ("web", "web1"), ("room", "db1")]
    assert "Left out:" in text
    assert "web on db1: it is for the hosts of web1" in text
    assert "other on web1: os.id is " in text
    asking.signed()
    assert asking.project.cutter("apply", "--yes", str(asking.path)).code == 0
    assert {path.name for path in asking.project.world.iterdir()} == {"room-web1", "room-db1", "web-web1"}


def test_two_requests_of_one_plan_are_two(asked: Asking) -> None:
    first = asked.body()["nonce"]
    asked.path.rename(asked.folder / "first.request")
    asked.request()
    assert asked.body()["nonce"] != first


def test_production_is_told_in_capitals(asking: Asking) -> None:
    path = asking.inventory / "environment.yml"
    path.write_text(path.read_text().replace("production: no", "production: yes"))
    asking.plan()
    asking.request()
    assert "Environment:  here: PRODUCTION" in asking.path.read_text()


def test_what_stays_unknown_and_cannot_be_undone_is_told(asking: Asking) -> None:
    step = (
        '  - {name: Press, command: {argv: ["true"], check: ["false"]}, irreversible: it is printed then}\n'
    )
    asking.plan(steps=STEPS + step)
    asking.request()
    assert "Irreversible: press: it is printed" in asking.path.read_text()


@pytest.mark.parametrize("name", ["alice", "mallory"])
def test_only_a_requester_requests(name: str, asking: Asking) -> None:
    key = asking.people.fingerprints[name]
    answer = asking.project.cutter("request", str(asking.folder / "a.plan"), "--key", key)
    assert answer.code == 15
    assert "is not of a requester" in answer.err
    assert not asking.path.exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--key", "DEADBEEF"), 64, "no full fingerprint"),
        (("--expires", "soon"), 64, "is not a duration"),
        (("--expires", "8d"), 15, "lasts longer than"),
        (("--revert-until", "-1d"), 64, "revert-until"),
        (("-o", "/tmp/elsewhere.request"), 64, "beside its plan"),
        (("-o", "a.plan"), 64, "is something else already"),
    ],
)
def test_a_request_that_makes_no_sense_is_none(
    words: tuple[str, ...], code: int, told: str, asking: Asking
) -> None:
    key = asking.people.fingerprints["dave"]
    given = words if "--key" in words else ("--key", key, *words)
    answer = asking.project.cutter("request", str(asking.folder / "a.plan"), *given)
    assert answer.code == code, answer
    assert told in answer.err
    assert not asking.path.exists()


def test_a_plan_that_changes_nothing_needs_no_approval(asking: Asking) -> None:
    asking.project.apply(str(asking.folder / "a.plan"))
    asking.plan()
    key = asking.people.fingerprints["dave"]
    answer = asking.project.cutter("request", str(asking.folder / "a.plan"), "--key", key)
    assert answer.code == 64
    assert "changes nothing" in answer.err


def test_a_plan_of_two_runbooks_is_two_runs(asking: Asking) -> None:
    books = [asking.project.runbook(STEPS, name=name) for name in ("one", "two")]
    assert asking.project.cutter("plan", *books, "-o", str(asking.folder / "b.plan")).code == 0
    key = asking.people.fingerprints["dave"]
    answer = asking.project.cutter("request", str(asking.folder / "b.plan"), "--key", key)
    assert (answer.code, "for one run" in answer.err) == (64, True)


def test_two_approve_and_each_is_told_what_is_signed(asked: Asking) -> None:
    code, said = approve(asked, "SG_1", "alice")
    assert code == 0
    assert "Request to run a plan once" in said
    assert "--role SG_2" in said
    code, said = approve(asked, "SG_2", "bob")
    assert code == 0
    assert "signed for SG_1 by alice" in said
    assert f"cutter apply -i {asked.inventory} {asked.path}" in said
    asked.project.apply(str(asked.path))


def test_programs_are_told_the_same(asked: Asking) -> None:
    code, said = approve(asked, "SG_2", "bob", "--json")
    told = json.loads(said)
    assert code == 0
    assert told["signed"] == {"SG_2": "bob"}
    assert told["missing"] == ["SG_1"]
    assert Path(told["signature"]).read_text().startswith("-----BEGIN PGP SIGNATURE-----")
    other = asked.folder / "b.request"
    key = asked.people.fingerprints["dave"]
    words = ("request", str(asked.folder / "a.plan"), "-o", str(other), "--key", key)
    told = asked.project.json(*words)
    assert told["file"] == str(other)
    assert len(told["next"]) == 3


REFUSED: dict[str, tuple[str, str, int, str]] = {
    "not pinned": ("SG_1", "mallory", 15, "is not pinned in authority.yml"),
    "of another role": ("SG_1", "bob", 15, "is of bob, who is not of the role SG_1"),
    "of no role": ("SG_9", "alice", 15, "there is no role SG_9"),
    "no fingerprint": ("SG_1", "alice@example.invalid", 64, "is no full fingerprint"),
    "revoked": ("SG_1", "revoked", 12, "gpg does not sign with"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_signature_that_would_not_count_is_not_made(case: str, asked: Asking) -> None:
    role, name, code, told = REFUSED[case]
    answer = approve(asked, role, name)
    assert answer[0] == code, answer
    assert told in answer[1]
    assert list(asked.folder.glob("*.sig")) == []


def test_nobody_signs_for_two_roles_or_their_own_request(asking: Asking) -> None:
    path = asking.inventory / "authority.yml"
    path.write_text(path.read_text().replace("SG_2: [bob]", "SG_2: [bob, alice, dave]"))
    asking.request()
    assert approve(asking, "SG_1", "alice")[0] == 0
    code, said = approve(asking, "SG_2", "alice")
    assert (code, "alice signed for SG_1 already" in said) == (15, True)
    code, said = approve(asking, "SG_2", "dave")
    assert (code, "dave requests this, and may not sign" in said) == (15, True)


def test_a_role_is_signed_once(asked: Asking) -> None:
    approve(asked, "SG_1", "alice")
    before = Path(f"{asked.path}.SG_1.sig").read_bytes()
    code, said = approve(asked, "SG_1", "alice")
    assert (code, "nothing to do" in said) == (0, True)
    assert Path(f"{asked.path}.SG_1.sig").read_bytes() == before


def test_a_signature_that_does_not_count_is_not_replaced(asked: Asking) -> None:
    path = Path(f"{asked.path}.SG_1.sig")
    path.write_text("approved")
    code, said = approve(asked, "SG_1", "alice")
    assert (code, "is no OpenPGP signature" in said, "move" in said) == (15, True, True)
    assert path.read_text() == "approved"


@pytest.mark.parametrize(
    ("old", "new"), [("site: A test", "site: B test"), ("would be created", "would be removed")]
)
def test_an_altered_request_is_not_signed(old: str, new: str, asked: Asking) -> None:
    asked.path.write_text(asked.path.read_text().replace(old, new))
    code, said = approve(asked, "SG_1", "alice")
    assert code == 15
    assert "altered" in said or "not over these bytes" in said


def test_a_request_whose_plan_is_elsewhere_is_signed_with_a_note(asked: Asking) -> None:
    (asked.folder / "a.plan").rename(asked.folder / "elsewhere.plan")
    code, said = approve(asked, "SG_1", "alice", "-i", str(asked.inventory))
    assert code == 0
    assert "note: the plan a.plan is not here" in said


def test_a_plan_that_is_not_there_is_not_requested(asking: Asking) -> None:
    key = asking.people.fingerprints["dave"]
    answer = asking.project.cutter("request", str(asking.folder / "nothing.plan"), "--key", key)
    assert (answer.code, "No such file" in answer.err, "cutter plan" in answer.err) == (20, True, True)


def test_a_plan_and_nothing_are_not_signed(asked: Asking) -> None:
    code, said = approve(asked, "SG_1", "alice", file="a.plan")
    assert (code, "cutter request" in said) == (64, True)
    code, said = approve(asked, "SG_1", "alice", file="nothing")
    assert (code, "there is no such file" in said) == (15, True)


def test_where_nobody_can_be_asked_nothing_is_signed(asked: Asking) -> None:
    key = asked.people.fingerprints["alice"]
    answer = asked.project.cutter("approve", str(asked.path), "--role", "SG_1", "--key", key)
    assert (answer.code, "nobody can be asked here" in answer.err) == (64, True)
    assert list(asked.folder.glob("*.sig")) == []


def test_a_document_is_signed_for_a_role(asking: Asking) -> None:
    asking.project.write("ruling.md", "It is ruled.\n")
    code, said = approve(asking, "SG_2", "bob2", file="ruling.md")
    assert code == 0
    assert "It is ruled." in said
    assert (asking.folder / "ruling.md.SG_2.sig").exists()


def test_both_are_verbs_with_help(capsys: pytest.CaptureFixture[str], asking: Asking) -> None:
    for verb in ("request", "approve"):
        assert verb in verbs()
        with pytest.raises(SystemExit):
            asking.project.cutter(verb, "--help")
    del capsys
