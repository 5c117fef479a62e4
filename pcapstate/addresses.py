"""IP addresses and networks: the two halves that rows keep, text, and which of many addresses a network has."""

from __future__ import annotations

import ipaddress
from typing import Any

import numpy as np

from .escaping import quoted
from .messages import Message
from .rows import Rows

Address = tuple[int, int]
"""The high and the low half, 64 bits each and signed; IPv4 as ::ffff:a.b.c.d."""
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HALF = 0xFFFFFFFFFFFFFFFF
IPV4_MAPPED = 0xFFFF << 32
"""The low half of ::ffff:0.0.0.0."""
IPV4_LENGTH = 96
"""Prefix length of ::ffff:0:0/96, which has all IPv4 addresses."""
LONGEST = 100
"""More characters than an address and a netmask take."""


def packed(raw: bytes) -> Address:
    """Return the address of 4 or 16 bytes in network order."""
    if len(raw) == 4:
        return 0, IPV4_MAPPED | int.from_bytes(raw, "big")
    return int.from_bytes(raw[:8], "big", signed=True), int.from_bytes(raw[8:16], "big", signed=True)


def parse_address(text: str) -> Address:
    """Return the address of a text; raises ValueError."""
    return packed(ipaddress.ip_address(text).packed)


def address(high: int, low: int) -> IPAddress:
    """Return the address that two halves are."""
    value = (high & HALF) << 64 | low & HALF
    if value >> 32 == 0xFFFF:
        return ipaddress.IPv4Address(value & 0xFFFFFFFF)
    return ipaddress.IPv6Address(value)


def socket_text(high: int, low: int, port: int) -> str:
    """Return an address and port as 10.0.0.1:80 or [2001:db8::1]:80."""
    host = address(high, low)
    return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"


def is_ipv4(high: Any, low: Any) -> Any:
    """Tell of an address, or of each of many, whether it is an IPv4 address."""
    return (high == 0) & (low >> 32 == 0xFFFF)


def is_one_hosts(address: Address) -> bool:
    """Tell whether an address is one host's on a network: not loopback, multicast or unspecified (RFC 6890)."""
    high, low = address
    if is_ipv4(high, low):
        first = low >> 24 & 0xFF
        return 0 < first < 224 and first != 127
    return not (high >> 56 & 0xFF == 0xFF or (high == 0 and 0 <= low <= 1))


def parse_network(text: str) -> Network:
    """Return the network that an address or network in text means; raises ValueError with a clear line."""
    try:
        if "%" in text or len(text) > LONGEST:
            raise ValueError("packets have no zones, and no address is that long")
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            Message("{text} is neither an IP address nor a network such as 192.168.0.0/16", text=quoted(text))
        ) from None


def within(high: Rows, low: Rows, networks: tuple[Network, ...]) -> Rows:
    """Tell of each address (its halves in two arrays of int64) whether a network has it.

    A network of IPv6 has no IPv4 address unless it lies within ::ffff:0:0/96: ``::/0`` is all of IPv6.
    """
    halves = [np.asarray(half).astype(np.int64).view(np.uint64) for half in (high, low)]
    inside = np.zeros(len(halves[0]), dtype=bool)
    for network in networks:
        base, length = int(network.network_address), network.prefixlen
        if network.version == 4:
            base, length = IPV4_MAPPED | base, length + IPV4_LENGTH
        found = _begins_with(halves, base, length)
        if length < IPV4_LENGTH:
            found &= ~_begins_with(halves, IPV4_MAPPED, IPV4_LENGTH)
        inside |= found
    return inside


def _begins_with(halves: list[Rows], base: int, length: int) -> Rows:
    mask = ((1 << length) - 1) << (128 - length)
    same = [
        (half & np.uint64(mask >> shift & HALF)) == np.uint64(base >> shift & HALF)
        for half, shift in zip(halves, (64, 0), strict=True)
    ]
    return same[0] & same[1]
