"""Runs steps where the target is: look, decide, move, look again. Travels to the target.

Nothing here knows a resource type by name, a ledger or a terminal. Requests and answers are plain mappings, so
that the same code serves a call in this process and frames on a pipe.
"""

from __future__ import annotations

import getpass
import grp
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from cutter.errors import Conflict, CutterError, PermissionRefused, StepFailed, Unavailable
from cutter.model.evidence import Outcome
from cutter.model.references import Unresolved, is_late, lookup_in, resolve
from cutter.model.state import Change, State
from cutter.resource import Content, Resource, type_complaints
from cutter.resources import resource_type
