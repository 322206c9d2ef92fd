"""Which ``Host`` a request may name: a web page that rebinds its own domain to this machine must not read scores.

A browser sends the domain of the page as the ``Host``. Loopback names and addresses are always allowed; others are
those the service was started for, in ``$COTERIE_ALLOWED_HOSTS``, separated by commas.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from features.errors import BadInput

HOSTS_VARIABLE = "COTERIE_ALLOWED_HOSTS"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)

Host = tuple[str | IPv4Address | IPv6Address, str | None]
"""A domain name or an address, and a port."""


@dataclass(frozen=True)
class AllowedHosts:
    """Hosts a request may name. One without a port is allowed with every port."""

    hosts: frozenset[Host]

    def allow(self, header: str) -> bool:
        """Whether a request with this ``Host`` may pass.

        >>> allowed_hosts(["shop.example"]).allow("shop.example:3000")
        True
        >>> allowed_hosts(["shop.example"]).allow("attacker.example:3000")
        False
        """
        host = parse_host(header)
        if host is None:
            return False
        name, port = host
        return bool({(name, None), (name, port)} & self.hosts) or (not isinstance(name, str) and self._any_address)

    @property
    def _any_address(self) -> bool:
        # Listening on 0.0.0.0 is listening on every address of the machine. No page can rebind an address.
        return any(not isinstance(name, str) and name.is_unspecified for name, _ in self.hosts)


def allowed_hosts(names: Iterable[str]) -> AllowedHosts:
    """Loopback and ``names``: each a domain name or an address, with a port or without; 0.0.0.0 is any address."""
    return AllowedHosts(frozenset(_entry(name) for name in (*LOOPBACK, *names)))


def allowed_hosts_of_environment() -> AllowedHosts:
    """Loopback and the hosts in ``$COTERIE_ALLOWED_HOSTS``."""
    return allowed_hosts(listed(os.environ.get(HOSTS_VARIABLE, "")))


def listed(value: str) -> list[str]:
    """The hosts in a list separated by commas.

    >>> listed("shop.example, 10.0.0.7:3000")
    ['shop.example', '10.0.0.7:3000']
    """
    return [name.strip() for name in value.split(",") if name.strip()]


def is_loopback(host: str) -> bool:
    """Whether a server that listens on ``host`` is reached from its own machine only."""
    name = _entry(host)[0]
    return name == "localhost" if isinstance(name, str) else name.is_loopback


def parse_host(header: str) -> Host | None:
    """Name and port of a ``Host`` header; None if it is not one.

    >>> parse_host("[::1]:3000")
    (IPv6Address('::1'), '3000')
    >>> parse_host("name with spaces") is None
    True
    """
    match = _HOST.fullmatch(header.lower())
    if match is None:
        return None
    name = match["name"]
    try:
        return ip_address(name.strip("[]")), match["port"]
    except ValueError:
        return None if name.startswith("[") else (name, match["port"])


def _entry(name: str) -> Host:
    bracketed = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
    host = parse_host(bracketed)
    if host is None:
        raise BadInput(f"{name!r} is not a host: give a domain name or an address, like shop.example or [::1]:3000")
    return host
