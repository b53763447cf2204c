from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import testinfra
from laws import build, change_of, obeys_the_laws, snapshot

from cutter.accounts.books import Books
from cutter.accounts.operators import operators
from cutter.agent.requests import StepRequest
from cutter.agent.running import Agent
from cutter.errors import Conflict, CutterError, StalePlan, StepFailed, Unavailable
from cutter.filesystem.kept import KeptContent
from cutter.model.secret import Secret
from cutter.model.state import Change
from cutter.resource import Resource, type_complaints
from cutter.resources.target.user import User

pytestmark = pytest.mark.usefixtures("machine")
HASH = "$6$saltsalt$0123456789abcdefghijABCDEFGHIJ./0123456789"
OTHER = "$y$j9T$abcdefgh$0123456789abcdefghijABCDEFGHIJ"


def key(name: str, *, options: str = "") -> str:
    kind = b"ssh-ed25519"
    blob = len(kind).to_bytes(4, "big") + kind + (32).to_bytes(4, "big") + name.encode().ljust(32, b"\0")
    return f"{options}ssh-ed25519 {base64.b64encode(blob).decode()} {name}"


ONE, TWO, THREE = key("one"), key("two"), key("three")
FORCED = key("one", options='command="say \\"hi there\\"",no-pty ')


def user(**params: Any) -> Resource:
    if "password" in params:
        params["password"] = {"value": Secret(params["password"])}
    return build(User, {"name": "deploy", **params})


def reach(resource: Resource, content: KeptContent) -> Change:
    change = change_of(resource)
    resource.apply(change, content)
    assert change_of(resource).empty
    return change


def add(name: str, text: str) -> None:
    path = Path("/etc", name)
    path.write_text(path.read_text() + text)


def existing(shadow: str = f"deploy:{HASH}:19000:1:90:7:30::\n") -> Path:
    """Make an account by hand, with all that a tool would forget."""
    add("passwd", "deploy:x:4001:4001:Old, comment:/home/deploy:/bin/sh\nother:x:4002:4002::/:/bin/sh\n")
    add("shadow", shadow)
    add("group", "deploy:x:4001:\nfirst:x:4010:other,deploy,more\nsecond:x:4011:deploy\nthird:x:4012:other\n")
    add("gshadow", "deploy:!::\nfirst:!:other:deploy,other\nsecond:!::deploy\nthird:!::other\n")
    home = Path("/home/deploy")
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/authorized_keys").write_text(f"# mine\n{ONE}\n\nno key\n{TWO}\n")
    for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, 4001, 4001)
    (home / ".ssh").chmod(0o755)
    return home


NEW: list[dict[str, Any]] = [
    {},
    {"system": True},
    {"uid": 4711, "comment": "Deploys", "shell": "/bin/sh", "home": "/home/elsewhere"},
    {"group": "users", "groups": ["daemon", "adm"], "create_home": False},
    {"also_groups": ["daemon"], "locked": True},
    {"password": HASH, "locked": False},
    {"password": HASH, "locked": True},
    {"authorized_keys": [ONE, TWO]},
    {"authorized_keys": []},
    {"also_authorized_keys": [FORCED]},
]


@pytest.mark.parametrize("params", NEW)
def test_making_a_user_obeys_the_laws(machine: Path, content: KeptContent, params: dict[str, Any]) -> None:
    obeys_the_laws(user(**params), content, machine)


ALTERED: list[dict[str, Any]] = [
    {"comment": "New", "shell": "/bin/bash", "group": "users"},
    {"groups": ["third", "first"]},
    {"groups": []},
    {"also_groups": ["third"]},
    {"locked": True},
    {"password": OTHER},
    {"password": "*", "locked": True},
    {"authorized_keys": [THREE]},
    {"authorized_keys": []},
    {"also_authorized_keys": [FORCED, THREE]},
    {"home": "/home/other"},
    {"home": "/home/other", "authorized_keys": [ONE]},
]


@pytest.mark.parametrize("params", ALTERED)
def test_altering_a_user_obeys_the_laws(machine: Path, content: KeptContent, params: dict[str, Any]) -> None:
    existing()
    obeys_the_laws(user(**params), content, machine)


SHADOWS = [
    "deploy:!:19000:0:99999:7:::\n",
    f"deploy:!{HASH}:19000:0:99999:7::1:\n",
    f"deploy:{HASH}:0:::::20000:\n",
    f"deploy:!!{HASH}:19000::::::\n",
    "",
]


