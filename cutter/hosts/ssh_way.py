"""How a host of the inventory is reached over ssh, and the password of sudo there."""

from __future__ import annotations

from collections.abc import Iterable

from cutter.hosts.become import password_of
from cutter.hosts.ssh_command import Route
from cutter.model.inventory import Host
from cutter.model.secret import Secret

Way = tuple[Route, Secret | None]


def way_to(host: Host, hosts: Iterable[Host], asked: Secret | None) -> Way:
    """Return the way to one of the hosts; `asked` is the password that a person gave for all of them.

    Raises ConfigurationError where the inventory names a source of the password that has none.
    """
    password = asked or password_of(host)
    sources = (each.become_password for each in hosts)
    route = Route(
        host.address,
        user=host.user or "",
        port=host.port,
        key_file=host.key_file,
        words=host.ssh_words,
        python=host.python,
        become=host.become,
        asks_password=host.become and password is not None,
        hidden=tuple(source.env for source in sources if source is not None),
        bootstrap=host.bootstrap_python,
    )
    return route, password
