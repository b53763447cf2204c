"""The example of a real environment is complete, valid, and opens nothing to anybody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import cutter
from signers import People, people

from cutter.errors import ConfigurationError
from cutter.language.authority import load_authority
from cutter.language.inventory import load_environment
from cutter.language.problems import InvalidDocuments

__all__ = ["people"]
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "inventory" / "production"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "inventory" / "production"))


def test_every_runbook_is_valid_in_it() -> None:
    runbooks = map(str, sorted((ROOT / "runbooks").glob("*.yml")))
    answer = cutter("validate", "-i", str(EXAMPLE), str(EXAMPLE), *runbooks)
    assert answer.code == 0, answer


def test_it_is_a_production_of_ssh_hosts_in_groups_and_a_database_with_two_files(copied: Path) -> None:
    environment = load_environment(str(copied))
    assert environment.production
    assert all(host.connection == "ssh" for host in environment.hosts)
    (database,) = environment.databases
    assert database.production
    assert database.env_file != database.authoriser_env_file


def test_nobody_can_approve_until_keys_are_pinned(copied: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no authority\.yml"):
        load_authority(str(copied))
    shutil.copy(copied / "authority.example.yml", copied / "authority.yml")
    with pytest.raises(InvalidDocuments):
        load_authority(str(copied))


def test_with_keys_pinned_two_others_than_the_requester_must_sign(copied: Path, people: People) -> None:
    text = (copied / "authority.example.yml").read_text()
    (copied / "authority").mkdir()
    for digit, name, key in ((1, "sg-1", "alice"), (2, "sg-2", "bob"), (3, "operator", "dave")):
        text = text.replace(f"{digit:040}", people.fingerprints[key])
        (copied / f"authority/{name}.asc").write_bytes(people.certificate(key))
    (copied / "authority.yml").write_text(text)
    authority = load_authority(str(copied))
    assert authority.rule.roles == ("SG_1", "SG_2")
    assert (authority.rule.distinct_people, authority.rule.requester_may_approve) == (True, False)
    assert authority.requesters == ("operator",)