@pytest.mark.parametrize("shadow", SHADOWS)
@pytest.mark.parametrize(
    "params", [{"ensure": "absent"}, {"locked": False}, {"locked": True, "password": OTHER}]
)
def test_every_field_of_shadow_comes_back(
    machine: Path, content: KeptContent, shadow: str, params: dict[str, Any]
) -> None:
    existing(shadow)
    if not change_of(user(**params)).empty:
        obeys_the_laws(user(**params), content, machine)


def test_removing_a_user_obeys_the_laws_and_leaves_the_home(machine: Path, content: KeptContent) -> None:
    home = existing()
    resource = user(ensure="absent")
    before = snapshot(machine, times=False)
    change = change_of(resource)
    assert resource.preview(change, content) == "the home /home/deploy stays"
    resource.apply(change, content)
    host = testinfra.get_host("local://")
    assert not host.user("deploy").exists
    assert not host.group("deploy").exists
    assert host.group("first").members == ["other", "more"]
    assert (home / ".ssh/authorized_keys").exists()
    resource.apply(change.inverse(), content)
    assert resource.observe() == change.before
    assert snapshot(machine, times=False) == before


def test_a_second_observer_agrees(content: KeptContent) -> None:
    reach(user(also_groups=["daemon"], shell="/bin/sh", comment="Deploys", password=HASH), content)
    seen = testinfra.get_host("local://").user("deploy")
    assert seen.exists
    assert (seen.name, seen.group, seen.groups) == ("deploy", "deploy", ["deploy", "daemon"])
    assert (seen.home, seen.shell, seen.gecos, seen.password) == ("/home/deploy", "/bin/sh", "Deploys", HASH)
    home = testinfra.get_host("local://").file("/home/deploy")
    assert (home.user, home.group, home.mode) == ("deploy", "deploy", 0o700)
    for tool in ("pwck", "grpck"):
        done = subprocess.run([tool, "-r", "-q"], check=False, capture_output=True)
        assert b"deploy" not in done.stdout + done.stderr


