from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import testinfra
from laws import build, change_of, obeys_the_laws, snapshot
from ordinary import run_as_ordinary_user, world_of_an_ordinary_user
from short_names import short
from things import KINDS
from waiting import until

from cutter.errors import Conflict, PreconditionError, Unavailable
from cutter.filesystem.kept import KeptContent
from cutter.gpg import certificate, keys, keys_in
from cutter.gpg.homes import companions
from cutter.gpg.making import NewKey, generate, take_in
from cutter.model.state import Change
from cutter.resource import type_complaints
from cutter.resources.target.gpg_key import GpgKey

WHO = {"name": "Backup", "email": "backup@example.org"}
UID = "Backup <backup@example.org>"
NEW = NewKey("Backup", "backup@example.org", "ed25519", "2y")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "world"
    folder.mkdir()
    yield folder
    for home in [path for path in folder.rglob("*") if (path / "private-keys-v1.d").exists()]:
        assert companions(str(home)) == []


@pytest.fixture
def content(tmp_path: Path) -> KeptContent:
    return KeptContent(str(tmp_path / "kept"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a home with one key, outside the world."""
    home = tmp_path / "elsewhere"
    home.mkdir(mode=0o700)
    generate(str(home), NEW)
    return home


def generated(world: Path, **more: Any) -> GpgKey:
    resource = build(GpgKey, {"home": str(world / "home"), "generate": WHO, **more})
    assert isinstance(resource, GpgKey)
    return resource


def gpg(home: Path, *words: str, stdin: str = "") -> str:
    """Run gpg as an operator would, and end the agent that it starts."""
    home.mkdir(mode=0o700, exist_ok=True)
    silent = ("--batch", "--pinentry-mode", "loopback", "--passphrase", "")
    with short(home) as name:
        argv = ["gpg", "--homedir", str(name), *silent, *words]
        try:
            ended = subprocess.run(
                argv, input=stdin, text=True, stdout=subprocess.PIPE, check=True, stderr=subprocess.DEVNULL
            )
        finally:
            subprocess.run(["gpgconf", "--homedir", str(name), "--kill", "all"], check=True)
            until(lambda: not companions(str(home)))
    return ended.stdout


def seen_by_gpg(home: Path) -> list[str]:
    listing = gpg(home, "--with-colons", "--list-keys").splitlines()
    return [line.split(":")[9] for line in listing if line.startswith("fpr")][::2]


def age(world: Path) -> str:
    """Make a key that expired in 2020."""
    past = ("--faked-system-time", "20200101T000000!")
    gpg(world / "home", *past, "--quick-generate-key", UID, "ed25519", "sign", "30d")
    return seen_by_gpg(world / "home")[0]


def revoke(home: Path, fingerprint: str) -> None:
    revocation = (home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
    gpg(home, "--import", stdin=revocation.replace(":-----BEGIN", "-----BEGIN"))


def test_generating_obeys_the_laws(world: Path, content: KeptContent) -> None:
    obeys_the_laws(generated(world, export=str(world / "key.asc")), content, world)


def test_generating_in_an_empty_home_obeys_the_laws(world: Path, content: KeptContent) -> None:
    (world / "home").mkdir(mode=0o755)
    obeys_the_laws(generated(world), content, world)


def test_publishing_over_another_file_obeys_the_laws(world: Path, content: KeptContent) -> None:
    generate_in(world)
    (world / "key.asc").write_text("something else")
    (world / "key.asc").chmod(0o640)
    obeys_the_laws(generated(world, export=str(world / "key.asc")), content, world)


def test_closing_a_home_obeys_the_laws(world: Path, content: KeptContent) -> None:
    generate_in(world)
    (world / "home").chmod(0o750)
    obeys_the_laws(generated(world), content, world)


def test_importing_obeys_the_laws(world: Path, content: KeptContent, elsewhere: Path) -> None:
    (key,) = keys(str(elsewhere))
    text = certificate(str(elsewhere), key.fingerprint)
    params = {
        "home": str(world / "home"),
        "import_text": text.decode(),
        "fingerprint": key.fingerprint.lower(),
    }
    obeys_the_laws(build(GpgKey, {**params, "export": str(world / "key.asc")}), content, world)


def test_importing_a_private_key_obeys_the_laws(world: Path, content: KeptContent, elsewhere: Path) -> None:
    (key,) = keys(str(elsewhere))
    (world / "key").write_text(gpg(elsewhere, "--armor", "--export-secret-keys", key.fingerprint))
    params = {"home": str(world / "home"), "import": str(world / "key"), "fingerprint": key.fingerprint}
    resource = build(GpgKey, params)
    obeys_the_laws(resource, content, world)

    resource.apply(change_of(resource), content)
    assert keys(str(world / "home"), secret=True)[0].fingerprint == key.fingerprint


def test_an_ordinary_user_obeys_the_laws() -> None:
    with world_of_an_ordinary_user() as world:
        said = run_as_ordinary_user(
            f"""
from laws import build, obeys_the_laws
from cutter.filesystem.kept import KeptContent
from cutter.resources.target.gpg_key import GpgKey
(world / "in").mkdir()
params = {{"home": str(world / "in" / "home"), "generate": {WHO}, "export": str(world / "in" / "key.asc")}}
resource = build(GpgKey, params)
obeys_the_laws(resource, KeptContent(str(world / "kept")), world / "in")
print(resource.observe())
""",
            world,
        )
    assert said == "None\n"


def test_the_home_of_another_user_is_a_refusal_and_never_empty() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to make the home of another user")
    with world_of_an_ordinary_user() as world:
        home = world / "home"
        home.mkdir(mode=0o700)
        generate(str(home), NEW)
        said = run_as_ordinary_user(
            f"""
from cutter.errors import PermissionRefused
from cutter.resources.target.gpg_key import GpgKey
try:
    GpgKey({{"home": str(world / "home"), "generate": {WHO}}}).observe()
except PermissionRefused as refused:
    print(refused.cause)
""",
            world,
        )
        assert said.startswith(f"reading {home}")
        os.chown(home, 65534, 65534)
        resource = build(GpgKey, {"home": str(home), "generate": {**WHO, "name": "New"}})
        with pytest.raises(Conflict, match="belongs to uid 65534"):
            resource.apply(change_of(resource), KeptContent(str(world / "kept")))


def test_second_observers_agree(world: Path, content: KeptContent) -> None:
    resource = generated(world, export=str(world / "key.asc"))
    resource.apply(change_of(resource), content)
    host = testinfra.get_host("local://")

    state = resource.observe()
    assert state is not None
    assert seen_by_gpg(world / "home") == [state["fingerprint"]] == [resource.results(state)["fingerprint"]]
    assert host.file(str(world / "home")).mode == 0o700
    assert host.file(str(world / "key.asc")).mode == 0o644
    assert gpg(world / "home", "--armor", "--export", UID) == (world / "key.asc").read_text()
    secret = gpg(world / "home", "--with-colons", "--list-secret-keys")
    assert secret.count("sec:u:") == secret.count("ssb:u:") == 1


def test_the_inverse_keeps_an_export_and_the_way_back_uses_it(
    world: Path, content: KeptContent, tmp_path: Path
) -> None:
    resource = generated(world)
    resource.apply(change_of(resource), content)
    made = resource.observe()
    assert made is not None

    resource.apply(Change(made, None), content)

    (blob,) = (tmp_path / "kept").iterdir()
    assert blob.stat().st_mode & 0o777 == 0o600
    assert [key.fingerprint for key in keys_in(blob.read_bytes())] == [made["fingerprint"]]
    assert resource.observe() is None
    resource.apply(Change(None, made), content)
    assert resource.observe() == made


def test_the_inverse_leaves_other_keys_alone(world: Path, content: KeptContent) -> None:
    other = generate_in(world, NEW._replace(name="Other"))
    resource = generated(world)
    before = resource.observe()
    resource.apply(change_of(resource), content)

    resource.apply(Change(resource.observe(), before), content)

    assert seen_by_gpg(world / "home") == [other]
    assert resource.observe() == before


def test_the_inverse_leaves_a_foreign_file_and_says_so(world: Path, content: KeptContent) -> None:
    resource = generated(world)
    resource.apply(change_of(resource), content)
    (world / "home" / "notes").write_text("mine")

    with pytest.raises(Conflict, match="holds more than the key: notes"):
        resource.apply(Change(resource.observe(), None), content)
    assert (world / "home" / "notes").read_text() == "mine"


def test_a_removal_is_announced(world: Path, content: KeptContent) -> None:
    fingerprint = generate_in(world)
    resource = generated(world)
    assert f"the private key {fingerprint} leaves" in resource.preview(
        Change(resource.observe(), None), content
    )
    assert resource.preview(change_of(resource), content) == ""


def generate_in(world: Path, new: NewKey = NEW) -> str:
    (world / "home").mkdir(mode=0o700, exist_ok=True)
    return generate(str(world / "home"), new)


def refused(resource: GpgKey, content: KeptContent, world: Path) -> Conflict:
    before = snapshot(world)
    with pytest.raises(Conflict) as caught:
        resource.apply(change_of(resource), content)
    assert snapshot(world) == before
    return caught.value


@pytest.mark.parametrize(
    ("more", "reason"),
    [({}, "expired"), ({"usage": ["encrypt"]}, "expired"), ({"min_days_left": 0}, "expired")],
)
def test_an_expired_key_is_told_and_never_replaced(
    world: Path, content: KeptContent, more: dict[str, Any], reason: str
) -> None:
    fingerprint = age(world)
    resource = generated(world, **more)

    state = resource.observe()
    assert state is not None
    assert (state["fingerprint"], state["usable"]) == (fingerprint, reason)
    assert f"--quick-set-expire {fingerprint} 2y" in refused(resource, content, world).remedy


def test_extending_as_told_makes_an_expired_key_usable(world: Path) -> None:
    fingerprint = age(world)
    gpg(world / "home", "--quick-set-expire", fingerprint, "2y")

    assert change_of(generated(world, usage=["sign"])).empty


def test_a_revoked_key_is_told_and_never_replaced(world: Path, content: KeptContent) -> None:
    revoke(world / "home", generate_in(world))
    resource = generated(world)

    assert (resource.observe() or {})["usable"] == "revoked"
    assert "move" in refused(resource, content, world).remedy


def test_a_disabled_key_is_told(world: Path, content: KeptContent) -> None:
    fingerprint = generate_in(world)
    gpg(world / "home", "--command-fd", "0", "--edit-key", fingerprint, stdin="disable\nsave\n")
    resource = generated(world)

    assert (resource.observe() or {})["usable"] == "disabled"
    refused(resource, content, world)


def test_a_key_that_cannot_encrypt_is_told(world: Path, content: KeptContent) -> None:
    gpg(world / "home", "--quick-generate-key", UID, "ed25519", "sign", "2y")
    resource = generated(world)

    assert (resource.observe() or {})["usable"] == "cannot encrypt"
    refused(resource, content, world)
    assert change_of(generated(world, usage=["sign"])).empty


def test_a_subkey_that_expires_soon_is_told(world: Path) -> None:
    gpg(world / "home", "--quick-generate-key", UID, "ed25519", "sign", "never")
    fingerprint = seen_by_gpg(world / "home")[0]
    gpg(world / "home", "--quick-add-key", fingerprint, "cv25519", "encrypt", "3d")

    assert (generated(world).observe() or {})["usable"] == "cannot encrypt: that subkey is expiring"


def test_a_lost_private_half_is_told(world: Path, content: KeptContent) -> None:
    generate_in(world)
    (key,) = keys(str(world / "home"))
    (world / "home" / "private-keys-v1.d" / f"{key.subkeys[0].keygrip}.key").unlink()
    resource = generated(world)

    assert (resource.observe() or {})["usable"] == "no private key to encrypt"
    refused(resource, content, world)


def test_a_key_that_expires_soon_is_of_no_use(world: Path, content: KeptContent) -> None:
    generate_in(world, NEW._replace(expires="20d"))
    resource = generated(world)

    assert (resource.observe() or {})["usable"] == "expiring"
    assert "quick-set-expire" in refused(resource, content, world).remedy
    assert change_of(generated(world, min_days_left=10)).empty


def test_another_algorithm_is_a_conflict(world: Path, content: KeptContent) -> None:
    generate_in(world)
    resource = generated(world, generate={**WHO, "algorithm": "rsa3072"})
    assert "algorithm 'ed25519'" in refused(resource, content, world).cause


def test_one_usable_key_beside_a_revoked_one_is_it(world: Path) -> None:
    revoke(world / "home", generate_in(world))
    usable = generate_in(world)
    assert (generated(world).observe() or {})["fingerprint"] == usable
    assert change_of(generated(world)).empty


def test_several_usable_keys_are_a_conflict_until_one_is_named(world: Path) -> None:
    first, second = generate_in(world), generate_in(world)
    with pytest.raises(Conflict) as caught:
        generated(world).observe()
    assert first in caught.value.cause
    assert second in caught.value.cause
    assert change_of(generated(world, fingerprint=first)).empty


def test_a_named_key_that_is_missing_is_not_made_anew(world: Path, content: KeptContent) -> None:
    assert (
        "a new one would be another" in refused(generated(world, fingerprint="A" * 40), content, world).cause
    )


def test_an_import_of_another_key_is_refused(world: Path, content: KeptContent, elsewhere: Path) -> None:
    (key,) = keys(str(elsewhere))
    (world / "key").write_bytes(certificate(str(elsewhere), key.fingerprint))
    params = {"home": str(world / "home"), "import": str(world / "key"), "fingerprint": "A" * 40}
    resource = GpgKey(params)
    assert (
        f"holds {key.fingerprint} and not just the pinned {'A' * 40}"
        in refused(resource, content, world).cause
    )

    (world / "key").write_text("no key")
    assert "holds no key" in refused(resource, content, world).cause
    (world / "key").unlink()
    assert "does not exist" in refused(resource, content, world).cause


def test_an_import_brings_one_key_and_nothing_beside_it(
    world: Path, content: KeptContent, elsewhere: Path
) -> None:
    generate(str(elsewhere), NEW._replace(name="Stowaway"))
    first = keys(str(elsewhere))[0].fingerprint
    (world / "key").write_text(gpg(elsewhere, "--armor", "--export"))
    resource = GpgKey({"home": str(world / "home"), "import": str(world / "key"), "fingerprint": first})
    assert "not just the pinned" in refused(resource, content, world).cause


def test_an_import_of_a_revoked_key_is_refused(world: Path, content: KeptContent, elsewhere: Path) -> None:
    (key,) = keys(str(elsewhere))
    revoke(elsewhere, key.fingerprint)
    text = certificate(str(elsewhere), key.fingerprint).decode()
    params = {"home": str(world / "home"), "import_text": text, "fingerprint": key.fingerprint}
    assert "is of no use: revoked" in refused(GpgKey(params), content, world).cause


def test_an_imported_key_that_is_revoked_later_is_told(
    world: Path, content: KeptContent, elsewhere: Path
) -> None:
    (key,) = keys(str(elsewhere))
    text = certificate(str(elsewhere), key.fingerprint)
    params = {"home": str(world / "home"), "import_text": text.decode(), "fingerprint": key.fingerprint}
    resource = build(GpgKey, params)
    resource.apply(change_of(resource), content)
    revoke(elsewhere, key.fingerprint)
    take_in(str(world / "home"), certificate(str(elsewhere), key.fingerprint))

    assert (resource.observe() or {})["usable"] == "revoked"


def test_a_tampered_export_is_seen_and_written_again(world: Path, content: KeptContent) -> None:
    resource = generated(world, export=str(world / "key.asc"))
    resource.apply(change_of(resource), content)
    published = (world / "key.asc").read_bytes()
    (world / "key.asc").write_bytes(published.replace(b"=", b"+", 1))

    assert change_of(resource).keys == {"export"}
    resource.apply(change_of(resource), content)
    assert (world / "key.asc").read_bytes() == published


def test_a_missing_folder_is_told_before_there_is_a_key(world: Path, content: KeptContent) -> None:
    for params in ({"home": str(world / "no" / "home")}, {"export": str(world / "no" / "key.asc")}):
        resource = generated(world, **params)
        with pytest.raises(PreconditionError, match="/no does not exist"):
            resource.apply(change_of(resource), content)
    assert list(world.iterdir()) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a directory"])
def test_something_else_at_the_home_is_a_conflict(world: Path, kind: str) -> None:
    KINDS[kind](world / "home")
    with pytest.raises(Conflict, match=f"is {kind}"):
        generated(world).observe()


def test_a_link_at_the_export_is_a_conflict(world: Path) -> None:
    (world / "key.asc").symlink_to("elsewhere")
    with pytest.raises(Conflict, match="symbolic link"):
        generated(world, export=str(world / "key.asc")).observe()


def test_a_home_with_a_long_path_obeys_the_laws(world: Path, content: KeptContent) -> None:
    obeys_the_laws(generated(world, home=str(world / ("long" * 30))), content, world)


def test_without_gpg_only_what_needs_it_is_unavailable(
    world: Path, content: KeptContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    resource = generated(world)
    change = change_of(resource)
    assert change.creates
    with pytest.raises(Unavailable) as caught:
        resource.apply(change, content)
    assert "gnupg" in caught.value.remedy
    assert list(world.iterdir()) == []


@pytest.mark.parametrize(
    ("params", "path", "text"),
    [
        ({}, (), "exactly one of"),
        ({"generate": WHO, "import": "/key", "fingerprint": "A" * 40}, (), "exactly one of"),
        ({"import": "/key"}, (), "fingerprint is missing"),
        ({"import": "/key", "fingerprint": "A" * 39}, ("fingerprint",), "does not match"),
        ({"import": "/key", "fingerprint": "DEADBEEF"}, ("fingerprint",), "does not match"),
        ({"import": "/key", "fingerprint": "A" * 40 + "\n"}, ("fingerprint",), "does not match"),
        ({"generate": {"name": "x"}}, ("generate", "email"), "is missing"),
        ({"generate": {**WHO, "nmae": "x"}}, ("generate", "nmae"), "not known"),
        ({"generate": {**WHO, "name": "x\n%echo y"}}, ("generate", "name"), "not allowed"),
        ({"generate": {**WHO, "name": "x "}}, ("generate", "name"), "not allowed"),
        ({"generate": {**WHO, "email": "a@b\nExpire-Date: 0"}}, ("generate", "email"), "not allowed"),
        ({"generate": {**WHO, "email": "a@b\n"}}, ("generate", "email"), "not allowed"),
        ({"generate": {**WHO, "algorithm": "rsa1024"}}, ("generate", "algorithm"), "not one of ed25519"),
        ({"generate": {**WHO, "expires": "soon"}}, ("generate", "expires"), "not allowed"),
        ({"generate": {**WHO, "expires": 2}}, ("generate", "expires"), "not a string"),
        ({"generate": {**WHO, "expires": "4w"}}, ("generate", "expires"), "of no use"),
        ({"generate": WHO, "usage": ["authenticate"]}, ("usage", 0), "not one of"),
        ({"generate": WHO, "home": "/a/../b"}, ("home",), "plain path"),
        ({"generate": WHO, "export": "key.asc"}, ("export",), "does not match"),
        (
            {"import_text": "-----BEGIN PGP PRIVATE KEY BLOCK-----", "fingerprint": "A" * 40},
            ("import_text",),
            "private key",
        ),
    ],
)
def test_what_makes_no_sense_is_a_complaint(params: dict[str, Any], path: tuple[Any, ...], text: str) -> None:
    (complaint,) = type_complaints(GpgKey, {"home": "/h", **params})
    assert complaint.path == path
    assert text in complaint.message


def test_references_are_judged_later() -> None:
    params = {
        "home": "{{ root }}/../home",
        "generate": {"name": "{{ name }}", "email": "{{ email }}", "expires": "{{ expires }}"},
        "min_days_left": "{{ days }}",
        "fingerprint": "{{ steps.key.fingerprint }}",
    }
    assert type_complaints(GpgKey, params) == []
    assert type_complaints(GpgKey, {"home": "/h", "generate": "{{ new }}"}) == []
