"""Fragments, UDP datagrams and ICMP messages in detail: types, ports, neighbours, routers."""

from __future__ import annotations

from typing import Any

from ..decode.fragments import MORE_IPV4, MORE_IPV6
from ..decode.ip import address_at, ip_header, network_layer
from ..decode.protocols import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    FRAGMENT_HEADER,
    ICMP_PORT_UNREACHABLE,
    ICMP_REDIRECT,
    ICMP_UNREACHABLE,
    ICMPV6_PORT_UNREACHABLE,
    ICMPV6_UNREACHABLE,
    OFFSET_BITS_IPV4,
    OFFSET_BITS_IPV6,
    PROTOCOL_ICMP,
    PROTOCOL_ICMPV6,
    PROTOCOL_UDP,
    UDP_HEADER,
)
from ..kernels.source import be16, be32, inner, rare, u8
from .bindings import ND_HOP_LIMIT, REDIRECTED, ROUTER_ADVERTISED, ROUTER_SOLICITATION, note_neighbor
from .paths import tally
from .ports import close_port, count_datagram
from .tables import DHCP, NO_LISTENER, PROTOCOL_SHIFT, REDIRECT, REDIRECT_IPV6, ROUTER_ADVERTISEMENT, Tables
from .whole_datagrams import note_fragment

BOOTPS, BOOTPC = 67, 68
CELLS_OF_MARK = 3


@rare
def look_closer(
    t: Tables,
    data: Any,
    at: int,
    upper: int,
    end: int,
    packet_end: int,
    frame: Any,
    sent: int,
    got: int,
    ethertype: int,
    protocol: int,
    fragment: int,
    unicast: bool,
    addresses: tuple[int, int, int, int],
    source_mac: int,
    hops: int,
    index: int,
) -> None:
    """Count a fragment, a UDP datagram or an ICMP message, on the paths ``sent`` and ``got`` (-1: none)."""
    number = frame["number"]
    source_high, source_low, target_high, target_low = addresses
    ipv6 = ethertype == ETHERTYPE_IPV6
    # IPv4's offset counts units of eight bytes; the lower bits of IPv6's field have other meanings.
    offset = fragment & OFFSET_BITS_IPV6 if ipv6 else (fragment & OFFSET_BITS_IPV4) << 3
    identity = 0
    if fragment != 0:
        identity = be16(data, at + 4) << 8 | protocol
        if ipv6:
            identity = be32(data, upper + 4) << 8 | protocol
            upper += FRAGMENT_HEADER
    end = min(end, packet_end)
    code = protocol << PROTOCOL_SHIFT
    icmp = protocol == (PROTOCOL_ICMPV6 if ipv6 else PROTOCOL_ICMP)
    if icmp and offset == 0:
        if end - upper < 4:
            icmp = False
        else:
            code |= be16(data, upper)
    if fragment != 0:
        more = fragment & (MORE_IPV6 if ipv6 else MORE_IPV4) != 0
        note_fragment(t, sent, got, identity, code, offset, packet_end - upper, more, frame["time"], number)
    if offset != 0:
        return
    if protocol == PROTOCOL_UDP:
        if packet_end - upper < UDP_HEADER:
            return
        if fragment == 0:
            if sent >= 0:
                t.rests[sent]["udp"] += 1
            if got >= 0:
                t.rests[got]["udp"] += 1
        if end - upper < UDP_HEADER:
            return
        length = packet_end - upper - UDP_HEADER
        said = be16(data, upper + 4) - UDP_HEADER
        # A length below that of the header means a jumbogram (RFC 2675) or offloaded segments.
        if said >= 0 and (said < length or fragment != 0):
            length = said
        source, target = be16(data, upper), be16(data, upper + 2)
        count_datagram(
            t, source_high, source_low, source, target_high, target_low, target, unicast, length, frame
        )  # fmt: skip
        if source == BOOTPS and target == BOOTPC and not ipv6:
            mark(t, index, at, DHCP)
    elif icmp:
        if fragment == 0:
            tally(t, sent, code, number)
            tally(t, got, code, number)
        kind = u8(data, upper)
        if ipv6:
            note_icmpv6(t, data, at, upper, end, kind, source_mac, addresses, hops, sent, got, index, number)
        else:
            if kind == ICMP_REDIRECT:
                mark(t, index, at, REDIRECT)
            elif kind == ICMP_UNREACHABLE and u8(data, upper + 1) == ICMP_PORT_UNREACHABLE:
                port = quoted_port(data, ETHERTYPE_IPV4, upper + 8, end, source_high, source_low)
                if port >= 0:
                    tally(t, sent, NO_LISTENER, number)
                    tally(t, got, NO_LISTENER, number)
                    close_port(t, 0, source_low, port, number)


@rare
def note_icmpv6(
    t: Tables,
    data: Any,
    at: int,
    upper: int,
    end: int,
    kind: int,
    source_mac: int,
    addresses: tuple[int, int, int, int],
    hops: int,
    sent: int,
    got: int,
    index: int,
    number: int,
) -> None:
    """Record the neighbours, routers and UDP ports in an ICMPv6 message of type ``kind``."""
    high, low = addresses[0], addresses[1]
    if kind == ICMPV6_UNREACHABLE and u8(data, upper + 1) == ICMPV6_PORT_UNREACHABLE:
        port = quoted_port(data, ETHERTYPE_IPV6, upper + 8, end, high, low)
        if port >= 0:
            tally(t, sent, NO_LISTENER, number)
            tally(t, got, NO_LISTENER, number)
            close_port(t, high, low, port, number)
    elif ROUTER_SOLICITATION <= kind <= REDIRECTED and hops == ND_HOP_LIMIT and u8(data, upper + 1) == 0:
        if kind == REDIRECTED:
            mark(t, index, at, REDIRECT_IPV6)
            return
        if kind == ROUTER_ADVERTISED:
            mark(t, index, at, ROUTER_ADVERTISEMENT)
        note_neighbor(t, data, upper, end, kind, source_mac, high, low, number)


@inner
def quoted_port(data: Any, ethertype: int, at: int, end: int, high: int, low: int) -> int:
    """Return the target port of a quoted UDP datagram that was sent to this address; otherwise -1."""
    protocol, upper, offset, _ = network_layer(data, ethertype, at, end, end)
    if protocol != PROTOCOL_UDP or offset != 0 or end - upper < 4:
        return -1
    _, _, _, _, _, target = ip_header(data, ethertype, at, end, end)
    target_high, target_low = address_at(data, ethertype, target)
    return be16(data, upper + 2) if target_high == high and target_low == low else -1


@inner
def mark(t: Tables, index: int, at: int, why: int) -> None:
    """Mark a packet for copying, or count it where there is no room for the mark."""
    cell = 1 + CELLS_OF_MARK * t.marks[0]
    t.marks[0] += 1
    if cell + CELLS_OF_MARK <= len(t.marks):
        t.marks[cell], t.marks[cell + 1], t.marks[cell + 2] = index, at, why