def test_the_keys_are_those_that_ssh_reads(content: KeptContent) -> None:
    existing()
    reach(user(also_authorized_keys=[FORCED, THREE]), content)
    file = Path("/home/deploy/.ssh/authorized_keys")
    assert file.read_text() == f"# mine\n\nno key\n{TWO}\n{FORCED}\n{THREE}\n"
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", file], capture_output=True, text=True, check=True
    ).stdout
    found = change_of(user(also_authorized_keys=[FORCED, THREE])).before or {}
    named = {
        name[len("key:") :] for name, value in found.items() if name.startswith("key:") and value is True
    }
    assert named < {line.split()[1] for line in listed.splitlines()}
    assert (file.stat().st_uid, file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (
        4001,
        0o600,
        0o700,
    )


@pytest.mark.parametrize("name", ["/home/deploy/.ssh", "/home/deploy/.ssh/authorized_keys", "/home/deploy"])
def test_a_link_is_never_followed(machine: Path, content: KeptContent, name: str) -> None:
    existing()
    change = Change(None, {})
    real = Path(name).rename("/home/real")
    Path(name).symlink_to(real)
    before = snapshot(machine)
    resource = user(authorized_keys=[THREE])
    with pytest.raises(Conflict, match="symbolic link"):
        resource.observe()
    with pytest.raises(StalePlan):
        resource.apply(change, content)
    assert snapshot(machine, times=False) == {path: seen[:-2] for path, seen in before.items()}


def test_keys_that_a_revert_finds_in_a_home_that_was_there_come_back(content: KeptContent) -> None:
    existing()
    reach(user(ensure="absent"), content)
    made = user(uid=4001, authorized_keys=[THREE])
    reach(made, content)
    made.apply(Change(made.observe(), None), content)
    assert f"# mine\n{ONE}" in Path("/home/deploy/.ssh/authorized_keys").read_text()


def test_a_revert_never_removes_a_home_with_anything_new_in_it(content: KeptContent) -> None:
    made = user(authorized_keys=[ONE])
    reach(made, content)
    Path("/home/deploy/work").write_text("of value")
    with pytest.raises(Conflict, match="/home/deploy/work was added since"):
        made.apply(Change(made.observe(), None), content)
    assert made.observe() is not None
    assert Path("/home/deploy/work").read_text() == "of value"


def test_a_home_goes_with_its_own_word_alone(content: KeptContent) -> None:
    existing()
    resource = user(ensure="absent", remove_home=True)
    assert User.needs_reason({"name": "deploy", "ensure": "absent", "remove_home": True})
    assert "removed, with everything in it" in resource.preview(change_of(resource), content)
    reach(resource, content)
    assert not Path("/home/deploy").exists()


@pytest.mark.parametrize(
    ("home", "why"), [("/srv", "too near"), ("/home/around", "home of inner too, or around it")]
)
def test_a_home_that_is_more_than_one_is_not_removed(content: KeptContent, home: str, why: str) -> None:
    add("passwd", f"deploy:x:4001:4001::{home}:/bin/sh\ninner:x:4002:4002::/home/around/in:/bin/sh\n")
    add("shadow", "deploy:*:19000::::::\n")
    Path("/home/around/in").mkdir(parents=True)
    if home != "/srv":
        os.chown(home, 4001, 4001)
        with pytest.raises(Conflict, match=why):
            reach(user(ensure="absent", remove_home=True), content)
    assert Path("/home/around/in").exists()


@pytest.mark.parametrize("home", ["/home/plain", "/home/a b"])
def test_what_is_mounted_in_a_home_is_not_removed_with_it(
    content: KeptContent, tmp_path: Path, home: str
) -> None:
    add("passwd", f"deploy:x:4001:4001::{home}:/bin/sh\n")
    add("shadow", "deploy:*:19000::::::\n")
    mounted, shared = Path(home, "shared"), tmp_path / "shared"
    mounted.mkdir(parents=True)
    os.chown(home, 4001, 4001)
    shared.mkdir()
    (shared / "precious").touch()
    subprocess.run(["mount", "--bind", shared, mounted], check=True)
    try:
        with pytest.raises(Conflict, match=f"{mounted} is a mount point"):
            reach(user(ensure="absent", remove_home=True), content)
    finally:
        subprocess.run(["umount", mounted], check=True)
    assert (shared / "precious").exists()


def test_a_home_that_may_be_partly_gone_is_not_said_to_be_as_it_was(
    content: KeptContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    existing()

    def busy(*_: object, **__: object) -> None:
        raise OSError(16, "busy")

    monkeypatch.setattr(os, "rmdir", busy)
    step = StepRequest("u", "user", {"name": "deploy", "ensure": "absent", "remove_home": True}, "h")
    (told,) = Agent(content, b"law").apply([step], lambda: False)
    assert (told.outcome.value, told.touched) == ("failed", True)
    assert told.world == "/home/deploy may be partly gone"


def test_an_account_that_is_at_work_is_not_removed(content: KeptContent) -> None:
    existing()
    with subprocess.Popen(["sleep", "600"], user=4001, group=4001, extra_groups=[]) as process:
        try:
            with pytest.raises(Conflict, match=f"process {process.pid} belongs to deploy"):
                reach(user(ensure="absent"), content)
        finally:
            process.kill()
    reach(user(ensure="absent"), content)


MINE: list[tuple[dict[str, Any], str]] = [
    ({"ensure": "absent"}, "remove it"),
    ({"locked": True}, "lock it"),
    ({"groups": ["second"]}, "take it out of first"),
    ({"authorized_keys": [THREE]}, "take away every key"),
    ({"authorized_keys": []}, "take away every key"),
    ({"authorized_keys": [key("two", options='from="192.0.2.1" ')]}, "take away every key"),
    ({"group": "third"}, "take it out of deploy"),
    ({"shell": "/usr/sbin/nologin"}, "give it the shell"),
    ({"shell": "/bin/none"}, "give it the shell"),
    ({"home": "/home/else"}, "move its home"),
]


@pytest.mark.parametrize(("params", "why"), MINE)
def test_whoever_runs_this_is_not_locked_out_but_for_a_reason(
    monkeypatch: pytest.MonkeyPatch, content: KeptContent, params: dict[str, Any], why: str
) -> None:
    existing()
    Path("/etc/sudoers.d").mkdir(exist_ok=True)
    Path("/etc/sudoers.d/ours").write_text("# %second ALL\n%first ALL=(ALL:ALL) ALL\n%deploy ALL=(ALL) ALL\n")
    monkeypatch.setenv("SUDO_USER", "deploy")
    with pytest.raises(Conflict, match=f"the account behind this run, and this would {why}") as refused:
        user(**params).observe()
    assert refused.value.exit_code == 10
    assert "may_lock_me_out" in refused.value.remedy
    with pytest.raises(Conflict, match=why):
        user(**params).apply(Change(_seen(params), user(**params).desired()), content)
    told = user(**params, may_lock_me_out="the key was replaced by hand")
    if params != {"shell": "/bin/none"}:
        reach(told, content)


def test_a_key_that_is_added_may_take_away_what_it_may_do(monkeypatch: pytest.MonkeyPatch) -> None:
    existing()
    monkeypatch.setenv("SUDO_USER", "deploy")
    assert user(also_authorized_keys=[FORCED, THREE]).observe(), "the second key opens it as before"
    with pytest.raises(Conflict, match="take away every key that opens it now, or what it may do"):
        user(also_authorized_keys=[FORCED, key("two", options='expiry-time="20200101" ')]).observe()


def test_a_folder_for_everybody_is_not_to_be_closed() -> None:
    existing()
    Path("/home/deploy").chmod(0o1777)
    with pytest.raises(Conflict, match="others may write to /home/deploy") as refused:
        user(also_authorized_keys=[ONE]).observe()
    assert refused.value.remedy == "declare a home of its own"


def test_keys_that_stay_as_they_are_lock_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    existing()
    monkeypatch.setenv("SUDO_USER", "deploy")
    twice = [key("one", options=f'from="192.0.2.{number}" ') for number in (1, 2)]
    Path("/home/deploy/.ssh/authorized_keys").write_text("".join(f"{line}\n" for line in twice))
    assert user(also_authorized_keys=[THREE]).observe()
    assert user(authorized_keys=twice, comment="new").observe()


@pytest.mark.parametrize(
    ("mode", "gid", "closed"), [(0o777, 4001, False), (0o770, 4012, False), (0o770, 4001, True)]
)
def test_a_home_that_others_may_write_to_opens_to_no_key(mode: int, gid: int, closed: bool) -> None:
    existing()
    os.chown("/home/deploy", 4001, gid)
    Path("/home/deploy").chmod(mode)
    assert user(comment="x").observe()
    if closed:
        assert user(authorized_keys=[ONE]).observe()
        return
    assert user(authorized_keys=[]).observe(), "nothing is to be opened"
    assert user(authorized_keys=[ONE], home="/home/else").observe(), "it is not to stay the home"
    with pytest.raises(Conflict, match=r"others may write to /home/deploy .*, so sshd takes no key from it"):
        user(authorized_keys=[ONE]).observe()


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"home": "/home/none/fresh"}, "the folder /home/none does not exist"),
        ({"home": "/home/away"}, "/home/away is a symbolic link"),
        ({"home": "/home/taken"}, "belongs to uid 4001"),
        ({"home": "/home/none", "create_home": False, "authorized_keys": [ONE]}, "/home/none does not exist"),
    ],
)
def test_an_account_whose_home_cannot_be_made_is_not_begun(
    content: KeptContent, params: dict[str, Any], why: str
) -> None:
    Path("/home/taken").mkdir()
    os.chown("/home/taken", 4001, 4001)
    Path("/home/away").symlink_to("/home/taken")
    before = snapshot(Path("/etc"))
    fresh = build(User, {"name": "fresh", **params})
    with pytest.raises(CutterError, match=why):
        fresh.apply(change_of(fresh), content)
    assert snapshot(Path("/etc")) == before


