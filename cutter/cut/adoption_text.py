"""The statements that make our schema stand on an existing table, composed of its names, each quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cutter.cut.adoption import WHOLE, Column
from cutter.cut.adoption_survey import Right, Surveyed
from cutter.cut.statements import statements

if TYPE_CHECKING:
    from psycopg.sql import Composable, Composed

_THEIRS = ("title", "body")
"""What stands in their table alone, where it has a column for it: text is never kept twice."""


def reaching(found: Surveyed, signature: str, sequences: Sequence[tuple[Any, ...]]) -> Iterator[Composed]:
    """Yield the grants by which our functions and the backup reach the existing table."""
    yield _filled("reach", schemas=_list(sorted({*_schemas(found)})))
    for name in ("use_table", "back_up_table"):
        yield _filled(name, table=_table(found))
    yield _filled("use_function", signature=_raw(signature))
    for schema, name in sequences:
        yield _filled("use_sequence", sequence=_named(schema, name))
        yield _filled("back_up_sequence", sequence=_named(schema, name))


def letting_go(found: Surveyed, signature: str, sequences: Sequence[tuple[Any, ...]]) -> Iterator[Composed]:
    """Yield the opposite; the right to enter their schemas stays, which others may rely on."""
    yield _filled("let_go_table", table=_table(found))
    yield _filled("let_go_function", signature=_raw(signature))
    for schema, name in sequences:
        yield _filled("let_go_sequence", sequence=_named(schema, name))


def granted(found: Surveyed, right: Right) -> Composed:
    """Return the grant of one right."""
    option = _raw(" WITH GRANT OPTION" if right.grantable else "")
    return _filled("grant_right", option=option, **_of(found, right))


def revoked(found: Surveyed, right: Right) -> Composed:
    """Return the revocation of one right."""
    return _filled("revoke_right", **_of(found, right))


def schema(
    found: Surveyed, columns: Mapping[str, str], rights: Sequence[tuple[Any, ...]]
) -> Iterator[Composed]:
    """Yield what puts a view in the place of our table; `columns` are ours with their types."""
    from psycopg import sql

    fit = found.fit
    yield _filled("beside", key_type=_raw(fit.key.type))
    for word in _THEIRS:
        if word in fit.columns:
            yield _filled("without", column=sql.Identifier(word))
    yield _filled("number")
    yield _filled(
        "view", table=_table(found), key=sql.Identifier(fit.key.name), columns=_listed(found, columns)
    )
    for privilege, grantee in rights:
        yield _filled("right", privilege=_raw(privilege), grantee=sql.Identifier(grantee))
    literals = {
        "table_name": sql.Literal(_table(found).as_string(None)),
        "key_name": sql.Literal(fit.key.name),
    }
    yield _filled("outside", **literals)
    yield _filled("create", **_common(found), **_creation(found, columns))
    yield _filled("remove", **_common(found))


def _listed(found: Surveyed, columns: Mapping[str, str]) -> Composable:
    from psycopg import sql

    sources = {word: _source(found, word, kind) for word, kind in columns.items()}
    named = [sql.SQL("{} AS {}").format(source, sql.Identifier(word)) for word, source in sources.items()]
    return sql.SQL(", ").join(named)


def _source(found: Surveyed, word: str, kind: str) -> Composable:
    """Return where the view takes a column of ours from: theirs where they have it, else what we keep."""
    from psycopg import sql

    fit = found.fit
    if word == "unit_id":
        return _number(fit.key, _of_t(fit.key))
    if word == "parent_id" and fit.columns.keys() & {"parent_id", "parent_ref"}:
        return _parent(found)
    if word not in fit.columns:
        return _named("s", word)
    return sql.SQL("{}::{}").format(_of_t(fit.columns[word]), _raw(kind))


def _parent(found: Surveyed) -> Composable:
    """Return the number of a row's parent out of what their table says of it: its key or its address."""
    from psycopg import sql

    fit, parts = found.fit, {"table": _table(found)}
    if "parent_id" in fit.columns:
        parent = fit.columns["parent_id"]
        parts |= {"key": sql.Identifier(fit.key.name), "number": _number(parent, _of_t(parent))}
        return _filled("parent_by_key", parent=sql.Identifier(parent.name), **parts)
    owner = fit.columns.get("owner_ref")
    same = sql.SQL(" AND p.{0} = t.{0}").format(sql.Identifier(owner.name)) if owner else _raw("")
    parts |= {"number": _number(fit.key, _named("p", fit.key.name)), "owner": same}
    for part, word in (("parent", "parent_ref"), ("address", "unit_ref")):
        parts[part] = sql.Identifier(fit.columns[word].name)
    return _filled("parent_by_address", **parts)


