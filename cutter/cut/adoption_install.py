"""Making our schema stand on an existing table: a view under our name, and our part of each row beside it.

All else of the schema, and the adapter, stay as they are: `fn_iu_create` of ours checks as always and inserts
into the view, whose trigger has the existing function make the row, and looks that it is there as asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutter.cut import adoption_text as text
from cutter.cut.adoption import Names
from cutter.cut.adoption_survey import Right, Surveyed, direct_rights, looked_at, survey, ways_around
from cutter.cut.complaints import complained
from cutter.cut.roles import Connection, one, rows
from cutter.cut.schema_install import remember_parts
from cutter.cut.statements import statements
from cutter.errors import ConfigurationError, Conflict

PLACE = "adopting an existing table"


def adopted(connection: Connection) -> tuple[str, str, str, str] | None:
    """Return digest of the names, table, function and the function's digest as adopted; None without."""
    with complained(PLACE):
        if one(connection, "adopted", "is_there") != (True,):
            return None
        names, table, function, function_digest = one(connection, "adopted", "remembered")
        return names, table, function, function_digest


def demand_same(connection: Connection, names: Names | None) -> tuple[str, str, str, str] | None:
    """Return what is adopted, as `adopted` does. Raises Conflict when that is not what `names:` says."""
    standing = adopted(connection)
    if standing is not None and standing[0] != (names.digest if names else None):
        raise Conflict(
            f"its units are in {standing[1]} by {standing[2]}, as names: said when it was installed",
            place=PLACE,
            remedy="leave names: as it was, or take the cut_schema step back while no document is in it",
        )
    return standing


def may_adopt(connection: Connection, names: Names | None, users: Mapping[str, str]) -> None:
    """Look whether a database can be as `names:` says, before anything is changed.

    Raises ConfigurationError for what must be otherwise, Conflict when it stands on something else already.
    """
    standing = demand_same(connection, names)
    if names is None:
        return
    is_there = standing is None and rows(connection, "adopted", "own_table")
    if is_there and one(connection, "adopted", "own_rows") != (0,):
        raise Conflict(
            "there are units in our own table already", place=PLACE, remedy="revert their cuts first"
        )
    survey(connection, names, users, PLACE)


def declared(names: Names | None) -> dict[str, str]:
    """Return what of a state says that a table and a function are adopted, and closed to others."""
    if names is None:
        return {}
    return {
        "information_unit": str(names.table),
        "fn_iu_create": str(names.function),
        "names": names.digest,
        "function": "as adopted",
        "ways around": "none",
    }


def observed(connection: Connection, names: Names | None, users: Mapping[str, str]) -> dict[str, str]:
    """Return the same as it is; nothing where nothing is adopted yet."""
    standing = adopted(connection)
    if names is None or standing is None:
        return {}
    found = looked_at(connection, names, PLACE)
    with complained(PLACE):
        open_ways = [
            f"{right.grantee or 'PUBLIC'} has {right.privilege} on the {right.part}"
            for right in direct_rights(connection, found, users)
        ]
        open_ways = open_ways or ways_around(connection, found, users)
    return {
        "information_unit": standing[1],
        "fn_iu_create": standing[2],
        "names": standing[0],
        "function": "altered" if function_altered(connection, found) else "as adopted",
        "ways around": "; ".join(open_ways) or "none",
    }


def function_altered(connection: Connection, found: Surveyed) -> bool:
    """Tell whether the adopted function is another than when it was adopted, or last accepted."""
    standing = adopted(connection)
    return standing is not None and standing[3] != _function_digest(connection, found)


def adopt(connection: Connection, names: Names, users: Mapping[str, str]) -> None:
    """Make the installed schema stand on the existing table, and close that to all but us, as the owner.

    Again it only closes what was opened meanwhile, and accepts the function as it is. The caller commits.
    Raises as `may_adopt` does.
    """
    found = survey(connection, names, users, PLACE)
    with complained(PLACE):
        if adopted(connection) is None:
            _grant(connection, found)
            _build(connection, found)
            remember_parts(connection)
        _remember_function(connection, found)
        _close(connection, found, users)


def give_back(connection: Connection, names: Names) -> None:
    """Give back the rights that were taken, and let go of ours; before the schema is removed."""
    found = looked_at(connection, names, PLACE)
    with complained(PLACE):
        for right in rows(connection, "adopted", "remembered_rights"):
            connection.execute(text.granted(found, Right(*right)))
        for statement in text.letting_go(found, _signature(connection, found), _sequences(connection, found)):
            connection.execute(statement)


def _grant(connection: Connection, found: Surveyed) -> None:
    for statement in text.reaching(found, _signature(connection, found), _sequences(connection, found)):
        connection.execute(statement)


def _build(connection: Connection, found: Surveyed) -> None:
    known, names = statements("adopted"), found.fit.names
    triggers = [name for (name,) in rows(connection, "adopted", "own_triggers")]
    if triggers:
        raise ConfigurationError(f"our table has triggers that a view would lose: {triggers}", place=PLACE)
    columns = dict(rows(connection, "adopted", "own_columns"))
    rights = rows(connection, "adopted", "own_rights")
    _as_owner(connection)
    connection.execute(known["adoption"])
    for statement in text.schema(found, columns, rights):
        connection.execute(statement)
    connection.execute(known["remember"], (names.digest, str(names.table), str(names.function)))
    _as_login(connection)


def _close(connection: Connection, found: Surveyed, users: Mapping[str, str]) -> None:
    """Take away what leads around us, remembering it. Raises ConfigurationError when something stays."""
    rights = direct_rights(connection, found, users)
    _as_owner(connection)
    for right in rights:
        connection.execute(statements("adopted")["remember_right"], right)
    _as_login(connection)
    for right in rights:
        connection.execute(text.revoked(found, right))
    left = ways_around(connection, found, users)
    if left:
        raise ConfigurationError(
            f"there are ways around us that cannot be closed: {'; '.join(left)}",
            place=PLACE,
            remedy="take those logins out of the roles that give them these rights",
        )


def _remember_function(connection: Connection, found: Surveyed) -> None:
    now = _function_digest(connection, found)
    _as_owner(connection)
    connection.execute(statements("adopted")["remember_function"], (now,))
    _as_login(connection)


def _function_digest(connection: Connection, found: Surveyed) -> str:
    return str(one(connection, "adopted", "function_digest", found.function)[0])


def _signature(connection: Connection, found: Surveyed) -> str:
    return str(one(connection, "adopted", "signature", found.function)[0])


def _sequences(connection: Connection, found: Surveyed) -> list[tuple[Any, ...]]:
    return rows(connection, "adopted", "sequences", found.table)


def _as_owner(connection: Connection) -> None:
    connection.execute(statements("schema_install")["as_owner"])


def _as_login(connection: Connection) -> None:
    connection.execute(statements("schema_install")["as_login"])
