"""A named tuple of ours is one of the library's: what a class says of it holds for both."""

from __future__ import annotations

import typing
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from pythons import pythons

from cutter import named_tuple


def of_three(base: Any) -> Any:
    class Three(base):  # type: ignore[misc]
        """Has three fields."""

        first: int
        second: str = "two"
        third: typing.Mapping[str, int] | None = None

        LIMIT = 7

        @property
        def both(self) -> str:
            """The first two."""
            return f"{self.first} {self.second}"

        def other(self) -> Any:
            return self._replace(first=0)

        @classmethod
        def made(cls) -> Any:
            return cls(1, third={})

    return Three


def of_none(base: Any) -> Any:
    class Nothing(base):  # type: ignore[misc]
        pass

    return Nothing


def told(made: Any) -> list[Any]:
    return [
        *(made.__name__, made.__qualname__, made.__module__, made.__doc__, made.__mro__[1:]),
        *(made._fields, made._field_defaults, made.__match_args__, made.LIMIT),
        *(made.made(), made(1).both, made(1).other(), made(1, "x")._asdict(), repr(made(3))),
        *(made(1) == (1, "two", None), hash(made(1)) == hash((1, "two", None))),
        typing.get_type_hints(made),
    ]


def test_it_says_what_one_of_the_library_says() -> None:
    assert told(of_three(named_tuple.NamedTuple)) == told(of_three(typing.NamedTuple))


def test_one_without_fields_is_an_empty_tuple() -> None:
    assert of_none(named_tuple.NamedTuple)() == of_none(typing.NamedTuple)() == ()


@pytest.mark.parametrize("words", [(), (1, 2, 3, 4)])
def test_what_does_not_fit_is_refused(words: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match="argument"):
        of_three(named_tuple.NamedTuple)(*words)


def of_wrong(base: Any) -> Any:
    class Wrong(base):  # type: ignore[misc]
        first: int = 1
        second: int

    return Wrong


@pytest.mark.parametrize("base", [named_tuple.NamedTuple, typing.NamedTuple])
def test_a_field_without_a_default_after_one_that_has_one_is_refused(base: Any) -> None:
    with pytest.raises(TypeError, match="default"):
        of_wrong(base)


@pytest.mark.parametrize("python", pythons())
def test_every_python_makes_them(python: str) -> None:
    folder = Path(named_tuple.__file__).parents[1]
    lines = (
        *("import sys", f"sys.path.insert(0, {str(folder)!r})"),
        *("from cutter.model.evidence import Evidence", "from cutter.model.evidence import Outcome"),
        "print(Evidence('s', 't', 'h', Outcome.OK, reason='r')._replace(step='x').body()['step'])",
    )
    found = run([python, "-I", "-S", "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert found.stdout == "x\n"
