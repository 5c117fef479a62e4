"""Frames to TCP segments: the fast path for the link types and protocols that most captures have.

Every frame becomes one segment row, one row left to the slow path (a fragment), or one count in ``skipped``.
Every offset is checked against the captured length before it is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernel import be16, be32, entry, i64, inner, u8
from ..sources.framing import FRAME
from .contracts import SEGMENT, SEGMENT_DATAGRAM, SEGMENT_PENDING

NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 0, 1, 12, 14, 101, 108, 113, 228, 229, 276
"""The LINKTYPE_ (and DLT_) values read here: https://www.tcpdump.org/linktypes.html"""

ETHERTYPE_IPV4, ETHERTYPE_IPV6 = 0x0800, 0x86DD
ETHERTYPE_VLAN, ETHERTYPE_QINQ, ETHERTYPE_QINQ_OLD = 0x8100, 0x88A8, 0x9100
PROTOCOL_TCP, PROTOCOL_UDP = 6, 17
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, MOBILITY, HIP, SHIM6 = 0, 43, 44, 51, 60, 135, 139, 140

# What was skipped, as a histogram in one array: by link type, by EtherType, by IP protocol, by other reason.
SKIPPED_LINKTYPE = 0
SKIPPED_ETHERTYPE = 0x10000
SKIPPED_PROTOCOL = 0x20000
SKIPPED_REASON = 0x20100
SHORT_LINK, SHORT_IP, SHORT_TCP, BAD_IP, BAD_TCP, NOT_IP, LLC, INCOMPLETE_FRAGMENT = range(8)
SKIPPED_SIZE = SKIPPED_REASON + 8

FRAGMENT_BITS = 0x3FFF
"""More-fragments flag and fragment offset in IPv4's header: zero in a packet that is whole."""
OFFSET_BITS_IPV4, OFFSET_BITS_IPV6 = 0x1FFF, 0xFFF8


FRAGMENT_HEADER = UDP_HEADER = 8
"""Bytes of both headers."""


@entry(np.uint8, FRAME, int, SEGMENT, np.int64, int)
def decode_frames(data: Any, frames: Any, count: int, segments: Any, skipped: Any, datagrams: int) -> int:
    """Decode ``frames[:count]`` in ``data``; return how many rows of ``segments`` (as long as frames) were written.

    ``datagrams``: UDP datagrams get rows, too.
    """
    rows = 0
    for index in range(count):
        frame = frames[index]
        i = frame["offset"]
        end = i + frame["captured"]
        ethertype, at = link_layer(data, i, end, i64(frame["linktype"]))
        if ethertype < 0:
            skipped[-1 - ethertype] += 1
            continue
        wire = i + frame["length"]

        # The network layer: addresses, and where the transport layer starts and its IP packet ends on the wire.
        if ethertype == ETHERTYPE_IPV4:
            if end - at < 20:
                skipped[SKIPPED_REASON + SHORT_IP] += 1
                continue
            header = (u8(data, at) & 0x0F) << 2
            if u8(data, at) >> 4 != 4 or header < 20:
                skipped[SKIPPED_REASON + BAD_IP] += 1
                continue
            protocol = u8(data, at + 9)
            if protocol != PROTOCOL_TCP:
                skipped[SKIPPED_PROTOCOL + protocol] += 1
                if datagrams == 0 or protocol != PROTOCOL_UDP:
                    continue
            total = be16(data, at + 2)
            fragment = be16(data, at + 6) & FRAGMENT_BITS
            # Segmentation offload leaves the length to the network card: 0 in the capture.
            packet_end = min(at + total, wire) if total > 0 else wire
            upper = at + header
            source_high = target_high = 0
            source_low = 0xFFFF00000000 | be32(data, at + 12)
            target_low = 0xFFFF00000000 | be32(data, at + 16)
        elif ethertype == ETHERTYPE_IPV6:
            if end - at < 40:
                skipped[SKIPPED_REASON + SHORT_IP] += 1
                continue
            if u8(data, at) >> 4 != 6:
                skipped[SKIPPED_REASON + BAD_IP] += 1
                continue
            total = be16(data, at + 4)
            packet_end = min(at + 40 + total, wire) if total > 0 else wire
            protocol, upper, fragment = upper_layer(data, at + 40, end, u8(data, at + 6))
            if protocol < 0:
                skipped[SKIPPED_REASON + SHORT_IP] += 1
                continue
            if protocol != PROTOCOL_TCP:
                skipped[SKIPPED_PROTOCOL + protocol] += 1
                if datagrams == 0 or protocol != PROTOCOL_UDP:
                    continue
            source_high, source_low = signed64(data, at + 8), signed64(data, at + 16)
            target_high, target_low = signed64(data, at + 24), signed64(data, at + 32)
        else:
            skipped[SKIPPED_ETHERTYPE + ethertype] += 1
            continue

        row = segments[rows]
        row["time"] = frame["time"]
        row["number"] = frame["number"]
        if protocol == PROTOCOL_UDP:
            # Of a datagram in fragments the first one has the ports.
            offset = fragment & (OFFSET_BITS_IPV4 if ethertype == ETHERTYPE_IPV4 else OFFSET_BITS_IPV6)
            if ethertype == ETHERTYPE_IPV6 and fragment != 0:
                upper += FRAGMENT_HEADER
            if offset != 0 or min(end, packet_end) - upper < UDP_HEADER:
                continue
            length = be16(data, upper + 4)
            row["source_high"] = source_high
            row["source_low"] = source_low
            row["target_high"] = target_high
            row["target_low"] = target_low
            row["source_port"] = be16(data, upper)
            row["target_port"] = be16(data, upper + 2)
            row["seq"] = row["ack"] = 0
            # A length of 0 is that of a jumbogram (RFC 2675), or of offloaded segments.
            row["length"] = length - UDP_HEADER if length >= UDP_HEADER else packet_end - upper - UDP_HEADER
            row["window"] = 0
            row["flags"] = SEGMENT_DATAGRAM
            row["endpoint"] = -1
            row["payload"] = upper + UDP_HEADER
            rows += 1
            continue
        if fragment != 0:
            row["flags"] = SEGMENT_PENDING
            row["seq"] = index
            row["ack"] = at - i
            rows += 1
            continue

        # TCP. Its length comes from the IP header, since the snap length cuts what was captured, and Ethernet pads.
        if packet_end - upper < 20:
            skipped[SKIPPED_REASON + BAD_TCP] += 1
            continue
        if end - upper < 20:
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
        row["source_port"] = be16(data, upper)
        row["target_port"] = be16(data, upper + 2)
        row["seq"] = be32(data, upper + 4)
        row["ack"] = be32(data, upper + 8)
        row["length"] = packet_end - upper - header
        row["window"] = be16(data, upper + 14)
        row["flags"] = u8(data, upper + 13)
        row["payload"] = upper + header if upper + header < end else -1
        rows += 1
    return rows


