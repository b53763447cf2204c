"""Every malformed runbook is refused with 65, at the exact place, with the text and what was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from malformed_corpus import cases, described, expected, refusal

from cutter.language.problems import InvalidDocuments
from cutter.language.runbooks import load_runbook, load_runbooks


@pytest.mark.parametrize("path", cases(), ids=lambda path: path.stem)
def test_a_malformed_runbook_is_refused_where_it_is_wrong(path: Path, project: Path) -> None:
    error = refusal(path, project / "inventory" / "one")
    assert error.exit_code == 65
    assert list(described(error)) == expected(path)
    assert expected(path)
    for line in expected(path):
        place = line.partition(" | ")[0]
        assert f"{path}:{place}: " in str(error)


def test_there_are_enough_of_them_and_most_say_what_was_meant() -> None:
    lines = [line for path in cases() for line in expected(path)]
    assert len(cases()) >= 90
    assert sum(line.count(" | ") == 4 and not line.endswith("|") for line in lines) >= 30


def test_the_wrong_mode_is_told_as_the_design_says(project: Path) -> None:
    path = next(path for path in cases() if path.stem == "yaml-octal-mode")
    message = str(refusal(path, project / "inventory" / "one"))
    assert ":9:13: steps[0].directory.mode: 488 is not a string" in message
    assert 'did you mean "0750"?' in message


def test_the_problems_of_several_files_are_told_together() -> None:
    chosen = [path for path in cases() if path.stem in {"param-unknown", "ref-unknown-fact"}]
    with pytest.raises(InvalidDocuments) as caught:
        load_runbooks(chosen)
    assert {problem.position.file for problem in caught.value.problems} == set(map(str, chosen))


def test_a_problem_can_be_written_as_json() -> None:
    path = next(path for path in cases() if path.stem == "param-unknown")
    with pytest.raises(InvalidDocuments) as caught:
        load_runbook(path)
    said = json.loads(json.dumps(caught.value.problems[0].plain()))
    assert said["where"] == "steps[0].directory.onwer"
    assert said["suggestion"] == "owner"


def test_a_file_that_is_not_there_is_told_with_the_name_beside_it(tmp_path: Path) -> None:
    (tmp_path / "gap5.yml").write_text("")
    with pytest.raises(InvalidDocuments) as caught:
        load_runbook(tmp_path / "gap6.yml")
    assert caught.value.problems[0].suggestion == str(tmp_path / "gap5.yml")
