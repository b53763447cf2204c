"""The accounts of a machine: its four files as one value, homes, keys, and whom a change would lock out.

The files are read and written directly, under the lock that every other tool for accounts takes too. So a
look starts no program and asks no network, a password's hash is handed to nobody, and what was there comes
back as it was, also what no option of a tool can set.
"""

from __future__ import annotations
