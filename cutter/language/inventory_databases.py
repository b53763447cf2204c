"""databases.yml to the databases of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutter.cut.adoption_words import APART, FUNCTION, TABLE
from cutter.language.inventory_files import Folder
from cutter.language.inventory_settings import setting
from cutter.language.strict_yaml import Document
from cutter.model.inventory import Database

PLACES = ("embedded", "env_file", "dsn")
_MORE = ("dbname", "logins", "names", "authoriser_env_file")


def databases_of(files: Folder, named: Mapping[str, str]) -> tuple[Database, ...]:
    """Return the databases of an inventory folder, in the order of the file; its problems are gathered.

    `named` are the names that references may use.
    """
    document = files.document("databases.yml", "databases")
    if document is None or not isinstance(document.value, dict):
        return ()
    given = [(name, body) for name, body in document.value.items() if isinstance(body, dict)]
    return tuple(_database(files, document, name, body, named) for name, body in given)


def _database(
    files: Folder, document: Document, name: str, body: Mapping[str, Any], named: Mapping[str, str]
) -> Database:
    said = {key: setting(files.problems, document, (name, key), value, named) for key, value in body.items()}
    _look_at_place(files, document, name, body)
    if isinstance(body.get("names"), dict):
        _look_at_names(files, document, name, body["names"])
    return Database(
        name,
        production=said.get("production", "yes") != "no",
        **{key: said[key] for key in (*PLACES, *_MORE) if key in said},
    )


def _look_at_place(files: Folder, document: Document, name: str, body: Mapping[str, Any]) -> None:
    places = [key for key in PLACES if key in body]
    if len(places) != 1:
        found = f"has {' and '.join(places)}" if places else "has none of them"
        what = f"where it is must be said by one of {', '.join(PLACES)}; it {found}"
        files.problems.append(document.problem((name,), what, key=True, offending=name))
    if "embedded" in body and body.get("production") == "yes":
        what = "an embedded server is never production"
        files.problems.append(document.problem((name, "production"), what, offending="yes"))
    if "dbname" in body and "embedded" not in body:
        what = "dbname belongs to embedded; an env_file has DOT_CUTTER_DB, a dsn has dbname="
        files.problems.append(document.problem((name, "dbname"), what, key=True, offending="dbname"))
    if "authoriser_env_file" in body and "embedded" in body:
        what = "an embedded server asks nobody for a password"
        path = (name, "authoriser_env_file")
        files.problems.append(document.problem(path, what, key=True, offending="authoriser_env_file"))
    if "logins" in body and "env_file" in body:
        what = "logins belongs to embedded and dsn; an env_file has DOT_CUTTER_<LOGIN>_USER"
        files.problems.append(document.problem((name, "logins"), what, key=True, offending="logins"))


def _look_at_names(files: Folder, document: Document, name: str, given: Mapping[str, Any]) -> None:
    """Look whether a column, or an argument, stands for two words."""
    for own in (TABLE, FUNCTION):
        taken: dict[Any, str] = {}
        for key, value in given.items():
            if not key.startswith(f"{own}.") or value == APART or not isinstance(value, str):
                continue
            if value in taken:
                what = f"{value} stands for {taken[value].rpartition('.')[2]} already"
                files.problems.append(document.problem((name, "names", key), what, offending=str(value)))
            taken.setdefault(value, key)
    if {f"{TABLE}.parent_id", f"{TABLE}.parent_ref"} <= given.keys():
        what = "the parent is told by one column: parent_id its key, or parent_ref its address"
        path = (name, "names", f"{TABLE}.parent_ref")
        files.problems.append(document.problem(path, what, key=True, offending=f"{TABLE}.parent_ref"))
    for word in ("unit_id", "unit_ref", "body"):
        if given.get(f"{TABLE}.{word}") == APART:
            what = f"{word} cannot be kept apart: the table must have it"
            path = (name, "names", f"{TABLE}.{word}")
            files.problems.append(document.problem(path, what, offending=APART))
