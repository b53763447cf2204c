"""Looking at and moving things of a file system, and never through a symbolic link; travels."""

from __future__ import annotations
