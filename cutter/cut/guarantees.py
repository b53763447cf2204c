"""What of our promises a database holds as it is now: looked at in its catalogue, as the reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutter.cut import adoption_install, schema_install
from cutter.cut.adoption import Names
from cutter.cut.adoption_survey import Surveyed, looked_at, our_roles
from cutter.cut.complaints import complained
from cutter.cut.roles import Connection, one
from cutter.cut.statements import statements
from cutter.named_tuple import NamedTuple

_SHOWN = 3


class Guarantee(NamedTuple):
    """One promise. `found` is what speaks against it, empty where it holds; `mend` is what would mend it.

    `vital` tells that without it a green line may be false.
    """

    promise: str
    mend: str
    vital: bool = False
    found: tuple[str, ...] = ()

    def told(self) -> str:
        """Return what was found in one line."""
        rest = len(self.found) - _SHOWN
        return "; ".join([*self.found[:_SHOWN], *([f"and {rest} more"] if rest > 0 else [])])


EVERYWHERE: Mapping[str, Guarantee] = {
    "records_kept": Guarantee(
        "what was decided can only be appended to",
        "enable the trigger, or revoke the right, as the owner",
        vital=True,
    ),
    "records_whole": Guarantee(
        "the governance record holds, link by link",
        "restore it from a backup: a person must look",
        vital=True,
    ),
    "commits_guarded": Guarantee(
        "no commit without the kill switch and a verify", "enable the trigger, as the owner", vital=True
    ),
    "as_installed": Guarantee(
        "the schema is as it was installed",
        "put it back as the numbered file has it, as the owner: a person must look",
        vital=True,
    ),
    "ours_closed": Guarantee(
        "our logins write units only through our functions",
        "revoke it, as the owner; on an adopted table the cut_schema step does",
        vital=True,
    ),
    "others_closed": Guarantee(
        "nobody else writes units (superusers aside)",
        "revoke it; until then verify is what finds their edits",
    ),
    "addresses_unique": Guarantee(
        "an address is there once in each version", "CREATE UNIQUE INDEX, as the owner", vital=True
    ),
    "indexed": Guarantee(
        "a cut takes time in proportion to its units",
        "CREATE INDEX: without it the time grows by the square",
    ),
}
ADOPTED: Mapping[str, Guarantee] = {
    "function_own_rights": Guarantee(
        "the adopted function has no superuser's rights",
        "ALTER FUNCTION ... OWNER TO a role that is none, or SECURITY INVOKER",
    ),
    "function_path": Guarantee(
        "nobody of ours can slip the adopted function another table",
        "ALTER FUNCTION ... SET search_path, or REVOKE CREATE ON SCHEMA",
        vital=True,
    ),
    "no_triggers": Guarantee(
        "nothing of others acts when a unit is written",
        "read what the trigger does; a unit that it alters is refused",
    ),
    "versions_side_by_side": Guarantee(
        "two versions of a document can be there at once",
        "put the version (fn_iu_create.document_id) into that index",
    ),
    "no_cascades": Guarantee(
        "taking a cut back takes nothing of others with it",
        "ON DELETE RESTRICT; until then a revert of such units is refused",
    ),
    "no_row_security": Guarantee("all rows can be seen", "a policy that shows cutter_owner all rows"),
}


STANDING = ("records_kept", "records_whole", "commits_guarded", "as_installed")
"""Without these the schema is not what its step says, on whichever table the units are."""


def broken(connection: Connection, users: Mapping[str, str], *, adopted: bool) -> Iterator[str]:
    """Yield what speaks against the standing guarantees, as the owner's login.

    That an adopted table is closed is looked at where it is closed.
    """
    given = _given(connection, None, users)
    with complained("guarantees"):
        for name in STANDING if adopted else (*STANDING, "ours_closed"):
            found = connection.execute(statements("guarantees")[name], given).fetchall()
            if found:
                yield EVERYWHERE[name]._replace(found=tuple(str(what) for (what,) in found)).told()


def guarantees(
    connection: Connection, names: Names | None, users: Mapping[str, str], place: str
) -> Iterator[Guarantee]:
    """Yield every guarantee, with what speaks against it, as a login that is a member of cutter_reader.

    `users` has the role of each login. Raises ConfigurationError when what was adopted is gone, Conflict when
    it is not what `names:` says.
    """
    yield _newest(connection)
    standing = adoption_install.demand_same(connection, names)
    found = looked_at(connection, names, place) if names and standing else None
    if names is not None and standing is None:
        missing = (f"{names.table} is not adopted yet",)
        yield Guarantee("units go where names: says", "apply the cut_schema step", vital=True, found=missing)
    given = _given(connection, found, users)
    known = {**EVERYWHERE, **(ADOPTED if found else {})}
    with complained(place):
        for name, guarantee in known.items():
            rows = connection.execute(statements("guarantees")[name], given).fetchall()
            yield guarantee._replace(found=tuple(str(what) for (what,) in rows))
    if found is not None:
        altered = adoption_install.function_altered(connection, found)
        yield Guarantee(
            "the adopted function is the one that was adopted",
            "read it; then apply the cut_schema step, which takes it as it is",
            vital=True,
            found=(f"{found.fit.names.function} was altered",) if altered else (),
        )


def _newest(connection: Connection) -> Guarantee:
    there, files = schema_install.applied(connection), schema_install.available()
    missing = [f"{file.name} is not applied, or otherwise" for file in files if file not in there]
    return Guarantee(
        f"the schema is version {files[-1].version}", "apply the cut_schema step", found=tuple(missing)
    )


def _given(connection: Connection, found: Surveyed | None, users: Mapping[str, str]) -> dict[str, Any]:
    if found is None:
        table = one(connection, "guarantees", "own_table")[0]
        indexed, addresses, function = ["unit_ref", "parent_id"], [], None
    else:
        columns = found.fit.columns
        table, function = found.table, found.function
        indexed = [columns[word].name for word in ("unit_ref", "parent_id") if word in columns]
        addresses = [columns[word].name for word in ("unit_ref", "owner_ref") if word in columns]
    return {
        "table": table,
        "function": function,
        "ours": our_roles(users),
        "indexed": indexed,
        "addresses": addresses,
    }
