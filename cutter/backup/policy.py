"""What is to be backed up, where to, and to which key: as declared, with the key's name looked up."""

from __future__ import annotations

import re

from cutter.env_text.document import EnvText
from cutter.errors import ConfigurationError, Unavailable
from cutter.model.canonical import digest
from cutter.named_tuple import NamedTuple

KEY_NAME = "BACKUP_GPG_FPR"
SCHEMAS = ("cutter", "cutter_proof")
_FINGERPRINT = re.compile("[0-9A-F]{40}")


class Policy(NamedTuple):
    """How backups of one database are made.

    `recipient` is the fingerprint of the key in `home` that they are encrypted to and signed by. `tables`,
    where there are any, say more narrowly than `schemas` what is dumped. `keep` is how many good ones stay, 0
    all; `copy_to` is the second folder, and `off_host` says that it must be on another file system.
    """

    folder: str
    home: str
    recipient: str
    schemas: tuple[str, ...] = SCHEMAS
    tables: tuple[str, ...] = ()
    keep: int = 0
    copy_to: str = ""
    off_host: bool = False

    @property
    def subject(self) -> str:
        """What a backup under this policy is of, to whom it is readable and where it lies, as a digest."""
        about = {"schemas": list(self.schemas), "tables": list(self.tables), "recipient": self.recipient}
        return digest("backup-policy", {**about, "folder": self.folder, "copy_to": self.copy_to})


def drill_subject(folder: str, recipient: str) -> str:
    """Return what a drill is about: where the backups lie and which key opens them, as a digest."""
    return digest("backup-drill", {"folder": folder, "recipient": recipient})


def fingerprint_in(env_file: str, key: str = KEY_NAME) -> str:
    """Return the fingerprint that a key of an env file names.

    Raises Unavailable where there is none yet, ConfigurationError for what is no fingerprint.
    """
    remedy = "cutter apply runbooks/provision-vps.yml"
    try:
        with open(env_file, encoding="utf-8", newline="") as file:
            text = EnvText(file.read())
    except OSError as error:
        raise Unavailable(f"{env_file} cannot be read: {error.strerror}", remedy=remedy) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{env_file} is not UTF-8") from None
    if not text.filled(key):
        raise Unavailable(f"{env_file} has no {key}", remedy=remedy)
    value = text.value(key)
    if value is None or not _FINGERPRINT.fullmatch(value):
        raise ConfigurationError(
            f"{key} is not a fingerprint of 40 upper-case hexadecimal digits", place=env_file, remedy=remedy
        )
    return value
