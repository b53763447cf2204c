"""The words of --limit: names, patterns, what is left out, and words that stand for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutter.errors import UsageError
from cutter.language.inventory import load_environment, select, select_for
from cutter.language.runbooks import load_runbook
from cutter.model.inventory import Environment

if TYPE_CHECKING:
    from malformed_corpus import Write

HOSTS = """\
all:
  vars: {ansible_connection: local}
  children:
    web: {hosts: {"web[1:12]": {}}}
    db: {hosts: {db2: {}, db1: {}}}
    odd: {hosts: {"a:1": {}, web1: {}}}
    idle: {}
"""


@pytest.fixture
def here(project: Path, write: Write) -> Environment:
    write("inventory/one/hosts.yml", HOSTS)
    return load_environment(project / "inventory" / "one")


def left(environment: Environment, limit: str, pattern: str = "all") -> list[str]:
    return [host.name for host in select(environment, pattern, limit)]


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        ("db", "db2 db1"),
        ("db1, db2", "db2 db1"),
        ("db?", "db2 db1"),
        ("web1?", "web10 web11 web12"),
        ("w*1,db1", "web1 web11 db1"),
        ("d*", "db2 db1"),
        ("od*", "web1 a:1"),
        ("!web", "db2 db1 a:1"),
        ("!web*,!od*", "db2 db1"),
        ("all,!web", "db2 db1 a:1"),
        ("!db1,db", "db2"),
        ("db,! db1", "db2"),
        ("*,!web*", "db2 db1 a:1"),
        ("db,!idle", "db2 db1"),
        ("a:1", "a:1"),
        ("a*", "a:1"),
    ],
)
def test_a_limit_leaves_hosts_in_the_order_of_the_inventory(
    here: Environment, limit: str, names: str
) -> None:
    assert left(here, limit) == names.split()


def test_a_limit_is_inside_what_the_runbook_names(here: Environment) -> None:
    assert left(here, "!db1", pattern="db") == ["db2"]
    assert left(here, "*2", pattern="web") == ["web2", "web12"]


@pytest.mark.parametrize(
    ("limit", "word", "meant"),
    [
        ("wbe1", "wbe1", "web1"),
        ("web*,!web99", "!web99", "web9"),
        ("wbe*", "wbe*", "web"),
        ("db,!dbb*", "!dbb*", "db"),
        ("web,", "''", ""),
        ("!", "!", ""),
        ("all,zzz", "zzz", ""),
        ("web[1:3]", "web[1:3]", "web3"),
        ("[w]eb1*", "[w]eb1*", "web1"),
        ("al*", "al*", "all"),
        ("WEB1", "WEB1", ""),
    ],
)
def test_a_word_that_stands_for_nothing_is_told(here: Environment, limit: str, word: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        left(here, limit)
    assert caught.value.cause.startswith(f"--limit {word}: neither a host nor a group of {here.folder}")
    assert (limit in caught.value.cause) is True
    assert ("did you mean" in caught.value.remedy) is bool(meant)
    assert f"did you mean {meant}?" in caught.value.remedy or not meant
    assert "there are all, db, idle, odd, web, web1, web2," in caught.value.remedy


@pytest.mark.parametrize("limit", ["web", "!db", "idle", "web,!db1", "db,!db*"])
def test_a_limit_that_leaves_nobody_is_told(here: Environment, limit: str) -> None:
    with pytest.raises(UsageError, match="leaves none of the hosts that db names") as caught:
        left(here, limit, pattern="db")
    assert caught.value.remedy == "widen the limit; db names db2, db1"


def test_of_very_many_names_some_are_listed(project: Path, write: Write) -> None:
    write("inventory/one/hosts.yml", 'all: {hosts: {"n[1:300]": {ansible_connection: local}}}\n')
    with pytest.raises(UsageError) as caught:
        left(load_environment(project / "inventory" / "one"), "x")
    assert caught.value.remedy.endswith("n18, n19 and 281 more")


def test_patterns_are_of_a_limit_and_not_of_a_runbook(here: Environment, write: Write) -> None:
    from cutter.language.problems import InvalidDocuments

    with pytest.raises(InvalidDocuments):
        select_for(here, load_runbook(write("runbooks/r.yml", "hosts: 'web*'\nsteps: []\n")))


def test_the_words_of_a_limit_are_judged_for_a_database_too(project: Path, write: Write) -> None:
    write("inventory/one/databases.yml", "things: {production: no, embedded: /srv/things}\n")
    environment = load_environment(project / "inventory" / "one")
    runbook = load_runbook(write("runbooks/r.yml", "database: things\nsteps: []\n"))
    assert [host.name for host in select_for(environment, runbook, "o*")] == ["things"]
    with pytest.raises(UsageError, match="--limit onne: neither"):
        select_for(environment, runbook, "onne")
