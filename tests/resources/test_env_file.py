from __future__ import annotations

import json
import os
import stat
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import testinfra
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from laws import build, change_of, obeys_the_laws, snapshot
from things import KINDS

from cutter.errors import (
    ConfigurationError,
    Conflict,
    CutterError,
    PreconditionError,
    StalePlan,
    Unavailable,
)
from cutter.filesystem.kept import KeptContent
from cutter.model.references import references
from cutter.model.secret import Secret, keyed_digest
from cutter.model.state import Change
from cutter.resource import Resource, type_complaints
from cutter.resources.target.env_file import EnvFile

CANARY = "canary-$ecret-7f3a"
LIVE = (
    b"# wiring of the site, don't touch\n\nexport HOST=db1   # it's live\r\n"
    b"PORT='5432'\nEMPTY=\nHOST=db2\nlast=1"
)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")


class Desk:
    """A controller with one environment variable set, one empty, and files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def place(self, path: str) -> str:
        return str(self.folder / path)

    def runbook(self) -> str:
        return "site"

    def grammar(self, path: str) -> Any:
        raise ConfigurationError(path)

    def render(self, path: str) -> bytes:
        raise AssertionError(path)

    def environment(self, name: str) -> Secret:
        known = {"DB_PASSWORD": CANARY, "NOTHING": "", "BRACES": "{{ not.a.reference }}"}
        if name not in known:
            raise ConfigurationError(f"the environment variable {name} is not set")
        return Secret(known[name])

    def send(self, content: bytes, digest: str) -> None:
        raise AssertionError((content, digest))

    def keyed(self, value: str | bytes) -> str:
        return keyed_digest(b"law", value)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    return folder


@pytest.fixture
def env(world: Path) -> Path:
    return world / ".env"


@pytest.fixture
def content(tmp_path: Path) -> KeptContent:
    return KeptContent(str(tmp_path / "kept"))


def env_file(env: Path, **params: Any) -> Resource:
    given: dict[str, Any] = {"path": str(env), **params}
    prepared = EnvFile.prepare(given, Desk(env.parent.parent))
    return build(EnvFile, prepared)


def reach(resource: Resource, content: KeptContent) -> Change:
    change = change_of(resource)
    resource.apply(change, content)
    assert change_of(resource).empty
    return change


def values(env: Path) -> Mapping[str, str | None]:
    return dotenv_values(env, interpolate=False)


CASES: list[dict[str, Any]] = [
    {"set": {"HOST": "db3"}},
    {"set": {"NEW": "it's", "PORT": 5433}},
    {"set": {"HOST": {"value": CANARY}}},
    {"set": {"TOKEN": {"generate": {"length": 40}}}},
    {"set": {"SHOWN": {"env": "DB_PASSWORD", "secret": False}}},
    {"default": {"HOST": "never", "PASSWORD": {"env": "DB_PASSWORD"}}},
    {"default": {"KEY": {"generate": {}}}, "absent": ["EMPTY"], "mode": "0640"},
    {"absent": ["HOST", "nowhere"], "mode": "0600"},
    {"set": {"HOST": "db3"}, "default": {"X": ""}, "required": ["PORT"], "absent": ["last"]},
]


@pytest.mark.parametrize("params", CASES)
@pytest.mark.parametrize("live", [LIVE, LIVE.replace(b"\n", b"\r\n"), LIVE + b"\nBIN=\xff\xfe\n", b"PORT=1"])
def test_editing_obeys_the_laws(env: Path, content: KeptContent, params: dict[str, Any], live: bytes) -> None:
    env.write_bytes(live)
    env.chmod(0o644)
    obeys_the_laws(env_file(env, **params), content, env.parent)


@pytest.mark.parametrize("params", [case for case in CASES if "required" not in case])
def test_making_a_file_obeys_the_laws(env: Path, content: KeptContent, params: dict[str, Any]) -> None:
    obeys_the_laws(env_file(env, **params), content, env.parent)


@root_only
def test_owner_mode_and_attributes_survive_and_come_back(env: Path, content: KeptContent) -> None:
    env.write_bytes(LIVE)
    os.chown(env, 65534, 65534)
    env.chmod(0o604)
    os.setxattr(env, "user.note", b"\0kept")
    params = {"set": {"HOST": "x"}, "owner": "root", "group": "daemon", "mode": "0640"}
    obeys_the_laws(env_file(env, **params), content, env.parent)
    reach(env_file(env, set={"HOST": "x"}, mode="0604"), content)
    assert (env.stat().st_uid, stat.S_IMODE(env.stat().st_mode)) == (65534, 0o604)
    assert os.getxattr(env, "user.note") == b"\0kept"


def test_only_an_attribute_changes_without_a_new_file(env: Path, content: KeptContent) -> None:
    env.write_bytes(b"HOST=db1\n")
    env.chmod(0o644)
    inode = env.stat().st_ino
    change = reach(env_file(env, set={"HOST": "db1"}), content)
    assert change.keys == {"mode"}
    assert env.stat().st_ino == inode


def test_a_second_observer_agrees(env: Path, content: KeptContent) -> None:
    env.write_bytes(LIVE)
    reach(env_file(env, set={"HOST": "db3", "NOTE": "two words"}, absent=["EMPTY"], mode="0640"), content)
    seen = testinfra.get_host("local://").file(str(env))
    assert (seen.mode, seen.user) == (0o640, env.owner())
    assert seen.content == (
        b"# wiring of the site, don't touch\n\nexport HOST=db1   # it's live\r\nPORT='5432'\n"
        b"HOST=db3\nlast=1\nNOTE='two words'\n"
    )


def test_a_new_file_is_shut_to_others(env: Path, content: KeptContent) -> None:
    reach(env_file(env, set={"A": "1"}), content)
    seen = testinfra.get_host("local://").file(str(env))
    assert (seen.mode, seen.content_string) == (0o600, "A=1\n")


@pytest.mark.parametrize("live", [b"HOST=db1\n", b"HOST=\n", b"HOST=''\n", b"HOST\n", b"HOST=$OTHER\n"])
def test_a_default_never_overwrites(env: Path, content: KeptContent, live: bytes) -> None:
    env.write_bytes(live)
    env.chmod(0o600)
    assert change_of(env_file(env, default={"HOST": "mine"})).empty
    reach(env_file(env, default={"HOST": "mine", "PORT": "1"}), content)
    assert env.read_bytes() == live + b"PORT=1\n"


def test_what_is_generated_stays(env: Path, content: KeptContent) -> None:
    resource = env_file(env, default={"A": {"generate": {"length": 48}}}, set={"B": {"generate": {}}})
    reach(resource, content)
    first = values(env)
    assert {key: len(str(value)) for key, value in first.items()} == {"A": 48, "B": 32}
    assert set("".join(str(value) for value in first.values())) <= set(string.ascii_letters + string.digits)
    assert first["A"] != first["B"]
    reach(
        env_file(env, default={"A": {"generate": {"length": 48}}}, set={"B": {"generate": {}}, "C": "1"}),
        content,
    )
    assert values(env) == {**first, "C": "1"}


def test_preflight_looks_and_never_writes(env: Path, content: KeptContent) -> None:
    env.write_bytes(LIVE)
    env.chmod(0o644)
    assert change_of(env_file(env, required=["HOST", "PORT"])).empty
    before = snapshot(env.parent)
    resource = env_file(env, required=["HOST", "EMPTY", "GONE"])
    change = change_of(resource)
    assert change.keys == {"has:EMPTY", "has:GONE"}
    with pytest.raises(Conflict, match="no value for EMPTY, GONE"):
        resource.apply(change, content)
    assert snapshot(env.parent) == before


def test_a_missing_file_has_none_of_the_required_keys(env: Path, content: KeptContent) -> None:
    resource = env_file(env, required=["HOST"])
    with pytest.raises(Conflict, match="HOST"):
        resource.apply(change_of(resource), content)
    assert not env.exists()


def test_a_missing_file_is_without_absent_keys(env: Path) -> None:
    assert change_of(env_file(env, absent=["HOST"])).empty


def test_a_missing_folder_is_a_precondition(env: Path, content: KeptContent) -> None:
    resource = env_file(env.parent / "missing" / ".env", set={"A": "1"})
    with pytest.raises(PreconditionError, match="does not exist"):
        resource.apply(change_of(resource), content)


def test_a_foreign_edit_in_between_is_not_overwritten(env: Path, content: KeptContent) -> None:
    env.write_bytes(LIVE)
    resource = env_file(env, set={"HOST": "db3"})
    change = change_of(resource)
    env.write_bytes(LIVE + b"\nNEWS=1\n")
    with pytest.raises(StalePlan, match="changed while"):
        resource.apply(change, content)
    assert env.read_bytes() == LIVE + b"\nNEWS=1\n"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a file"])
def test_something_else_is_in_the_way(env: Path, kind: str) -> None:
    KINDS[kind](env)
    with pytest.raises(Conflict, match=kind):
        env_file(env, set={"A": "1"}).observe()


@pytest.mark.parametrize("live", [b"A=1\nHOST='open\n", b"HOST: yaml\n", b"x HOST=1\n"])
def test_a_key_that_may_hide_is_a_conflict(env: Path, live: bytes) -> None:
    env.write_bytes(live)
    with pytest.raises(Conflict, match=r"line \d binds|line \d cannot be parsed"):
        env_file(env, set={"HOST": "1"}).observe()


def test_a_file_too_large_is_refused(env: Path) -> None:
    with env.open("wb") as made:
        made.truncate(100 << 20)
    with pytest.raises(Conflict, match="too large"):
        env_file(env, set={"A": "1"}).observe()


# Secrets


SECRETS: list[dict[str, Any]] = [
    {"set": {"PASSWORD": {"env": "DB_PASSWORD"}}},
    {"set": {"PASSWORD": {"file": "secret.txt"}}},
    {"set": {"PASSWORD": {"value": CANARY}}},
    {"set": {"PASSWORD": Secret(CANARY)}},
    {"default": {"PASSWORD": {"env": "DB_PASSWORD"}}},
]


@pytest.mark.parametrize("params", SECRETS)
@pytest.mark.parametrize("live", [None, f"PASSWORD='{CANARY}-old'\n", "OTHER=1"])
def test_a_secret_is_only_in_the_file(
    env: Path, content: KeptContent, params: dict[str, Any], live: str | None
) -> None:
    (env.parent.parent / "secret.txt").write_text(CANARY + "\n")
    if live is not None:
        env.write_text(live)
    prepared = EnvFile.prepare({"path": str(env), **params}, Desk(env.parent.parent))
    resource = build(EnvFile, prepared)
    change = change_of(resource)
    shown = resource.preview(change, content)
    resource.apply(change, content)
    told = [
        repr(prepared),
        repr(change),
        shown,
        repr(resource.observe()),
        resource.preview(change.inverse(), content),
    ]
    assert not any(CANARY in text for text in told)
    assert "PASSWORD" in shown or change.keys <= {"mode"}
    if "set" in params or live != f"PASSWORD='{CANARY}-old'\n":
        assert values(env)["PASSWORD"] == CANARY
    assert all(oct(path.stat().st_mode)[-3:] == "600" for path in Path(content.folder).glob("*"))


def test_one_line_break_of_a_file_is_dropped(env: Path, content: KeptContent) -> None:
    (env.parent.parent / "f").write_bytes(b"one\ntwo\n\r\n")
    reach(env_file(env, set={"A": {"file": "f"}}), content)
    assert values(env) == {"A": "one\ntwo\n"}


@pytest.mark.parametrize("name", ["NOTHING", "NOT_SET"])
def test_a_variable_without_a_value_is_an_error(env: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        env_file(env, set={"A": {"env": name}})


def test_braces_from_the_environment_are_text(env: Path, content: KeptContent) -> None:
    given = {"path": str(env), "set": {"A": {"env": "BRACES", "secret": False}}}
    prepared = EnvFile.prepare(given, Desk(env.parent))
    assert list(references(prepared)) == []
    reach(build(EnvFile, prepared), content)
    assert values(env) == {"A": "{{ not.a.reference }}"}


def test_a_step_output_is_a_secret_until_said_otherwise() -> None:
    given = {"A": "{{ steps.key.fingerprint }}", "B": "{{ facts.user }}", "C": {"value": "{{ steps.a.b }}"}}
    prepared = EnvFile.prepare({"path": "/x", "set": given}, Desk(Path()))["set"]
    assert prepared == {
        "A": {"value": "{{ steps.key.fingerprint }}", "secret": True},
        "B": "{{ facts.user }}",
        "C": {"value": "{{ steps.a.b }}", "secret": True},
    }
    said = {"A": {"value": "{{ steps.key.fingerprint }}", "secret": False}}
    assert EnvFile.prepare({"path": "/x", "set": said}, Desk(Path()))["set"] == said


def test_without_the_digest_key_a_secret_is_unknown(env: Path, content: KeptContent) -> None:
    env.write_text(f"A='{CANARY}'\n")
    with pytest.raises(Unavailable, match="digest key"):
        EnvFile({"path": str(env), "set": {"A": {"value": CANARY}}}).observe()
    plain = EnvFile({"path": str(env), "set": {"A": "1"}})
    with pytest.raises(Unavailable, match="digest key"):
        plain.apply(change_of(plain), content)


def test_a_value_without_a_common_spelling_is_refused_unseen(env: Path, content: KeptContent) -> None:
    bad = "it's\n$" + CANARY
    (complaint,) = type_complaints(EnvFile, {"path": str(env), "set": {"A": {"value": bad}}})
    assert complaint.path == ("set", "A")
    assert CANARY not in complaint.message
    resource = EnvFile({"path": str(env), "set": {"A": {"value": bad}}}, b"law")
    with pytest.raises(Conflict, match="value of A") as refused:
        resource.apply(change_of(resource), content)
    assert CANARY not in str(refused.value)
    assert not env.exists()


def test_what_is_shown(env: Path, content: KeptContent) -> None:
    env.write_text("A=old\x1b[2J\nB=1\nG=1\nP=1\nU=private\n")
    resource = env_file(
        env,
        set={"A": "new", "B": {"value": "2"}, "N": "two\nlines", "X": {"generate": {}}},
        default={"G": "x", "D": "y"},
        required=["P", "Q"],
        absent=["U"],
    )
    shown = resource.preview(change_of(resource), content)
    assert shown.splitlines() == [
        "~ A: old\\x1b[2J -> new",
        "~ B: *** -> ***",
        "+ N=two\\nlines",
        "+ X=***",
        "+ D=y",
        "! Q is required",
        "- U",
    ]


# What a runbook may say


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({}, "names no key"),
        ({"set": {"A": True}}, "is true, not a text: quote it"),
        ({"set": {"A": None}}, "is null"),
        ({"set": {"A": 1.5}}, "is 1.5"),
        ({"set": {"A": ["x"]}}, "is a list"),
        ({"set": {"A": {"value": True}}}, "is true"),
        ({"set": {"A": {}}}, "needs exactly one of"),
        ({"set": {"A": {"env": "X", "file": "y"}}}, "needs exactly one of"),
        ({"set": {"A": {"env": "X", "sercet": True}}}, "sercet is not known"),
        ({"set": {"A": {"env": ""}}}, "env: is not a text"),
        ({"set": {"A": {"env": "X", "secret": "no"}}}, "true or false"),
        ({"set": {"A": {"generate": {"length": 2}}}}, "from 8 to 1024"),
        ({"set": {"A": {"generate": {"letters": 2}}}}, "nothing else"),
        ({"set": {"A": "${B}"}}, "cannot be written"),
        ({"set": {"1A": "x"}}, "no name of a variable"),
        ({"set": {"A\n": "x"}}, "no name of a variable"),
        ({"required": ["A-B"]}, "does not match"),
        ({"set": {"A": "1"}, "absent": ["A"]}, "stands in set already"),
        ({"required": ["A", "A"]}, "stands in required already"),
        ({"set": {"A": "1"}, "mode": "600"}, "does not match"),
    ],
)
def test_a_senseless_step_is_refused(params: dict[str, Any], complaint: str) -> None:
    found = type_complaints(EnvFile, {"path": "/tmp/.env", **params})
    assert [text for text in found if complaint in text.message], found


@pytest.mark.parametrize(
    ("form", "valid"),
    [
        ("x", True),
        (5, True),
        (True, False),
        (None, False),
        ({"value": "x"}, True),
        ({"value": "x", "secret": False}, True),
        ({"env": "HOME"}, True),
        ({"env": "HOME", "file": "x"}, False),
        ({"generate": {"length": 32}}, True),
        ({"generate": {"length": 1}}, False),
        ({"secret": True}, False),
    ],
)
def test_the_schema_agrees_with_the_check(form: object, valid: bool) -> None:
    schema = EnvFile.params["set"].schema
    Draft202012Validator.check_schema(json.loads(json.dumps(schema)))
    assert Draft202012Validator(schema).is_valid({"KEY": form}) is valid
    assert (type_complaints(EnvFile, {"path": "/x", "set": {"KEY": form}}) == []) is valid


def test_references_are_judged_when_they_are_resolved() -> None:
    assert (
        type_complaints(EnvFile, {"path": "{{ p }}", "set": {"A": "{{ a }}"}, "required": "{{ keys }}"}) == []
    )


# Whatever stands there


@given(
    live=st.binary(max_size=120)
    | st.text(st.sampled_from("KHA=:'\"\\\n\r\t #$é"), max_size=60).map(str.encode)
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=150,
)
def test_any_bytes_are_edited_and_restored_or_refused(env: Path, content: KeptContent, live: bytes) -> None:
    env.write_bytes(live)
    env.chmod(0o600)
    resource = env_file(env, set={"K": "it's"}, default={"H": "1"}, absent=["A"])
    try:
        change = change_of(resource)
        resource.apply(change, content)
    except CutterError:
        assert env.read_bytes() == live
        return
    again = change_of(resource)
    assert again.empty
    resource.apply(Change(again.before, change.before), content)
    assert env.read_bytes() == live
