"""The AUTHORISER's wiring lives apart, in a file of its own that nobody else may read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cutter.database.places import AUTHORISER, Place, place_of
from cutter.errors import ConfigurationError
from cutter.model.inventory import Database
from cutter.model.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

_WIRING = "DOT_CUTTER_HOST=db1\nDOT_CUTTER_PORT=5432\nDOT_CUTTER_DB=governed\nDOT_CUTTER_READER_USER=ro\n"
_APART = "DOT_CUTTER_AUTHORISER_USER=key\nDOT_CUTTER_AUTHORISER_PASSWORD=s3cret\n"


def place(folder: Path, *, wiring: str = _WIRING, apart: str | None = _APART, mode: int = 0o600) -> Place:
    env, own = folder / "db.env", folder / "authoriser.env"
    env.write_text(wiring)
    if apart is not None:
        own.write_text(apart)
        own.chmod(mode)
    return place_of(Database("governed", production=True, env_file=str(env), authoriser_env_file=str(own)))


def test_it_is_read_from_its_own_file_when_it_is_asked_for(tmp_path: Path) -> None:
    found = place(tmp_path)
    assert found.has(AUTHORISER)
    assert found.login(AUTHORISER) == ("key", Secret("s3cret"))
    (tmp_path / "authoriser.env").unlink()
    assert found.login("READER").user == "ro"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        found.login(AUTHORISER)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o400, 0o700])
def test_any_other_mode_is_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"mode {mode:04o}") as caught:
        place(tmp_path, mode=mode).login(AUTHORISER)
    assert caught.value.exit_code == 78
    assert "chmod 0600" in caught.value.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_owner_is_refused(tmp_path: Path) -> None:
    found = place(tmp_path)
    os.chown(tmp_path / "authoriser.env", 65534, 65534)
    with pytest.raises(ConfigurationError, match="owner 65534"):
        found.login(AUTHORISER)


def test_beside_the_others_it_is_refused(tmp_path: Path) -> None:
    for line in _APART.splitlines():
        with pytest.raises(ConfigurationError, match="stands beside the others"):
            place(tmp_path, wiring=f"{_WIRING}{line}\n")


def test_without_a_password_it_is_incomplete(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="DOT_CUTTER_AUTHORISER_PASSWORD missing"):
        place(tmp_path, apart=_APART.splitlines()[0]).login(AUTHORISER)


def test_without_such_a_file_nothing_turns_the_switch_on(tmp_path: Path) -> None:
    env = tmp_path / "db.env"
    env.write_text(_WIRING)
    for database in (
        Database("governed", production=True, env_file=str(env)),
        Database("governed", production=True, dsn="host=db1 dbname=governed"),
    ):
        found = place_of(database)
        assert not found.has(AUTHORISER)
        with pytest.raises(ConfigurationError, match="nothing can turn the kill switch on"):
            found.login(AUTHORISER)
