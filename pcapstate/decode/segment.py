"""The rows that decoding gives to the tracker: TCP segments, and UDP datagrams for others."""

from __future__ import annotations

import numpy as np

SEGMENT = np.dtype(
    [
        ("time", "i8"),  # nanoseconds since the epoch
        ("number", "i8"),  # of the frame that carried it
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
        ("endpoint", "i4"),  # 2 * connection + side of the sender, once the tracker has followed it
        ("payload", "i4"),  # offset of the payload in the buffer of its batch; -1 where none of it is there
        ("mark", "u4"),  # the same for all copies of one packet; the highest bit: another if its sender sends again
        ("network", "i4"),  # 1 + the number of its stack of VLAN tags and the like (``Decoder.networks``), or 0
        ("scale", "i4"),  # 1 + the shift of a SYN's window scale option (RFC 7323, at most 14), or 0: it has none
    ],
    align=True,
)

SEGMENT_NONE = -1
"""``flags`` of a row that turned out to hold no segment; every reader passes over it."""
SEGMENT_PENDING = -2
"""``flags`` of a row whose frame is left to the slow path.

``seq`` is the index of the frame, ``ack`` the offset in it: of a fragment; where ``length`` is GATHERED, of frames;
where it is COMPRESSED or FRAGMENTED, of an IP packet.
"""
SEGMENT_DATAGRAM = -3
"""``flags`` of a row that is a UDP datagram, and no segment: only where somebody asked for these."""
TELLING = 1 << 31
"""The bit of ``mark`` that says that the same segment sent again has another mark."""
SEGMENT_ICMP = -4
"""``flags`` of a row that is an ICMP error: addresses, ports and ``seq`` are those of the segment that it quotes.

``ack`` is type << 8 | code, plus SEGMENT_ICMPV6 for ICMPv6.
"""
SEGMENT_ICMPV6 = 0x10000

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80
