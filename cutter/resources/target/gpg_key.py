"""An OpenPGP key in a home of its own.

As a step:

    - name: Backup key
      gpg_key:
        home: /var/lib/cutter/gnupg
        generate: {name: cutter backup, email: backup@example.org, expires: 2y}
        usage: [encrypt, sign]
        export: /var/lib/cutter/backup-key.asc
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Optional

from cutter.errors import Conflict
from cutter.filesystem.walk import existing_parent_of, problem_of
from cutter.gpg import Key, available, certificate, keys, keys_in, making
from cutter.gpg import places as in_files
from cutter.gpg.making import NEW_KEY, NewKey
from cutter.gpg.places import CERTIFICATE, Published, mode_of_home, reach_home
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Resource, param

_USES = {"type": "array", "items": {"type": "string", "enum": ["encrypt", "sign"]}}
_OF_A_KEY = ("fingerprint", "uid", "algorithm", "usable", "secret")


class GpgKey(Resource):
    """An OpenPGP key that is of use: generated without a passphrase, or imported under its fingerprint.

    A key that exists is never replaced: for an expired or revoked one, the step says what a person does. The
    inverse of a creation first keeps an export of the key among the replaced content (0600), then removes it.
    """

    home: str = param(
        "Absolute path of the GNUPGHOME, used for nothing else; made with mode 0700.", pattern="^/"
    )
    generate: Optional[dict[str, Any]] = param(
        'Make a pair: name, email, algorithm (ed25519, rsa3072, rsa4096) and expires ("2y", "90d", "never").',
        default=None,
        schema=NEW_KEY,
    )
    import_: Optional[str] = param("Import the exported key in this file of the target.", default=None)
    import_text: Optional[str] = param("Import this armored public key.", default=None)
    fingerprint: Optional[str] = param(
        "All 40 hexadecimal digits; an import needs it.", default=None, pattern=r"^[0-9A-Fa-f]{40}$"
    )
    usage: Optional[list[str]] = param(
        "What it must be of use for; encrypt and sign for a generated key, nothing more for an imported one.",
        default=None,
        schema=_USES,
    )
    min_days_left: int = param("A key that expires sooner is of no use.", default=30, minimum=0)
    export: Optional[str] = param(
        "File for the public certificate, armored, mode 0644.", default=None, pattern="^/"
    )

    outputs: ClassVar[Mapping[str, str]] = {
        "fingerprint": "The fingerprint: 40 hexadecimal digits in upper case."
    }

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about paths, about none or two ways to get a key, and about a key that nothing pins."""
        for name in ("home", "import", "export"):
            path = params.get(name)
            if path and "{{" not in path and problem_of(path):
                yield Complaint((name,), problem_of(path))
        ways = [name for name in ("generate", "import", "import_text") if params.get(name) is not None]
        if len(ways) != 1:
            yield Complaint((), "needs exactly one of generate, import and import_text")
        elif ways != ["generate"] and not params.get("fingerprint"):
            yield Complaint((), "fingerprint is missing: an imported key is pinned by it")
        if "PRIVATE KEY" in (params.get("import_text") or ""):
            yield Complaint(("import_text",), "is a private key; a runbook is no place for it, use import")
        if isinstance(params.get("generate"), dict):
            for name, text in making.complaints_of_new(params["generate"], _days(params)):
                yield Complaint(("generate", name), text)

    def desired(self) -> Optional[State]:
        """Return a private home, a key that is of use, and its published certificate."""
        wanted: dict[str, Any] = {"home_mode": "0700", "usable": "yes"}
        if self.fingerprint:
            wanted["fingerprint"] = self.fingerprint.upper()
        if self.generate:
            wanted.update(uid=self._new.uid, algorithm=self._new.algorithm, secret=True)
        if self.export:
            wanted.update(export=CERTIFICATE, export_mode="0644")
        return wanted

    def observe(self) -> Optional[State]:
        """Return home, key and certificate, or None where neither a home nor a certificate is."""
        mode = mode_of_home(self.home)
        key = self._key() if mode else None
        seen: dict[str, Any] = {"home_mode": mode, **dict.fromkeys(_OF_A_KEY)}
        if key is not None:
            seen.update(fingerprint=key.fingerprint, uid=self._uid(key), algorithm=key.algorithm)
            seen.update(usable=self._verdict(key), secret=key.secret)
        if self.export:
            file = in_files.published(self.export, self.home, key.fingerprint if key else None)
            seen.update(export=file.holds, export_mode=file.mode)
        return seen if mode or seen.get("export") else None

    def results(self, state: Optional[State]) -> Mapping[str, str]:
        """Return the fingerprint."""
        fingerprint = (state or {}).get("fingerprint")
        return {"fingerprint": str(fingerprint)} if fingerprint else {}

    def preview(self, change: Change, content: Content) -> str:
        """Say what happens to a private key."""
        del content
        if change.before and change.before.get("secret") and not (change.after or {}).get("usable"):
            return (
                f"the private key {change.before['fingerprint']} leaves {self.home}; an export of it is kept"
            )
        return ""

    def workplaces(self) -> tuple[str, ...]:
        """Return the folder of the home, and that of the published certificate."""
        return tuple(os.path.dirname(path) for path in (self.home, self.export) if path)

    def apply(self, change: Change, content: Content) -> None:
        """Get or remove key, certificate and home. Raises Conflict rather than replace a key."""
        wanted = change.after or {}
        if wanted.get("usable") is None:
            self._withdraw(str((change.before or {}).get("fingerprint")), wanted, content)
        else:
            self._provide(wanted, content)

    def ready(self, change: Change, content: Content) -> None:
        """Raise a CutterError when a key, or a certificate's file, to be put back is not at hand."""
        wanted, found = change.after or {}, change.before or {}
        if wanted.get("fingerprint") not in {None, found.get("fingerprint")}:
            self._source(wanted, content)
        if self.export and wanted.get("export") != found.get("export"):
            in_files.restorable(Published(_text_of(wanted, "export"), None), content, self.export)

    def places(self) -> tuple[str, ...]:
        """Return the home, and the certificate's file."""
        return (self.home, self.export) if self.export else (self.home,)

    def inside(self) -> tuple[str, ...]:
        """Return what is in the home beside the key."""
        return making.left_by_removal(self.home) if mode_of_home(self.home) else ()

    def _provide(self, wanted: State, content: Content) -> None:
        available()
        key = self._key() if mode_of_home(self.home) else None
        if key is not None:
            self._refuse_another(key, wanted)
        source = b"" if key else self._source(wanted, content)
        if self.export:
            with existing_parent_of(self.export):  # a missing folder is told before there is a key
                pass
        reach_home(self.home, _text_of(wanted, "home_mode"))
        if source:
            making.take_in(self.home, source)
        elif key is None:
            making.generate(self.home, self._new)
        self._publish(wanted, content)

    def _withdraw(self, fingerprint: str, wanted: State, content: Content) -> None:
        self._publish(wanted, content)
        for key in keys(self.home):
            if key.fingerprint == fingerprint:
                kept = making.exported(self.home, fingerprint, secret=key.secret)
                content.keep(kept, self._kept_as(fingerprint))
                making.remove(self.home, fingerprint, secret=key.secret)
        reach_home(self.home, _text_of(wanted, "home_mode"))

    @property
    def _new(self) -> NewKey:
        declared: Mapping[str, str] = self.generate or {}
        algorithm, expires = declared.get("algorithm", "ed25519"), declared.get("expires", "2y")
        return NewKey(declared["name"], declared["email"], algorithm, expires)

    def _key(self) -> Optional[Key]:
        """Find the one key that is meant. Raises Conflict when several could be."""
        found = keys(self.home)
        if self.fingerprint:
            return next((key for key in found if key.fingerprint == self.fingerprint.upper()), None)
        matching = [key for key in found if key.secret and self._new.uid in key.uids]
        usable = [key for key in matching if self._verdict(key) == "yes"]
        if len(usable) > 1:
            names = ", ".join(key.fingerprint for key in usable)
            raise Conflict(
                f"{self.home} has {len(usable)} keys of {self._new.uid}: {names}",
                remedy="say which one is meant with fingerprint:",
            )
        return usable[0] if usable else max(matching, key=lambda key: key.created, default=None)

    def _uid(self, key: Key) -> str:
        mine = self.generate is not None and self._new.uid in key.uids
        return self._new.uid if mine else next(iter(key.uids), "")

    def _verdict(self, key: Key) -> str:
        made = self.generate is not None
        uses = self.usage if self.usage is not None else ["encrypt", "sign"] if made else []
        return key.verdict(uses, now=time.time(), days=self.min_days_left, secret=made)

    def _refuse_another(self, key: Key, wanted: State) -> None:
        seen: dict[str, Any] = {
            "fingerprint": key.fingerprint,
            "uid": self._uid(key),
            "algorithm": key.algorithm,
        }
        seen.update(usable=self._verdict(key), secret=key.secret)
        other = [name for name in _OF_A_KEY if name in wanted and wanted[name] != seen[name]]
        if other:
            raise Conflict(
                f"the key {key.fingerprint} has {', '.join(f'{name} {seen[name]!r}' for name in other)}; "
                "an existing key is never replaced",
                place=self.home,
                remedy=self._way_out(key, str(seen["usable"])),
            )

    def _way_out(self, key: Key, usable: str) -> str:
        if "expir" in usable:
            extend = f"gpg --homedir {self.home} --quick-set-expire {key.fingerprint} 2y"
            return f"extend it ({extend}, and once more with '*' at the end), or move {self.home} away"
        return f"move {self.home} away to get a new key, or declare the key that is there"

    def _source(self, wanted: State, content: Content) -> bytes:
        """Return the exported key to take in; empty when a new one is to be made."""
        known = wanted.get("fingerprint")
        if known:
            try:
                return content.bytes_of(self._kept_as(str(known)))
            except LookupError:
                if self.generate:
                    raise Conflict(
                        f"the key {known} is not in {self.home}, and a new one would be another",
                        remedy="bring the key back, or remove fingerprint: to have a new one made",
                    ) from None
        return b"" if self.generate else self._to_import()

    def _to_import(self) -> bytes:
        source = self.import_ or "import_text"
        text = in_files.exported_key(self.import_) if self.import_ else str(self.import_text).encode()
        found = keys_in(text)
        names = ", ".join(key.fingerprint for key in found) or "no key"
        pinned = str(self.fingerprint).upper()
        if names != pinned:
            raise Conflict(f"{source} holds {names} and not just the pinned {pinned}", place=self.home)
        verdict = self._verdict(found[0])
        if verdict != "yes":
            raise Conflict(f"the key {pinned} in {source} is of no use: {verdict}", place=self.home)
        return text

    def _kept_as(self, fingerprint: str) -> str:
        return self.keyed(f"gpg_key {fingerprint}")

    def _publish(self, wanted: State, content: Content) -> None:
        if self.export is None:
            return
        target = Published(_text_of(wanted, "export"), _text_of(wanted, "export_mode"))
        key = self._key() if mode_of_home(self.home) else None
        mine = certificate(self.home, key.fingerprint) if key else b""
        in_files.publish(self.export, target, mine, content)


def _days(params: Mapping[str, Any]) -> int:
    days = params.get("min_days_left", 30)
    return days if isinstance(days, int) else 0  # a reference is judged later


def _text_of(state: State, name: str) -> Optional[str]:
    value = state.get(name)
    return None if value is None else str(value)
