"""What a resource type is. Read this file first.

A type is one file that holds one subclass of Resource. The file's name is the type's key in a runbook;
schema, documentation, plan, verify and undo are derived from the class. A type says what should be
(`desired`), looks (`observe`, which changes nothing) and moves (`apply`, which reaches ``change.after`` and
takes nothing but identity and sources from itself, so that applying the inverse change is the undo).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Optional, Protocol

from cutter.model.mismatches import mismatches
from cutter.model.obligations import Dutiful
from cutter.model.secret import Secret, keyed_digest, without_secrets
from cutter.model.state import Change, State
from cutter.named_tuple import NamedTuple

REQUIRED = object()
_SCHEMA_OF_ANNOTATION: Mapping[str, Mapping[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "list[str]": {"type": "array", "items": {"type": "string"}},
    "dict[str, str]": {"type": "object", "additionalProperties": {"type": "string"}},
    "dict[str, Any]": {"type": "object"},
    "Any": {},
}


class Param(NamedTuple):
    """One declared parameter; `schema` is its JSON Schema fragment, without description and default."""

    description: str
    default: Any
    schema: Mapping[str, Any]
    internal: bool

    @property
    def required(self) -> bool:
        """Tell whether a runbook must give it."""
        return self.default is REQUIRED


class Complaint(NamedTuple):
    """Something wrong with the parameters of a step: the path of keys below the type, and what is wrong."""

    path: tuple[object, ...]
    message: str


class Content(Protocol):
    """Bytes by digest, on the target: what a step should write, and what was replaced earlier."""

    def bytes_of(self, digest: str) -> bytes:
        """Return the bytes. Raises LookupError when they are neither sent along nor kept."""

    def keep(self, content: bytes, digest: str) -> None:
        """Keep replaced bytes under the digest that the state names, readable by nobody but the owner."""


class Desk(Protocol):
    """What the controller offers while a step is prepared: files, templates, environment variables."""

    def read(self, path: str) -> bytes:
        """Return the bytes of a file, relative paths from the runbook's folder."""

    def render(self, path: str) -> bytes:
        """Return a rendered Jinja2 template, with the variables of the target."""

    def place(self, path: str) -> str:
        """Return where a file is, relative paths from the runbook's folder."""

    def runbook(self) -> str:
        """Return the name of the runbook that the step belongs to."""

    def grammar(self, path: str) -> Any:
        """Return the grammar of a document, checked. Raises InvalidDocument."""

    def environment(self, name: str) -> Secret:
        """Return the value of an environment variable of the controller."""

    def send(self, content: bytes, digest: str) -> None:
        """Hand over bytes that the target gets when, and only when, the step is applied."""

    def keyed(self, value: str | bytes) -> str:
        """Return the keyed digest of a secret."""


