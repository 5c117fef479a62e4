"""The rows that are kept of connections in Zeek's terms, and what their numbers mean.

Zeek follows TCP with seven states of its own, of which the flags of packets alone decide. They say what an end has
sent, and not in which state of RFC 9293 it is: that is in ``tcp.machine``, and nothing here has a say in it.
"""

from __future__ import annotations

import numpy as np

INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET = range(7)
"""Zeek's states of an end: nothing sent; a SYN; as originator a SYN-ACK; joined late; open; a FIN; a RST."""

STORY = np.dtype(
    [
        ("first", "i8"),  # time of its first packet, ns since the epoch
        ("last", "i8"),  # time of the last packet before both ends had closed
        ("missed", "i8"),  # bytes that were acknowledged and are in no packet
        ("letters", "u1"),  # how many letters there are
        ("origin", "u1"),  # the side of the originator
        ("bits", "u1"),  # IS_ bits
    ],
    align=True,
)
"""What is kept of a connection."""

IS_KNOWN = 1
IS_PARTIAL = 2
"""It was joined late, so numbers before its first packet are not missing."""
IS_DEFERRED = 4
"""An end has closed while some that it sent before has not been captured yet."""
IS_TRIMMED = 8
"""It has more letters than there is room for."""

END = np.dtype(
    [
        # Sequence numbers count from that of the SYN, which is 0, and do not wrap.
        ("last", "i8"),  # the number after the last that it sent
        ("acked", "i8"),  # the highest number that its peer has acknowledged
        ("read", "i8"),  # the number up to which all was captured, or is known to be missing
        ("trimmed", "i8"),  # the number before which nothing is looked at any more
        ("fin", "i8"),  # the number after its FIN
        ("syn_at", "i8"),  # the numbers of its last SYN, FIN and RST
        ("fin_at", "i8"),
        ("rst_at", "i8"),
        ("ip_bytes", "i8"),  # bytes of its IP packets; below 0: not known
        ("packets", "u4"),
        ("start", "u4"),  # the sequence number of its SYN, or of the byte before the first
        ("gaps", "u4"),  # how often something of it was missing
        ("bad", "u4"),  # packets with a wrong checksum
        ("again", "u4"),  # packets with data that it had sent before
        ("zero", "u4"),  # packets with a window of zero
        ("seen", "u2"),  # SEEN_ bits: letters that it has
        ("bits", "u1"),  # HAS_ bits
        ("blocks", "u1"),  # how many blocks lie behind a hole
        ("state", "u1"),
        ("before", "u1"),  # the state before
    ],
    align=True,
)
"""What is kept of an end: two a connection."""

SEEN_SYN, SEEN_FIN, SEEN_RST, SEEN_ACK, SEEN_DATA, SEEN_FIN_RST, SEEN_FLAGS = (1 << bit for bit in range(7))

HAS_SENT, HAS_FIN, HAS_CLOSED, HAS_ENDED, HAS_LOST = (1 << bit for bit in range(5))
"""It has sent a packet; a FIN; it has closed, with all before that captured; all was captured up to its end; so much of
it is missing that the rest is not looked at."""

UNKNOWN_BYTES = -1 << 62
"""``ip_bytes`` of an end of which one packet's headers are not in the capture: it stays far below 0."""

BLOCKS = 8
"""Blocks behind a hole that are kept of an end. Each takes two numbers, where it begins and where it ends."""
LETTERS = 40
"""Letters that are kept of a connection, upper case for side 0."""

FLIPPED, BAD, GAP, AGAIN, ZERO, CUT = b"^CGTWX"
SYN_LETTER, SYN_ACK_LETTER, FIN_LETTER, RST_LETTER, ACK_LETTER, DATA_LETTER, BOTH_LETTER, MANY_LETTER = b"SHFRADIQ"
LOWER = 32
"""What is added to a letter for side 1."""
