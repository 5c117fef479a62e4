"""The counters of netstat -s by protocol, as far as packets show them.

Names are those of Windows' netstat; ``mib`` is the name of the same counter in Linux's nstat. Definitions:
RFC 4293 (IP, ICMP), RFC 4022 (TCP), RFC 4113 (UDP).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..addresses import is_ipv4
from ..decode.protocols import PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP
from ..rows import Rows
from ..tcp import tables as tcp
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective
from ..tcp.states import State
from . import tables as c
from .local import LocalTraffic

PROTOCOLS = ("ip", "ipv6", "icmp", "icmpv6", "tcp", "tcpv6", "udp", "udpv6")
"""The protocols by their names for ``-p``, in the order of netstat."""

NOT_TOLD = "packets do not tell"
AT_LEAST = "at least: what port unreachable messages tell"
PASSED_ON = "those that its station is seen to send; what it passes on to other links is not in the capture"
NOT_KEPT = "not counted in this run"


class Counter(NamedTuple):
    """One counter; ``value`` is None where packets do not show it, and ``note`` says so."""

    protocol: str
    name: str
    value: int | None
    mib: str | None
    direction: str | None = None
    """``received`` or ``sent``, for ICMP; the names of other counters imply the direction."""
    note: str | None = None
    printed: bool = True
    """Whether Windows' netstat has it."""


def counters(local: LocalTraffic, table: FlowTable, whose: Perspective) -> list[Counter]:
    """Return all counters of all protocols."""
    found: list[Counter] = []
    for ipv6 in (False, True):
        found += _ip(local, ipv6)
        found += _icmp(local, ipv6)
        found += _tcp(table, whose, ipv6)
        found += _udp(local, ipv6)
    return sorted(found, key=lambda one: PROTOCOLS.index(one.protocol))


def _ip(local: LocalTraffic, ipv6: bool) -> Iterator[Counter]:
    protocol, mib = ("ipv6", "Ip6") if ipv6 else ("ip", "Ip")
    family = local.ipv6 if ipv6 else local.ipv4
    sent, received, delivered = family & local.sent, family & local.received, family & local.delivered
    created = local.fragments(sent)
    # A host answers an unknown protocol with protocol unreachable, or with unrecognized next header.
    unknown = local.tallied(sent, c.WHOLE, *((PROTOCOL_ICMPV6, (4,), 1) if ipv6 else (PROTOCOL_ICMP, (3,), 2)))
    taken = local.packets(delivered) - local.fragments(delivered) + local.tallied(delivered, c.REASSEMBLED) - unknown

    def counter(name: str, value: int | None, short: str, note: str | None = None) -> Counter:
        return Counter(protocol, name, value, mib + short, None, note or (NOT_TOLD if value is None else None))

    yield counter("Packets Received", local.packets(received | family & local.to_forward), "InReceives")
    yield counter("Received Header Errors", None, "InHdrErrors")
    yield counter("Received Address Errors", None, "InAddrErrors")
    forwarded = local.packets(family & local.forwarded)
    yield counter("Datagrams Forwarded", forwarded, "OutForwDatagrams" if ipv6 else "ForwDatagrams", PASSED_ON)
    yield counter("Unknown Protocols Received", unknown, "InUnknownProtos")
    yield counter("Received Packets Discarded", None, "InDiscards")
    yield counter("Received Packets Delivered", max(taken, 0), "InDelivers")
    yield counter("Output Requests", local.packets(sent) - local.tallied(sent, c.LATER_FRAGMENT), "OutRequests")
    yield Counter(protocol, "Routing Discards", None, None, None, NOT_TOLD)
    yield counter("Discarded Output Packets", None, "OutDiscards")
    yield counter("Output Packet No Route", None, "OutNoRoutes")
    yield counter("Reassembly Required", local.fragments(received), "ReasmReqds")
    yield counter("Reassembly Successful", local.tallied(delivered, c.REASSEMBLED), "ReasmOKs")
    yield counter("Reassembly Failures", None, "ReasmFails")
    yield counter("Datagrams Successfully Fragmented", local.tallied(sent, c.FIRST_FRAGMENT), "FragOKs")
    yield counter("Datagrams Failing Fragmentation", None, "FragFails")
    yield counter("Fragments Created", created, "FragCreates")


