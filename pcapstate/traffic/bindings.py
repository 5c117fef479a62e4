"""Bindings of stations to IP addresses, from ARP (RFC 826) and neighbour discovery (RFC 4861)."""

from __future__ import annotations

from typing import Any

from ..addresses import IPV4_MAPPED
from ..decode.ip import signed64
from ..kernels.source import be16, be32, i64, inner, rare, u8
from .hashing import finished, mixed, mixed_address, taken
from .router_messages import SOURCE_LINK_LAYER, TARGET_LINK_LAYER
from .tables import ASKED, ASKEDS, BINDINGS, BOUND, BOUNDS, Tables

ARP_LENGTH = 28
ARP_ETHERNET_IPV4, ARP_LENGTHS, ARP_REQUEST = 0x00010800, 0x0604, 1
"""Hardware and protocol type, lengths of both addresses, and the operation of a request."""
ROUTER_SOLICITATION, ROUTER_ADVERTISED, NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISED, REDIRECTED = 133, 134, 135, 136, 137
"""Types of ICMPv6 messages."""
"""Options of neighbour discovery."""
ND_HOP_LIMIT = 255
"""Neighbour discovery with any other hop limit is invalid: a router has forwarded it."""


@inner
def be48(data: Any, at: int) -> int:
    """Return the big-endian 48-bit number at an offset."""
    return be16(data, at) << 32 | be32(data, at + 2)


@rare
def bind(t: Tables, mac: int, high: int, low: int, kind: int, number: int) -> None:
    """Record a binding of a station and an address, from the frame with this number."""
    m = t.memory
    key = finished(mixed_address(high, low, m, 0) + mixed(mac, m, 4) + mixed((mac >> 32) << 1 | kind, m, 5), m)
    mask = len(t.binding_slots) - 1
    slot = key & mask
    while t.binding_slots[slot] != 0:
        one = t.bindings[i64(t.binding_slots[slot]) - 1]
        if one["mac"] == mac and one["low"] == low and one["high"] == high and one["kind"] == kind:
            one["last"] = number
            return
        slot = (slot + 1) & mask
    row = taken(t, BINDINGS, ASKEDS if kind == ASKED else BOUNDS, key)
    if row < 0:
        return
    t.binding_slots[slot] = row + 1
    one = t.bindings[row]
    one["mac"], one["high"], one["low"], one["kind"], one["key"] = mac, high, low, kind, key
    one["first"] = one["last"] = number


@rare
def note_arp(t: Tables, data: Any, at: int, end: int, number: int) -> None:
    """Record the bindings of an ARP packet: of its sender, and of the address it asks for."""
    if end - at < ARP_LENGTH or be32(data, at) != ARP_ETHERNET_IPV4 or be16(data, at + 4) != ARP_LENGTHS:
        return
    mac, sender, target = be48(data, at + 8), be32(data, at + 14), be32(data, at + 24)
    # A host without an address yet sends from 0.0.0.0 (RFC 5227).
    if sender == 0:
        return
    bind(t, mac, 0, IPV4_MAPPED | sender, BOUND, number)
    if be16(data, at + 6) == ARP_REQUEST and target != sender:
        bind(t, mac, 0, IPV4_MAPPED | target, ASKED, number)


@rare
def note_neighbor(
    t: Tables, data: Any, at: int, end: int, kind: int, mac: int, high: int, low: int, number: int
) -> None:
    """Record the bindings of a neighbour discovery message, ICMPv6 in ``data[at:end]``."""
    options = at + 8
    if kind == ROUTER_ADVERTISED:
        options = at + 16
    elif kind in (NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISED):
        options = at + 24
    if end < options:
        return
    if kind == NEIGHBOR_ADVERTISED:
        # An answer to a unicast solicitation may omit the option (RFC 4861 §4.4).
        said = option_mac(data, options, end, TARGET_LINK_LAYER)
        bind(t, said if said >= 0 else mac, signed64(data, at + 8), signed64(data, at + 16), BOUND, number)
    elif high != 0 or low != 0:
        said = option_mac(data, options, end, SOURCE_LINK_LAYER)
        if said >= 0:
            bind(t, said, high, low, BOUND, number)
        if kind == NEIGHBOR_SOLICITATION:
            bind(t, mac, signed64(data, at + 8), signed64(data, at + 16), ASKED, number)


@inner
def option_mac(data: Any, at: int, end: int, wanted: int) -> int:
    """Return the link-layer address in the first option of the wanted kind (RFC 4861 §4.6.1), or -1."""
    while end - at >= 8:
        length = u8(data, at + 1) << 3
        if length == 0:
            return -1
        if u8(data, at) == wanted:
            return be48(data, at + 2)
        at += length
    return -1
