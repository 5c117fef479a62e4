"""The rows that the tracker keeps and gives out: connections, their two endpoints each, and transitions."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

CONNECTION = np.dtype(
    [
        ("low_0", "i8"),  # address of endpoint 0, the sender of the first packet: the low half
        ("low_1", "i8"),
        ("port_0", "u2"),
        ("port_1", "u2"),
        ("notes", "i4"),  # the bits below
    ],
    align=True,
)

EXTRA = np.dtype(
    [
        ("high_0", "i8"),  # the high halves of both addresses; 0 for IPv4
        ("high_1", "i8"),
        ("previous", "i4"),  # 1 + the row of the connection before it on the same 4-tuple, or 0
        ("network_0", "i4"),  # what SEGMENT's ``network`` was of the first tagged packet that either endpoint sent
        ("network_1", "i4"),
    ],
    align=True,
)
"""What few connections have, a row for each all the same: rows that stay zero take no memory."""

SELDOM = np.dtype(
    [
        # Behind a hole in what it sent: where the run starts that ends at ``next``. Without a hole, where
        # KNOWN_UNSEEN_TAIL: where that starts which is not in the capture; and in SYN_RECEIVED, where
        # NOTE_ANSWERED_TWICE: the initial sequence number of its SYN-ACK before the last.
        ("island", "u4"),
        ("copies", "u4"),  # packets it sent that are there more than once, beside the first
        ("stray", "u4"),  # the end of what it sent last ahead of its peer's window; 0: nothing
        ("odd", "u4"),  # the bits below
    ]
)
"""What few endpoints have, a row for each all the same: rows that stay zero take no memory."""

ODD_MISSED, ODD_STRAY_FIN = 1, 2
"""Bits of SELDOM's ``odd``: its peer has acknowledged what the capture does not have, so windows in it prove nothing;
and what was a ``stray`` has a FIN at its end."""

NOTE_CLIENT_IS_1 = 1
"""Endpoint 1 is the client (else endpoint 0)."""
NOTE_CLIENT_GUESSED = 2
"""No handshake tells which side is the client; the ports suggested it."""
NOTE_HANDSHAKE_ACKED = 4
"""The acknowledgment that completes the handshake was captured."""
NOTE_REFUSED = 8
"""A RST answered the SYN."""
NOTE_FAST_OPEN = 16
"""The SYN carried data that the SYN-ACK acknowledged (RFC 7413)."""
NOTE_RESET_BY_0 = 32
NOTE_RESET_BY_1 = 64
"""That endpoint's RST ended the connection."""
NOTE_ACK_DROPPED = 128
"""The SYN-ACK came again after an ACK of it: that ACK did not arrive, or was dropped."""
NOTE_ACKS_DROPPED = 256
"""The same a second time: the server drops them (full backlog, deferred accept), so only its own segments count."""

ENDPOINT = np.dtype(
    [
        ("first", "i8"),  # time of its first and last packet, ns since the epoch; 0 where it sent none
        ("last", "i8"),
        ("bytes", "i8"),  # payload bytes it sent, retransmissions included
        ("packets", "u4"),
        ("retransmissions", "u4"),
        ("base", "u4"),  # initial sequence number, or one before the first sequence number seen
        ("next", "u4"),  # the sequence number after the last it sent
        ("contiguous", "u4"),  # the end of what it sent without a hole in the capture
        ("acked", "u4"),  # the highest acknowledgment number it sent
        # In TIME_WAIT: when it ends, the low half of ns since the epoch, to know its timer by. Else: microseconds
        # between the last segment that its timer sent again and the one before it; 0: none since its SYN or FIN.
        ("deadline", "u4"),
        ("edge", "u4"),  # the sequence number behind the window that it offers; means something where KNOWN_SENT_ACK
        # The first sequence number that its peer cannot have had acknowledged before its FIN was: that of the segment
        # which acknowledged its FIN, one more where that had data.
        ("proof", "u4"),
        ("known", "u2"),  # the bits below
        ("state", "u1"),  # index into states.STATES
        ("before", "u1"),  # its state before it became CLOSED or TIME_WAIT
    ],
    align=True,
)
"""Two rows a connection: 2 * connection + side."""

