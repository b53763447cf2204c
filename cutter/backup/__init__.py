"""Backups of a database: dumped, encrypted and signed in one stream, proven before anything relies on them.

A backup is a file and, beside it, the manifest that describes it. It counts when the ledger has the
manifest's digest, the file is the one described, its packets say that it is encrypted to the key of the
policy and to no other, and it was read back whole.
"""

from __future__ import annotations
