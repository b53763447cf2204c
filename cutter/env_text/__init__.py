"""The text of a ``.env`` file: read as python-dotenv and docker compose do, edited without losing a byte.

Text in, text out; no file is touched here. Bytes that are not UTF-8 come in, and leave, as surrogate escapes.
"""

from __future__ import annotations