@pytest.mark.parametrize("sign", ["\v", "\f", "\x1c", "\r", "\x85", "\u2028"])
def test_a_line_feed_alone_ends_a_line(content: KeptContent, sign: str) -> None:
    """What stands behind another sign is no key and no account of its own, and does not become one."""
    home = existing()
    add("passwd", f"odd:x:4003:4003:A{sign}evil:x:0:0::/:/bin/sh:/:/bin/sh\n")
    passwd = Path("/etc/passwd").read_bytes()
    assert Books().passwd.entry("evil") is None
    lines = f"# old{sign}{THREE}\n{ONE} a{sign}b\n".encode()
    (home / ".ssh/authorized_keys").write_bytes(lines)
    resource = user(also_authorized_keys=[THREE], comment="New")
    change = change_of(resource)
    assert any(name.startswith("key:") for name in change.keys), "a comment opens nothing"
    reach(resource, content)
    assert (home / ".ssh/authorized_keys").read_bytes() == lines + f"{THREE}\n".encode()
    assert Path("/etc/passwd").read_bytes() == passwd.replace(b"Old, comment", b"New")


def test_an_account_that_its_keys_alone_open_is_not_locked(
    monkeypatch: pytest.MonkeyPatch, content: KeptContent
) -> None:
    """So debootstrap, cloud images and useradd leave the account of an operator."""
    existing("deploy:!:19000::::::\n")
    monkeypatch.setenv("SUDO_USER", "deploy")
    with pytest.raises(Conflict, match="this would lock it"):
        user(locked=True).observe()
    reach(user(locked=False), content)


def _seen(params: dict[str, Any]) -> Any:
    return user(**params, may_lock_me_out="only looking").observe()