ICMP_TYPES: tuple[tuple[str, tuple[int, ...], str | None], ...] = (
    ("Destination Unreachable", (3,), "DestUnreachs"),
    ("Time Exceeded", (11,), "TimeExcds"),
    ("Parameter Problems", (12,), "ParmProbs"),
    ("Source Quenches", (4,), "SrcQuenchs"),
    ("Redirects", (5,), "Redirects"),
    ("Echo Replies", (0,), "EchoReps"),
    ("Echos", (8,), "Echos"),
    ("Timestamps", (13,), "Timestamps"),
    ("Timestamp Replies", (14,), "TimestampReps"),
    ("Address Masks", (17,), "AddrMasks"),
    ("Address Mask Replies", (18,), "AddrMaskReps"),
    ("Router Solicitations", (10,), None),
    ("Router Advertisements", (9,), None),
)
"""ICMP messages: name, types (RFC 792, RFC 950, RFC 1256), and the end of the name in the MIB."""

ICMPV6_TYPES: tuple[tuple[str, tuple[int, ...], str | None], ...] = (
    ("Destination Unreachable", (1,), "DestUnreachs"),
    ("Packet Too Big", (2,), "PktTooBigs"),
    ("Time Exceeded", (3,), "TimeExcds"),
    ("Parameter Problems", (4,), "ParmProblems"),
    ("Echos", (128,), "Echos"),
    ("Echo Replies", (129,), "EchoReplies"),
    ("MLD Queries", (130,), "GroupMembQueries"),
    ("MLD Reports", (131,), "GroupMembResponses"),
    ("MLD Dones", (132,), "GroupMembReductions"),
    ("MLDv2 Reports", (143,), "MLDv2Reports"),
    ("Router Solicitations", (133,), "RouterSolicits"),
    ("Router Advertisements", (134,), "RouterAdvertisements"),
    ("Neighbor Solicitations", (135,), "NeighborSolicits"),
    ("Neighbor Advertisements", (136,), "NeighborAdvertisements"),
    ("Redirects", (137,), "Redirects"),
    ("Router Renumberings", (138,), None),
)
"""The same for ICMPv6 (RFC 4443, RFC 2710, RFC 3810, RFC 4861, RFC 2894)."""
TOTALS: tuple[tuple[str, tuple[int, ...] | None, str | None], ...] = (
    ("Messages", None, "Msgs"),
    ("Errors", (), "Errors"),
)
NOT_PRINTED = ("MLDv2 Reports",)


def _icmp(local: LocalTraffic, ipv6: bool) -> Iterator[Counter]:
    protocol, mib = ("icmpv6", "Icmp6") if ipv6 else ("icmp", "Icmp")
    number = PROTOCOL_ICMPV6 if ipv6 else PROTOCOL_ICMP
    family = local.ipv6 if ipv6 else local.ipv4
    directions = (
        ("received", "In", family & local.delivered, (c.WHOLE, c.REASSEMBLED)),
        ("sent", "Out", family & local.sent, (c.WHOLE, c.FIRST_FRAGMENT)),
    )
    for name, types, short in TOTALS + (ICMPV6_TYPES if ipv6 else ICMP_TYPES):
        for direction, prefix, mask, variants in directions:
            full = None if short is None else f"{mib}{prefix}{short}"
            if name == "Errors":
                yield Counter(protocol, name, None, full, direction, NOT_TOLD)
                continue
            value = sum(local.tallied(mask, variant, number, types) for variant in variants)
            yield Counter(protocol, name, value, full, direction, None, name not in NOT_PRINTED)