KNOWN_BASE = 1
KNOWN_SENT_SYN = 2
KNOWN_SENT_SYN_ACK = 4
KNOWN_SENT_FIN = 8
KNOWN_SENT_ACK = 16
"""It has acknowledged something, so ``acked`` means something."""
KNOWN_SPOKE = 32
"""It has sent a segment without SYN and RST since it was last taken to be ESTABLISHED."""
KNOWN_CLOSED_BY_RST = 64
"""CLOSED because of a RST, an ICMP error, or its own new SYN; what it sends after that tells that it is not."""
KNOWN_UNSEEN_TAIL = 128
"""The last that its peer acknowledged is not in the capture: data, or a FIN."""
KNOWN_ASSUMED_NOW = 256
"""Its state was assumed from the very last packet of its peer; a RST that answers that packet takes it back."""
KNOWN_TRIES_SHIFT = 9
MOST_TRIES = 127
"""From bit 9 on: how often it sent again, with no packet from its peer since (at most TRIES)."""

DETAIL = np.dtype(
    [
        ("since", "i8"),  # time of its last change of state, ns since the epoch; 0: none yet
        ("established", "i8"),  # time it became ESTABLISHED; 0: never
        ("opening", "i8"),  # time of the last SYN or SYN-ACK it sent; 0: none
        ("closed_since", "i8"),  # time since when the window it advertises has been zero; 0: it is open
        ("closed_for", "i8"),  # ns for which it has been zero altogether, up to ``closed_since``
        ("closed_windows", "u4"),  # how often it has become zero
        ("syns", "u4"),  # SYNs and SYN-ACKs it sent
        ("resets", "u4"),  # RSTs it sent
        ("fins", "u4"),  # segments with FIN it sent
        ("packet", "i8"),  # frame of its last change of state; 0: none, or a timer
        ("data", "i8"),  # time of the last segment with data that it had not sent before; 0: none
    ],
    align=True,
)
"""What only some questions need, one row an endpoint; kept where ``cells[CELL_DETAILS]`` asks for it."""

TROUBLE = np.dtype(
    [
        ("again", "i8"),  # frame of the last segment that it sent again, or of its last keep-alive; 0: none
        ("copied", "i8"),  # frame of the last copy of one of its segments; 0: none
        ("unseen", "i8"),  # bytes it sent that were acknowledged and are in no packet of the capture
        ("gap", "i8"),  # frame of the last ACK that told of such, and its time
        ("gap_time", "i8"),
        ("closing", "i8"),  # frame in which the window it advertises became zero the last time
        ("closed_longest", "i8"),  # ns for which its window was zero the longest time, once it was open again
        ("closed_at", "i8"),  # and the frame in which that began
        ("probed", "i8"),  # time of the first keep-alive or window probe since its peer's last packet before that
        ("reset", "i8"),  # frame of its RST that ended the connection; 0: none
        ("silence", "i8"),  # ns for which it had sent nothing when it answered a segment with a RST, not having closed
        ("missing", "u4"),  # bytes in holes before ``hole``: lost on the way, or never captured
        ("hole", "u4"),  # the sequence number behind the last hole
        ("probes", "u4"),  # keep-alives and window probes since ``probed``
        ("cut", "u4"),  # bytes it had sent that nothing had acknowledged when a RST ended the connection
    ],
    align=True,
)
"""What goes wrong with an endpoint, kept beside DETAIL: rows that stay zero take no memory."""

TRANSITION = np.dtype(
    [
        ("time", "i8"),
        ("packet", "i8"),  # frame number, 0 where no packet is the cause
        ("endpoint", "i4"),  # 2 * connection + side
        ("from", "u1"),
        ("to", "u1"),
        ("row", "u1"),  # index into machine.TABLE: cause and certainty
        ("doubt", "u1"),  # what makes it less certain: WEAK, LOST
    ],
    align=True,
)

DOUBT_WEAK = 1
"""The beginning or a direction is not in the capture, or the place in the order: "seen" is too much."""
DOUBT_LOST = 2
"""Packets of the connection were lost, so "assumed" is too much."""

TIMER = np.dtype([("deadline", "i8"), ("endpoint", "i8")])

NOTE_SUPERSEDED = 512
"""A new connection took the 4-tuple while this one was not closed."""

NOTE_NO_GUESS = 1024
"""A FIN was guessed of a side that is not captured, and it was data: no more guesses."""

NOTE_UNREACHABLE = 4096
"""An ICMP error said that the SYN did not arrive."""

NOTE_MIXED = 8192
"""An endpoint's packets on different VLANs, or the like, have numbers that do not belong to one connection."""

NOTE_ANSWERED_TWICE = 16384
"""Two SYN-ACKs with different initial sequence numbers answered the SYN: several servers, or SYN cookies."""

