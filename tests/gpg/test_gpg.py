"""Keys are seen without a trace and made without an agent left behind."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from laws import snapshot
from short_names import short

from cutter.errors import StepFailed, Unavailable
from cutter.gpg import available, certificate, keys, keys_in
from cutter.gpg.homes import companions, work
from cutter.gpg.making import NewKey, exported, generate, remove, take_in

NEW = NewKey("Backup: née", "backup@example.org", "ed25519", "2y")


@pytest.fixture
def home(tmp_path: Path) -> str:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return str(folder)


def test_names_its_version() -> None:
    assert available()[0].isdecimal()


def test_a_missing_gpg_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="gpg is not installed") as caught:
        available()
    assert "gnupg" in caught.value.remedy


def test_a_new_key_signs_and_encrypts(home: str) -> None:
    fingerprint = generate(home, NEW)

    (key,) = keys(home, secret=True)

    assert key.fingerprint == fingerprint
    assert key.uids == ("Backup: née <backup@example.org>",)
    assert (key.algorithm, [part.algorithm for part in key.subkeys]) == ("ed25519", ["cv25519"])
    assert key.expires is not None
    assert 729 < (key.expires - time.time()) / 86_400 <= 731
    assert key.verdict(["encrypt", "sign"], now=time.time(), days=30, secret=True) == "yes"
    assert key.verdict([], now=time.time(), days=800) == "expiring"
    assert key.verdict([], now=time.time() + 800 * 86_400) == "expired"


def test_no_agent_and_no_socket_stay(home: str) -> None:
    generate(home, NEW)

    assert companions(home) == []
    assert list(Path(home).glob("S.*")) == []


def test_sees_an_agent_that_stays(home: str) -> None:
    with short(Path(home)) as name:
        subprocess.run(["gpg-agent", "--homedir", name, "--daemon"], check=True, stdout=subprocess.DEVNULL)
        assert len(companions(home)) == 1

        generate(home, NEW)

        assert companions(home) == []


@pytest.mark.parametrize("lost", ["", "trustdb.gpg"])
def test_looking_leaves_no_trace(home: str, tmp_path: Path, lost: str) -> None:
    fingerprint = generate(home, NEW)
    if lost:
        Path(home, lost).unlink()
    before = snapshot(tmp_path)

    assert keys(home)[0].fingerprint == fingerprint
    assert certificate(home, fingerprint).startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK-----")

    assert snapshot(tmp_path) == before
    assert companions(home) == []


def test_absent_and_empty_homes_have_no_keys(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # so gpg is not even asked

    assert keys(home) == ()
    assert keys(home + "/missing") == ()
    assert list(Path(home).iterdir()) == []


def test_a_missing_key_has_no_certificate(home: str) -> None:
    with pytest.raises(Unavailable, match="there is no key"):
        certificate(home, "A" * 40)


def test_a_home_with_a_long_path_works(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 25)
    home.mkdir(mode=0o700)

    fingerprint = generate(str(home), NEW)

    assert keys(str(home), secret=True)[0].fingerprint == fingerprint
    assert companions(str(home)) == []


def test_of_a_home_with_a_long_path_that_is_missing_gpg_tells(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 25)
    with pytest.raises(StepFailed, match=r"gpg: .*directory") as caught:
        work(str(home), "--sign", "--output", "-", stdin=b"text")
    assert (caught.value.place, home.exists()) == (str(home), False)


def test_a_key_travels_and_goes(home: str, tmp_path: Path) -> None:
    fingerprint = generate(home, NEW)
    content = exported(home, fingerprint, secret=True)
    other = tmp_path / "other"
    other.mkdir(mode=0o700)

    take_in(str(other), content)
    assert keys(str(other), secret=True)[0].fingerprint == fingerprint
    remove(str(other), fingerprint, secret=True)

    assert list(other.iterdir()) == []
    assert len(keys(home)) == 1


def test_only_the_named_key_goes(home: str) -> None:
    first = generate(home, NEW)
    second = generate(home, NEW._replace(name="Other"))

    remove(home, first, secret=True)

    assert [key.fingerprint for key in keys(home, secret=True)] == [second]
    assert [path.stem for path in Path(home, "openpgp-revocs.d").iterdir()] == [second]


def test_keys_of_a_file_are_seen_without_a_home(home: str) -> None:
    fingerprint = generate(home, NEW)

    assert [key.fingerprint for key in keys_in(certificate(home, fingerprint))] == [fingerprint]
    assert [key.fingerprint for key in keys_in(exported(home, fingerprint, secret=True))] == [fingerprint]
    assert keys_in(b"no key at all") == ()
    assert keys_in(b"") == ()


def test_what_gpg_refuses_is_told_in_its_words(home: str) -> None:
    with pytest.raises(StepFailed, match="no valid OpenPGP data"):
        take_in(home, b"no key at all")


@pytest.mark.slow
def test_makes_rsa_keys(home: str) -> None:
    generate(home, NEW._replace(algorithm="rsa3072", expires="never"))

    (key,) = keys(home)
    assert (key.algorithm, key.subkeys[0].algorithm, key.expires) == ("rsa3072", "rsa3072", None)
    assert key.verdict(["encrypt", "sign"], now=time.time(), days=3650) == "yes"
