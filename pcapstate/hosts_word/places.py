"""Addresses with ports as the systems' tools print them."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ..addresses import IPV4_MAPPED, LONGEST, Address, is_ipv4, parse_address
from ..names.services import TCP, UDP
from ..tcp.states import State
from .host_socket import PORTS, HostSocket

ANY_HOSTS = frozenset(("*", "0.0.0.0", "::", "[::]"))
ANY_PORTS = frozenset(("*", "0"))
ZONE = re.compile(r"%[^\]:.]*")
"""The interface that an address belongs to: packets have none."""


class Place(NamedTuple):
    """An address and a port."""

    address: Address | None
    """None: any."""
    ipv6: bool | None
    """None: the text does not tell."""
    port: int
    """0: any."""


@cache
def ports_named(udp: bool) -> dict[str, int]:
    """Return the ports by name, in lower case; of several the lowest."""
    found: dict[str, int] = {}
    for number, name in sorted((UDP if udp else TCP).items()):
        found.setdefault(name.lower(), number)
    return found


def place(text: str, udp: bool, before_port: str = ":") -> Place:
    """Return what a text such as ``10.0.0.1:80``, ``[::1]:80``, ``*:22`` or ``fe80::1%lo0.80`` means.

    Raises ValueError.
    """
    host, found, port = text.rpartition(before_port)
    if not found or len(text) > LONGEST:
        raise ValueError(text)
    return Place(*address_of(host), port_of(port, udp))


def port_of(text: str, udp: bool) -> int:
    """Return the port of a number or a service's name; 0 for any. Raises ValueError."""
    if text in ANY_PORTS:
        return 0
    number: int | None
    if text.isascii() and text.isdecimal() and len(text) < 6:
        number = int(text)
    else:
        number = ports_named(udp).get(text.lower())
    if number is None or number >= PORTS:
        raise ValueError(text)
    return number


def address_of(text: str) -> tuple[Address | None, bool | None]:
    """Return an address, None for any, and whether it is one of IPv6. Raises ValueError."""
    bare = ZONE.sub("", text)
    if bare in ANY_HOSTS:
        return None, None if bare == "*" else bare != "0.0.0.0"
    # A socket of IPv6 that talks IPv4 has ::ffff:10.0.0.1, which is that address of IPv4.
    found = parse_address(bare.removeprefix("[").removesuffix("]"))
    return (None if found == (0, IPV4_MAPPED) else found), not is_ipv4(*found)


def socket_of(
    udp: bool,
    local: Place,
    foreign: Place,
    state: State | None,
    ipv6: bool | None = None,
    pid: int | None = None,
    program: str | None = None,
) -> HostSocket:
    """Return the socket between two places; ``ipv6``: where it has no address that tells its family."""
    told = local.ipv6 if local.address is not None else foreign.ipv6 if foreign.address is not None else None
    if told is None:
        told = ipv6 if ipv6 is not None else bool(local.ipv6)
    return HostSocket(
        udp, told, local.address, local.port, foreign.address, foreign.port, None if udp else state, pid, program
    )
