"""The rows that decoding gives to the tracker: TCP segments."""

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
        ("window", "i4"),  # as in the header, unscaled
        ("flags", "i4"),  # the low eight bits of the TCP header's flags; SEGMENT_PENDING or SEGMENT_NONE where negative
    ],
    align=True,
)

SEGMENT_NONE = -1
"""``flags`` of a row that turned out to hold no segment; every reader passes over it."""
SEGMENT_PENDING = -2
"""``flags`` of a row whose frame is left to the slow path; ``seq`` is its index among the frames."""

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80