def _common(found: Surveyed) -> dict[str, Composable]:
    from psycopg import sql

    path = ["pg_catalog", *dict.fromkeys(_schemas(found)), "pg_temp"]
    return {"table": _table(found), "key": sql.Identifier(found.fit.key.name), "path": _list(path)}


def _creation(found: Surveyed, columns: Mapping[str, str]) -> dict[str, Composable]:
    from psycopg import sql

    fit, comma = found.fit, sql.SQL(", ")
    kept = [word for word in columns if not (word in _THEIRS and word in fit.columns)]
    altered = sql.SQL("CASE WHEN v.{0} IS DISTINCT FROM NEW.{0} THEN {1} END")
    compared = [word for word in columns if word not in ("unit_id", "document_id")]
    return {
        "function": _named(*fit.names.function),
        "key_type": _raw(fit.key.type),
        "same": _same(found),
        "arguments": comma.join(
            _argument(argument.name, argument.type, word) for argument, word in fit.arguments
        ),
        "number": _number(fit.key, _raw("keys[1]")),
        "kept": _list(kept),
        "values": comma.join(_named("new", word) for word in kept),
        "altered": comma.join(altered.format(sql.Identifier(word), sql.Literal(word)) for word in compared),
    }


def _argument(name: str, kind: str, word: str) -> Composable:
    from psycopg import sql

    own = {"parent_id": _raw("parent.their_key"), "parent_ref": _raw("parent.unit_ref")}
    value = own.get(word) or _named("new", word)
    return sql.SQL("{} => {}::{}").format(sql.Identifier(name), value, _raw(kind))


def _same(found: Surveyed) -> Composable:
    """Return what tells the rows of one address in one document from all others."""
    from psycopg import sql

    pairs = [
        (word, found.fit.columns[word]) for word in ("unit_ref", "owner_ref") if word in found.fit.columns
    ]
    same = [sql.SQL("{}::text = {}").format(_of_t(column), _named("new", word)) for word, column in pairs]
    return sql.SQL(" AND ").join(same)


def _of(found: Surveyed, right: Right) -> dict[str, Composable]:
    from psycopg import sql

    column = sql.SQL(" ({})").format(sql.Identifier(right.of_column)) if right.of_column else _raw("")
    is_table = right.part == "table"
    return {
        "privilege": _raw(right.privilege),
        "of_column": column,
        "part": _raw("TABLE" if is_table else "FUNCTION"),
        "object": _table(found) if is_table else _named(*found.fit.names.function),
        "grantee": sql.Identifier(right.grantee) if right.grantee else _raw("PUBLIC"),
    }


def _number(column: Column, value: Composable) -> Composable:
    from psycopg import sql

    text = "{}::bigint" if column.type in WHOLE else "cutter.unit_number({}::text)"
    return sql.SQL(text).format(value)


def _schemas(found: Surveyed) -> tuple[str, str]:
    return found.fit.names.table.schema, found.fit.names.function.schema


def _table(found: Surveyed) -> Composable:
    return _named(*found.fit.names.table)


def _of_t(column: Column) -> Composable:
    return _named("t", column.name)


def _named(*parts: str) -> Composable:
    from psycopg import sql

    return sql.Identifier(*parts)


def _list(names: Sequence[str]) -> Composable:
    from psycopg import sql

    return sql.SQL(", ").join(map(sql.Identifier, names))


def _raw(words: str) -> Composable:
    """Return words of ours, or of the catalogue, as they stand."""
    from psycopg import sql

    return sql.SQL(words)


def _filled(name: str, **parts: Composable) -> Composed:
    from psycopg import sql

    return sql.SQL(statements("adopted")[name].decode()).format(**parts)
