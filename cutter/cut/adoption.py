"""Standing on an existing table and function: what `names:` of a database says, and how the two fit ours.

The keys are ``information_unit`` and ``fn_iu_create`` (``table`` or ``schema.table``, as the catalogue spells
them), ``information_unit.WORD`` for a column and ``fn_iu_create.WORD`` for an argument that is called
otherwise than ours. Words that the table has no column for are kept in a table of our own beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cutter.cut.adoption_words import APART, ARGUMENTS, COLUMNS, FUNCTION, TABLE
from cutter.errors import ConfigurationError
from cutter.model.canonical import digest
from cutter.named_tuple import NamedTuple

_PREFIXES = ("p_", "in_", "i_", "v_", "_", "")
WHOLE = ("smallint", "integer", "bigint")
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {"created_run": ("run",)}


class Qualified(NamedTuple):
    """A table or function in its schema."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Return it as a person writes it."""
        return f"{self.schema}.{self.name}"


class Column(NamedTuple):
    """A column of the existing table; `category` is PostgreSQL's: S text, E enumeration, N number, ..."""

    name: str
    type: str
    category: str
    generated: bool


class Argument(NamedTuple):
    """An argument that the existing function takes; `mode` is i, b (in and out) or v (variadic)."""

    name: str
    type: str
    optional: bool
    mode: str


class Seen(NamedTuple):
    """What stands under the two names; `kind` is empty where there is no table, `functions` counts them.

    `keys` are the columns that are unique and never NULL each by itself, the primary key first.
    """

    kind: str
    columns: Sequence[Column]
    keys: Sequence[str]
    functions: int
    arguments: Sequence[Argument]


class Names(NamedTuple):
    """What `names:` says, taken apart; columns and arguments by our words."""

    table: Qualified
    function: Qualified
    columns: Mapping[str, str]
    arguments: Mapping[str, str]
    digest: str


class Fit(NamedTuple):
    """How the existing table and function serve: which column and which argument stands for which word."""

    names: Names
    key: Column
    columns: Mapping[str, Column]
    arguments: Sequence[tuple[Argument, str]]


def names_of(given: Mapping[str, str]) -> Names | None:
    """Return what `names:` says; None where it says nothing. It was looked at when it was read."""
    if not given:
        return None
    return Names(
        _qualified(given[TABLE]),
        _qualified(given[FUNCTION]),
        _under(given, f"{TABLE}."),
        _under(given, f"{FUNCTION}."),
        digest("names", dict(given)),
    )


def fitted(names: Names, seen: Seen, place: str) -> Fit:
    """Return how they fit. Raises ConfigurationError that tells everything that does not."""
    lacks = list(_absent(names, seen))
    if not lacks:
        columns = _columns(names, seen)
        arguments = _arguments(names, seen, columns)
        lacks = [*_unfit_columns(names, seen, columns), *_unfit_arguments(names, seen, arguments)]
    if lacks:
        raise ConfigurationError(
            f"it cannot stand on {names.table} and {names.function}: {'; '.join(lacks)}",
            place=place,
            remedy="correct names: in databases.yml, or the table and the function",
        )
    wanted = names.columns.get("unit_id", seen.keys[0])
    key = next(column for column in seen.columns if column.name == wanted)
    return Fit(names, key, {word: column for word, column in columns.items() if word != "unit_id"}, arguments)


def _absent(names: Names, seen: Seen) -> Iterator[str]:
    if not seen.kind:
        yield f"there is no table {names.table}"
    elif seen.kind not in "rp":
        yield f"{names.table} is no table"
    if not seen.functions:
        yield f"there is no function {names.function}"
    elif seen.functions > 1:
        yield f"there are {seen.functions} functions {names.function}, and none can be told from the others"


def _columns(names: Names, seen: Seen) -> dict[str, Column]:
    """Return their column for each word: the one that is named, else the one that is called like ours."""
    there = {column.name: column for column in seen.columns}
    wanted = {word: names.columns.get(word, word) for word in COLUMNS}
    return {word: there[name] for word, name in wanted.items() if name != APART and name in there}


def _unfit_columns(names: Names, seen: Seen, columns: Mapping[str, Column]) -> Iterator[str]:
    there = {column.name for column in seen.columns}
    for word, name in names.columns.items():
        if name != APART and name not in there:
            yield f"{names.table} has no column {name} for {word}"
    for word in ("unit_ref", "body"):
        if word not in columns:
            yield f"{names.table} has no column for {word}"
    yield from _unfit_key(names, seen)
    for word, column in columns.items():
        yield from _unfit_type(word, column)
    key = next((column for column in seen.columns if seen.keys and column.name == seen.keys[0]), None)
    parent = columns.get("parent_id")
    if key and parent and _kind(parent) != _kind(columns.get("unit_id", key)):
        yield f"{parent.name} for parent_id is {parent.type}, and its key is {key.type}"


def _unfit_type(word: str, column: Column) -> Iterator[str]:
    if word == "ordinal" and column.type not in WHOLE:
        yield f"{column.name} for {word} is {column.type}, not a whole number"
    elif word not in ("ordinal", "unit_id", "parent_id") and column.category not in "SE":
        yield f"{column.name} for {word} is {column.type}, not a text"


def _unfit_key(names: Names, seen: Seen) -> Iterator[str]:
    named = names.columns.get("unit_id")
    if not seen.keys:
        yield f"{names.table} has no key: no one column of it is unique and never NULL"
    elif named is not None and named not in seen.keys:
        yield f"{named} for unit_id is no key: it is not unique, or may be NULL"


def _arguments(names: Names, seen: Seen, columns: Mapping[str, Column]) -> list[tuple[Argument, str]]:
    """Return each argument that stands for one of our words, with the word."""
    word_of = {name: word for word, name in names.arguments.items()}
    for word in ARGUMENTS:
        own = columns[word].name if word in columns else word
        for name in (word, own, *_OTHER_NAMES.get(word, ())):
            for prefix in _PREFIXES:
                word_of.setdefault(prefix + name, word)
    taken = set(names.arguments)
    found = []
    for argument in seen.arguments:
        word = word_of.get(argument.name, "")
        if word and (word not in taken or names.arguments.get(word) == argument.name):
            taken.add(word)
            found.append((argument, word))
    return found


def _unfit_arguments(names: Names, seen: Seen, found: Sequence[tuple[Argument, str]]) -> Iterator[str]:
    given = {argument.name for argument, _ in found}
    for argument in seen.arguments:
        if argument.mode == "v":
            yield f"{names.function} takes any number of {argument.name or 'arguments'}"
        elif argument.name not in given and not argument.optional:
            name = argument.name or "an argument without a name"
            yield f"{names.function} wants {name}, and nothing says what it is"
    words = {word for _, word in found}
    for word, name in names.arguments.items():
        if word not in words:
            yield f"{names.function} has no argument {name} for {word}"
    for word in ("unit_ref", "body"):
        if word not in words and word not in names.arguments:
            yield f"{names.function} has no argument for {word}"


def _kind(column: Column) -> str:
    return "whole number" if column.type in WHOLE else column.type


def _under(given: Mapping[str, str], prefix: str) -> Mapping[str, str]:
    return {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}


def _qualified(given: str) -> Qualified:
    schema, _, name = given.rpartition(".")
    return Qualified(schema or "public", name)
