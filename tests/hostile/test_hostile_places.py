"""What may stand where a runbook wants its own: done safely, or refused in words that help."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from laws import snapshot
from ordinary import world_of_an_ordinary_user
from project import Project, as_nobody, in_child
from things import KINDS

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can prepare this")
TYPES = {
    "file": ('file: {path: "{{ world }}/thing", content: x}', "a file"),
    "env_file": ('env_file: {path: "{{ world }}/thing", set: {A: b}}', "a file"),
    "directory": ('directory: {path: "{{ world }}/thing"}', "a directory"),
    "link": ('link: {path: "{{ world }}/thing", target: x}', "a symbolic link"),
}
ABSENT = {
    "file": 'file: {path: "{{ world }}/thing", ensure: absent}',
    "directory": 'directory: {path: "{{ world }}/thing", ensure: absent}',
    "link": 'link: {path: "{{ world }}/thing", ensure: absent}',
}


def step(text: str, name: str = "Thing") -> str:
    return f"  - name: {name}\n    {text}\n"


def refused(project: Project, runbook: str, code: int, *told: str) -> str:
    """Check that an apply is refused or fails in these words and leaves the world as it was."""
    before = snapshot(project.world, times=False)
    answer = project.cutter("apply", "--yes", runbook)
    said = answer.out + answer.err
    assert answer.code == code, answer
    assert [text for text in told if text not in said] == [], said
    assert "Traceback" not in said
    assert "internal error" not in said
    assert snapshot(project.world, times=False) == before
    return said


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("thing", KINDS)
def test_another_kind_of_thing_is_never_destroyed(thing: str, kind: str, project: Project) -> None:
    text, wanted = TYPES[kind]
    if thing == wanted:
        pytest.skip("that is what is wanted")
    KINDS[thing](project.world / "thing")
    refused(
        project, project.runbook(step(text)), 10, f"thing is {thing}", f"not {wanted}", "move ", "by hand"
    )
    if kind in ABSENT:
        refused(project, project.runbook(step(ABSENT[kind])), 10, f"thing is {thing}")


@pytest.mark.parametrize("thing", [name for name in KINDS if name != "a directory"])
def test_a_component_that_is_no_folder_is_named(thing: str, project: Project) -> None:
    KINDS[thing](project.world / "thing")
    runbook = project.runbook(step('file: {path: "{{ world }}/thing/inner/file", content: x}'))
    said = refused(project, runbook, 10, f"{project.world}/thing is {thing}")
    if thing == "a symbolic link":
        assert f"write the real path {project.world}/elsewhere/inner/file" in said


def in_mounts_of_its_own(work: Callable[[], int]) -> int:
    """Run something in a child whose mounts nobody else sees."""

    def unshare_and_work() -> int:
        library = ctypes.CDLL(None, use_errno=True)
        new_namespace, recursive_private = 0x20000, 0x44000
        if library.unshare(new_namespace) or library.mount(b"none", b"/", None, recursive_private, None):
            return 77
        return work()

    code = in_child(unshare_and_work)
    if code == 77:
        pytest.skip("mounts cannot be made here")
    return code


def _mount(source: Path, target: Path) -> None:
    subprocess.run(["mount", "--bind", str(source), str(target)], check=True)


@needs_root
def test_a_mount_point_is_worked_on_and_never_removed(project: Project) -> None:
    for path in (project.world / "thing", project.folder / "source"):
        path.mkdir()
    altered = project.runbook(step('directory: {path: "{{ world }}/thing", mode: "0711"}'), name="altered")
    absent = project.runbook(step(ABSENT["directory"]), name="absent")
    project.cutter("plan", absent)

    def work() -> int:
        _mount(project.folder / "source", project.world / "thing")
        project.apply(altered)
        refused(project, absent, 11, "thing is a mount point", "umount")
        return 0

    assert in_mounts_of_its_own(work) == 0
    assert stat.S_IMODE((project.folder / "source").stat().st_mode) == 0o711
    assert stat.S_IMODE((project.world / "thing").stat().st_mode) == 0o755


@needs_root
@pytest.mark.parametrize("kind", ["file", "env_file", "absent"])
def test_a_file_that_is_mounted_is_left_alone(kind: str, project: Project) -> None:
    (project.world / "thing").write_text("A=below\n")
    (project.folder / "source").write_text("A=mounted\n")
    runbook = project.runbook(step(ABSENT["file"] if kind == "absent" else TYPES[kind][0]))
    project.cutter("plan", runbook)

    def work() -> int:
        _mount(project.folder / "source", project.world / "thing")
        refused(project, runbook, 11, "thing: Device or resource busy", "umount it first")
        return 0

    assert in_mounts_of_its_own(work) == 0
    assert (project.folder / "source").read_text() == "A=mounted\n"


NAMES = [
    "two\nlines",
    "-rf",
    "ünï",
    "a" * 255,
    " ",
    "...",
    "*",
    "$(x)",
    "\x1b[31mred",
    "\u202egnp",
    "{ }",
    "'\"\\",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_name_is_a_name(name: str, project: Project) -> None:
    path = json.dumps(f"{project.world}/{name}")
    for kind, rest in (("file", 'content: "x"'), ("directory", 'mode: "0711"'), ("link", "target: nowhere")):
        runbook = project.runbook(step(f"{kind}: {{path: {path}, {rest}}}"))
        answer = project.cutter("apply", "--yes", "--diff", runbook)
        assert answer.code == 0, answer
        assert not {"\x1b", "\u202e"} & set(answer.out), "a name gives no orders to the terminal"
        assert [item.name for item in project.world.iterdir()] == [name]
        assert project.cutter("verify", runbook).code == 0
        assert project.cutter("revert", "--yes", project.json("runs")["runs"][1]["run"]).code == 0
        assert list(project.world.iterdir()) == []


def test_a_name_that_is_too_long_is_told(project: Project) -> None:
    runbook = project.runbook(step(f'file: {{path: "{{{{ world }}}}/{"a" * 256}", content: x}}'))
    answer = project.cutter("apply", "--yes", runbook)
    assert answer.code in (10, 11, 65), answer
    assert "File name too long" in answer.out + answer.err


def test_names_that_are_not_utf8_are_shown_and_kept(project: Project) -> None:
    """Run in a process of its own: only there does the output have an encoding that can fail."""
    strange = b"caf\xe9"
    runbook = project.runbook(
        step('directory: {path: "{{ world }}/d"}', "Folder")
        + step('link: {path: "{{ world }}/l", target: x}', "L")
    )
    (project.world / "d").mkdir()
    (project.world / "l").symlink_to(os.fsdecode(strange))
    run = _real(project, "apply", "--yes", "--diff", runbook)
    assert run.returncode == 0, run.stderr
    name = project.last_run()
    assert _real(project, "revert", "--yes", name).returncode == 0
    assert os.fsencode((project.world / "l").readlink()) == strange

    gone = project.runbook(step('directory: {path: "{{ world }}/new"}', "New"), name="gone")
    made = project.apply(gone)
    (project.world / "new" / os.fsdecode(strange)).write_text("theirs")
    refusal = _real(project, "revert", "--yes", made)
    assert refusal.returncode == 20, refusal.stderr
    assert b"the run did not put" in refusal.stderr
    assert b"Traceback" not in refusal.stderr
    assert _real(project, "revert", "--yes", "--json", made).returncode == 20


def _real(project: Project, verb: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    given = [verb, "-i", str(project.folder / "inventory/here"), *words]
    program = f"from cutter.cli.main import entry; import sys; sys.argv[1:] = {given!r}; entry()"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False, cwd=project.folder
    )


@pytest.mark.parametrize("mode", ["1777", "2775", "3770", "0755", "0000"])
def test_sticky_and_setgid_bits_are_as_declared(mode: str, project: Project) -> None:
    thing = project.world / "thing"
    thing.mkdir()
    thing.chmod(0o3755 if mode != "3770" else 0o755)
    runbook = project.runbook(step(f'directory: {{path: "{{{{ world }}}}/thing", mode: "{mode}"}}'))
    assert project.cutter("plan", "--detailed-exitcode", runbook).code == 2
    project.apply(runbook)
    assert f"{stat.S_IMODE(thing.stat().st_mode):04o}" == mode
    assert project.cutter("verify", runbook).code == 0


@needs_root
def test_setuid_survives_a_change_of_owner(project: Project) -> None:
    text = 'file: {path: "{{ world }}/thing", content: x, owner: "1234", group: "2345", mode: "6755"}'
    (project.world / "thing").write_text("old")
    project.apply(project.runbook(step(text)))
    seen = (project.world / "thing").stat()
    assert (seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)) == (1234, 2345, 0o6755)


def test_a_file_in_a_setgid_folder_has_the_declared_group(project: Project) -> None:
    project.world.chmod(0o2777)
    if os.geteuid() == 0:
        os.chown(project.world, -1, 4321)
        project.world.chmod(0o2777)
    runbook = project.runbook(
        step(f'file: {{path: "{{{{ world }}}}/thing", content: x, group: "{os.getegid()}"}}')
    )
    project.apply(runbook)
    assert (project.world / "thing").stat().st_gid == os.getegid()


@pytest.fixture
def immutable() -> Iterator[Callable[[Path], None]]:
    made: list[Path] = []

    def make(path: Path) -> None:
        if os.geteuid() != 0 or shutil.which("chattr") is None:
            pytest.skip("chattr needs root and e2fsprogs")
        if subprocess.run(["chattr", "+i", str(path)], capture_output=True, check=False).returncode:
            pytest.skip("this file system knows no immutable files")
        made.append(path)

    yield make
    for path in made:
        subprocess.run(["chattr", "-i", str(path)], check=True)


@pytest.mark.parametrize("kind", ["file", "env_file", "directory", "absent", "inside"])
def test_an_immutable_thing_says_how_to_end_that(
    kind: str, project: Project, immutable: Callable[[Path], None]
) -> None:
    thing = project.world / "thing"
    if kind in {"directory", "inside"}:
        thing.mkdir(mode=0o700)
    else:
        thing.write_text("A=old\n")
    text = TYPES[kind][0] if kind in TYPES else ABSENT["file"]
    if kind == "inside":
        text = 'file: {path: "{{ world }}/thing/new", content: x}'
    runbook = project.runbook(step(text))
    immutable(thing)
    refused(project, runbook, 11, "Operation not permitted", "chattr -i")


@needs_root
@pytest.mark.parametrize("word", ["owner", "group"])
@pytest.mark.parametrize("kind", TYPES)
def test_an_unknown_user_or_group_is_named(kind: str, word: str, project: Project) -> None:
    kind_of_name = "user" if word == "owner" else "group"
    text = TYPES[kind][0][:-1] + f", {word}: nobody-has-this-name}}"
    refused(
        project,
        project.runbook(step(text)),
        11,
        f"there is no {kind_of_name} nobody-has-this-name",
        "next: declare",
    )


@pytest.mark.parametrize("kind", ["file", "env_file"])
def test_a_file_with_two_names_is_not_split(kind: str, project: Project) -> None:
    (project.world / "thing").write_text("A=old\n")
    (project.world / "other").hardlink_to(project.world / "thing")
    refused(project, project.runbook(step(TYPES[kind][0])), 11, "has 2 names (hard links)", "-inum")


def test_one_of_two_names_may_go(project: Project) -> None:
    (project.world / "thing").write_text("old")
    (project.world / "other").hardlink_to(project.world / "thing")
    project.apply(project.runbook(step(ABSENT["file"])))
    assert [path.name for path in project.world.iterdir()] == ["other"]


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Give a project that belongs to an ordinary user, in a folder that everybody may enter."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with world_of_an_ordinary_user() as folder:
        monkeypatch.chdir(folder)
        project = Project(folder)
        warm = project.runbook(step(TYPES["file"][0]), name="warm")
        project.cutter("apply", "--yes", warm)  # what it imports is there in the child
        shutil.rmtree(folder / "here")
        (project.world / "thing").unlink()
        for path in (folder, project.world):
            os.chown(path, 65534, 65534)
        yield project


def _closed_folder(project: Project) -> str:
    (project.world / "thing").mkdir(mode=0o700)
    return 'file: {path: "{{ world }}/thing/inner", content: x}'


def _closed_file(project: Project) -> str:
    (project.world / "thing").write_text("old")
    (project.world / "thing").chmod(0o600)
    return TYPES["file"][0]


def _foreign_folder(project: Project) -> str:
    (project.world / "thing").mkdir()
    return 'file: {path: "{{ world }}/thing/inner", content: x}'


def _foreign_directory(project: Project) -> str:
    (project.world / "thing").mkdir()
    return 'directory: {path: "{{ world }}/thing", mode: "0700"}'


def _given_away(project: Project) -> str:
    del project
    return 'file: {path: "{{ world }}/thing", content: x, owner: root}'


WITHOUT_ROOT: dict[str, tuple[Callable[[Project], str], int]] = {
    "a folder that may not be entered": (_closed_folder, 77),
    "a file that may not be read": (_closed_file, 77),
    "a folder that may not be written": (_foreign_folder, 11),
    "a folder of another": (_foreign_directory, 11),
    "a file for another": (_given_away, 11),
}


@pytest.mark.parametrize("case", WITHOUT_ROOT)
def test_without_root_it_says_what_is_missing(case: str, shared: Project) -> None:
    prepare, code = WITHOUT_ROOT[case]
    runbook = shared.runbook(step(prepare(shared)))
    before = snapshot(shared.world, times=False)

    def work() -> int:
        answer = shared.cutter("apply", "--yes", runbook)
        said = answer.out + answer.err
        assert answer.code == code, answer
        assert "run as root" in said, said
        assert "next: " in said
        return 0

    assert as_nobody(work) == 0
    assert snapshot(shared.world, times=False) == before


def test_without_root_a_ledger_that_cannot_be_made_is_told(shared: Project) -> None:
    runbook = shared.runbook(step(TYPES["file"][0]))
    os.chown(shared.folder, 0, 0)

    def work() -> int:
        answer = shared.cutter("apply", "--yes", runbook)
        assert answer.code in (18, 77), answer
        assert "Permission denied" in answer.err, answer
        return 0

    assert as_nobody(work) == 0
    assert list(shared.world.iterdir()) == []


def test_without_root_ones_own_is_done(shared: Project) -> None:
    runbook = shared.runbook(step(TYPES["file"][0]))
    assert as_nobody(lambda: shared.cutter("apply", "--yes", runbook).code) == 0
    assert (shared.world / "thing").stat().st_uid == 65534
