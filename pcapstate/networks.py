"""IP addresses and networks, and which of many addresses are in them."""

from __future__ import annotations

import ipaddress

import numpy as np

from .escaping import quoted
from .rows import Rows

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HALF = 0xFFFFFFFFFFFFFFFF
LONGEST = 100
"""More characters than an address and a netmask take."""
IPV4 = 96
"""Bits of ::ffff:0:0/96, where IPv4 addresses are."""


def parse_network(text: str) -> Network:
    """Return the network that an address or network in text means; raises ValueError with a clear line."""
    try:
        if "%" in text or len(text) > LONGEST:
            raise ValueError("packets have no zones, and a longer text is none")
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(text)} is neither an IP address nor a network such as 192.168.0.0/16") from None


def within(high: Rows, low: Rows, networks: tuple[Network, ...]) -> Rows:
    """Tell of each address (its bits in two arrays of int64, IPv4 as ::ffff:a.b.c.d) whether a network has it.

    No IPv4 address is in a network of IPv6, but for those within ::ffff:0:0/96: ``::/0`` is all of IPv6.
    """
    parts = [np.asarray(half).astype(np.int64).view(np.uint64) for half in (high, low)]
    inside = np.zeros(len(parts[0]), dtype=bool)
    for network in networks:
        base, length = int(network.network_address), network.prefixlen
        if network.version == 4:
            base, length = 0xFFFF << 32 | base, length + IPV4
        found = _begins_with(parts, base, length)
        if length < IPV4:
            found &= ~_begins_with(parts, 0xFFFF << 32, IPV4)
        inside |= found
    return inside


def _begins_with(parts: list[Rows], base: int, length: int) -> Rows:
    mask = ((1 << length) - 1) << (128 - length)
    same = [
        (part & np.uint64(mask >> shift & HALF)) == np.uint64(base >> shift & HALF)
        for part, shift in zip(parts, (64, 0), strict=True)
    ]
    return same[0] & same[1]
