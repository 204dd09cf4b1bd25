"""Which names a request may be addressed to.

Why: a page of a stranger can have its own name lead to 127.0.0.1 (DNS rebinding) and would then be of this
server's origin; its name gives it away. An address can't be made to lead elsewhere.
"""

from __future__ import annotations

import ipaddress
import re
import socket

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9.-]+))(?::(?P<port>[0-9]{1,5}))?")


def name_in(header: str) -> str | None:
    """Return the name in a Host header, without port and in small letters; ``None`` where it is none."""
    found = _HOST.fullmatch(header)
    return (found["six"] or found["name"]).lower().rstrip(".") if found else None


def allowed_hosts(bound_to: str) -> frozenset[str] | None:
    """Return the names that lead to a server bound to an address; ``None`` where all addresses do."""
    if is_loopback(bound_to):
        return LOOPBACK
    if bound_to in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return None
    return LOOPBACK | {bound_to.lower()} | _own_names()


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_allowed(header: str, hosts: frozenset[str] | None) -> bool:
    """Tell whether a Host header names this server."""
    name = name_in(header)
    if name is None:
        return False
    if hosts is not None:
        return name in hosts
    return name == "localhost" or _is_address(name) or name in _own_names()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _own_names() -> frozenset[str]:
    return frozenset({socket.gethostname().lower(), socket.getfqdn().lower()})
