"""OpenPGP keys through the system's gpg; travels.

Looking needs no agent, takes no lock and writes nothing; working leaves no agent behind. What comes back is
what gpg says in its machine-readable form, never what it says to people.
"""

from __future__ import annotations

from cutter.gpg.homes import available
from cutter.gpg.keyring import Key, Part, certificate, keys, keys_in

__all__ = ["Key", "Part", "available", "certificate", "keys", "keys_in"]
