"""Where a database is, and as whom each login enters it: from databases.yml and the wiring it names."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from cutter.errors import ConfigurationError
from cutter.model.inventory import Database
from cutter.model.secret import Secret
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    from cutter.env_text.document import EnvText

LOGINS = ("READER", "WRITER", "VERIFY", "ENACT", "REHEARSAL", "BACKUP", "SCRATCH", "OWNER", "AUTHORISER")
ROLE_LOGINS: Mapping[str, str] = MappingProxyType(
    {
        "cut": "WRITER",
        "governance": "WRITER",
        "verify": "WRITER",
        "reader": "READER",
        "enact": "ENACT",
        "rehearsal": "REHEARSAL",
        "backup": "BACKUP",
        "scratch": "SCRATCH",
    }
)
"""The login behind each role. The three legs of a cut share one: a leg narrows itself by SET LOCAL ROLE."""

PREFIX = "DOT_CUTTER_"
AUTHORISER = "AUTHORISER"
"""The login that may turn the kill switch on; its wiring stands in a file of its own."""
WIRE = "let runbooks/provision-vps.yml write it, where env_path is this file; or write it by hand"
_KEYS = {"HOST": "host", "PORT": "port", "DB": "dbname"}
_PORTS = 2**16
_PRIVATE = 0o600
_FORBIDDEN = ("password", "user", "passfile")


class Login(NamedTuple):
    """A user of a database and its password; None leaves the password to libpq or to the socket."""

    user: str
    password: Secret | None


class Place(NamedTuple):
    """Where to connect (libpq's words, no user, no password) and the logins that are configured.

    `origin` names the file to correct when it is wrong; `apart` that of the AUTHORISER, which is read when
    that login is asked for, and not before.
    """

    words: Mapping[str, str]
    logins: Mapping[str, Login]
    origin: str
    apart: str = ""

    def has(self, name: str) -> bool:
        """Tell whether a login is configured."""
        return name in self.logins or (name == AUTHORISER and bool(self.apart))

    def login(self, name: str) -> Login:
        """Return a login. Raises ConfigurationError when the configuration has none of that name."""
        if name not in LOGINS:
            raise ConfigurationError(f"there is no login {name!r}; there are {', '.join(LOGINS)}")
        if name == AUTHORISER and self.apart:
            return _authoriser(self.apart)
        if name == AUTHORISER and name not in self.logins:
            raise ConfigurationError(
                "the login AUTHORISER is not configured, so nothing can turn the kill switch on",
                place=self.origin,
                remedy="name its file in databases.yml, as authoriser_env_file:",
            )
        if name not in self.logins:
            raise ConfigurationError(
                f"the login {name} is not configured",
                place=self.origin,
                remedy=f"add {PREFIX}{name}_USER and {PREFIX}{name}_PASSWORD",
            )
        return self.logins[name]

    def shown(self) -> str:
        """Return host, port and database in one word, for messages."""
        words = self.words
        return f"{words.get('host', 'localhost')}:{words.get('port', '5432')}/{words.get('dbname', '')}"


def place_of(database: Database, socket_folder: str = "") -> Place:
    """Return where a database is; `socket_folder` is that of its embedded server.

    Raises ConfigurationError when the wiring is missing or incomplete.
    """
    if database.embedded is not None:
        return _embedded(database, socket_folder)
    apart = database.authoriser_env_file or ""
    if database.env_file is not None:
        return _wired(database.env_file)._replace(apart=apart)
    if database.dsn is not None:
        return _of_dsn(database)._replace(apart=apart)
    raise ConfigurationError(
        f"the database {database.name} has neither embedded, env_file nor dsn", place="databases.yml"
    )


def user_names(given: Mapping[str, str]) -> dict[str, str]:
    """Return the user of each login but the owner: as given, or cutter_reader_login, ..."""
    own = {login: f"cutter_{login.lower()}_login" for login in LOGINS if login != "OWNER"}
    return {**own, **given}


def _embedded(database: Database, socket_folder: str) -> Place:
    from cutter.database.embedded import PORT, SUPERUSER

    users = {"OWNER": SUPERUSER, **user_names(database.logins)}
    words = {"host": socket_folder, "port": str(PORT), "dbname": database.dbname or database.name}
    return Place(words, {name: Login(user, None) for name, user in users.items()}, str(database.embedded))


def _wired(path: str) -> Place:
    text = _env_text(path, WIRE)
    missing = [PREFIX + key for key in _KEYS if not text.filled(PREFIX + key)]
    if missing:
        raise ConfigurationError(f"{', '.join(missing)} missing", place=path, remedy="add them to the file")
    words = {word: _value(text, PREFIX + key, path) for key, word in _KEYS.items()}
    port = words["port"]
    if not (port.isascii() and port.isdigit() and 0 < int(port[:9]) < _PORTS):
        raise ConfigurationError(f"{PREFIX}PORT is not a port number", place=path, remedy="correct it")
    return Place(words, _wired_logins(text, path), path)


def _authoriser(path: str) -> Login:
    """Return the login that may turn the switch on. Raises ConfigurationError for a file others can read."""
    user, password = (f"{PREFIX}{AUTHORISER}_{what}" for what in ("USER", "PASSWORD"))
    text = _env_text(path, f"write {user} and {password} there", private=True)
    missing = [key for key in (user, password) if not text.filled(key)]
    if missing:
        raise ConfigurationError(f"{', '.join(missing)} missing", place=path, remedy="add them to the file")
    return Login(_value(text, user, path), Secret(_value(text, password, path)))


def _env_text(path: str, remedy: str, *, private: bool = False) -> EnvText:
    from cutter.env_text.document import EnvText

    try:
        with open(path, encoding="utf-8", newline="") as file:
            if private:
                _demand_private(os.fstat(file.fileno()), path)
            return EnvText(file.read())
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(
            f"the database wiring cannot be read: {why}", place=path, remedy=remedy
        ) from None


def _demand_private(there: os.stat_result, path: str) -> None:
    mode = stat.S_IMODE(there.st_mode)
    if mode != _PRIVATE or there.st_uid != os.geteuid():
        raise ConfigurationError(
            f"this file has mode {mode:04o} and owner {there.st_uid}: others may read or change it",
            place=path,
            remedy=f"chown {os.geteuid()} {path} && chmod 0600 {path}",
        )


def _wired_logins(text: EnvText, path: str) -> dict[str, Login]:
    found = {}
    if text.filled(f"{PREFIX}{AUTHORISER}_USER") or text.filled(f"{PREFIX}{AUTHORISER}_PASSWORD"):
        raise ConfigurationError(
            "the login AUTHORISER stands beside the others",
            place=path,
            remedy="move it to a file of its own, and name that in databases.yml, as authoriser_env_file:",
        )
    for name in LOGINS:
        user, password = (f"{PREFIX}{name}_{what}" for what in ("USER", "PASSWORD"))
        if text.filled(user):
            secret = Secret(_value(text, password, path)) if text.filled(password) else None
            found[name] = Login(_value(text, user, path), secret)
    return found


def _value(text: EnvText, key: str, path: str) -> str:
    value = text.value(key)
    if value is None:
        raise ConfigurationError(
            f"{key} is read differently by python-dotenv and by docker compose, or filled in from elsewhere",
            place=path,
            remedy="write the value in single quotes, without ${...}",
        )
    return value


def _of_dsn(database: Database) -> Place:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    place = f"databases.yml: {database.name}.dsn"
    try:
        words = {key: str(value) for key, value in conninfo_to_dict(database.dsn or "").items() if value}
    except ProgrammingError:
        remedy = "write it like: host=db1 port=5432 dbname=governed"
        raise ConfigurationError("it is no connection string", place=place, remedy=remedy) from None
    for word in _FORBIDDEN:
        if word in words:
            raise ConfigurationError(
                f"it names a {word}; users come from logins:, passwords from ~/.pgpass or an env_file",
                place=place,
                remedy=f"remove the {word} from the connection string",
            )
    users = user_names(database.logins)
    logins = {name: Login(user, None) for name, user in users.items() if name != AUTHORISER}
    return Place(words, logins, place)
