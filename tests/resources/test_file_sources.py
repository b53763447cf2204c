from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from desk import KEY, FolderDesk, apply, file_of
from laws import build

from cutter.errors import (
    ConfigurationError,
    InvalidDocument,
)
from cutter.filesystem.kept import KeptContent
from cutter.model.secret import Secret
from cutter.resource import type_complaints
from cutter.resources.target.file import File


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"content": "text\n"}, b"text\n"),
        ({"content": ""}, b""),
        ({"source": "plain.bin"}, b"\0\xff\r\n"),
        ({"template": "page.j2"}, b"name: x"),
        (
            {"json": {"b": [1, None, True], "a": "ü"}},
            '{\n  "b": [\n    1,\n    null,\n    true\n  ],\n  "a": "ü"\n}\n'.encode(),
        ),
        ({"json": []}, b"[]\n"),
        ({"json": False}, b"false\n"),
        ({"yaml": {"b": [1, "on"], "a": "ü"}}, "b:\n- 1\n- 'on'\na: ü\n".encode()),
    ],
)
def test_each_source_gives_its_bytes(
    world: Path,
    content: KeptContent,
    desk: FolderDesk,
    params: dict[str, Any],
    expected: bytes,
) -> None:
    (desk.folder / "plain.bin").write_bytes(b"\0\xff\r\n")
    (desk.folder / "page.j2").write_text("name: {{ name }}\n")
    apply(file_of(world / "f", desk, **params), content)
    assert (world / "f").read_bytes() == expected


def test_a_shared_value_is_written_twice_and_not_as_an_anchor(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    shared = {"long": "word " * 100}
    apply(file_of(world / "f", desk, yaml=[shared, shared]), content)
    text = (world / "f").read_text()
    assert "&" not in text
    assert yaml.safe_load(text) == [shared, shared]


def test_a_secret_inside_data_is_written_in_plain_and_makes_the_file_secret(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    params = File.prepare({"path": str(world / "f"), "json": {"key": [Secret("s3cret")]}}, desk)
    assert params["secret"] is True
    assert "s3cret" not in str(params)
    apply(build(File, params, KEY), content)
    assert json.loads((world / "f").read_text()) == {"key": ["s3cret"]}


@pytest.mark.parametrize(
    ("params", "cause"),
    [
        ({"source": "missing"}, "source missing cannot be read: No such file"),
        ({"template": "missing"}, "template missing cannot be read"),
        ({"json": {1, 2}}, "cannot be written as JSON"),
        ({"json": float("nan")}, "cannot be written as JSON"),
        ({"yaml": object()}, "cannot be written as YAML"),
        ({"content": "\ud800"}, "no UTF-8 form"),
        ({"json": ["{{ steps.key.fingerprint }}"]}, "known before the target is contacted"),
        ({}, "without content"),
    ],
)
def test_what_cannot_be_written_is_refused_on_the_controller(
    desk: FolderDesk, params: dict[str, Any], cause: str
) -> None:
    with pytest.raises(InvalidDocument, match=cause):
        File.prepare({"path": "/f", **params}, desk)


def test_what_no_look_could_hold_is_not_declared(desk: FolderDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutter.filesystem.sources.LARGEST", 3)
    with pytest.raises(InvalidDocument, match="the content has 4 bytes; a file has at most 3"):
        file_of(desk.folder / "f", desk, content="four")


def test_a_refusal_of_the_desk_passes_through(desk: FolderDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "render", desk.environment)
    with pytest.raises(ConfigurationError, match="is not set"):
        File.prepare({"path": "/f", "template": "x"}, desk)


@pytest.mark.parametrize(
    ("params", "path", "message"),
    [
        ({}, (), "exactly one of"),
        ({"content": "a", "source": "b"}, (), "content and source"),
        ({"content": "{{ facts.user }}"}, ("content",), "known before the target"),
        ({"json": {"a": ["{{ steps.x.y }}"]}}, ("json",), "known before the target"),
        ({"template": "{{ facts.os }}.j2"}, ("template",), "known before the target"),
        ({"content": "a", "validate": ["true"]}, ("validate",), "{candidate}"),
        ({"content": "a", "validate": []}, ("validate",), "{candidate}"),
        ({"content": "a", "path": "/a//b"}, ("path",), "empty component"),
    ],
)
def test_contradictions_are_complaints(params: dict[str, Any], path: tuple[str, ...], message: str) -> None:
    complaints = type_complaints(File, {"path": "/f", **params})
    assert [complaint.path for complaint in complaints] == [path]
    assert message in complaints[0].message


@pytest.mark.parametrize(
    "params",
    [
        {"ensure": "absent"},
        {"ensure": "absent", "content": "as long as it was there"},
        {"content": "{{ greeting }}", "path": "{{ facts.home }}/f", "owner": "{{ facts.user }}"},
        {"content": "{{ not closed", "validate": ["test", "-s{candidate}"]},
    ],
)
def test_what_can_be_is_no_complaint(params: dict[str, Any]) -> None:
    assert type_complaints(File, {"path": "/f", **params}) == []
