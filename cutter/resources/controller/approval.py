"""An approval by the roles that are to give it: of the run itself, or of a document.

Of the run itself, as its first step; the run is then one of a request, `cutter apply FILE.request`:

    - name: Approval
      approval: {roles: [SG_1, SG_2]}

Of a document, by signatures beside it (`f3-ruling.md.SG_1.sig`), which `cutter approve` makes:

    - name: Ruling
      approval: {document: documents/f3-ruling.md, roles: [SG_1, SG_2]}
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from cutter.approvals.accepted import AcceptedRequest
from cutter.approvals.files import document_of, signatures_beside
from cutter.approvals.pinning import ever_pinned
from cutter.approvals.verdicts import Signatory, signatories
from cutter.errors import ApprovalRefused, ConfigurationError
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Desk, Resource, param

_RUN = "the run"
_SUCCESS = ("ok", "changed")
_HOW = (
    "cutter plan RUNBOOK -o FILE.plan; cutter request FILE.plan --key FINGERPRINT; "
    "cutter approve FILE.request --role ROLE --key FINGERPRINT for each role; cutter apply FILE.request"
)
_REPLACE = (
    "put back the one that is pinned; another one takes its place by signatures and the cut_schema step"
)


class Approval(Resource):
    """Signatures by every role named, judged once under authority.yml and recorded with who signed.

    A verdict that is recorded is not given again: a key that expires later takes nothing back. A document
    that changes is another one, and so is a run. Once the database has pinned who may approve, only a verdict
    under what is or was pinned there counts.
    """

    roles: list[str] = param("The roles that must sign, as authority.yml names them.")
    document: str | None = param("The document, from the runbook's folder; without, the run.", default=None)
    subject: str = param("The digest of the document.", default=_RUN, internal=True)
    place: str = param("Where the document lies.", default="", internal=True)

    located = ("place",)
    event = True
    _told: tuple[State | None] | None = None

    def __init__(self, params: Mapping[str, Any], digest_key: bytes = b"") -> None:
        """Take checked parameters; the approval of a run is an event of that run."""
        super().__init__(params, digest_key)
        self.each_run = self.document is None

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Yield a complaint about roles that are none, or named twice."""
        roles = params.get("roles", ["?"])
        if isinstance(roles, list) and (not roles or len(set(roles)) < len(roles)):
            yield Complaint(
                ("roles",), "names a role twice" if roles else "is empty, and nobody would approve"
            )

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read the document. Raises InvalidDocument where it cannot be read."""
        if params.get("document") is None:
            return params
        name = params["document"]
        return {**params, "subject": bytes_digest(desk.read(name)), "place": desk.place(name)}

    def desired(self) -> State | None:
        """Return that these roles accepted the subject."""
        return self._declared()

    def observe(self) -> State | None:
        """Return the recorded verdict, with who signed; None where there is none, and it can be given.

        Raises ApprovalRefused where it cannot: a signature is missing, or does not count.
        """
        if self._told is not None:
            return self._told[0]
        if self.document is None:
            return self._of_run()
        recorded, pinned = self._recorded(), self._ever_pinned()
        if recorded is not None and (not pinned or recorded.get("authority") in pinned):
            return recorded
        self._signatories()
        return None

    def apply(self, change: Change, content: Content) -> None:
        """Give the verdict. Raises ApprovalRefused. Taking it back forgets it for this look alone."""
        self._told = (None if change.after is None else self._given(),)

    def _of_run(self) -> State | None:
        if not self.there.run:
            return self._recorded()
        accepted: AcceptedRequest | None = self.there.scope.accepted
        if accepted is None:
            raise ApprovalRefused("this run has no approved request", remedy=_HOW)
        missing = sorted(set(self.roles) - set(accepted.signers))
        if missing:
            raise ApprovalRefused(
                f"the request of this run is not signed for {', '.join(missing)}", remedy=_HOW
            )
        if self.there.identity() not in accepted.databases:
            raise ApprovalRefused("the request of this run is for another database", remedy=_HOW)
        return {
            **self._declared(),
            "authority": accepted.authority,
            "request": accepted.digest,
            "signed_by": _names({role: signer.person for role, signer in accepted.signers.items()}),
        }

    def _given(self) -> State | None:
        if self.document is None:
            return self._of_run()
        authority = self.there.scope.authority()
        signed = {each.role: each.person for each in self._signatories()}
        return {**self._declared(), "authority": authority.digest, "signed_by": _names(signed)}

    def _signatories(self) -> tuple[Signatory, ...]:
        try:
            authority = self.there.scope.authority()
        except ConfigurationError as error:
            raise ApprovalRefused(error.cause, place=error.place, remedy=error.remedy) from error
        pinned = self._ever_pinned()
        if pinned and authority.digest != pinned[-1]:
            cause = "authority.yml is another than the one that is pinned in the database"
            raise ApprovalRefused(cause, place=self.there.scope.authority_file, remedy=_REPLACE)
        document = document_of(self.place)
        if bytes_digest(document) != self.subject:
            raise ApprovalRefused("the document changed while it was looked at", place=self.place)
        signatures = signatures_beside(self.place, self.roles)
        return signatories(document, signatures, authority, self.roles, place=self.place, now=time.time())

    def _ever_pinned(self) -> tuple[str, ...]:
        login = "OWNER" if "OWNER" in self.there.logins() else "READER"
        with closing(self.there.connection(login)) as connection:
            return ever_pinned(connection)

    def _recorded(self) -> State | None:
        """Return the newest verdict about the subject: of a run, the newest run's on this database."""
        identity = self.there.identity() if self.document is None else None
        wanted, newest = self._declared(), None
        for _, _, body in self.there.entries({"evidence"}):
            seen = body.get("observed") or {}
            if body.get("type") == "approval" and body["outcome"] in _SUCCESS:
                of_this = {key: seen.get(key) for key in wanted} == wanted
                newest = seen if of_this and identity in (None, body.get("identity")) else newest
        return newest if newest is None or self.document is not None or self._kept(newest) else None

    def _kept(self, seen: State) -> bool:
        """Tell whether the ledger keeps the request that was accepted, byte for byte."""
        entries = (body for _, _, body in self.there.entries({"approval"}))
        texts = [body.get("text", "") for body in entries if body.get("request") == seen.get("request")]
        return any(bytes_digest(text.encode()) == seen.get("request") for text in texts)

    def _declared(self) -> dict[str, str]:
        return {"verdict": "accepted", "subject": self.subject, "roles": " ".join(sorted(self.roles))}


def _names(signed: Mapping[str, str]) -> str:
    return ", ".join(f"{role}: {person}" for role, person in sorted(signed.items()))
