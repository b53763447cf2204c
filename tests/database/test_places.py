"""Where a database is: the DOT_CUTTER_* wiring, a connection string, an embedded server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cutter.database.places import LOGINS, ROLE_LOGINS, place_of
from cutter.errors import ConfigurationError
from cutter.model.inventory import Database
from cutter.model.secret import Secret

WIRING = """\
# the wiring
export DOT_CUTTER_HOST=db.example.org
DOT_CUTTER_PORT=5433
DOT_CUTTER_DB="laws"
DOT_CUTTER_READER_USER=ro
DOT_CUTTER_READER_PASSWORD='p#ss wo$rd'
DOT_CUTTER_WRITER_USER=rw
OTHER=kept
"""


def wired(tmp_path: Path, text: str) -> Database:
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    return Database("governed", production=True, env_file=str(tmp_path / ".env"))


def test_the_wiring_says_where_and_as_whom(tmp_path: Path) -> None:
    place = place_of(wired(tmp_path, WIRING))
    assert place.words == {"host": "db.example.org", "port": "5433", "dbname": "laws"}
    assert place.login("READER") == ("ro", Secret("p#ss wo$rd"))
    assert place.login("WRITER") == ("rw", None)
    assert "p#ss" not in repr(place)
    assert place.shown() == "db.example.org:5433/laws"


def test_a_login_that_is_not_wired_is_named_with_its_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        place_of(wired(tmp_path, WIRING)).login("OWNER")
    assert "DOT_CUTTER_OWNER_USER" in caught.value.remedy
    assert caught.value.place == str(tmp_path / ".env")
    with pytest.raises(ConfigurationError, match="there is no login 'ROOT'"):
        place_of(wired(tmp_path, WIRING)).login("ROOT")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "DOT_CUTTER_HOST, DOT_CUTTER_PORT, DOT_CUTTER_DB missing"),
        (WIRING.replace("5433", "many"), "DOT_CUTTER_PORT is not a port number"),
        (WIRING.replace("5433", "99999"), "DOT_CUTTER_PORT is not a port number"),
        (WIRING.replace('"laws"', "${OTHER}"), "DOT_CUTTER_DB is read differently"),
        (WIRING.replace("'p#ss wo$rd'", "a${OTHER}"), "DOT_CUTTER_READER_PASSWORD is read differently"),
    ],
)
def test_wiring_that_makes_no_sense_is_exit_78(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        place_of(wired(tmp_path, text))
    assert caught.value.exit_code == 78


def test_wiring_that_cannot_be_read_names_the_runbook_that_publishes_it(tmp_path: Path) -> None:
    missing = Database("governed", production=True, env_file=str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="No such file") as caught:
        place_of(missing)
    (named,) = re.findall(r"runbooks/\S+[.]yml", caught.value.remedy)
    assert "DOT_CUTTER_READER_USER" in (Path(__file__).parents[2] / named).read_text()
    (tmp_path / ".env").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        place_of(Database("governed", production=True, env_file=str(tmp_path / ".env")))


def test_a_connection_string_says_where_and_never_as_whom() -> None:
    there = Database(
        "d", production=True, dsn="postgresql://db1:5433/laws?sslmode=require", logins={"READER": "ro"}
    )
    place = place_of(there)
    assert place.words == {"host": "db1", "port": "5433", "dbname": "laws", "sslmode": "require"}
    assert place.login("READER").user == "ro"
    assert place.login("WRITER").user == "cutter_writer_login"
    with pytest.raises(ConfigurationError):
        place.login("OWNER")


@pytest.mark.parametrize(
    "dsn", ["host=x password=hunter2", "postgresql://joe:hunter2@x/y", "hunter2", "user=hunter2"]
)
def test_a_connection_string_with_more_or_less_is_refused_without_being_shown(dsn: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        place_of(Database("d", production=True, dsn=dsn))
    assert "hunter2" not in f"{caught.value.cause}{caught.value.place}{caught.value.remedy}"


def test_every_role_has_a_login() -> None:
    assert set(ROLE_LOGINS.values()) <= set(LOGINS)
    assert {ROLE_LOGINS[role] for role in ("cut", "governance", "verify")} == {"WRITER"}
