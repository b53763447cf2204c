from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import testinfra
from apt_repositories import made, released
from faults.points import Points, kill
from laws import build, change_of, obeys_the_laws
from private_etc import own_packages

from cutter.apt.status import known
from cutter.errors import Conflict, InvalidDocument, LockHeld, StepFailed
from cutter.filesystem.kept import KeptContent
from cutter.filesystem.leftovers import sweep
from cutter.model.state import Change
from cutter.resource import Resource, type_complaints
from cutter.resources.target.apt_repository import AptRepository
from cutter.resources.target.package import Package

if TYPE_CHECKING:
    from desk import FolderDesk

SOURCES, KEY = Path("/etc/apt/sources.list.d/lab.sources"), Path("/etc/apt/keyrings/lab.gpg")


class Keys(NamedTuple):
    """Two keys in one home, each with its fingerprint."""

    home: Path
    own: str
    other: str

    def gpg(self, *words: str) -> bytes:
        """Run gpg in the home and return its output."""
        argv = ["gpg", "--homedir", str(self.home), *_QUIET, *words]
        return subprocess.run(argv, capture_output=True, check=True).stdout

    def signing(self, key: str) -> list[str]:
        """Return the command that signs in the clear."""
        return ["gpg", "--homedir", str(self.home), *_QUIET, "-u", key, "--clearsign"]


