"""systemd: unit files, what is enabled (also where systemd does not run), what runs, probes; travels."""

from __future__ import annotations