@inner
def link_layer(data: Any, at: int, end: int, linktype: int) -> tuple[int, int]:
    """Return the EtherType of the network layer of the frame in ``data[at:end]``, and the offset where it starts.

    Where there is none, the first is -1 minus the index in ``skipped`` that says why.
    """
    ethertype = -1
    if linktype == ETHERNET:
        if end - at < 14:
            return -1 - SKIPPED_REASON - SHORT_LINK, at
        ethertype = be16(data, at + 12)
        at += 14
    elif linktype == SLL:
        if end - at < 16:
            return -1 - SKIPPED_REASON - SHORT_LINK, at
        ethertype = be16(data, at + 14)
        at += 16
    elif linktype == SLL2:
        if end - at < 20:
            return -1 - SKIPPED_REASON - SHORT_LINK, at
        ethertype = be16(data, at)
        at += 20
    elif linktype in (NULL, LOOP):
        if end - at < 4:
            return -1 - SKIPPED_REASON - SHORT_LINK, at
        # The address family's number differs between systems; the IP version does not.
        at += 4
    elif linktype in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        pass
    else:
        return -1 - SKIPPED_LINKTYPE - (linktype & 0xFFFF), at

    while (ethertype in (ETHERTYPE_VLAN, ETHERTYPE_QINQ, ETHERTYPE_QINQ_OLD)) and end - at >= 4:
        ethertype = be16(data, at + 2)
        at += 4
    # An 802.3 length instead of an EtherType: LLC, and behind a SNAP header an EtherType again.
    if 0 <= ethertype <= 1500:
        if end - at < 8 or be32(data, at) != 0xAAAA0300 or be16(data, at + 4) != 0:
            return -1 - SKIPPED_REASON - LLC, at
        ethertype = be16(data, at + 6)
        at += 8

    if end - at < 1:
        return -1 - SKIPPED_REASON - SHORT_IP, at
    if ethertype < 0:
        version = u8(data, at) >> 4
        if version == 4:
            ethertype = ETHERTYPE_IPV4
        elif version == 6:
            ethertype = ETHERTYPE_IPV6
        else:
            return -1 - SKIPPED_REASON - NOT_IP, at
    return ethertype, at


@inner
def signed64(data: Any, at: int) -> int:
    """Return the 64 bits at an offset as a signed number, which int64 fields can hold."""
    high = be32(data, at)
    return (high - ((high & 0x80000000) << 1)) << 32 | be32(data, at + 4)


@inner
def upper_layer(data: Any, at: int, end: int, protocol: int) -> tuple[int, int, int]:
    """Walk IPv6 extension headers (RFC 8200 §4): protocol behind them (-1 where cut off), its offset, fragment bits.

    The fragment bits (offset and more-fragments flag) are 0 where the packet is whole; a fragment's walk ends at
    its fragment header, with the protocol TCP where that is the next header.
    """
    while True:
        if protocol == FRAGMENT:
            if end - at < 8:
                return -1, at, 0
            bits = be16(data, at + 2) & 0xFFF9
            protocol = u8(data, at)
            if bits != 0:
                return protocol, at, bits
            at += 8
        elif protocol in (HOP_BY_HOP, ROUTING, DESTINATION, AUTHENTICATION, MOBILITY, HIP, SHIM6):
            if end - at < 2:
                return -1, at, 0
            length = u8(data, at + 1)
            following = u8(data, at)
            # The authentication header alone counts its length in units of four bytes (RFC 4302 §2.2).
            at += (length + 2) * 4 if protocol == AUTHENTICATION else (length + 1) * 8
            protocol = following
        else:
            return protocol, at, 0