_QUIET = ("--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    home = tmp_path_factory.mktemp("keys", numbered=True)
    home.chmod(0o700)
    keys = Keys(home, "", "")
    for name in ("own", "other"):
        keys.gpg("--quick-generate-key", f"{name} <{name}@example.org>", "ed25519", "sign", "never")
    listed = keys.gpg("--with-colons", "--list-keys").decode().splitlines()
    own, other = _fingerprints(listed)
    yield Keys(home, own, other)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


def _fingerprints(listed: list[str]) -> list[str]:
    return [line.split(":")[9] for line in listed if line.startswith("fpr:")]


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Path:
    """Make three: near and far with one key, alien with another."""
    folder = tmp_path_factory.mktemp("repositories")
    for name, version, key in (
        ("near", "1.0", keys.own),
        ("far", "2.0", keys.own),
        ("alien", "9", keys.other),
    ):
        released(made(folder / name, [("tool", version, "", "")]), keys.signing(key))
    return folder


@pytest.fixture(autouse=True)
def debian(machine: Path, tmp_path: Path, repositories: Path, keys: Keys) -> Iterator[None]:
    del machine
    (tmp_path / "own.asc").write_bytes(keys.gpg("--armor", "--export", keys.own))
    with own_packages(tmp_path, repositories / "near"):
        Path("/etc/apt/sources.list").unlink()
        SOURCES.parent.mkdir()
        KEY.parent.mkdir()
        yield


Declared = Callable[..., Resource]


@pytest.fixture
def declared(repositories: Path, keys: Keys, desk: FolderDesk) -> Declared:
    """Return what makes a repository as it arrives on the target."""

    def make(name: str = "near", **params: Any) -> Resource:
        given = {"uris": [f"file:{repositories / name}"], "suites": ["./"], "key": "own.asc"}
        given = {"name": "lab", **given, "fingerprint": keys.own, **params}
        assert type_complaints(AptRepository, given) == []
        return build(AptRepository, AptRepository.prepare(given, desk))

    return make


def reach(resource: Resource, content: KeptContent) -> None:
    resource.apply(change_of(resource), content)
    assert change_of(resource).empty


def absent() -> Resource:
    return build(AptRepository, {"name": "lab", "ensure": "absent"})


def offered() -> str:
    """Return which version of the tool apt would install."""
    words = ["apt-cache", "policy", "tool"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return next((line.split()[1] for line in told.splitlines() if "Candidate:" in line), "")


def apt_is_content() -> bool:
    """Tell whether apt can read its sources, and all of them."""
    return (
        subprocess.run(["apt-get", "update", "--error-on=any"], capture_output=True, check=False).returncode
        == 0
    )


def test_repositories_obey_the_laws(content: KeptContent, declared: Declared) -> None:
    obeys_the_laws(declared(), content, Path("/etc/apt"))
    obeys_the_laws(declared(), content, Path("/etc/apt"), start=lambda: reach(declared("far"), content))
    obeys_the_laws(absent(), content, Path("/etc/apt"))


def test_a_second_observer_agrees(content: KeptContent, declared: Declared, keys: Keys) -> None:
    reach(declared(), content)
    host = testinfra.get_host("local://")
    for path in (SOURCES, KEY):
        seen = host.file(str(path))
        assert (seen.user, seen.group, seen.mode) == ("root", "root", 0o644)
    told = subprocess.run(
        ["gpg", "--show-keys", "--with-colons", KEY], capture_output=True, text=True, check=True
    )
    assert _fingerprints(told.stdout.splitlines()) == [keys.own]
    assert offered() == "1.0"
    assert apt_is_content()


def test_a_package_comes_from_it_end_to_end(content: KeptContent, declared: Declared) -> None:
    tool = {"name": "tool"}
    reach(declared(), content)
    reach(build(Package, {**tool, "version": "1.0"}), content)
    reach(declared("far"), content)
    reach(build(Package, {**tool, "version": "2.0", "hold": True}), content)
    assert [(item.version, item.hold) for item in known()] == [("2.0", True)]
    reach(absent(), content)
    assert not SOURCES.exists()
    assert not KEY.exists()
    assert offered() == "2.0"  # what is installed


@pytest.mark.parametrize(("name", "why"), [("alien", "it is signed by another key"), ("gone", "cannot read")])
def test_what_apt_cannot_read_touches_nothing(
    content: KeptContent, declared: Declared, name: str, why: str
) -> None:
    reach(declared(), content)
    before = SOURCES.read_bytes(), KEY.read_bytes()
    with pytest.raises(StepFailed, match=why) as refused:
        reach(declared(name), content)
    assert "as they were" in refused.value.world
    assert refused.value.remedy == "correct the step, or let the machine reach the repository"
    assert (SOURCES.read_bytes(), KEY.read_bytes()) == before
    assert list(KEY.parent.iterdir()) == [KEY]
    assert apt_is_content()


def test_undoing_and_removing_ask_no_network(
    content: KeptContent, declared: Declared, repositories: Path
) -> None:
    moved = repositories.with_name("moved")
    reach(declared(), content)
    change = change_of(declared("far"))
    reach(declared("far"), content)
    repositories.rename(moved)
    try:
        declared("far").apply(Change(declared("far").observe(), change.before), content)
        assert change_of(declared()).empty
        reach(absent(), content)
    finally:
        moved.rename(repositories)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sources.list", "# nothing\ndeb [trusted=yes] {uri} ./\n"),
        ("sources.list.d/other.list", "deb {uri}/ ./\n"),
        ("sources.list.d/other.sources", "Types: deb\nURIs: http://x/\n {uri}\nSuites: ./\n"),
        ("sources.list.d/lab.list", "# nothing\n"),
    ],
)
def test_no_repository_is_named_twice(
    content: KeptContent, declared: Declared, repositories: Path, path: str, text: str
) -> None:
    Path("/etc/apt", path).write_text(text.format(uri=f"file:{repositories / 'near'}"))
    with pytest.raises(Conflict, match=path):
        reach(declared(), content)
    assert not SOURCES.exists()


def test_another_that_is_switched_off_is_none(
    content: KeptContent, declared: Declared, repositories: Path
) -> None:
    text = f"Types: deb\nEnabled: no\nURIs: file:{repositories / 'near'}\nSuites: ./\n"
    SOURCES.with_name("other.sources").write_text(text)
    reach(declared(), content)


