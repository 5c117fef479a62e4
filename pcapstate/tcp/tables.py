"""The rows that the tracker keeps and gives out: connections, their two endpoints each, and transitions.

The names of bits tell which field they belong to: NOTE_ is a bit of ``notes``, KNOWN_ of ``known``, ODD_ of ``odd``,
DOUBT_ of ``doubt``. CELL_ names a cell of ``World.cells``. PLACE_ is what a segment is to those before it.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

# --- connections

CONNECTION = np.dtype(
    [
        ("low_0", "i8"),  # the low half of the address of endpoint 0, the sender of the first packet
        ("low_1", "i8"),
        ("port_0", "u2"),
        ("port_1", "u2"),
        ("notes", "i4"),  # NOTE_ bits
        ("more", "i4"),  # MORE_ bits
    ],
    align=True,
)
"""Half a cache line, which is all that most segments need of it."""

NOTE_CLIENT_IS_1 = 1
"""Endpoint 1 is the client (else endpoint 0)."""
NOTE_CLIENT_GUESSED = 2
"""No handshake tells which side is the client; the ports suggest it."""
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
"""The SYN-ACK came again after an ACK of it: that ACK was lost or dropped."""
NOTE_ACKS_DROPPED = 256
"""The same a second time: the server drops them (full backlog, deferred accept), so only its own segments count."""
NOTE_SUPERSEDED = 512
"""A new connection took the 4-tuple while this one was not closed."""
NOTE_NO_GUESS = 1024
"""A FIN was guessed of a side that is not captured, and it was data: no more guesses."""
NOTE_DOUBTFUL = 2048
"""It began without SYN or data soon after connections were evicted, so it may be the end of one of these."""
NOTE_UNREACHABLE = 4096
"""An ICMP error reported that the SYN did not arrive."""
NOTE_MIXED = 8192
"""One endpoint sends on different VLANs, or the like, with numbers that do not belong to one connection."""
NOTE_ANSWERED_TWICE = 16384
"""Two SYN-ACKs with different initial sequence numbers answered the SYN: several servers, or SYN cookies."""
NOTE_UNSURE = 32768
"""An end closed while the last that its peer had sent was not in the capture, so nothing tells which closed first."""
NOTE_GAVE_UP = 1 << 16
"""The retransmission that was due did not come, so an endpoint gave up."""
NOTE_FIN_FILLED = 1 << 17
"""A FIN filled a hole: the capture misses that it was sent before, and when."""
NOTE_LOSSY = 1 << 18
"""Packets of it were lost, on the way or by the capture."""
NOTE_BESIDE = 1 << 19
"""Its SYN came while the connection before it on the 4-tuple was open, and nothing has answered it yet."""
NOTE_SCALE_0, NOTE_SCALE_1, NOTE_SCALE = 20, 24, 15
"""The shifts within ``notes`` for the window scale of endpoint 0 and 1, and the mask. The value is 1 + the scale, or 0
where the capture does not tell."""
NOTE_SENT_AFTER_RST = 1 << 28
"""The sender of the RST that ended it has retransmitted since, so an answer to that is a sign of life."""
NOTE_OUTLIVES_0, NOTE_OUTLIVES_1 = 1 << 29, 1 << 30
"""That endpoint's TIME_WAIT has outlived a RST (RFC 1337), so the next one does not end it either."""

MORE_ADDRESSES = 1
"""Its row of EXTRA has the high halves of its addresses; else they are 0."""
MORE_PREVIOUS = 2
"""Its row of EXTRA names a connection before it, or has named one that was evicted since."""

EXTRA = np.dtype(
    [
        ("high_0", "i8"),  # the high halves of both addresses; 0 for IPv4
        ("high_1", "i8"),
        ("previous", "i4"),  # 1 + the row of the connection before it on the same 4-tuple, or 0
        ("network_0", "i4"),  # SEGMENT's ``network`` of the first tagged packet that either endpoint sent
        ("network_1", "i4"),
        ("earlier_base", "u4"),  # where NOTE_ANSWERED_TWICE: the initial sequence number of the SYN-ACK before the last
    ],
    align=True,
)
"""What few connections have; ``more`` says where to look. Each has a row all the same: rows that stay zero take no
memory."""