class Context(Protocol):
    """What a resource that acts on a database gets; it never looks for anything itself.

    `run` is the id of the run, empty while nothing is applied; `rehearsing`, that all is rolled back.
    """

    run: str
    database: str
    rehearsing: bool
    provider: Any
    """What gives the connections, for a rehearsal or a copy."""
    progress: Optional[Callable[[str, int, int], None]]
    """Told how far a long piece of work has come, where somebody hears it."""
    scope: Any
    """What belongs to the run alone, such as the request accepted for it; see cutter.hosts.run_scope."""

    def connection(self, login: str) -> Any:
        """Return a new connection of a login (READER, WRITER, ...). Raises Unavailable."""

    def by_role(self, role: str) -> Any:
        """Return a new connection of the login behind a role. Raises Unavailable."""

    def logins(self) -> Mapping[str, Any]:
        """Return the configured logins by name, each with its `user` and `password`."""

    def identity(self) -> str:
        """Return what tells this database from every other, also from a copy of it."""

    def entries(self, kinds: Collection[str]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
        """Yield (kind, time, body) of the ledger's entries of some kinds, oldest first."""


def param(
    description: str,
    *,
    default: Any = REQUIRED,
    pattern: str | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    schema: Mapping[str, Any] | None = None,
    internal: bool = False,
) -> Any:
    """Declare a parameter of a resource type.

    Its type comes from the annotation (str, int, bool, list[str], dict[str, str], Literal[...]), or from
    `schema`, a JSON Schema fragment. An internal parameter is set while preparing and cannot be written in a
    runbook. A name that is taken, like import, gets an underscore at its end in the class alone: `import_`.
    """
    limits = {"pattern": pattern, "minimum": minimum, "maximum": maximum}
    extra = {key: value for key, value in limits.items() if value is not None}
    return Param(description, default, {**(schema or {}), **extra}, internal)


class Resource(Dutiful):
    """A thing with a declared state on a target."""

    params: ClassVar[Mapping[str, Param]] = {}
    outputs: ClassVar[Mapping[str, str]] = {}
    """Names that later steps may use, each with a sentence."""
    context: Optional[Context] = None
    """Set for a type that acts on a database, before anything else is asked of it."""
    reversible: ClassVar[bool] = True
    """False: the inverse makes no sense, and a step of this type must give its reason as `irreversible:`."""
    opaque: ClassVar[bool] = False
    """True: the state does not show all that a failed `apply` may have done."""
    runs: ClassVar[bool] = False
    """True: it starts programs; what one did before it failed is said, and does not halt the target."""
    event: ClassVar[bool] = False
    """True: it happens and is recorded; it leaves nothing on the target that a run would have to restore."""
    each_run: bool = False
    """True: an event that every run with anything to do makes anew; in a run, an earlier one is not there."""
    provable: ClassVar[bool] = False
    """True: it acts through the connections of its context alone, so it can be tried in a transaction."""
    located: ClassVar[tuple[str, ...]] = ()
    """Internal parameters that say where something lies, and so are no part of what a step is."""
    inherited: ClassVar[tuple[str, ...]] = ()
    """Keys of a State that a new thing takes from its folder; one put back has them only if it had."""

    def __init_subclass__(cls) -> None:
        """Collect the parameters; the one bit of magic."""
        annotations = cls.__dict__.get("__annotations__", {})
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Param)}
        typed = {name.rstrip("_"): _typed(item, annotations[name]) for name, item in own.items()}
        cls.params = {**cls.params, **typed}

    def __init__(self, params: Mapping[str, Any], digest_key: bytes = b"") -> None:
        """Take checked parameters; those that are missing get their default."""
        for name, declared in self.params.items():
            attribute = f"{name}_" if hasattr(self, f"{name}_") else name
            setattr(self, attribute, params.get(name, declared.default))
        self.digest_key = digest_key

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """On the controller, replace what only it can read. The default returns `params` as they are."""
        return params

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Yield complaints about parameters that contradict each other, beyond their types."""
        yield from ()

    @classmethod
    def needs_reason(cls, params: Mapping[str, Any]) -> bool:
        """Tell whether a step with these parameters has no undo and must say `irreversible: <reason>`."""
        return not cls.reversible

    @property
    def there(self) -> Context:
        """The context of a type that acts on a database. Raises LookupError where it was given none."""
        if self.context is None:
            raise LookupError("there is no database here")
        return self.context

    def desired(self) -> Optional[State]:
        """Return the declared state, or None for a thing that should not exist."""
        raise NotImplementedError

    def observe(self) -> Optional[State]:
        """Look at the target and return all that matters of the thing, or None where there is none.

        Changes nothing. Raises Conflict when something else is in the way and Unavailable when a tool is
        missing.
        """
        raise NotImplementedError

    def apply(self, change: Change, content: Content) -> None:
        """Make the target like ``change.after``; replaced bytes are kept first. Raises a CutterError."""
        raise NotImplementedError

    def ready(self, change: Change, content: Content) -> None:
        """Raise a CutterError when the bytes that a change needs are not at hand. Touches nothing."""

    def foresee(self, change: Change) -> None:
        """Raise a CutterError when a look alone tells that a change would fail; touches nothing.

        Unavailable is for what an earlier step may bring.
        """

    def places(self) -> tuple[str, ...]:
        """Return the paths of the thing itself."""
        path = getattr(self, "path", None)
        return (path,) if path else ()

    def inside(self) -> tuple[str, ...]:
        """Return the paths of what would have to go before the thing can be removed."""
        return ()

    @classmethod
    def recorded(cls, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return parameters as the ledger keeps them: what it takes to undo the step, secrets left out."""
        return dict(without_secrets(params))

    def workplaces(self) -> tuple[str, ...]:
        """Return the folders in which `apply` puts something aside for a moment under a temporary name."""
        return ()

    def results(self, state: Optional[State]) -> Mapping[str, str]:
        """Return the outputs of a thing in this state."""
        return {}

    def summary(self, change: Change) -> str:
        """Return a change in one line for a person, where its attributes do not say it well; or nothing."""
        return ""

    def preview(self, change: Change, content: Content) -> str:
        """Return the change as text for a person, such as a unified diff, secrets as ``***``; or nothing."""
        return ""

    def keyed(self, value: str | bytes) -> str:
        """Return the keyed digest under which a secret enters a State."""
        return keyed_digest(self.digest_key, value)


def type_complaints(cls: type[Resource], params: Mapping[str, Any]) -> list[Complaint]:
    """Return everything wrong with parameters: unknown, missing, of the wrong type, or contradictory.

    Texts that still hold a reference are not judged; they are judged again where they are resolved.
    """
    missing = [name for name, item in cls.params.items() if name not in params and item.required]
    found = [Complaint((), f"{name} is missing") for name in missing]
    for name, value in params.items():
        if name in cls.params:
            wrong = mismatches(cls.params[name].schema, value)
            found += [Complaint((name, *path), text) for path, text in wrong]
        else:
            found.append(Complaint((name,), "is not a parameter of this type"))
    return found or list(cls.check(params))


def _typed(declared: Param, annotation: str) -> Param:
    """Complete a declaration with the schema of its annotation, a text that is never evaluated."""
    bare = annotation.removesuffix(" | None")
    plain = bare[len("Optional[") : -1] if bare.startswith("Optional[") else bare
    if plain.startswith("Literal"):
        # texts in single quotes: with double ones, a list in JSON
        derived: Mapping[str, Any] = {"enum": json.loads(plain[len("Literal") :].replace("'", '"'))}
    else:
        derived = (
            {} if "type" in declared.schema or "oneOf" in declared.schema else _SCHEMA_OF_ANNOTATION[plain]
        )
    return declared._replace(schema={**derived, **declared.schema})