NOTE_UNSURE = 32768
"""An end closed while the last that its peer had sent was not in the capture, so nothing tells which closed first."""

NOTE_DOUBTFUL = 2048
"""It began without SYN or data soon after connections were let go, so it may be the end of one of these."""

NOTE_GAVE_UP = 1 << 16
"""The retransmission that was due did not come, so an endpoint gave up."""

NOTE_FIN_FILLED = 1 << 17
"""A FIN filled a hole: that it was sent before, and when, is not in the capture."""

NOTE_LOSSY = 1 << 18
"""Packets of it were lost, on the way or by the capture."""

NOTE_BESIDE = 1 << 19
"""Its SYN came while the connection before it on the 4-tuple was open, and nothing has answered it yet."""

NOTE_SCALE_0, NOTE_SCALE_1, NOTE_SCALE = 20, 24, 15
"""Where ``notes`` have how far the windows of endpoint 0 and 1 are shifted: 1 + the shift, or 0 where the capture does
not tell; and the mask for it."""

NOTE_SENT_AFTER_RST = 1 << 28
"""Who sent the RST that ended it has sent by its timer since, so what answers that is a sign of life."""

NOTE_OUTLIVES_0, NOTE_OUTLIVES_1 = 1 << 29, 1 << 30
"""That endpoint's TIME_WAIT has outlived a RST (RFC 1337), so the next one does not end it either."""

PLACE_NEW, PLACE_BEHIND_FIN, PLACE_IN_HOLE, PLACE_BELATED, PLACE_AGAIN, PLACE_AGAIN_AT_ONCE, PLACE_STRAY = range(7)
"""What a packet is to those before it (``counting``): new; new, and at odds with the FIN that was taken for its
sender's; filling a hole, late or sent again; written down shortly after the acknowledgment of it; sent again; sent
again sooner than any retransmission timer; ahead of all that its receiver offers to take, or a FIN where data was, so
that its receiver drops it."""

RECENT_PACKET = np.dtype(
    [
        ("time", "i8"),
        # Its sender, the numbers of its header and its mark in one number, and in the lowest eight bits how often it
        # was there.
        ("print", "i8"),
    ]
)
"""A packet of the last moments, by which copies of it are known."""

(
    CELL_CONNECTIONS,
    CELL_TRANSITIONS,
    CELL_TIMERS,
    CELL_CLOCK,
    CELL_TWO_MSL,
    CELL_RECORD,
    CELL_DETAILS,
    CELL_SPLIT,
    CELL_DOUBT_UNTIL,
    CELL_KEYS,
) = range(10)
"""Cells of the tracker's ``cells`` (int64): how many rows of each table are used, the time of the last packet, 2 MSL
(both ns), whether to record transitions, whether to keep DETAIL and TROUBLE rows, whether to keep different VLANs
apart, until when packets may be those of connections that were let go (ns since the epoch); from KEYS on, eight random
odd numbers below 2**31 that key the hash table; from FORESEEN on, the slots where the next segments' connections are
looked for."""
CELL_FORESEEN = CELL_KEYS + 8
PREFETCHED_SEGMENTS = 16
"""Segments whose rows are fetched from memory together, while the time that takes can still be used."""
CELL_WAITS = CELL_FORESEEN + PREFETCHED_SEGMENTS
"""How many networks there are in which TIME_WAIT lasts otherwise; then WAIT cells for each (``lasting``)."""
WAIT_CELLS = 5
FIXED_CELLS = CELL_WAITS + 1


class World(NamedTuple):
    """The tables that the kernels of this stage work on."""

    connections: Annotated[Any, CONNECTION]
    extras: Annotated[Any, EXTRA]  # one a connection
    seldom: Annotated[Any, SELDOM]  # two a connection
    endpoints: Annotated[Any, ENDPOINT]  # two a connection
    details: Annotated[Any, DETAIL]  # two a connection, or none
    troubles: Annotated[Any, TROUBLE]  # two a connection, or none
    slots: Annotated[Any, np.int32]  # the hash table, a power of two: a connection's row + 1, or 0
    timers: Annotated[Any, TIMER]  # a heap: the timer at n ends no later than those at 2 * n + 1 and 2 * n + 2
    transitions: Annotated[Any, TRANSITION]  # emptied by the caller
    cells: Annotated[Any, np.int64]  # the cells above
    recent: Annotated[Any, RECENT_PACKET]  # a power of two
