"""databases.yml: where each database is, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutter.language.inventory import load_environment
from cutter.language.problems import InvalidDocuments
from cutter.model.inventory import Database

if TYPE_CHECKING:
    from malformed_corpus import Write

ROOT = Path(__file__).parents[2]


def databases(project: Path) -> tuple[Database, ...]:
    return load_environment(project / "inventory" / "one").databases


def test_each_place_is_read_and_references_are_followed(project: Path, write: Write) -> None:
    write(
        "inventory/one/databases.yml",
        """
here: {production: no, embedded: "{{ project_dir }}/pg", dbname: laws}
wired: {production: yes, env_file: /etc/wiring.env}
there: {production: yes, dsn: host=db1 dbname=laws, logins: {READER: ro},
  names: {information_unit: old.units, fn_iu_create: old.make, information_unit.body: content}}
""",
    )
    here, wired, there = databases(project)
    assert here == Database("here", production=False, embedded=f"{project}/pg", dbname="laws")
    assert wired == Database("wired", production=True, env_file="/etc/wiring.env")
    assert (there.dsn, there.logins, there.names) == (
        "host=db1 dbname=laws",
        {"READER": "ro"},
        {
            "information_unit": "old.units",
            "fn_iu_create": "old.make",
            "information_unit.body": "content",
        },
    )


def test_an_inventory_without_the_file_has_none(project: Path) -> None:
    assert databases(project) == ()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: {production: no}", "1:1", "must be said by one of embedded, env_file, dsn; it has none"),
        ("a: {production: no, embedded: /x, dsn: host=y}", "1:1", "it has embedded and dsn"),
        ("a: {production: yes, embedded: /x}", "1:17", "never production"),
        ("a: {embedded: /x}", "1:4", "production"),
        ("a: {production: maybe, embedded: /x}", "1:17", "maybe"),
        ("a: {production: no, embedded: x}", "1:31", "does not match"),
        ('a: {production: no, embedded: "{{ projectdir }}/x"}', "1:31", "is not known here"),
        ("a: {production: no, env_file: /x, dbname: y}", "1:35", "dbname belongs to embedded"),
        ("a: {production: no, env_file: /x, logins: {READER: y}}", "1:35", "logins belongs to"),
        ("a: {production: no, dsn: host=x, logins: {WRITTER: y}}", "1:43", "WRITTER"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(
    project: Path, write: Write, text: str, line: str, what: str
) -> None:
    write("inventory/one/databases.yml", text + "\n")
    with pytest.raises(InvalidDocuments) as caught:
        databases(project)
    found = caught.value.problems[0]
    assert f"databases.yml:{line}" in str(found.position)
    assert what in found.text()


def test_the_inventories_that_come_along_have_one_database() -> None:
    local, sandbox = (load_environment(ROOT / "inventory" / name) for name in ("local", "sandbox"))
    assert [one.env_file for one in local.databases] == ["/opt/incomex/docker/.env"]
    assert [one.embedded for one in sandbox.databases] == [str(ROOT / "sandbox" / "postgres")]
