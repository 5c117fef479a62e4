"""Why a host's table and the packets differ: a code for programs, a sentence for people.

Each reason is told only where the capture, or the file, has something that supports it; else the reason is UNKNOWN.
"""

from __future__ import annotations

CHANGED_LATER = "changed_later"
CHANGED_BEFORE = "changed_before"
LISTENER = "listener"
BOUND = "bound"
LOOPBACK = "loopback"
OTHER_INTERFACE = "other_interface"
FILTERED = "filtered"
OPEN_BEFORE = "open_before"
NO_DATAGRAM = "no_datagram"
PACKETS_LOST = "packets_lost"
NOT_CAPTURED = "not_captured"
ASSUMED = "assumed"
ONE_DIRECTION = "one_direction"
JOINED_LATE = "joined_late"
TIME_WAIT_LONGER = "time_wait_longer"
TIME_WAIT_SHORTER = "time_wait_shorter"
FIN_WAIT_2_OVER = "fin_wait_2_over"
HALF_OPEN = "half_open"
CLOSED_QUIETLY = "closed_quietly"
NOT_LISTED = "not_listed"
OTHER_HOST = "other_host"
OTHER_MOMENT = "other_moment"
UNKNOWN = "unknown"

SENTENCES = {
    CHANGED_LATER: "packet {packet} changes it {later} later",
    CHANGED_BEFORE: "packet {packet} changed it {earlier} before",
    "opened_before": "opened {earlier} before, by packet {packet}: the host's table may be a little older",
    LISTENER: "a port that listens sends nothing; the capture has no connection that it had accepted by then",
    BOUND: "a socket without a connection sends nothing",
    LOOPBACK: "a loopback address; the capture has no packet of the loopback interface",
    OTHER_INTERFACE: "no connection of the capture has {address}: another interface, or another network",
    FILTERED: "the capture filter leaves it out: {filter}",
    OPEN_BEFORE: "the capture has no packet of it: it was there before the capture began, and silent since",
    "open_before_or_lost": (
        "the capture has no packet of it: it was there before, or is among {drops:dropped packet|dropped packets}"
    ),
    "open_before_until": "it was there before; its first packet in the capture comes {later} later (packet {packet})",
    NO_DATAGRAM: "a port of UDP that has sent nothing in the capture",
    PACKETS_LOST: "packets are missing: the capture reports {drops:dropped packet|dropped packets}",
    "packets_lost_gap": "packets are missing: the capture lacks {bytes:byte|bytes} of this connection",
    NOT_CAPTURED: "what led to the host's state is in no packet; the last one of this connection came {idle} before",
    ASSUMED: "packet {packet} may not have reached the host: the packets' state is assumed, not seen",
    "assumed_timer": "no packet proves the packets' state: a timer implies it",
    ONE_DIRECTION: "the capture has only one direction of this connection",
    JOINED_LATE: "the capture has too little of this connection to tell its state",
    TIME_WAIT_LONGER: "TIME_WAIT, entered {idle} before, lasts longer on the host than 2 MSL here (--time-wait)",
    TIME_WAIT_SHORTER: "the host ended TIME_WAIT early, without a packet; packet {packet} began it {idle} before",
    FIN_WAIT_2_OVER: "a timer of the host ended FIN_WAIT_2 without a packet; packet {packet} began it {idle} before",
    HALF_OPEN: "half-open: the peer repeats itself without an answer (packet {packet}); the host has dropped it",
    CLOSED_QUIETLY: "a port closes without a packet; the packets prove only that it was open",
    NOT_LISTED: "the file lists no socket of this kind",
    OTHER_HOST: "the file has no socket with {address}: another host's, behind NAT, or in a container",
    OTHER_MOMENT: "this end still speaks {later} later: the file is of another moment, or of another host",
    UNKNOWN: "nothing in the capture tells why",
}
"""The sentences by code, and further ones where the evidence is another."""

CODES = (
    CHANGED_LATER,
    CHANGED_BEFORE,
    LISTENER,
    BOUND,
    LOOPBACK,
    OTHER_INTERFACE,
    FILTERED,
    OPEN_BEFORE,
    NO_DATAGRAM,
    PACKETS_LOST,
    NOT_CAPTURED,
    ASSUMED,
    ONE_DIRECTION,
    JOINED_LATE,
    TIME_WAIT_LONGER,
    TIME_WAIT_SHORTER,
    FIN_WAIT_2_OVER,
    HALF_OPEN,
    CLOSED_QUIETLY,
    NOT_LISTED,
    OTHER_HOST,
    OTHER_MOMENT,
    UNKNOWN,
)
"""All codes, in the order in which they are listed."""
