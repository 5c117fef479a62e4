"""The loop over frames: count each on its path, then by protocol."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.ip import CUT_OFF, address_at, hop_limit, ip_header
from ..decode.links.dispatch import link_layer
from ..decode.links.ethernet import ETHERNET
from ..decode.protocols import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    PROTOCOL_ICMP,
    PROTOCOL_ICMPV6,
    PROTOCOL_UDP,
    SHORT_IP,
    SHORT_LINK,
    SKIPPED_REASON,
)
from ..kernels.source import entry, i64
from ..sources.framing import FRAME
from .bindings import be48, note_arp
from .paths import count_frame, count_halves, find_path
from .payloads import look_closer
from .tables import (
    BINDING,
    BINDINGS,
    CLOCK,
    DATAGRAM,
    ETHERNET_FRAMES,
    FRAMES,
    NO_ETHERTYPE,
    NO_MAC,
    PAIR,
    PATH,
    PATH_REST,
    PATHS,
    PORT,
    PORTS,
    TALLIES,
    TALLY,
    UNREADABLE,
    Tables,
)

ETHERTYPE_ARP = 0x0806
GROUP = 1 << 40
"""The group bit of a MAC address (IEEE 802)."""
STRIDE = 64
"""Frames between two checks of the room left: a power of two."""
ROOM = 8 * STRIDE
"""More rows than STRIDE frames can add to a table."""


@entry(
    np.uint8, FRAME, int, int, PATH, PATH_REST, np.int32, TALLY, np.int32, PORT, np.int32, BINDING, np.int32, DATAGRAM,
    np.int64, np.int64, np.int64, np.int64,
)  # fmt: skip
def watch_frames(
    data: Any,
    frames: Any,
    begin: int,
    count: int,
    paths: Any,
    rests: Any,
    path_slots: Any,
    tallies: Any,
    tally_slots: Any,
    ports: Any,
    port_slots: Any,
    bindings: Any,
    binding_slots: Any,
    datagrams: Any,
    units: Any,
    candidates: Any,
    marks: Any,
    memory: Any,
) -> int:
    """Count ``frames[begin:count]`` in ``data``; return the index of the first frame not counted for lack of slots.

    The tables have room for all rows that their quotas allow; the caller enlarges hash tables that are a quarter full.
    ``marks[0]``: the number of marks, three cells each from cell 1 on; marks without room are counted, too.
    """
    t = Tables(
        paths, rests, path_slots, tallies, tally_slots, ports, port_slots, bindings, binding_slots, datagrams, units,
        candidates, marks, memory,
    )  # fmt: skip
    clock = memory[CLOCK]
    ethernet = 0
    for index in range(begin, count):
        if index & (STRIDE - 1) == 0 or index == begin:
            if (
                4 * (memory[PATHS] + ROOM) > len(path_slots)
                or 4 * (memory[TALLIES] + ROOM) > len(tally_slots)
                or 4 * (memory[PORTS] + ROOM) > len(port_slots)
                or 4 * (memory[BINDINGS] + ROOM) > len(binding_slots)
            ):
                count = index
                break
        frame = frames[index]
        i = frame["offset"]
        end = i + frame["captured"]
        number = frame["number"]
        clock = max(clock, frame["time"])
        source_mac = target_mac = NO_MAC
        if i64(frame["linktype"]) == ETHERNET and end - i >= 12:
            target_mac, source_mac = be48(data, i), be48(data, i + 6)
            ethernet += 1

        ethertype, at, _, _ = link_layer(data, i, end, i64(frame["linktype"]))
        source_high = source_low = target_high = target_low = 0
        protocol = upper = fragment = hops = 0
        packet_end = end
        readable = False
        if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
            protocol, upper, fragment, packet_end, source, target = ip_header(
                data, ethertype, at, end, i + frame["length"]
            )
            readable = protocol >= CUT_OFF
            if readable:
                source_high, source_low = address_at(data, ethertype, source)
                target_high, target_low = address_at(data, ethertype, target)
                hops = hop_limit(data, ethertype, at)
        elif ethertype < 0:
            reason = -1 - ethertype - SKIPPED_REASON
            ethertype = UNREADABLE if reason in (SHORT_LINK, SHORT_IP) else NO_ETHERTYPE
        if not readable and ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
            ethertype |= UNREADABLE

        length = i64(frame["length"])
        got = -1
        sent = find_path(
            t, source_mac, target_mac, source_high, source_low, target_high, target_low, ethertype, PAIR
        )  # fmt: skip
        if sent >= 0:
            count_frame(t, sent, number, length, hops)
        else:
            ends = (source_high, source_low, target_high, target_low)
            sent, got = count_halves(t, source_mac, target_mac, ends, ethertype, number, length, hops)

        if not readable:
            if ethertype == ETHERTYPE_ARP:
                note_arp(t, data, at, end, number)
            continue
        if fragment == 0 and protocol != PROTOCOL_UDP and protocol != PROTOCOL_ICMP and protocol != PROTOCOL_ICMPV6:
            continue
        unicast = target_mac == NO_MAC or target_mac & GROUP == 0
        addresses = (source_high, source_low, target_high, target_low)
        look_closer(
            t, data, at, upper, end, packet_end, frame, sent, got, ethertype, protocol, fragment, unicast, addresses,
            source_mac, hops, index,
        )  # fmt: skip
    memory[CLOCK] = clock
    memory[FRAMES] += count - begin
    memory[ETHERNET_FRAMES] += ethernet
    return count
