"""A drill: decrypt a backup, restore it into a scratch database, and compare that with the manifest."""

from __future__ import annotations

from contextlib import ExitStack, closing

from cutter.backup.digests import content_of, unlike
from cutter.backup.manifest import Manifest
from cutter.backup.pipeline import Link
from cutter.backup.policy import Policy
from cutter.backup.proving import decrypted_into, demand_described, demand_encrypted
from cutter.children import guarded
from cutter.database.connections import ConnectionProvider
from cutter.database.copying import without_default_rights
from cutter.database.failures import told
from cutter.database.programs import End, Programs, client_program
from cutter.database.scratch import CopyProvider, scratch_database
from cutter.database.statements import statements
from cutter.errors import BackupFailed
from cutter.gpg.encrypting import demand_signed

_PLACE = "drill"
_SHOWN = 5
_WORDS = ("--no-owner", "--exit-on-error", "--single-transaction")


def drill(provider: ConnectionProvider, policy: Policy, manifest: Manifest, file: str = "") -> int:
    """Restore a backup into a scratch database, which is dropped again; return how many tables were compared.

    `file` is where the backup lies, when that is not where it was made. Of a dump of single tables, their
    triggers, indexes and references are left out. Raises BackupFailed when it cannot be restored whole, or
    when what was restored is not what was dumped.
    """
    path = file or manifest.file
    demand_described(path, manifest)
    demand_encrypted(path, policy.home, manifest.encrypted_to)
    with scratch_database(provider) as copy, told(_PLACE):
        _restore(copy, policy, manifest, path)
        found = _content(copy, manifest)
    wrong = unlike(manifest.content, found)
    if wrong:
        shown = ", ".join(wrong[:_SHOWN]) + (f" and {len(wrong) - _SHOWN} more" if wrong[_SHOWN:] else "")
        raise BackupFailed(f"what {path} restores differs from what was dumped: {shown}", place=_PLACE)
    return len(found)


def _restore(copy: CopyProvider, policy: Policy, manifest: Manifest, path: str) -> None:
    _make_schemas(copy, manifest)
    end = End(copy.place, copy.place.login("SCRATCH"))
    with open(path, "rb") as file, guarded() as guard, ExitStack() as stack:
        programs = Programs(guard, stack)
        wanted = _wanted(programs, file.fileno(), policy.home)
        there, handed = programs.reached(end)
        # what a single table's triggers and references need was not dumped with it
        narrow = ["--section=pre-data", "--section=data"] if manifest.tables else []
        argv = [client_program("pg_restore"), *_WORDS, *narrow, f"--use-list=/dev/fd/{wanted}", *there]
        status = decrypted_into([Link(argv, descriptors=(*handed, wanted))], file.fileno(), policy.home)
    demand_signed(status, path, manifest.signed_by)


def _wanted(programs: Programs, source: int, home: str) -> int:
    """Return a memory file with the entries of the archive that SCRATCH may restore."""
    listed = programs.held("entries")
    argv = [client_program("pg_restore"), "--list", f"--file=/dev/fd/{listed}"]
    decrypted_into([Link(argv, descriptors=(listed,))], source, home, leaves_early=True)
    with open(listed, "rb", closefd=False) as entries:
        entries.seek(0)
        return programs.held("wanted", without_default_rights(entries))


def _make_schemas(copy: CopyProvider, manifest: Manifest) -> None:
    """Make the schemas that a dump of single tables does not bring along."""
    from psycopg import sql

    text = sql.SQL(statements("backup")["schema"].decode())
    with closing(copy("SCRATCH")) as connection:
        for schema in sorted({name.partition(".")[0] for name in manifest.tables}):
            connection.execute(text.format(sql.Identifier(schema)))
        connection.commit()


def _content(copy: CopyProvider, manifest: Manifest) -> dict[str, str]:
    policy = Policy("", "", "", manifest.schemas, manifest.tables)
    with closing(copy("SCRATCH")) as connection:
        connection.read_only = True
        return content_of(connection, policy)
