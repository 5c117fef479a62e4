"""Addresses as the tracker's rows have them: two signed halves of 64 bits, IPv4 as ::ffff:a.b.c.d."""

from __future__ import annotations

import ipaddress

Address = tuple[int, int]
"""The high and the low half."""


def packed(raw: bytes) -> Address:
    """Return the address of 4 or 16 bytes in network order."""
    if len(raw) == 4:
        return 0, 0xFFFF00000000 | int.from_bytes(raw, "big")
    return int.from_bytes(raw[:8], "big", signed=True), int.from_bytes(raw[8:16], "big", signed=True)


def written(text: str) -> Address:
    """Return the address of a text; raises ValueError."""
    return packed(ipaddress.ip_address(text).packed)


def is_ipv4(address: Address) -> bool:
    """Tell whether it is an IPv4 address."""
    return address[0] == 0 and address[1] >> 32 == 0xFFFF


def is_one_hosts(address: Address) -> bool:
    """Tell whether an address is one host's on a network: not loopback, multicast or unspecified (RFC 6890)."""
    high, low = address
    if is_ipv4(address):
        first = low >> 24 & 0xFF
        return 0 < first < 224 and first != 127
    return not (high >> 56 & 0xFF == 0xFF or (high == 0 and 0 <= low <= 1))
