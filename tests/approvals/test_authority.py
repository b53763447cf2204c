"""authority.yml: pinned keys, roles and the rule; every mistake in it is named with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from signers import People

from cutter.approvals.authority import Authority
from cutter.errors import ApprovalRefused, ConfigurationError, InvalidDocument
from cutter.language.authority import load_authority

Alteration = Callable[[Path, str, People], str]


@pytest.fixture
def inventory(people: People, tmp_path: Path) -> Path:
    people.authority(tmp_path)
    return tmp_path


def test_pins_people_roles_and_the_rule(inventory: Path, people: People) -> None:
    found = load_authority(str(inventory))
    assert found.roles["SG_2"] == ("bob",)
    assert found.person_of(people.fingerprints["bob2"]) == "bob"
    assert found.people_of("BREAK_GLASS") == ("carol",)
    assert found.requesters == ("dave",)
    assert found.rule == (("SG_1", "SG_2"), True, False, 7 * 86_400)
    with pytest.raises(LookupError):
        found.person_of(people.fingerprints["mallory"])
    with pytest.raises(ApprovalRefused, match="there is no role SG_3"):
        found.people_of("SG_3")


def test_its_text_is_enough_to_judge_by_it_later(inventory: Path) -> None:
    found = load_authority(str(inventory))
    again = Authority.from_content(found.content)
    assert again == found
    assert again.digest == found.digest
    assert again.certificates(["bob"]) == found.certificates(["bob"])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"people": {}}'])
def test_another_text_is_no_authority(text: str) -> None:
    with pytest.raises(ApprovalRefused):
        Authority.from_content(text)


def test_comments_change_nothing_and_a_certificate_does(inventory: Path, people: People) -> None:
    before = load_authority(str(inventory)).digest
    path = inventory / "authority.yml"
    path.write_text("# who may approve\n" + path.read_text())
    assert load_authority(str(inventory)).digest == before
    people.gpg("--quick-add-uid", people.fingerprints["carol"], "Carol at work <c@example.invalid>")
    (inventory / "authority/carol.asc").write_bytes(people.certificate("carol"))
    assert load_authority(str(inventory)).digest != before


def _replace(old: str, new: str) -> Alteration:
    def altered(_: Path, text: str, people: People) -> str:
        assert old.format(**people.fingerprints) in text
        return text.replace(old.format(**people.fingerprints), new.format(**people.fingerprints))

    return altered


def _certificate(name: str, content: Callable[[People], bytes]) -> Alteration:
    def altered(folder: Path, text: str, people: People) -> str:
        (folder / f"authority/{name}.asc").write_bytes(content(people))
        return text

    return altered


def _secret(people: People) -> bytes:
    return people.gpg("--armor", "--export-secret-keys", people.fingerprints["bob"])


def _binary(people: People) -> bytes:
    return people.gpg("--export", people.fingerprints["bob"])


WRONG: dict[str, tuple[Alteration, str]] = {
    "role of nobody": (_replace("SG_2: [bob]", "SG_2: [bib]"), "there is no person 'bib'"),
    "requester unknown": (_replace("requesters: [dave]", "requesters: [eve]"), "there is no person 'eve'"),
    "rule of no role": (_replace("roles: [SG_1, SG_2]", "roles: [SG_1, SG_3]"), "there is no role 'SG_3'"),
    "no requester": (_replace("requesters: [dave]", "requesters: []"), "requesters"),
    "another key": (_replace("{bob2}", "{mallory}"), "its certificate is of"),
    "short fingerprint": (_replace("{bob2}", "DEADBEEF"), "does not match"),
    "somebody else's key": (
        _replace("bob2.asc, fingerprint: {bob2}", "alice.asc, fingerprint: {alice}"),
        "for",
    ),
    "no certificate": (_replace("authority/carol.asc", "authority/carola.asc"), "cannot be read"),
    "private key": (_certificate("bob", _secret), "holds a private key"),
    "not armored": (_certificate("bob", _binary), "is no armored certificate"),
    "two keys": (
        _certificate("bob", lambda p: p.gpg("--armor", "--export", "bob@", "carol@")),
        "its certificate holds 2 keys",
    ),
    "approved": (_replace("rule:\n", "approved: true\nrule:\n"), "approved"),
    "word for a truth": (_replace("distinct_people: yes", "distinct_people: 1"), "distinct_people"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_named_with_its_place(case: str, inventory: Path, people: People) -> None:
    alter, told = WRONG[case]
    path = inventory / "authority.yml"
    path.write_text(alter(inventory, path.read_text(), people))
    with pytest.raises(InvalidDocument) as caught:
        load_authority(str(inventory))
    assert told in str(caught.value)
    assert f"{path}:" in str(caught.value)


def test_a_subkey_is_not_what_is_pinned(inventory: Path, people: People) -> None:
    path = inventory / "authority.yml"
    path.write_text(path.read_text().replace(people.fingerprints["alice"], people.subkey))
    with pytest.raises(InvalidDocument, match="this is a subkey; pin its primary key"):
        load_authority(str(inventory))


def test_without_the_file_nobody_can_approve(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nobody can approve"):
        load_authority(str(tmp_path))