@pytest.mark.parametrize(
    "params",
    [{"locked": False}, {"groups": ["first"]}, {"authorized_keys": [TWO, THREE]}, {"shell": "/bin/bash"}],
)
def test_what_lets_them_in_as_before_is_not_refused(
    monkeypatch: pytest.MonkeyPatch, content: KeptContent, params: dict[str, Any]
) -> None:
    existing()
    monkeypatch.setenv("SUDO_USER", "deploy")
    resource = user(**params)
    if not change_of(resource).empty:
        reach(resource, content)


def test_root_is_behind_every_run_and_its_lock_is_refused() -> None:
    assert 0 in operators(Books())
    with pytest.raises(Conflict, match="root is root, and this would lock it"):
        build(User, {"name": "root", "locked": True, "create_home": False}).observe()


def test_somebody_else_above_this_process_is_behind_it() -> None:
    found = [
        *("import os", "os.setresuid(0, 0, 0)", "from cutter.accounts.books import Books"),
        *("from cutter.accounts.operators import operators", "print(sorted(operators(Books())))"),
    ]
    outer = "import os, subprocess, sys; os.setresuid(65534, 0, 0); subprocess.run(sys.argv[1:], check=True)"
    words = [sys.executable, "-c", outer, sys.executable, "-c", "; ".join(found)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert "65534" in done.stdout


def test_a_number_and_a_home_of_another_are_conflicts(content: KeptContent) -> None:
    existing()
    with pytest.raises(Conflict, match="has the number 4001, not 4003"):
        user(uid=4003).observe()
    with pytest.raises(Conflict, match="the number 4002 belongs to the user other"):
        reach(user(name="new", uid=4002), content)
    os.chown("/home/deploy", 4002, 4002)
    with pytest.raises(Conflict, match="belongs to uid 4002, not to uid 4001"):
        user().observe()


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"also_groups": ["nowhere"]}, "there is no group nowhere"),
        ({"group": "nowhere"}, "there is no group nowhere"),
        ({"shell": "/bin/none"}, "the shell /bin/none is not there"),
        ({"name": "daemon2", "group": "4999"}, "there is no group 4999"),
    ],
)
def test_what_is_missing_is_named_and_nothing_changes(
    machine: Path, content: KeptContent, params: dict[str, Any], why: str
) -> None:
    before = snapshot(machine)
    with pytest.raises(Conflict, match=why):
        reach(user(**params), content)
    assert snapshot(machine) == before


def test_what_changed_since_the_look_is_not_overwritten(content: KeptContent) -> None:
    existing()
    resource = user(comment="New")
    change = change_of(resource)
    path = Path("/etc/shadow")
    path.write_text(path.read_text().replace("19000", "19001"))
    with pytest.raises(StalePlan, match="changed while the step was running"):
        resource.apply(change, content)
    assert "Old, comment" in Path("/etc/passwd").read_text()


def test_no_secret_is_in_a_state_or_in_what_is_recorded(content: KeptContent) -> None:
    resource = user(password=HASH)
    change = reach(resource, content)
    told = f"{change} {resource.observe()} {User.recorded({'password': {'value': Secret(HASH)}})}"
    assert HASH not in told
    with pytest.raises(Unavailable, match="digest key"):
        build(User, {"name": "deploy", "password": {"value": Secret(HASH)}}, b"").observe()


def test_former_entries_that_are_not_at_hand_are_said(content: KeptContent, tmp_path: Path) -> None:
    existing()
    resource = user(ensure="absent")
    change = reach(resource, content)
    with pytest.raises(StepFailed, match="not at hand"):
        resource.ready(change.inverse(), KeptContent(str(tmp_path / "empty")))


@pytest.mark.parametrize(
    "params",
    [
        {"groups": ["a"], "also_groups": ["b"]},
        {"authorized_keys": ["ssh-ed25519 AAAA"]},
        {"authorized_keys": [f"{ONE}\n{TWO}"]},
        {"authorized_keys": ["-----BEGIN OPENSSH PRIVATE KEY-----"]},
        {"authorized_keys": [ONE.replace("ssh-ed25519", "ssh-rsa", 1)]},
        {"remove_home": True},
        {"home": "/home/../etc"},
        {"comment": "a:b"},
        {"shell": "bash"},
        {"password": {"value": Secret("hunter2")}},
        {"password": "hunter2"},
        {"uid": -1},
        {"may_lock_me_out": " "},
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_contacted(params: dict[str, Any]) -> None:
    [complaint] = type_complaints(User, {"name": "deploy", **params})
    assert "hunter2" not in complaint.message or params["password"] == "hunter2"
