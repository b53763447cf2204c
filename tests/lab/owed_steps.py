"""A service that reads its configuration when it starts, and a restart of it that a changed step asks for."""

from __future__ import annotations

SERVICE = """\
  - name: Owing
    service:
      name: owed
      state: started
      restart_on: [conf]
      content: |
        [Unit]
        StartLimitIntervalSec=0
        [Service]
        ExecStartPre=sh -c 'test ! -e /run/wait || { touch /run/begun; until test -e /run/go; do :; done; }'
        ExecStart=/bin/cp /etc/owed.conf /run/seen
        Type=oneshot
        RemainAfterExit=yes
"""


def conf(text: str) -> str:
    """Return the step that gives the service's configuration this text."""
    return f'  - {{name: Conf, file: {{path: /etc/owed.conf, content: "{text}"}}}}\n'
