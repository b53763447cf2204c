"""A file of environment variables (``.env``).

As a step:

    - name: Database wiring
      env_file:
        path: /opt/app/.env
        set: {APP_MODE: production, APP_TOKEN: {env: APP_TOKEN}}
        default: {DB_HOST: 127.0.0.1, DB_PASSWORD: {generate: {length: 32}}}
        absent: [OLD_TOKEN]
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from cutter.env_text.document import EnvText, Unsafe
from cutter.env_text.forms import (
    KEY,
    MAP_SCHEMA,
    Source,
    complaint_about,
    complaints_about_keys,
    entries,
    generated,
    prepared,
    source_of,
    without_secret_values,
)
from cutter.env_text.spelling import Unwritable
from cutter.env_text.states import HAS, TEXT, VALUE, changed_lines
from cutter.errors import Conflict, StepFailed, Unavailable
from cutter.filesystem.attributes import described, put_in_place
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import Regular, opened
from cutter.filesystem.replace import changed_meanwhile, remove, replace_alone
from cutter.filesystem.walk import Place, existing_parent_of, parent_of, problem_of
from cutter.model.state import Change, Plain, State
from cutter.resource import Complaint, Content, Desk, Resource, param

_LARGEST = 1 << 20
_KEYS_SCHEMA = {"items": {"type": "string", "pattern": KEY}, "uniqueItems": True}


class EnvFile(Resource):
    """Keys of a file of environment variables; its other lines, comments and order stay as they are.

    A value is a text, a number, or a mapping with one of `value`, `env`, `file` and `generate`, and maybe
    `secret`. It is written only in a way that python-dotenv and docker compose read alike. A step that has
    nothing but `required` looks and never writes.
    """

    inherited = ("xattr:system.posix_acl_access",)
    path: str = param("Absolute path, without symbolic links on the way.", pattern="^/")
    set: dict[str, Any] = param("Keys and the values they must have.", default={}, schema=MAP_SCHEMA)
    default: dict[str, Any] = param(
        "Keys and the values they get where they are missing; what is there stays, also when empty.",
        default={},
        schema=MAP_SCHEMA,
    )
    required: list[str] = param("Keys that must have some value already.", default=[], schema=_KEYS_SCHEMA)
    absent: list[str] = param("Keys that must not be there.", default=[], schema=_KEYS_SCHEMA)
    owner: Optional[str] = param("User name, or number; when missing, whoever it is.", default=None)
    group: Optional[str] = param("Group name, or number; when missing, whichever it is.", default=None)
    mode: Optional[str] = param(
        'Four octal digits, quoted; "0600" where `set` or `default` have keys, otherwise whatever it is.',
        default=None,
        pattern="^[0-7]{4}$",
    )

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about a path that is not plain, a key in two lists or none, and impossible values."""
        problem = problem_of(params["path"])
        if problem and "{{" not in params["path"]:
            yield Complaint(("path",), problem)
        yield from complaints_about_keys(params)
        for name in ("set", "default"):
            for key, form in entries(params.get(name)):
                problem = complaint_about(form)
                if problem:
                    yield Complaint((name, key), problem)

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read the values that come from the environment or a file, and mark the secrets."""
        read: dict[str, Any] = {
            name: {key: prepared(key, form, desk) for key, form in entries(params[name])}
            for name in ("set", "default")
            if name in params
        }
        return {**params, **read}

    def desired(self) -> Optional[State]:
        """Return which keys should be there, the enforced values, and the declared attributes."""
        mode = self.mode or ("0600" if self.set or self.default else None)
        declared = {"owner": self.owner, "group": self.group, "mode": mode}
        state: dict[str, Plain] = {name: value for name, value in declared.items() if value is not None}
        for key in (*self.set, *self.default, *self.required):
            state[HAS + key] = True
        state.update({HAS + key: False for key in self.absent})
        state.update(
            {VALUE + key: self._masked(source, source.text) for key, source in self._enforced().items()}
        )
        return state

    def observe(self) -> Optional[State]:
        """Return attributes, which keys are there, the enforced ones' values, and the text as a keyed digest.

        Raises Conflict when something else is there or a key cannot be told for sure, and Unavailable for a
        secret when the digest key did not come along. No file is as good as one without absent keys.
        """
        declared = self.desired() or {}
        with parent_of(self.path) as place:
            if place is not None:
                with opened(place) as found:
                    if found is not None:
                        return self._state(found)
        return declared if not any(declared.values()) else None

    def workplaces(self) -> tuple[str, ...]:
        """Return the folder of the file."""
        return (os.path.dirname(self.path),)

    def apply(self, change: Change, content: Content) -> None:
        """Edit, restore or remove the file; its bytes are kept before they go."""
        if not self.digest_key:
            raise Unavailable(f"without the digest key nothing of {self.path} could be put back later")
        with existing_parent_of(self.path) as place, opened(place) as found:
            current = None if found is None else self._content(found)
            self._require_known(change, current)
            if change.after is None:
                self._remove(place, current, content)
                return
            new = self._wanted(change.after, current or b"", content)
            if found is not None and new == current:
                put_in_place(found.fd, change.after, self.path)
                return
            self._keep(current, content)
            replace_alone(place, found, new, change.after)

    def ready(self, change: Change, content: Content) -> None:
        """Raise StepFailed when the former text is not at hand, or damaged."""
        former = (change.after or {}).get(TEXT)
        if former is not None and former != (change.before or {}).get(TEXT):
            self._kept(str(former), content)

    @classmethod
    def recorded(cls, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the parameters without secrets, those included that the target put together."""
        maps = {name: without_secret_values(params[name]) for name in ("set", "default") if name in params}
        return {**super().recorded(params), **maps}

    def preview(self, change: Change, content: Content) -> str:
        """Return one line for each key that changes, secrets as ``***``; nothing else is shown."""
        keys = (*self.set, *self.default, *self.required, *self.absent)
        sources = {key: source_of(form) for key, form in {**self.default, **self.set}.items()}
        return "\n".join(changed_lines(change.before or {}, change.after or {}, keys, sources, self.required))

    def _enforced(self) -> dict[str, Source]:
        """Return the keys whose value is told; a generated one is only there or not."""
        sources = {key: source_of(form) for key, form in self.set.items()}
        return {key: source for key, source in sources.items() if source.text is not None}

    def _masked(self, source: Source, value: Optional[str]) -> Optional[str]:
        if value is None or not source.secret:
            return value
        if not self.digest_key:
            raise Unavailable(f"without the digest key nobody can tell what the secrets in {self.path} are")
        return self.keyed(value)

    def _state(self, found: Regular) -> State:
        current = self._content(found)
        text = self._read(current)
        state = described(found.fd, found.seen, self.owner, self.group)
        state.update({HAS + key: text.has(key) for key in (*self.set, *self.default, *self.absent)})
        state.update({HAS + key: text.filled(key) for key in self.required})
        for key, source in self._enforced().items():
            state[VALUE + key] = self._masked(source, text.value(key))
        return {**state, TEXT: self.keyed(current)} if self.digest_key else state

    def _content(self, found: Regular) -> bytes:
        if found.seen.st_size > _LARGEST:
            raise Conflict(f"{self.path} has {found.seen.st_size} bytes: too large for a file of variables")
        with refusals("reading", self.path):
            return found.content()

    def _read(self, content: bytes) -> EnvText:
        text = EnvText(content.decode("utf-8", "surrogateescape"))
        with _conflicts(self.path):
            text.demand_plain((*self.set, *self.default, *self.required, *self.absent))
        return text

    def _require_known(self, change: Change, current: Optional[bytes]) -> None:
        """Refuse to overwrite what was not there, or was different, when it was looked at."""
        seen = None if change.before is None else change.before.get(TEXT)
        if seen != (None if current is None else self.keyed(current)):
            raise changed_meanwhile(self.path)

    def _remove(self, place: Place, current: Optional[bytes], content: Content) -> None:
        if current is not None:
            self._keep(current, content)
            remove(place)

    def _keep(self, current: Optional[bytes], content: Content) -> None:
        if current is not None:
            content.keep(current, self.keyed(current))

    def _wanted(self, after: State, current: bytes, content: Content) -> bytes:
        """Return the bytes that the file should have; a state that was observed once names all of them."""
        if TEXT in after:
            return self._restored(str(after[TEXT]), current, content)
        text = self._read(current)
        keys = {name[len(HAS) :]: wanted for name, wanted in after.items() if name.startswith(HAS)}
        self._demand_required(text, keys)
        gone = [key for key, wanted in keys.items() if not wanted]
        values = {
            key: self._new_value(key, after)
            for key, wanted in keys.items()
            if wanted and (VALUE + key in after or not text.has(key))
        }
        with _conflicts(self.path):
            return text.edited(values, gone).text.encode("utf-8", "surrogateescape")

    def _demand_required(self, text: EnvText, keys: Mapping[str, Plain]) -> None:
        missing = [key for key in keys if key in self.required and not text.filled(key)]
        if missing:
            raise Conflict(
                f"{self.path} has no value for {', '.join(missing)}",
                remedy="give them by hand, or by a step with `set` or `default`",
            )

    def _new_value(self, key: str, after: State) -> str:
        source = source_of({**self.default, **self.set}[key])
        if source.text is None:
            return generated(source.length)
        if VALUE + key in after and after[VALUE + key] != self._masked(source, source.text):
            raise StepFailed(f"the value planned for {key} is not the one at hand")
        return source.text

    def _restored(self, digest: str, current: bytes, content: Content) -> bytes:
        return current if self.keyed(current) == digest else self._kept(digest, content)

    def _kept(self, digest: str, content: Content) -> bytes:
        try:
            found = content.bytes_of(digest)
        except LookupError as error:
            raise StepFailed(f"the former text of {self.path} is not at hand: {error.args[0]}") from error
        if self.keyed(found) != digest:
            raise StepFailed(f"what is kept of the former text of {self.path} is damaged")
        return found


@contextmanager
def _conflicts(path: str) -> Iterator[None]:
    """Turn what the text or a value does not allow into a Conflict."""
    try:
        yield
    except Unsafe as problem:
        raise Conflict(f"{path}: {problem}", remedy=f"correct {path} by hand") from None
    except Unwritable as problem:
        raise Conflict(f"{path}: {problem}", remedy="choose another value") from None