# --- endpoints: two rows a connection, at 2 * connection + side

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
        # One timer runs at a time. In TIME_WAIT, 2 MSL: the low half of the time at which it ends (ns since the epoch).
        # In any other state, the retransmission timeout: microseconds from its last segment to the retransmission of
        # it; 0: no retransmission since its SYN or FIN.
        ("timer", "u4"),
        ("edge", "u4"),  # the sequence number behind the window that it offers; valid where KNOWN_SENT_ACK
        # The first sequence number that its peer cannot have had acknowledged before its FIN was: that of the segment
        # that acknowledged its FIN, one more where that had data.
        ("proof", "u4"),
        ("known", "u2"),  # KNOWN_ bits
        ("state", "u1"),  # states.State
        ("before", "u1"),  # its state before it became CLOSED or TIME_WAIT
    ],
    align=True,
)

KNOWN_BASE = 1
KNOWN_SENT_SYN = 2
KNOWN_SENT_SYN_ACK = 4
KNOWN_SENT_FIN = 8
KNOWN_SENT_ACK = 16
"""It has acknowledged something, so ``acked`` is valid."""
KNOWN_SPOKE = 32
"""It has sent a segment without SYN and RST since it was last taken to be ESTABLISHED."""
KNOWN_CLOSED_BY_RST = 64
"""It is CLOSED because of a RST, an ICMP error, or its own new SYN; if it sends after that, it is not."""
KNOWN_UNSEEN_TAIL = 128
"""The last that its peer acknowledged is not in the capture: data, or a FIN."""
KNOWN_ASSUMED_NOW = 256
"""Its state was assumed from the very last packet of its peer; a RST that answers that packet takes it back."""
KNOWN_TRIES_SHIFT = 9
KNOWN_MOST_TRIES = 127
"""From bit 9 on: how often it has retransmitted with no packet from its peer since (at most KNOWN_MOST_TRIES)."""

SELDOM = np.dtype(
    [
        # Where the last part of what it sent begins, which ends at ``next``: the run behind a hole; without a hole and
        # where KNOWN_UNSEEN_TAIL, the part that is not in the capture.
        ("tail", "u4"),
        ("copies", "u4"),  # packets it sent that are in the capture more than once, beside the first
        ("stray", "u4"),  # the end of what it sent last ahead of its peer's window; 0: nothing
        ("odd", "u4"),  # ODD_ bits
    ]
)
"""What few endpoints have. Each has a row all the same: rows that stay zero take no memory."""

ODD_MISSED = 1
"""Its peer has acknowledged what the capture does not have, so windows in the capture prove nothing."""
ODD_STRAY_FIN = 2
"""The ``stray`` ends with a FIN."""

DETAIL = np.dtype(
    [
        ("since", "i8"),  # time of its last change of state, ns since the epoch; 0: none yet
        ("established", "i8"),  # time it first became ESTABLISHED after ``opening``; 0: never
        ("opening", "i8"),  # time of the last SYN or SYN-ACK it sent; 0: none
        ("closed_since", "i8"),  # time since when it has advertised a zero window; 0: its window is open
        ("closed_for", "i8"),  # ns for which its window has been zero altogether, up to ``closed_since``
        ("closed_windows", "u4"),  # how often its window has become zero
        ("syns", "u4"),  # SYNs and SYN-ACKs it sent
        ("resets", "u4"),  # RSTs it sent
        ("fins", "u4"),  # segments with FIN it sent
        ("packet", "i8"),  # frame of its last change of state; 0: none, or a timer
        ("data", "i8"),  # time of the last segment with data that it had not sent before; 0: none
    ],
    align=True,
)
"""What only some questions need, one row an endpoint; kept where CELL_DETAILS asks for it."""

TROUBLE = np.dtype(
    [
        ("again", "i8"),  # frame of its last retransmission or keep-alive; 0: none
        ("copied", "i8"),  # frame of the last copy of one of its segments; 0: none
        ("unseen", "i8"),  # bytes it sent that were acknowledged and are in no packet of the capture
        ("gap", "i8"),  # frame of the last ACK of such bytes, and its time
        ("gap_time", "i8"),
        ("closing", "i8"),  # frame in which the window it advertises last became zero
        ("closed_longest", "i8"),  # ns of its longest zero window that opened again
        ("closed_at", "i8"),  # and the frame in which that began
        ("probed", "i8"),  # time of the first keep-alive or window probe since its peer's last packet before that
        ("reset", "i8"),  # frame of its RST that ended the connection; 0: none
        ("silence", "i8"),  # ns for which it had sent nothing when it answered a segment with a RST, not having closed
        ("missing", "u4"),  # bytes in holes before ``hole``: lost on the way, or never captured
        ("hole", "u4"),  # the sequence number behind the last hole
        ("probes", "u4"),  # keep-alives and window probes since ``probed``
        ("cut", "u4"),  # bytes it had sent without an acknowledgment when a RST ended the connection
    ],
    align=True,
)
"""What goes wrong with an endpoint, kept beside DETAIL: rows that stay zero take no memory."""

