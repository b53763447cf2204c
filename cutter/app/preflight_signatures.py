"""Who may approve a run, and who has: the conditions of an approved run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from cutter.app.workspace import Job, Workspace
from cutter.errors import ApprovalRefused
from cutter.model.condition import Condition, held, in_the_run, missing
from cutter.model.runbook import BoundRunbook

_CODE = ApprovalRefused.exit_code


def authority_condition(workspace: Workspace, bound: BoundRunbook) -> Iterator[Condition]:
    """Yield whether those who may approve are those that the database knows. Raises ConfigurationError."""
    from cutter.approvals.pinning import pinned

    authority = workspace.authority()
    provider = workspace.database_context(bound.target, "").provider
    with closing(provider("OWNER" if provider.has("OWNER") else "READER")) as connection:
        found = pinned(connection)
    people = "; ".join(f"{role}: {', '.join(authority.people_of(role))}" for role in authority.rule.roles)
    if found is None:
        fix = "apply a runbook with a cut_schema step, which pins it"
        yield missing("authority", "the database does not know it yet", fix, _CODE)
    elif found.digest != authority.digest:
        fix = "have it signed by those who may approve now, then apply a runbook with a cut_schema step"
        yield missing("authority", "the database knows another one", fix, _CODE)
    else:
        yield held("authority", f"pinned in the database; {people}")


def signature_condition(workspace: Workspace, job: Job, request: str, closes: str) -> Iterator[Condition]:
    """Yield whether a request of it is signed; without one, what to type. Raises ApprovalRefused."""
    if not request:
        roles = workspace.authority().rule.roles
        approve = "; ".join(f"cutter approve FILE.request --role {role} --key FINGERPRINT" for role in roles)
        fix = f"cutter plan {job.path} -o FILE.plan; cutter request FILE.plan --key FINGERPRINT; {approve}"
        yield in_the_run("signatures", "no request is named", closes or "by its request", fix)
        return
    from cutter.app.accepting import accept, read_request
    from cutter.app.run_scoping import memories

    given = read_request(request)
    if given.signed.request.facts.runbook_digest != job.runbook.digest:
        raise ApprovalRefused(f"{request} is for another runbook, or for this one as it was", place=job.path)
    with workspace.read_ledger() as ledger:
        accepted = accept(workspace, ledger, given, memories(workspace, given)).accepted
    signed = ", ".join(f"{role}: {who.person}" for role, who in sorted(accepted.signers.items()))
    yield held("signatures", f"{signed}; until {accepted.expires}")
