"""Debian packages: what dpkg's own record says, and apt-get as it is run without anybody there; travels."""

from __future__ import annotations
