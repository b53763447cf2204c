"""What is armed: of those who decide about it one wins, and only who armed it may confirm it."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path

import pytest
from project import in_child

from cutter.agent import armed
from cutter.agent.deciding import confirm
from cutter.errors import CutterError, LockHeld, PermissionRefused

NAME = "R1-0"
TOKEN = "word"


def arm(folder: Path, *lines: object) -> None:
    """Arm something with these lines."""
    head = {"boot": armed.boot(), "deadline": armed.now() + 60, "proof": armed.proof_of(TOKEN), "steps": []}
    file = armed.create(str(folder), NAME, head)
    for line in lines:
        armed.note(file, line)  # type: ignore[arg-type]
    os.close(file)


@pytest.mark.parametrize("turn", range(50))
def test_exactly_one_of_a_confirmation_and_a_take_back_wins(tmp_path: Path, turn: int) -> None:
    arm(tmp_path, {"complete": []})
    start, won = threading.Barrier(2), []

    def confirmed() -> None:
        start.wait()
        if confirm(str(tmp_path), NAME, TOKEN)["state"] == armed.CONFIRMED:
            won.append("confirmed")

    def taken() -> None:
        start.wait()
        if armed.turn(str(tmp_path), NAME, armed.ARMED, armed.TAKING):
            won.append("taken")

    threads = [
        threading.Thread(target=work) for work in ((confirmed, taken) if turn % 2 else (taken, confirmed))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_confirmation_after_the_take_back_fails_and_says_so(tmp_path: Path) -> None:
    arm(tmp_path, {"complete": []})
    assert armed.turn(str(tmp_path), NAME, armed.ARMED, armed.TAKING)
    assert confirm(str(tmp_path), NAME, TOKEN) == {"state": armed.TAKING}


def test_another_word_confirms_nothing(tmp_path: Path) -> None:
    arm(tmp_path, {"complete": []})
    with pytest.raises(PermissionRefused):
        confirm(str(tmp_path), NAME, "another")
    assert armed.standing(str(tmp_path), NAME)[0] == armed.ARMED


def test_what_is_not_complete_cannot_be_confirmed(tmp_path: Path) -> None:
    arm(tmp_path)
    assert confirm(str(tmp_path), NAME, TOKEN) == {"state": armed.ARMED}
    assert armed.standing(str(tmp_path), NAME)[0] == armed.ARMED


def test_an_answer_that_was_lost_is_given_again(tmp_path: Path) -> None:
    arm(tmp_path, {"complete": [{"step": "a"}]})
    assert confirm(str(tmp_path), NAME, TOKEN) == confirm(str(tmp_path), NAME, TOKEN)


def test_a_line_that_was_cut_off_counts_not(tmp_path: Path) -> None:
    step = armed.Begun("a", "file", {}, "v1:0", None, {"mode": "0644"})
    arm(tmp_path, {"begun": step._asdict()})
    path = Path(armed.path_of(str(tmp_path), armed.ARMED, NAME))
    whole = path.read_bytes()
    assert armed.read(str(path)).under_way
    path.write_bytes(whole[:-3])
    assert armed.read(str(path)).begun == ()


def test_a_line_that_the_disk_takes_in_part_is_not_there(tmp_path: Path) -> None:
    arm(tmp_path)
    path = Path(armed.path_of(str(tmp_path), armed.ARMED, NAME))
    size = path.stat().st_size

    def on_a_full_disk() -> int:
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, -1))
        with pytest.raises(CutterError):
            armed.note(file, {"begun": "a" * 100})
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, -1))
        armed.note(file, {"done": "b"})
        return 0

    assert in_child(on_a_full_disk) == 0
    assert path.read_bytes().endswith(b'}\n{"done": "b"}\n')


def test_after_a_new_start_of_the_machine_it_is_too_late(tmp_path: Path) -> None:
    arm(tmp_path)
    path = Path(armed.path_of(str(tmp_path), armed.ARMED, NAME))
    assert armed.read(str(path)).left > 0
    path.write_text(path.read_text().replace(armed.boot(), "another"))
    assert armed.read(str(path)).left == 0


def test_nothing_else_is_done_where_something_is_undecided(tmp_path: Path) -> None:
    armed.refuse_open(str(tmp_path))
    arm(tmp_path)
    with pytest.raises(LockHeld, match="run R1 is neither confirmed nor taken back"):
        armed.refuse_open(str(tmp_path))