def test_a_key_that_is_not_the_pinned_one_is_refused(declared: Declared, keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match=f"has the fingerprint {keys.own}, not {keys.other}"):
        declared(fingerprint=keys.other)
    both = keys.gpg("--export", keys.own, keys.other)
    for name, content, why in (
        ("both.gpg", both, "holds 2 primary keys"),
        ("two.asc", keys.gpg("--armor", "--export", keys.own) * 2, "more than one block"),
        ("secret.gpg", keys.gpg("--export-secret-keys", keys.own), "holds a secret key"),
        ("secret.asc", keys.gpg("--armor", "--export-secret-keys", keys.own), "holds no public key"),
        ("cut.gpg", keys.gpg("--export", keys.own)[:-3], "is cut off"),
        ("text.asc", b"hello\n", "is no OpenPGP"),
        ("empty.gpg", b"", "holds 0 primary keys"),
        ("sig.gpg", keys.gpg("--export", keys.own)[53:], "is no"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidDocument, match=why):
            declared(key=name)


def test_a_binary_key_is_the_same_as_an_armored_one(declared: Declared, keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "own.gpg").write_bytes(keys.gpg("--export", keys.own))
    assert declared(key="own.gpg").desired() == declared().desired()


@pytest.mark.slow
def test_killed_anywhere_the_next_run_goes_on(content: KeptContent, declared: Declared) -> None:
    reach(declared(), content)
    at = ended = 1
    while ended:
        ended = _killed(declared("far"), content, at)
        assert _keyed(), f"sources without their key at point {at}"
        for folder in declared().workplaces():
            sweep(folder)
        reach(declared("far"), content)
        assert [*KEY.parent.iterdir(), *SOURCES.parent.iterdir()] == [KEY, SOURCES]
        reach(absent() if at % 3 == 0 else declared(), content)
        at += 2  # what is killed after a call is killed before the next one
    assert at > 20


def _keyed() -> bool:
    return KEY.exists() or not SOURCES.exists()


def _killed(resource: Resource, content: KeptContent, at: int) -> int:
    child = os.fork()
    if child == 0:
        Points(at, kill).install()
        resource.apply(change_of(resource), content)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def test_who_fetches_lists_is_waited_for_and_named(
    content: KeptContent, declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cutter.apt.running._PATIENCE", 1)
    program = "import fcntl, sys; f = open('/var/lib/apt/lists/lock', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)"
    words = ["python3", "-c", f"{program}; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(LockHeld, match=rf"process {holder.pid} \(python3\) holds /var/lib/apt/lists"):
            reach(declared(), content)
    assert not SOURCES.exists()
    reach(declared(), content)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"fingerprint": "ACCC4CF8"}, "does not match"),
        ({"uris": ["http://me:secret@example.org/"]}, "belong into /etc/apt/auth.conf.d"),
        ({"uris": ["http://example.org\nEnabled: no"]}, "does not match"),
        ({"suites": ["stable\nTrusted: yes"]}, "does not match"),
        ({"suites": ["stable"]}, "components is missing"),
        ({"components": ["main"]}, "is a path"),
        ({"uris": None}, "uris is missing"),
        ({"ensure": "absent", "fingerprint": None, "key": None, "suites": None}, "makes no sense"),
        ({"name": "../lab"}, "does not match"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, Any], why: str) -> None:
    given = {"name": "lab", "uris": ["http://x/"], "suites": ["./"], "key": "k", "fingerprint": "A" * 40}
    (complaint,) = type_complaints(AptRepository, {**given, **params})
    assert why in complaint.message


def test_where_a_session_makes_everything_private_apt_can_read_its_keys(
    declared: Declared, content: KeptContent
) -> None:
    KEY.parent.rmdir()
    was = os.umask(0o077)
    try:
        reach(declared(), content)
    finally:
        os.umask(was)
    assert KEY.parent.stat().st_mode & 0o777 == 0o755


def test_a_folder_of_keys_that_is_shut_to_apt_is_named(declared: Declared, content: KeptContent) -> None:
    KEY.parent.chmod(0o700)
    with pytest.raises(Conflict, match="apt's own user cannot read a key there") as refused:
        reach(declared(), content)
    assert "chmod 0755 /etc/apt/keyrings" in refused.value.remedy
    assert not SOURCES.exists()
