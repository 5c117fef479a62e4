"""Rows that the decoder produces: TCP segments for the tracker, and UDP datagrams for watchers."""

from __future__ import annotations

import numpy as np

SEGMENT = np.dtype(
    [
        ("time", "i8"),  # nanoseconds since the epoch
        ("number", "i8"),  # of its frame
        ("source_high", "i8"),  # addresses: the bits of two u64 each, IPv4 as ::ffff:a.b.c.d
        ("source_low", "i8"),
        ("target_high", "i8"),
        ("target_low", "i8"),
        ("seq", "i8"),  # 0 to 2**32-1
        ("ack", "i8"),
        ("source_port", "i4"),
        ("target_port", "i4"),
        ("length", "i4"),  # payload bytes, from the IP header
        ("window", "u2"),  # as in the header, unscaled
        ("flags", "i2"),  # the low eight bits of the TCP header's flags; negative: one of the values below
        ("endpoint", "i4"),  # 2 * connection + side of the sender, set by the tracker
        ("payload", "i4"),  # offset of the payload in the buffer of its batch; -1: none was captured
        ("mark", "u4"),  # fingerprint, the same for all copies of a packet; highest bit: see TELLING
        ("network", "i4"),  # 1 + the number of its virtual network (``Decoder.networks``), or 0
        ("options", "i4"),  # of a SYN: as in syn_options; 0: none
    ],
    align=True,
)

SEGMENT_NONE = -1
"""``flags`` of a row without a segment; every reader skips it."""
SEGMENT_PENDING = -2
"""``flags`` of a row for the slow path.

``seq`` is the index of the frame, ``ack`` an offset in it: of a fragment; of subframes, if ``length`` is GATHERED; of
an IP packet, if it is COMPRESSED or FRAGMENTED.
"""
SEGMENT_DATAGRAM = -3
"""``flags`` of a UDP datagram; there are such rows on request only."""
TELLING = 1 << 31
"""The bit of ``mark`` that is set if a retransmission has another mark."""
SEGMENT_ICMP = -4
"""``flags`` of an ICMP error: addresses, ports and ``seq`` are those of the quoted segment.

``ack`` is type << 8 | code, plus SEGMENT_ICMPV6 for ICMPv6.
"""
SEGMENT_ICMPV6 = 0x10000

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80
