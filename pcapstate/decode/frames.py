"""Frames to TCP segments: the fast path, for the link types and protocols of most captures.

Every frame becomes a segment row, a row for the slow path (a fragment), or a count in ``skipped``. UDP datagrams, on
request, and ICMP errors that quote a segment have both a count and a row. Every offset is checked against the captured
length before it is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..addresses import IPV4_MAPPED
from ..kernels.source import be16, be32, entry, fetch, i64, inner, u8
from ..sources.framing import FRAME
from . import plain
from .fingerprint import mark_of
from .icmp_errors import quoted_segment
from .ip import CUT_OFF, address_at, holds_tcp, ip_header, may_hold_tcp
from .links.dispatch import link_layer
from .plain import is_plain
from .protocols import (
    BAD_TCP,
    COMPRESSED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    FRAGMENT_HEADER,
    FRAGMENTED,
    GATHERED,
    OFFSET_BITS_IPV4,
    OFFSET_BITS_IPV6,
    PROTOCOL_ICMP,
    PROTOCOL_ICMPV6,
    PROTOCOL_UDP,
    SHORT_IP,
    SHORT_TCP,
    SKIPPED_PROTOCOL,
    SKIPPED_REASON,
    UDP_HEADER,
    UNKNOWN_WINDOW,
    UP_TO_FLAGS,
)
from .segment import SEGMENT, SEGMENT_DATAGRAM, SEGMENT_PENDING, SYN
from .syn_options import options_of
from .tunnels import innermost
from .virtual_networks import forget, network_of, note_tags

PREFETCHED_FRAMES = 8
"""Distance, in frames, of the prefetch."""
HEADERS = 48
"""Offset in a frame that is prefetched: decoding reads there, and nothing has before."""


@entry(np.uint8, FRAME, int, SEGMENT, np.int64, np.int64, np.int64, int)
def decode_frames(
    data: Any, frames: Any, count: int, segments: Any, skipped: Any, pending: Any, networks: Any, datagrams: int
) -> int:
    """Decode ``frames[:count]`` in ``data``; return how many rows of ``segments`` (as long as frames) were written.

    ``pending``: a cell for the number of rows for the slow path. ``networks``: the array of ``virtual_networks``.
    ``datagrams``: UDP datagrams also get rows.
    """
    rows = 0
    pending[0] = 0
    for index in range(count):
        if index + PREFETCHED_FRAMES < count:
            fetch(data, frames[index + PREFETCHED_FRAMES]["offset"] + HEADERS)
        frame = frames[index]
        if is_plain(data, frame, networks):
            put_plain(data, segments[rows], frame)
            rows += 1
            continue
        i = frame["offset"]
        end = i + frame["captured"]
        ethertype, at, tagged, untagged = link_layer(data, i, end, i64(frame["linktype"]))
        if ethertype < 0 and ethertype != GATHERED:
            skipped[-1 - ethertype] += 1
            continue
        forget(networks)
        if untagged > tagged:
            note_tags(networks, data, tagged, untagged)
        wire = i + frame["length"]
        if not holds_tcp(data, ethertype, at, end):
            # Not TCP, or a tunnel: then the packet inside counts.
            if ethertype != GATHERED:
                ethertype, at, end, wire = innermost(data, ethertype, at, end, wire, networks)
            if ethertype in (GATHERED, COMPRESSED, FRAGMENTED):
                row = segments[rows]
                row["time"] = frame["time"]
                row["number"] = frame["number"]
                row["flags"] = SEGMENT_PENDING
                row["seq"] = index
                row["ack"] = at - i
                row["length"] = ethertype
                row["network"] = network_of(networks)
                rows += 1
                pending[0] += 1
                continue
            if ethertype < 0:
                skipped[-1 - ethertype] += 1
                continue

        if ethertype != ETHERTYPE_IPV4 and ethertype != ETHERTYPE_IPV6:
            continue
        protocol, upper, fragment, packet_end, source, target = ip_header(data, ethertype, at, end, wire)
        if protocol < 0:
            skipped[SKIPPED_REASON + SHORT_IP if protocol == CUT_OFF else -1 - protocol] += 1
            continue
        if not may_hold_tcp(protocol, fragment):
            skipped[SKIPPED_PROTOCOL + protocol] += 1
            icmp = PROTOCOL_ICMP if ethertype == ETHERTYPE_IPV4 else PROTOCOL_ICMPV6
            if protocol != icmp and (datagrams == 0 or protocol != PROTOCOL_UDP):
                continue
        source_high, source_low = address_at(data, ethertype, source)
        target_high, target_low = address_at(data, ethertype, target)

        row = segments[rows]
        row["time"] = frame["time"]
        row["number"] = frame["number"]
        if not may_hold_tcp(protocol, fragment):
            # Only the first fragment has the ports.
            offset = fragment & (OFFSET_BITS_IPV4 if ethertype == ETHERTYPE_IPV4 else OFFSET_BITS_IPV6)
            if ethertype == ETHERTYPE_IPV6 and fragment != 0:
                upper += FRAGMENT_HEADER
            if offset != 0 or min(end, packet_end) - upper < UDP_HEADER:
                continue
            if protocol != PROTOCOL_UDP:
                if quoted_segment(data, protocol, upper, min(end, packet_end), target_high, target_low, row) != 0:
                    row["network"] = network_of(networks)
                    rows += 1
                continue
            length = be16(data, upper + 4)
            row["source_high"] = source_high
            row["source_low"] = source_low
            row["target_high"] = target_high
            row["target_low"] = target_low
            row["source_port"] = be16(data, upper)
            row["target_port"] = be16(data, upper + 2)
            row["seq"] = row["ack"] = 0
            # A length of 0 means a jumbogram (RFC 2675) or offloaded segments.
            row["length"] = length - UDP_HEADER if length >= UDP_HEADER else packet_end - upper - UDP_HEADER
            row["window"] = 0
            row["flags"] = SEGMENT_DATAGRAM
            row["endpoint"] = -1
            row["payload"] = upper + UDP_HEADER
            row["mark"] = 0
            row["network"] = network_of(networks)
            rows += 1
            continue
        if fragment != 0:
            row["flags"] = SEGMENT_PENDING
            row["seq"] = index
            row["ack"] = at - i
            row["length"] = 0
            row["network"] = network_of(networks)
            rows += 1
            pending[0] += 1
            continue

        # TCP. The IP header has its length: the snap length shortens captured frames, and Ethernet pads short ones.
        if packet_end - upper < 20:
            skipped[SKIPPED_REASON + BAD_TCP] += 1
            continue
        if end - upper < UP_TO_FLAGS:
            skipped[SKIPPED_REASON + SHORT_TCP] += 1
            continue
        header = (u8(data, upper + 12) >> 4) << 2
        if header < 20 or header > packet_end - upper:
            skipped[SKIPPED_REASON + BAD_TCP] += 1
            continue
        row["source_high"] = source_high
        row["source_low"] = source_low
        row["target_high"] = target_high
        row["target_low"] = target_low
        identification = be16(data, at + 4) if ethertype == ETHERTYPE_IPV4 else 0
        put_tcp(data, row, upper, end, packet_end, header, identification)
        row["network"] = network_of(networks)
        if row["flags"] & SYN != 0:
            row["options"] = options_of(data, upper + 20, min(end, upper + header))
        rows += 1
    return rows


@inner
def put_plain(data: Any, row: Any, frame: Any) -> None:
    """Write the row of a frame that ``is_plain``."""
    i = frame["offset"]
    row["time"] = frame["time"]
    row["number"] = frame["number"]
    row["source_high"] = row["target_high"] = 0
    row["source_low"] = IPV4_MAPPED | be32(data, i + plain.IP + 12)
    row["target_low"] = IPV4_MAPPED | be32(data, i + plain.IP + 16)
    header = (u8(data, i + plain.TCP + 12) >> 4) << 2
    packet_end = i + min(plain.IP + be16(data, i + plain.IP + 2), i64(frame["length"]))
    put_tcp(data, row, i + plain.TCP, i + frame["captured"], packet_end, header, be16(data, i + plain.IP + 4))
    row["network"] = 0


@inner
def put_tcp(data: Any, row: Any, upper: int, end: int, packet_end: int, header: int, identification: int) -> None:
    """Write what is in a TCP header, of ``header`` bytes, at an offset; ``identification``: as for ``mark_of``."""
    row["source_port"] = be16(data, upper)
    row["target_port"] = be16(data, upper + 2)
    row["seq"] = be32(data, upper + 4)
    row["ack"] = be32(data, upper + 8)
    row["length"] = packet_end - upper - header
    row["window"] = be16(data, upper + 14) if end - upper >= 16 else UNKNOWN_WINDOW
    row["flags"] = u8(data, upper + 13)
    row["payload"] = upper + header if upper + header < end else -1
    row["mark"] = mark_of(data, upper, end, header, identification)
    row["options"] = 0
