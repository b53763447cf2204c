"""One stream from the database to the encrypted file: pg_dump under an exported snapshot, into gpg."""

from __future__ import annotations

from contextlib import ExitStack

from cutter.backup.digests import content_of
from cutter.backup.pipeline import Link, run_chain
from cutter.backup.policy import Policy
from cutter.database.connections import ConnectionProvider, identity
from cutter.database.copying import held_snapshot
from cutter.database.failures import told
from cutter.database.programs import End, Programs, client_program, major_of_client, version_of_client
from cutter.database.scratch import AUTHORISATIONS
from cutter.errors import BackupFailed
from cutter.gpg.encrypting import sealing
from cutter.gpg.homes import at_work
from cutter.named_tuple import NamedTuple

_PLACE = "backup"
_LOCK_WAIT = "30s"


class Dumped(NamedTuple):
    """What was dumped: database, server, program, snapshot, and a digest of the rows of each table."""

    identity: str
    server: str
    dumped_by: str
    snapshot: str
    content: dict[str, str]


def dump(provider: ConnectionProvider, policy: Policy, output: int) -> Dumped:
    """Write an encrypted and signed dump to an open file, and return what is in it.

    Raises BackupFailed, ConfigurationError without the login BACKUP, Unavailable without program or server.
    """
    with held_snapshot(provider) as (connection, snapshot), told(_PLACE):
        server = str(connection.info.parameter_status("server_version"))
        said = _program_version(connection.info.server_version // 10000, server)
        dumped = Dumped(identity(connection), server, said, snapshot, content_of(connection, policy))
        _demand_content(dumped, policy)
        stream(provider, policy, _words(policy, snapshot), output)
    return dumped


def _program_version(major: int, server: str) -> str:
    """Return the version of pg_dump. Raises BackupFailed when it is older than the server."""
    program = client_program("pg_dump")
    said = version_of_client(program)
    if major_of_client(program) < major:
        raise BackupFailed(
            f"pg_dump is {said or 'of no version'} and older than the server, {server}",
            place=program,
            remedy="install the client programs of the server's version",
        )
    return said


def _demand_content(dumped: Dumped, policy: Policy) -> None:
    missing = [name for name in policy.tables if name not in dumped.content]
    if missing or not dumped.content:
        what = f"there is no table {', '.join(missing)}" if missing else "the schemas declared have no table"
        raise BackupFailed(
            f"{what}, so there is nothing to back up", remedy="correct the step's schemas, tables"
        )


def _words(policy: Policy, snapshot: str) -> list[str]:
    narrow = [f'--schema="{name}"' for name in policy.schemas]
    if policy.tables:
        narrow = ['--table="{}"."{}"'.format(*name.split(".")) for name in policy.tables]
    return [
        *("--format=custom", "--compress=zstd", "--no-password", "--strict-names"),
        *(f"--snapshot={snapshot}", f"--lock-wait-timeout={_LOCK_WAIT}"),
        *(f"--exclude-table-data={AUTHORISATIONS}", *narrow),  # an authorisation is never part of a backup
    ]


def stream(provider: ConnectionProvider, policy: Policy, words: list[str], output: int) -> None:
    """Have pg_dump write into gpg, and gpg into an open file. Raises BackupFailed."""
    end = End(provider.place, provider.place.login("BACKUP"))
    with at_work(policy.home) as (guard, home), ExitStack() as stack:
        there, handed = Programs(guard, stack).reached(end)
        dumper = Link([client_program("pg_dump"), *words, *there], descriptors=handed)
        run_chain([dumper, Link(sealing(home, policy.recipient))], guard, stdout=output)