# --- transitions

TRANSITION = np.dtype(
    [
        ("time", "i8"),
        ("packet", "i8"),  # frame number, 0 where no packet is the cause
        ("endpoint", "i4"),  # 2 * connection + side
        ("from", "u1"),
        ("to", "u1"),
        ("row", "u1"),  # index into machine.TABLE: cause and certainty
        ("doubt", "u1"),  # DOUBT_ bits: what makes it less certain
    ],
    align=True,
)

DOUBT_WEAK = 1
"""The beginning, a direction, or the order of packets is not in the capture: "seen" is too much."""
DOUBT_LOST = 2
"""Packets of the connection were lost: "assumed" is too much."""

# --- between segments

(
    PLACE_NEW,
    PLACE_BEHIND_FIN,
    PLACE_IN_HOLE,
    PLACE_BELATED,
    PLACE_AGAIN,
    PLACE_AGAIN_AT_ONCE,
    PLACE_STRAY,
) = range(7)
"""A segment's place among those its sender sent before: new; new, behind what was taken for its sender's FIN; filling a
hole, late or sent again; captured shortly after its acknowledgment; sent again; sent again sooner than any
retransmission timer; ahead of the window that its receiver offers, or a FIN where data was, so that its receiver drops
it."""

AFTERWARDS = np.dtype(
    [
        ("copies", "i8"),  # packets of the connection that are in the capture more than once, so far
        ("retransmissions", "i8"),
        ("transitions", "i8"),  # of all connections, so far
        ("state_0", "u1"),
        ("state_1", "u1"),
    ],
    align=True,
)
"""What a connection is after a packet."""

TIMER = np.dtype([("deadline", "i8"), ("endpoint", "i8")])
"""The end of a TIME_WAIT."""

RECENT_PACKETS = np.dtype([(f"{field}_{way}", "i8") for field in ("time", "print") for way in range(4)])
"""Four packets of the last moments, the latest first, by which copies of them are known: a cache line. ``print``: the
sender, the numbers of the header and the mark in one number; in the lowest eight bits how often it was captured."""

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
    CELL_DROPPED,
    CELL_KEYS,
) = range(11)
"""Numbers that the kernels share: the used rows of three tables, the time of the last packet, 2 MSL (both ns), whether
to record transitions, whether to keep DETAIL and TROUBLE rows, whether the same 4-tuple on different VLANs is different
connections, the time until which packets may belong to evicted connections, the time when the capture last dropped
packets or 0 (both ns since the epoch). From CELL_KEYS on: eight random odd numbers below 2**30 that key the hash
table."""
CELL_FORESEEN = CELL_KEYS + 8
"""From here on FORESEEN_CELLS for each of the next segments: see FORESEEN_KEY."""
FORESEEN_KEY, FORESEEN_SLOT, FORESEEN_HASH, FORESEEN_BUCKET, FORESEEN_CELLS = range(5)
"""What is known of a segment before it is followed: the hash of its 4-tuple, the slot at which the search for its
connection goes on, the hash of its header, and the row of ``recent`` in which a copy of it is."""
PREFETCHED_SEGMENTS = 16
"""Segments whose rows are fetched from memory together, to use the time that takes."""
CELL_WAITS = CELL_FORESEEN + PREFETCHED_SEGMENTS * FORESEEN_CELLS
"""The number of networks in which TIME_WAIT lasts otherwise; behind it WAIT_CELLS for each (see ``time_wait``)."""
WAIT_CELLS = 5
FIXED_CELLS = CELL_WAITS + 1


SLOT = np.dtype(np.int64)
"""A slot of the hash table: a connection's row + 1 and, above the low 32 bits, the hash of its 4-tuple; or 0."""


class World(NamedTuple):
    """The tables that the kernels of this stage work on."""

    connections: Annotated[Any, CONNECTION]
    extras: Annotated[Any, EXTRA]  # one a connection
    seldom: Annotated[Any, SELDOM]  # two a connection
    endpoints: Annotated[Any, ENDPOINT]  # two a connection
    details: Annotated[Any, DETAIL]  # two a connection, or none
    troubles: Annotated[Any, TROUBLE]  # two a connection, or none
    slots: Annotated[Any, SLOT]  # the hash table, a power of two
    timers: Annotated[Any, TIMER]  # a heap: the timer at n ends no later than those at 2 * n + 1 and 2 * n + 2
    transitions: Annotated[Any, TRANSITION]  # emptied by the caller
    cells: Annotated[Any, np.int64]  # CELL_
    recent: Annotated[Any, RECENT_PACKETS]  # a power of two
