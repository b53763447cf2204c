"""validate, schema, vars and doc: what can be said of documents without looking at any target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import Project, cutter

from cutter.report.type_doc import example_of
from cutter.resources import place_of, resource_type, type_names

HERE = ("-i", "inventory/here")


def edit(project: Project, name: str, old: str, new: str) -> None:
    """Replace a text in a file of the project."""
    path = project.folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.usefixtures("project")
def test_the_whole_project_is_judged_without_a_word() -> None:
    answer = cutter("validate")
    assert (answer.code, answer.out) == (0, "5 files valid\n")
    valid = json.loads(cutter("validate", "--json").out)["valid"]
    assert "runbooks/gap-matrix.yml" in valid
    assert "inventory/here/group_vars/all.yml" in valid


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["runbooks/site.yml"], 1),
        (["runbooks"], 2),
        (["inventory/here"], 3),
        (["inventory/here/group_vars/all.yml", "inventory/here/hosts.yml"], 3),
        (["runbooks/site.yml", "runbooks/site.yml"], 1),
    ],
)
@pytest.mark.usefixtures("project")
def test_files_and_folders_can_be_named(words: list[str], count: int) -> None:
    answer = cutter("validate", *words)
    assert (answer.code, answer.out.split()[0]) == (0, str(count)), answer


def test_all_problems_of_all_files_are_told_at_once(project: Project) -> None:
    edit(project, "runbooks/site.yml", '"0755"', "0755")
    edit(project, "runbooks/site.yml", "title:", "titel:")
    edit(project, "runbooks/gap-matrix.yml", "venue:", "venu:")
    edit(project, "inventory/here/environment.yml", "production: no", "production: maybe")
    answer = cutter("validate")
    assert answer.code == 65
    for told in (
        "runbooks/site.yml:3:1: titel",
        "runbooks/site.yml:9:",
        "runbooks/gap-matrix.yml:9:",
        "inventory/here/environment.yml:2:",
    ):
        assert told in answer.err, told
    problems = json.loads(cutter("validate", "--json").out)["error"]["problems"]
    assert len(problems) >= 4
    assert all(problem["position"].count(":") == 2 for problem in problems)


def test_a_variable_that_nobody_declares_is_found_with_an_inventory(project: Project) -> None:
    edit(project, "runbooks/site.yml", "{{ root }}/room", "{{ rot }}/room")
    assert cutter("validate").code == 0
    answer = cutter("validate", *HERE)
    assert answer.code == 65
    assert "runbooks/site.yml:11:" in answer.err
    assert "'rot' is not declared anywhere" in answer.err


def test_validating_contacts_and_writes_nothing(project: Project) -> None:
    before = [*project.listing(), *project.kept()]
    assert cutter("validate", *HERE).code == 0
    assert [*project.listing(), *project.kept()] == before


def test_an_empty_folder_has_nothing_to_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = cutter("validate")
    assert (answer.code, "neither runbooks/ nor inventory/" in answer.err) == (64, True)


def test_a_schema_is_printed_and_described_by_its_dialect() -> None:
    from jsonschema import Draft202012Validator

    for name in cutter("schema").out.split():
        Draft202012Validator.check_schema(json.loads(cutter("schema", name).out))


def test_schemas_are_written_once_and_told_when_stale(project: Project) -> None:
    folder = project.folder / "schemas"
    assert cutter("schema", "--check").code == 2
    assert "written: runbook.schema.json" in cutter("schema", "--write").out
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert cutter("schema", "--write").out == "every schema is as the types say\n"
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    assert cutter("schema", "--check").code == 0
    (folder / "vars.schema.json").write_text("{}\n")
    (folder / "old.schema.json").write_text("{}\n")
    answer = cutter("schema", "--check", "schemas")
    assert answer.code == 2
    assert "stale: old.schema.json\nstale: vars.schema.json\n" in answer.out


@pytest.mark.usefixtures("project")
def test_explaining_a_variable_shows_everybody_who_gave_it() -> None:
    answer = cutter("vars", *HERE, "-e", "root=/srv", "--explain", "root", "runbooks/site.yml")
    assert answer.out.splitlines() == [
        "root on web1 = /srv",
        "  * /srv  (-e)",
        "    {{ project_dir }}/world  (group all, inventory/here/group_vars/all.yml:1:7)",
        "    /nonexistent  (runbook, runbooks/site.yml:6:9)",
    ]


def test_the_value_shown_is_the_value_used(project: Project) -> None:
    shown = cutter("vars", *HERE, "runbooks/site.yml").out
    assert f"  root = {project.folder}/world  (group all, " in shown
    assert cutter("apply", "--yes", *HERE, "runbooks/site.yml").code == 0
    assert (project.folder / "world/room").is_dir()


@pytest.mark.usefixtures("project")
def test_the_inventory_alone_has_variables_too() -> None:
    body = json.loads(cutter("vars", *HERE, "--json").out)
    by_name = {variable["name"]: variable for variable in body["variables"]}
    assert by_name["colour"]["value"] == "blue"
    assert by_name["colour"]["given"][0]["layer"] == "group all"
    assert by_name["inventory_hostname"]["value"] == "web1"


def test_a_variable_without_a_value_says_why(project: Project) -> None:
    edit(project, "inventory/here/group_vars/all.yml", "colour: blue", 'colour: "{{ paint }}"')
    assert "colour = ? paint is not declared" in cutter("vars", *HERE).out
    edit(project, "inventory/here/group_vars/all.yml", "{{ paint }}", "{{ colour }}")
    assert "colour -> colour" in cutter("vars", *HERE).out


def test_host_variables_are_stronger_than_those_of_groups(project: Project) -> None:
    (project.folder / "inventory/here/host_vars").mkdir()
    (project.folder / "inventory/here/host_vars/web1.yml").write_text("colour: red\n")
    answer = cutter("vars", *HERE, "--explain", "colour")
    assert answer.out.splitlines()[:2] == [
        "colour on web1 = red",
        "  * red  (host web1, inventory/here/host_vars/web1.yml:1:9)",
    ]


def test_types_are_listed_with_a_sentence() -> None:
    body = json.loads(cutter("doc", "--json").out)
    assert [item["name"] for item in body["types"]] == type_names()
    told = cutter("doc").out
    assert all(f"{item['name']} " in told and item["summary"] in told for item in body["types"])


@pytest.mark.parametrize("name", type_names())
def test_every_type_describes_all_of_itself(name: str) -> None:
    kind = resource_type(name)
    body = json.loads(cutter("doc", name, "--json").out)
    assert body["summary"].endswith(".")
    shown = [key for key, declared in kind.params.items() if not declared.internal]
    assert [declared["name"] for declared in body["params"]] == shown
    for declared in body["params"]:
        assert declared["description"].endswith("."), f"{declared['name']} is not described by a sentence"
        assert declared["required"] is ("default" not in declared)
    assert all(text.endswith(".") for text in body["outputs"].values())
    told = cutter("doc", name).out
    assert [key for key in shown if f"  {key}: " not in told] == []
    assert max(map(len, told.splitlines())) <= 110


@pytest.mark.parametrize("name", type_names())
def test_the_example_of_every_type_is_a_valid_step(name: str, project: Project) -> None:
    example = example_of(resource_type(name))
    assert example, f"the docstring of {name}.py has no indented example"
    steps: list[dict[str, Any]] = yaml.safe_load(example)
    assert any(name in step for step in steps)
    where = "database: governed\n" if place_of(name) == "controller" else ""
    head = f"apiVersion: cutter/v1\nrunbook: example\ntitle: An example\n{where}steps:\n"
    path = project.folder / "runbooks/example.yml"
    path.write_text(head + "".join(f"  {line}\n" for line in example.splitlines()))
    answer = cutter("validate", "runbooks/example.yml")
    assert answer.code == 0, answer.err
    assert example.splitlines()[0] in cutter("doc", name).out
