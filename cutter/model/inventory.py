"""An environment: its hosts, their variables with their origins, and where evidence belongs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Optional

from cutter.named_tuple import NamedTuple


class Variable(NamedTuple):
    """One value that somebody gave to a variable.

    `origin` is file:line:col, or ``-e``, or ``builtin``; `layer` says whose word it is: ``runbook``, ``group
    web``, ``host web1``, ``-e``.
    """

    value: Any
    origin: str
    layer: str


Variables = Mapping[str, tuple[Variable, ...]]
"""Every value given to each name, weakest first: the last one counts."""


class SecretSource(NamedTuple):
    """Where the controller finds a secret: an environment variable, or the first line of a file."""

    env: str = ""
    file: str = ""


class Host(NamedTuple):
    """One target. `connection` is ``local`` or ``ssh``; what is None or empty is left to the system.

    `ssh_words` are options for ssh, `python` is the interpreter there; `bootstrap_python` allows to install
    one where there is none.
    """

    name: str
    connection: str
    address: str
    user: Optional[str]
    port: Optional[int]
    become: bool
    groups: tuple[str, ...]
    variables: Variables
    key_file: str = ""
    ssh_words: tuple[str, ...] = ()
    python: str = "python3"
    become_password: Optional[SecretSource] = None
    bootstrap_python: bool = False


class Database(NamedTuple):
    """One database of databases.yml; exactly one of `embedded`, `env_file` and `dsn` says where it is.

    `embedded` is the folder of a server of our own, `env_file` a file with the DOT_CUTTER_* wiring, `dsn`
    says host, port and database without a password (libpq looks into ~/.pgpass). `dbname` is its name on an
    embedded server. `logins` maps READER, WRITER, ... to names of users; `names` maps ours to those of an
    existing schema. `authoriser_env_file` is the file, apart from the others, with the login that may turn
    the kill switch on.
    """

    name: str
    production: bool
    embedded: Optional[str] = None
    env_file: Optional[str] = None
    dsn: Optional[str] = None
    dbname: str = ""
    logins: Mapping[str, str] = MappingProxyType({})
    names: Mapping[str, str] = MappingProxyType({})
    authoriser_env_file: Optional[str] = None


class CheckpointKey(NamedTuple):
    """The key that signs checkpoints of the ledger: the primary key's fingerprint, the certificate's file.

    `home` is where its secret half lies, absolute; empty: in the caller's own keyring.
    """

    fingerprint: str
    certificate: str
    home: str


class Environment(NamedTuple):
    """An inventory folder, read whole.

    `ledger` is an absolute folder or a PostgreSQL URL; `target_state` the folder on each target where kept
    content and locks live. `groups` maps each group's name to its hosts' names. `digest` covers the content
    of all files. `common` are the variables of the group ``all``, which databases have too. `checkpoint_to`
    is the folder outside where signed checkpoints of the ledger are kept; it is set where the key is.
    """

    name: str
    production: bool
    sandbox: bool
    folder: str
    project_dir: str
    ledger: str
    target_state: str
    matrix_file: Optional[str]
    hosts: tuple[Host, ...]
    groups: Mapping[str, tuple[str, ...]]
    digest: str
    databases: tuple[Database, ...] = ()
    common: Variables = MappingProxyType({})
    checkpoint_to: str = ""
    checkpoint_key: Optional[CheckpointKey] = None
