"""Announcements of routers and DHCP servers, and the routes in them: a network behind a gateway, or on the link."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from ..moments import SECOND

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FOREVER = 0xFFFFFFFF
"""An infinite lifetime (RFC 2131 §3.3, RFC 4861 §4.6.2)."""


class Announcement(NamedTuple):
    """A copied packet with an announcement."""

    kind: int
    number: int  # of the first frame with this content
    time: int  # of the last one, ns since the epoch
    mac: int  # the station that sent it
    packet: bytes  # from the IP header on


class Route(NamedTuple):
    """A network that is reached through a gateway, or is on the link (no gateway)."""

    network: Network
    gateway: Address | None
    mac: int  # of the gateway, or NO_MAC
    until: int | None  # ns since the epoch; None: no end
    kind: str  # RA, DHCP or redirect
    number: int
    host: Address | None  # the only host it was sent to; None: all on the link
    said_by: Address | None


def until(time: int, lifetime: int) -> int | None:
    """Return the end of a lifetime (seconds) announced at a time (ns since the epoch); None: it is infinite."""
    return None if lifetime == FOREVER else time + lifetime * SECOND if lifetime else time - 1


def ipv4_header(packet: bytes) -> int:
    """Return the length of an IPv4 header."""
    return (packet[0] & 0x0F) << 2