def _tcp(table: FlowTable, whose: Perspective, ipv6: bool) -> Iterator[Counter]:
    protocol = "tcpv6" if ipv6 else "tcp"
    endpoints = table.endpoints
    own, peer = _endpoints(table, whose, ipv6)
    state, before, known = (endpoints[name][own] for name in ("state", "before", "known"))
    closed = state == State.CLOSED
    opened, answered = known & tcp.KNOWN_SENT_SYN != 0, known & tcp.KNOWN_SENT_SYN_ACK != 0
    packets = int(endpoints["packets"][own].sum(dtype=np.int64))
    again = int(endpoints["retransmissions"][own].sum(dtype=np.int64))
    resets = None if table.details is None else int(table.details["resets"][own].sum(dtype=np.int64))

    def counter(name: str, value: int, mib: str) -> Counter:
        return Counter(protocol, name, value, mib)

    def among(states: Rows, *wanted: State) -> Rows:
        return np.isin(states, [int(one) for one in wanted])

    failed = closed & among(before, State.SYN_SENT, State.SYN_RECEIVED)
    reset = closed & among(before, State.ESTABLISHED, State.CLOSE_WAIT)
    current = among(state, State.ESTABLISHED, State.CLOSE_WAIT)
    yield counter("Active Opens", int(opened.sum()), "TcpActiveOpens")
    yield counter("Passive Opens", int((answered & ~opened).sum()), "TcpPassiveOpens")
    yield counter("Failed Connection Attempts", int(failed.sum()), "TcpAttemptFails")
    yield counter("Reset Connections", int(reset.sum()), "TcpEstabResets")
    yield counter("Current Connections", int(current.sum()), "TcpCurrEstab")
    yield counter("Segments Received", int(endpoints["packets"][peer].sum(dtype=np.int64)), "TcpInSegs")
    yield counter("Segments Sent", packets - again, "TcpOutSegs")
    yield counter("Segments Retransmitted", again, "TcpRetransSegs")
    note = NOT_KEPT if resets is None else None
    yield Counter(protocol, "Resets Sent", resets, "TcpOutRsts", None, note, printed=False)


def _endpoints(table: FlowTable, whose: Perspective, ipv6: bool) -> tuple[Rows, Rows]:
    """Return the local endpoints of a family, and the endpoints that sent to a local one."""
    connections, extras = table.connections, table.extras
    own, peer = [], []
    for side in (0, 1):
        high, low = extras[f"high_{side}"], connections[f"low_{side}"]
        local = is_ipv4(high, low) != ipv6
        if whose.networks:
            local &= whose.holds(high, low)
        numbers = 2 * np.flatnonzero(local)
        own.append(numbers + side)
        peer.append(numbers + 1 - side)
    return np.concatenate(own), np.concatenate(peer)


def _udp(local: LocalTraffic, ipv6: bool) -> Iterator[Counter]:
    protocol, mib = ("udpv6", "Udp6") if ipv6 else ("udp", "Udp")
    family = local.ipv6 if ipv6 else local.ipv4
    sent, delivered = family & local.sent, family & local.delivered
    received = local.datagrams(delivered) + local.tallied(delivered, c.REASSEMBLED, PROTOCOL_UDP)
    no_ports = local.tallied(sent, c.NO_LISTENER)
    out = local.datagrams(sent) + local.tallied(sent, c.FIRST_FRAGMENT, PROTOCOL_UDP)
    yield Counter(protocol, "Datagrams Received", max(received - no_ports, 0), mib + "InDatagrams")
    yield Counter(protocol, "No Ports", no_ports, mib + "NoPorts", None, AT_LEAST)
    yield Counter(protocol, "Receive Errors", None, mib + "InErrors", None, NOT_TOLD)
    yield Counter(protocol, "Datagrams Sent", out, mib + "OutDatagrams")
