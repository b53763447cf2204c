"""Schemas of the files of an inventory folder; hosts.yml is Ansible's own YAML form."""

from __future__ import annotations

from typing import Any

from cutter.cut.adoption_words import APART, ARGUMENTS, COLUMNS, FUNCTION, TABLE
from cutter.language.connection_words import KNOWN
from cutter.language.schema_authority import KEY

_NAMES = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
_VARIABLES: dict[str, Any] = {"type": ["object", "null"], "propertyNames": _NAMES}
_PLACE = {"type": "string", "pattern": r"^(/|\{\{)"}
_WORD = {"enum": ["yes", "no"]}

HOSTS: dict[str, Any] = {
    "title": "Hosts and groups of an inventory",
    "description": "Ansible's YAML form: groups with hosts, children and vars.",
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"$ref": "#/$defs/name"},
    "additionalProperties": {"$ref": "#/$defs/group"},
    "$defs": {
        "name": {"pattern": r"^[A-Za-z0-9_.\-]+$"},
        "group": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "hosts": {
                    "description": "Hosts with their variables; web[01:10] stands for ten of them.",
                    "type": ["object", "null"],
                    "propertyNames": {"pattern": r"^[A-Za-z0-9_.:\-\[\]]+$"},
                    "additionalProperties": {"$ref": "#/$defs/host"},
                },
                "children": {
                    "description": "Groups inside this one.",
                    "type": ["object", "null"],
                    "propertyNames": {"$ref": "#/$defs/name"},
                    "additionalProperties": {"$ref": "#/$defs/group"},
                },
                "vars": {**_VARIABLES, "description": "Variables of every host of this group."},
            },
        },
        "host": {
            **_VARIABLES,
            "properties": dict(KNOWN),
        },
    },
}

ENVIRONMENT: dict[str, Any] = {
    "title": "An environment: where evidence belongs",
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "production"],
    "properties": {
        "name": {
            "type": "string",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            "description": "Its name, in every banner.",
        },
        "production": {**_WORD, "description": "Whether a mistake here hurts: yes or no."},
        "sandbox": {**_WORD, "default": "no", "description": "Whether nothing here is real."},
        "ledger": {
            "type": "string",
            "pattern": r"^(/|\{\{|postgres(ql)?://)",
            "description": "The folder of the ledger, or the URL of a shared one.",
        },
        "target_state": {**_PLACE, "description": "Where kept content and locks live on each target."},
        "matrix_file": {
            **_PLACE,
            "description": "A Markdown file that shows the gap matrix, kept up to date.",
        },
        "checkpoint_to": {
            **_PLACE,
            "description": "A folder off this host where every run leaves a signed checkpoint of the ledger.",
        },
        "checkpoint_key": {
            "type": "object",
            "description": "The key that signs checkpoints; it signs unattended.",
            "additionalProperties": False,
            "required": ["certificate", "fingerprint"],
            "properties": {
                **KEY,
                "home": {**_PLACE, "description": "The GnuPG home of its secret half, if not the caller's."},
            },
        },
    },
}

_USER = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_$-]{0,62}$"}

_LOGINS = ("READER", "WRITER", "VERIFY", "ENACT", "REHEARSAL", "BACKUP", "SCRATCH", "OWNER")


def _existing() -> dict[str, Any]:
    """Return the keys of `names:`; names are as the catalogue spells them."""
    qualified = {"type": "string", "pattern": r"^[^\s\"$.]{1,63}(\.[^\s\"$.]{1,63})?$"}
    name = {"type": "string", "pattern": r"^[^\s\"$.]{1,63}$"}
    return {
        TABLE: {**qualified, "description": "The table, with its schema: legacy.units."},
        FUNCTION: {**qualified, "description": "The function that makes one row of it."},
        **{
            f"{TABLE}.{word}": {**name, "description": f"Its column for {word}; {APART} when it has none."}
            for word in COLUMNS
        },
        **{f"{FUNCTION}.{word}": {**name, "description": f"Its argument for {word}."} for word in ARGUMENTS},
    }


DATABASES: dict[str, Any] = {
    "title": "The databases of an environment",
    "description": "Each says where it is by exactly one of embedded, env_file and dsn.",
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[a-z0-9]+([-_][a-z0-9]+)*$"},
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "required": ["production"],
        "properties": {
            "production": {**_WORD, "description": "Whether a mistake here hurts: yes or no."},
            "embedded": {**_PLACE, "description": "The folder of a server of our own; never for production."},
            "env_file": {**_PLACE, "description": "A file with the DOT_CUTTER_* wiring."},
            "authoriser_env_file": {
                **_PLACE,
                "description": "A file of its own, mode 0600, with the login that turns the kill switch on.",
            },
            "dsn": {
                "type": "string",
                "minLength": 1,
                "description": "Host, port and database as libpq reads them, without user and password.",
            },
            "dbname": {**_USER, "description": "Its name on the embedded server; its own name by default."},
            "logins": {
                "type": "object",
                "description": "The user of each login; cutter_reader_login, ... by default.",
                "additionalProperties": False,
                "properties": dict.fromkeys(_LOGINS, _USER),
            },
            "names": {
                "type": "object",
                "description": "An existing table and function that the units of a cut go into.",
                "additionalProperties": False,
                "required": [TABLE, FUNCTION],
                "properties": _existing(),
            },
        },
    },
}

VARS: dict[str, Any] = {
    "title": "Variables of a group or a host",
    "type": ["object", "null"],
    "propertyNames": _NAMES,
}
