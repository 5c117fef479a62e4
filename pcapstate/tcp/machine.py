"""The TCP state machine as an observer sees it: every transition stands in this file, and nowhere else.

The theory. RFC 9293 §3.3.2 (figure 5) describes one endpoint that knows what it sends and what it gets. An observer
knows less: a captured segment was sent for sure, but whether it arrived shows only later. So each segment gives
events of two families. ``SENT_…`` events prove a state of the segment's sender; ``GOT_…`` events are assumed for its
receiver, until packets contradict them. Events that CERTAINTY has as REVISED are such contradictions: they put an
assumption right.

How to read the table: an endpoint in one of ``states`` that meets ``event`` enters ``next``; any other pair changes
nothing. ``cause`` is what the timeline prints, ``reason`` a sentence that says why. The tracker (``tcp.tracker``) only
derives the events of each segment and looks them up here; this file does not know about packets, and that file decides
no transition.

What the table cannot say, the tracker holds: whether a sequence number counts (FIN in order, RST in the window, an
ACK that covers the FIN), and which state an endpoint was in before a RST that turned out not to have arrived
(``BEFORE_RST``).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from .states import State

S = State


class Event(IntEnum):
    """What an endpoint did, or is taken to have met."""

    SENT_SYN = 0
    SENT_SYN_ACK = 1
    SENT_ACK = 2
    SENT_ACK_OF_FIN = 3
    SENT_FIN = 4
    SENT_RST = 5
    SENT_NEW_SYN = 6
    SENT_NEW_SYN_ACK = 7
    GOT_SYN_ACK = 8
    GOT_ACK_OF_SYN = 9
    GOT_ACK = 10
    GOT_FIN = 11
    GOT_ACK_OF_FIN = 12
    GOT_RST = 13
    GOT_RST_TO_SYN = 14
    MISSED_SYN_ACK = 15
    MISSED_ACK_OF_SYN_ACK = 16
    SENT_SYN_ACK_AGAIN = 17
    SENT_FIN_AGAIN = 18
    SENT_FIN_AGAIN_WITH_ACK = 19
    SENT_FIN_WITHOUT_ACK = 20
    STILL_SENDS = 21
    TIME_WAIT_OVER = 22
    SENT_REFUSAL = 23
    SENT_RST_IN_ANSWER = 24
    SENT_FIN_UNSURE = 25
    GOT_FIN_UNSURE = 26
    SENT_MORE = 27
    GOT_MORE = 28
    SENT_FIN_EARLY = 29
    MISSED_FIN = 30
    SENT_ACK_BEYOND_FIN = 31
    MISSED_NO_FIN = 32
    GOT_UNREACHABLE = 33
    GOT_ICMP_ERROR = 34
    SENT_SYN_AGAIN = 35
    SENT_MISSING_FIN = 36
    GOT_MISSING_FIN = 37
    SENT_RST_WITHOUT_FIN = 38
    SENT_RST_BEFORE_ACK = 39
    SENT_ACK_WITHOUT_FIN = 40
    MISSED_FIN_SENT_AGAIN = 41
    SENT_MORE_THAN_FIN = 42
    GOT_MORE_THAN_FIN = 43
    GAVE_UP = 44
    SILENT_AFTER_FIN = 45
    SENT_SAME_SYN = 46
    SENT_MORE_BEFORE = 47
    SENT_FIN_AFTER_ALL = 48
    GOT_MORE_AFTER_ALL = 49
    MISSED_FIN_BEFORE_RST = 50


class Certainty(IntEnum):
    """How sure a transition is."""

    SEEN = 0
    ASSUMED = 1
    TIMER = 2
    REVISED = 3
    DOUBTFUL = 4

    @property
    def word(self) -> str:
        """The word for programs and people."""
        return self.name.lower()


class Row(NamedTuple):
    """One transition: an endpoint in one of ``states`` that meets ``event`` enters ``next``."""

    states: tuple[State, ...]
    event: Event
    next: State | None  # None: back to the state before the RST
    cause: str
    reason: str


BEFORE_RST = None
E_ = Event

ORIGIN = {
    Event.SENT_SYN: State.CLOSED,
    Event.SENT_SYN_ACK: State.LISTEN,
    Event.MISSED_SYN_ACK: State.LISTEN,
    Event.SENT_REFUSAL: State.CLOSED,
}
"""What an endpoint of which nothing was known must have been in until this event: the ``from`` of its first row.

A SYN comes from CLOSED (rule 1); a SYN-ACK from a listener; a RST that answers a SYN from a port that was CLOSED all
along, which is why a refusal is no transition of its sender.
"""

SYNCHRONIZED = (S.ESTABLISHED, S.FIN_WAIT_1, S.FIN_WAIT_2, S.CLOSE_WAIT, S.CLOSING, S.LAST_ACK, S.TIME_WAIT)
ANY_OPEN = (S.LISTEN, S.SYN_SENT, S.SYN_RECEIVED, *SYNCHRONIZED)

# A row is to be read as one.
# fmt: off
TABLE: tuple[Row, ...] = (
    # Opening
    Row((S.CLOSED,), E_.SENT_SYN, S.SYN_SENT, "sent SYN",
        "This end asks its peer to open a connection (active open, RFC 9293 §3.10.1)."),
    Row((S.LISTEN, S.CLOSED), E_.SENT_SYN_ACK, S.SYN_RECEIVED, "sent SYN-ACK",
        "This end was listening: it acknowledges the peer's SYN and sends a SYN of its own (RFC 9293 §3.10.7.2)."),
    Row((S.SYN_SENT,), E_.SENT_SYN_ACK, S.SYN_RECEIVED, "sent SYN-ACK after its own SYN",
        "This end got a SYN instead of a SYN-ACK: both ends open at the same time (RFC 9293 §3.5, figure 7)."),
    Row((S.LISTEN, S.SYN_SENT), E_.MISSED_SYN_ACK, S.SYN_RECEIVED, "sent SYN-ACK (not captured)",
        "The connection goes on, so this end has sent a SYN-ACK, which is not in the capture."),
    Row((S.SYN_SENT,), E_.SENT_ACK, S.ESTABLISHED, "sent ACK of SYN-ACK",
        "This end's ACK proves that the SYN-ACK arrived; for this end the connection is open (RFC 9293 §3.10.7.3)."),
    Row((S.SYN_SENT,), E_.MISSED_ACK_OF_SYN_ACK, S.ESTABLISHED, "its peer got the ACK of SYN-ACK",
        "The peer goes on as after a complete handshake, so this end has sent the ACK, which is not in the capture."),
    Row((S.SYN_RECEIVED,), E_.GOT_ACK_OF_SYN, S.ESTABLISHED, "received ACK of SYN-ACK",
        "The peer has this end's SYN: the handshake is complete, unless the ACK is lost or dropped (RFC 9293 §3.5)."),
    Row((S.SYN_RECEIVED,), E_.GOT_SYN_ACK, S.ESTABLISHED, "received SYN-ACK after its own",
        "Each SYN-ACK acknowledges the other end's SYN: the simultaneous open is complete (RFC 9293 §3.5, figure 7)."),
    Row((S.SYN_RECEIVED,), E_.SENT_ACK, S.ESTABLISHED, "sent a segment of an open connection",
        "This end sends such a segment only once the ACK of its SYN-ACK has arrived."),
    # Joined late
    Row((S.UNKNOWN,), E_.SENT_ACK, S.ESTABLISHED, "sent a segment of an open connection",
        "The capture lacks the handshake or part of it, but only an end with an open connection sends such a segment."),
    Row((S.UNKNOWN,), E_.GOT_ACK, S.ESTABLISHED, "received a segment of an open connection",
        "The capture lacks the handshake or part of it, but the peer sends as on an open connection."),
    # Closing
    Row((S.ESTABLISHED, S.SYN_RECEIVED), E_.SENT_FIN, S.FIN_WAIT_1, "sent FIN",
        "This end closes first: it has no more data to send, but can still receive (RFC 9293 §3.6)."),
    Row((S.CLOSE_WAIT,), E_.SENT_FIN, S.LAST_ACK, "sent FIN",
        "The peer closed before; now this end closes too, and waits for the last ACK (RFC 9293 §3.6)."),
    Row((S.ESTABLISHED, S.SYN_RECEIVED), E_.GOT_FIN, S.CLOSE_WAIT, "received FIN",
        "The peer closes first; this end can still send, until its application closes too (RFC 9293 §3.10.7.4)."),
    Row((S.FIN_WAIT_1,), E_.GOT_FIN, S.CLOSING, "received FIN",
        "The peer closes too, but has not acknowledged this end's FIN: the FINs crossed (RFC 9293 §3.6, figure 13)."),
    Row((S.FIN_WAIT_2,), E_.GOT_FIN, S.TIME_WAIT, "received FIN",
        "Both ends have closed; this end acknowledges the last FIN, and waits in case that ACK is lost "
        "(RFC 9293 §3.6.1)."),
    Row((S.ESTABLISHED, S.SYN_RECEIVED), E_.SENT_ACK_OF_FIN, S.CLOSE_WAIT, "sent ACK of FIN",
        "This end acknowledges the peer's FIN, so the FIN has arrived (RFC 9293 §3.10.7.4)."),
    Row((S.FIN_WAIT_1,), E_.SENT_ACK_OF_FIN, S.CLOSING, "sent ACK of FIN",
        "This end acknowledges the peer's FIN, but its own is not acknowledged yet (RFC 9293 §3.10.7.4)."),
    Row((S.FIN_WAIT_2,), E_.SENT_ACK_OF_FIN, S.TIME_WAIT, "sent ACK of FIN",
        "This end acknowledges the peer's FIN; its own was acknowledged before (RFC 9293 §3.10.7.4)."),
    Row((S.FIN_WAIT_1,), E_.GOT_ACK_OF_FIN, S.FIN_WAIT_2, "received ACK of FIN",
        "The peer has this end's FIN; now this end waits for the peer's (RFC 9293 §3.10.7.4)."),
    Row((S.CLOSING,), E_.GOT_ACK_OF_FIN, S.TIME_WAIT, "received ACK of FIN",
        "Both ends have closed, and each has the other's FIN (RFC 9293 §3.6, figure 13)."),
    Row((S.LAST_ACK,), E_.GOT_ACK_OF_FIN, S.CLOSED, "received ACK of FIN",
        "The peer has this end's FIN: both ends have closed, and nothing is left to wait for (RFC 9293 §3.10.7.4)."),
    Row((S.TIME_WAIT,), E_.TIME_WAIT_OVER, S.CLOSED, "2 MSL passed",
        "By the capture's clock, the wait for late packets and a repeated FIN is over (RFC 9293 §3.10.8)."),
    # Given up
    Row((S.SYN_SENT, S.SYN_RECEIVED, S.FIN_WAIT_1, S.CLOSING, S.LAST_ACK), E_.GAVE_UP, S.CLOSED,
        "gave up: not sent again",
        "No answer came, and the next retransmission is overdue, so this end has given up (RFC 9293 §3.8.3)."),
    Row((S.LAST_ACK,), E_.SILENT_AFTER_FIN, S.CLOSED, "FIN not sent again",
        "A FIN is sent again until it is acknowledged; this one was not sent again, so its ACK has arrived "
        "(RFC 9293 §3.6)."),
    # Closing, with a gap in the capture
    Row((S.ESTABLISHED,), E_.SENT_FIN_UNSURE, S.UNKNOWN, "sent FIN, perhaps after its peer's",
        "The capture lacks data that the peer sent: if it ended in a FIN, the peer closed first, otherwise this end."),
    Row((S.ESTABLISHED,), E_.GOT_FIN_UNSURE, S.UNKNOWN, "received FIN, perhaps after its own",
        "The capture lacks data that this end sent: if it ended in a FIN, this end closed first, otherwise the peer."),
    Row((S.UNKNOWN,), E_.SENT_MORE, S.CLOSE_WAIT, "sent more, so it had not closed",
        "This end has sent more, so what was missing held no FIN: the peer closed first."),
    Row((S.UNKNOWN,), E_.GOT_MORE, S.FIN_WAIT_1, "received more, so it closed first",
        "The peer has sent more, so what was missing held no FIN: this end closed first."),
    Row((S.UNKNOWN,), E_.SENT_MISSING_FIN, S.FIN_WAIT_1, "sent FIN before its peer's",
        "The missing packet comes late in the capture: it is this end's FIN, sent before the peer's."),
    Row((S.UNKNOWN,), E_.GOT_MISSING_FIN, S.LAST_ACK, "received FIN before it sent its own",
        "The missing packet comes late in the capture: it is the peer's FIN, sent before this end's."),
    Row((S.ESTABLISHED,), E_.SENT_FIN_AFTER_ALL, S.FIN_WAIT_1, "sent FIN, which its peer acknowledges",
        "This FIN seemed to be outside the peer's receive window, but the peer acknowledges it, so it counts."),
    Row((S.CLOSE_WAIT,), E_.SENT_FIN_AFTER_ALL, S.LAST_ACK, "sent FIN, which its peer acknowledges",
        "This FIN seemed to be outside the peer's receive window, but the peer acknowledges it, so it counts."),
    # Closing, seen from one direction only
    Row((S.ESTABLISHED,), E_.MISSED_FIN, S.FIN_WAIT_1, "sent FIN (not captured)",
        "The capture has no packets of this end, but the peer's ACK goes up by one, as for a FIN (RFC 9293 §3.4)."),
    Row((S.CLOSE_WAIT,), E_.MISSED_FIN, S.LAST_ACK, "sent FIN (not captured)",
        "The capture has no packets of this end, but the peer's ACK goes up by one, as for a FIN (RFC 9293 §3.4)."),
    # Resets
    Row((S.UNKNOWN, *ANY_OPEN), E_.SENT_RST, S.CLOSED, "sent RST",
        "This end aborts the connection, or does not have it any more (RFC 9293 §3.5.2)."),
    Row((S.UNKNOWN, *ANY_OPEN), E_.GOT_RST, S.CLOSED, "received RST",
        "The sequence number of the RST is acceptable, so the connection ends at once (RFC 9293 §3.5.3)."),
    Row((S.SYN_SENT,), E_.GOT_RST_TO_SYN, S.CLOSED, "received RST: refused",
        "The RST acknowledges the SYN: usually no program listens on the port (RFC 9293 §3.10.7.3)."),
    # ICMP errors
    Row((S.SYN_SENT,), E_.GOT_UNREACHABLE, S.CLOSED, "received ICMP destination unreachable",
        "The SYN could not be delivered: many systems give up at once, others send it again (RFC 9293 §3.9.2.2)."),
    Row((S.SYN_SENT,), E_.GOT_ICMP_ERROR, S.CLOSED, "received ICMP error",
        "The SYN was discarded on the way: many systems give up at once, others send it again (RFC 9293 §3.9.2.2)."),
    Row((S.SYN_RECEIVED,), E_.GOT_UNREACHABLE, S.CLOSED, "received ICMP destination unreachable",
        "The SYN-ACK could not be delivered: Linux forgets the SYN, other systems send the SYN-ACK again "
        "(RFC 9293 §3.9.2.2)."),
    Row((S.SYN_RECEIVED,), E_.GOT_ICMP_ERROR, S.CLOSED, "received ICMP error",
        "The SYN-ACK was discarded on the way: Linux forgets the SYN, other systems send the SYN-ACK again "
        "(RFC 9293 §3.9.2.2)."),
    # The 4-tuple is used again
    Row(ANY_OPEN, E_.SENT_NEW_SYN, S.CLOSED, "sent SYN of a new connection",
        "This end opens a new connection with the same addresses and ports, so the old one is over "
        "(RFC 9293 §3.4.1)."),
    Row(ANY_OPEN, E_.SENT_NEW_SYN_ACK, S.CLOSED, "sent SYN-ACK of a new connection",
        "This end accepts a new connection with the same addresses and ports, so the old one is over "
        "(RFC 9293 §3.4.1)."),
    # Contradictions: what was assumed did not happen
    Row((S.ESTABLISHED, S.CLOSE_WAIT), E_.SENT_SYN_ACK_AGAIN, S.SYN_RECEIVED, "sent SYN-ACK again",
        "This end still waits for the ACK of its SYN-ACK: the ACK was lost or dropped."),
    Row((S.FIN_WAIT_2, S.TIME_WAIT), E_.SENT_FIN_AGAIN, S.FIN_WAIT_1, "sent FIN again",
        "This end still waits for the ACK of its FIN: the ACK has not arrived."),
    Row((S.FIN_WAIT_2, S.TIME_WAIT), E_.SENT_FIN_AGAIN_WITH_ACK, S.CLOSING, "sent FIN again",
        "The ACK of this end's FIN has not arrived, but the peer's FIN has: this segment acknowledges it."),
    Row((S.CLOSED,), E_.SENT_FIN_AGAIN_WITH_ACK, S.LAST_ACK, "sent FIN again",
        "This end still waits for the last ACK: the ACK has not arrived."),
    Row((S.CLOSED, S.ESTABLISHED), E_.SENT_SYN_AGAIN, S.SYN_SENT, "sent SYN again",
        "This end still tries to connect: no answer has arrived, or none that makes it give up."),
    Row((S.CLOSED,), E_.SENT_SAME_SYN, S.SYN_SENT, "sent SYN with the same number",
        "The SYN has the number of the one before, but the peer answers with a new number, as to a new connection."),
    Row((S.SYN_SENT,), E_.SENT_MORE_BEFORE, S.CLOSED, "went on with the connection before",
        "The earlier connection with the same addresses and ports goes on, so the SYN was an old duplicate, or "
        "forged."),
    Row((S.ESTABLISHED,), E_.SENT_FIN_EARLY, S.FIN_WAIT_1, "sent FIN before the handshake was over",
        "This end closed before the ACK of its SYN-ACK can have arrived, as fast open allows (RFC 7413)."),
    Row((S.CLOSE_WAIT,), E_.SENT_ACK_BEYOND_FIN, S.ESTABLISHED, "acknowledged more data",
        "This end acknowledges more data, so the number that was taken for the peer's FIN was a byte of data."),
    Row((S.FIN_WAIT_1, S.FIN_WAIT_2), E_.MISSED_NO_FIN, S.ESTABLISHED, "its peer got more data",
        "The peer acknowledges more data, so the number that was taken for this end's FIN was a byte of data."),
    Row((S.CLOSE_WAIT,), E_.SENT_FIN_WITHOUT_ACK, S.FIN_WAIT_1, "sent FIN that does not acknowledge the peer's",
        "The peer's FIN had not arrived when this end closed: both closed at the same time (RFC 9293 §3.6)."),
    Row((S.ESTABLISHED,), E_.SENT_RST_IN_ANSWER, S.CLOSED, "answered with RST",
        "This end had no connection when the ACK came, so it answers with a RST: the ACK opened nothing "
        "(RFC 9293 §3.5.2)."),
    Row((S.CLOSE_WAIT,), E_.SENT_RST_WITHOUT_FIN, S.ESTABLISHED, "sent RST before it got the FIN",
        "Neither the RST nor an earlier segment acknowledges the peer's FIN, so the FIN had not arrived."),
    Row((S.CLOSING,), E_.SENT_RST_WITHOUT_FIN, S.FIN_WAIT_1, "sent RST before it got the FIN",
        "Neither the RST nor an earlier segment acknowledges the peer's FIN, so the FIN had not arrived."),
    Row((S.TIME_WAIT,), E_.SENT_RST_WITHOUT_FIN, S.FIN_WAIT_2, "sent RST before it got the FIN",
        "Neither the RST nor an earlier segment acknowledges the peer's FIN: it had not arrived, or came after data "
        "that was refused."),
    Row((S.FIN_WAIT_2,), E_.SENT_RST_BEFORE_ACK, S.FIN_WAIT_1, "sent RST before it got the ACK of its FIN",
        "The ACK of this end's FIN came with or after data that the RST does not acknowledge: it had not arrived."),
    Row((S.TIME_WAIT,), E_.SENT_RST_BEFORE_ACK, S.CLOSING, "sent RST before it got the ACK of its FIN",
        "Only an end that has not finished closing can abort: the ACK of its FIN had not arrived."),
    Row((S.CLOSING,), E_.MISSED_FIN_BEFORE_RST, S.FIN_WAIT_1, "peer sent RST",
        "Nothing acknowledged the peer's FIN before the RST came: the FIN had probably not arrived."),
    # A FIN that did not arrive, or was none
    Row((S.CLOSE_WAIT,), E_.SENT_ACK_WITHOUT_FIN, S.ESTABLISHED, "its ACK does not cover the FIN",
        "This end acknowledges no more than before: it still lacks data before the FIN (RFC 9293 §3.10.7.4)."),
    Row((S.CLOSING,), E_.SENT_ACK_WITHOUT_FIN, S.FIN_WAIT_1, "its ACK does not cover the FIN",
        "This end acknowledges no more than before: it still lacks data before the FIN (RFC 9293 §3.10.7.4)."),
    Row((S.TIME_WAIT,), E_.SENT_ACK_WITHOUT_FIN, S.FIN_WAIT_2, "its ACK does not cover the FIN",
        "This end acknowledges no more than before: it still lacks data before the FIN (RFC 9293 §3.10.7.4)."),
    Row((S.CLOSE_WAIT,), E_.MISSED_FIN_SENT_AGAIN, S.ESTABLISHED, "peer sent FIN again",
        "Nothing acknowledged the FIN in time, so it was probably lost."),
    Row((S.TIME_WAIT,), E_.MISSED_FIN_SENT_AGAIN, S.FIN_WAIT_2, "peer sent FIN again",
        "Nothing acknowledged the FIN in time, so it was probably lost."),
    Row((S.FIN_WAIT_1, S.FIN_WAIT_2), E_.SENT_MORE_THAN_FIN, S.ESTABLISHED, "went on, so it had sent no FIN",
        "This end's sequence numbers go on as if there had been no FIN: that packet was stray or forged."),
    Row((S.CLOSING, S.LAST_ACK, S.TIME_WAIT), E_.SENT_MORE_THAN_FIN, S.CLOSE_WAIT, "went on, so it had sent no FIN",
        "This end's sequence numbers go on as if there had been no FIN: that packet was stray or forged."),
    Row((S.CLOSE_WAIT,), E_.GOT_MORE_THAN_FIN, S.ESTABLISHED, "its peer went on, so it had got no FIN",
        "The peer's sequence numbers go on as if there had been no FIN: that packet was stray or forged."),
    Row((S.CLOSING, S.LAST_ACK), E_.GOT_MORE_THAN_FIN, S.FIN_WAIT_1, "its peer went on, so it had got no FIN",
        "The peer's sequence numbers go on as if there had been no FIN: that packet was stray or forged."),
    Row((S.TIME_WAIT,), E_.GOT_MORE_THAN_FIN, S.FIN_WAIT_2, "its peer went on, so it had got no FIN",
        "The peer's sequence numbers go on as if there had been no FIN: that packet was stray or forged."),
    Row((S.CLOSED,), E_.GOT_MORE_AFTER_ALL, BEFORE_RST, "its peer went on, so it may not have given up",
        "The connection goes on, so the overdue retransmission came late, or is not in the capture."),
    Row((S.CLOSED,), E_.STILL_SENDS, BEFORE_RST, "sent more, so it had not ended",
        "This end goes on: the RST was lost or forged, or the new SYN was an old duplicate."),
)
# fmt: on
"""Every transition."""

CERTAINTY = {
    **{event: Certainty.SEEN for event in Event if event.name.startswith("SENT_")},
    **{event: Certainty.ASSUMED for event in Event if event.name.startswith(("GOT_", "MISSED_"))},
    **{event: Certainty.REVISED for event in Event if "_AGAIN" in event.name},
    Event.SENT_FIN_WITHOUT_ACK: Certainty.REVISED,
    Event.SENT_FIN_EARLY: Certainty.REVISED,
    Event.SENT_ACK_BEYOND_FIN: Certainty.REVISED,
    Event.MISSED_NO_FIN: Certainty.REVISED,
    Event.SENT_RST_IN_ANSWER: Certainty.REVISED,
    Event.SENT_MORE: Certainty.REVISED,
    Event.GOT_MORE: Certainty.REVISED,
    Event.SENT_MISSING_FIN: Certainty.REVISED,
    Event.GOT_MISSING_FIN: Certainty.REVISED,
    Event.STILL_SENDS: Certainty.REVISED,
    Event.SENT_RST_WITHOUT_FIN: Certainty.REVISED,
    Event.SENT_RST_BEFORE_ACK: Certainty.REVISED,
    Event.SENT_ACK_WITHOUT_FIN: Certainty.REVISED,
    Event.MISSED_FIN_SENT_AGAIN: Certainty.REVISED,
    Event.SENT_MORE_THAN_FIN: Certainty.REVISED,
    Event.GOT_MORE_THAN_FIN: Certainty.REVISED,
    Event.SENT_SAME_SYN: Certainty.ASSUMED,
    Event.SENT_MORE_BEFORE: Certainty.REVISED,
    Event.SENT_FIN_AFTER_ALL: Certainty.ASSUMED,
    Event.GOT_MORE_AFTER_ALL: Certainty.REVISED,
    Event.TIME_WAIT_OVER: Certainty.TIMER,
    Event.MISSED_FIN_BEFORE_RST: Certainty.REVISED,
    Event.GAVE_UP: Certainty.TIMER,
    Event.SILENT_AFTER_FIN: Certainty.TIMER,
}

NEVER_WEAK = frozenset(
    {
        *(Event.SENT_SYN, Event.SENT_SYN_ACK, Event.SENT_RST, Event.SENT_REFUSAL, Event.SENT_RST_IN_ANSWER),
        *(Event.SENT_NEW_SYN, Event.SENT_NEW_SYN_ACK, Event.SENT_SYN_AGAIN, Event.SENT_SYN_ACK_AGAIN),
    }
)
"""What an endpoint sends that proves its state all by itself, whatever else the capture does not have."""

EVENT_COUNT = len(Event)
STAY = 255
RESTORE = 254


def _arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    following = np.full(len(State) * EVENT_COUNT, STAY, dtype=np.uint8)
    rows = np.full(len(State) * EVENT_COUNT, STAY, dtype=np.uint8)
    for number, row in enumerate(TABLE):
        for state in row.states:
            cell = state * EVENT_COUNT + row.event
            if following[cell] != STAY:
                raise AssertionError(f"two rows for {state.name} and {row.event.name}")
            following[cell] = RESTORE if row.next is BEFORE_RST else row.next
            rows[cell] = number
    origins = np.array([ORIGIN.get(event, State.UNKNOWN) for event in Event], dtype=np.uint8)
    return following, rows, origins


NEVER_WEAK_EVENT = np.array([event in NEVER_WEAK for event in Event], dtype=np.uint8)
"""At ``event`` 1 where it is one of NEVER_WEAK."""
NEXT, ROW, ORIGIN_OF_EVENT = _arrays()
"""The table for the kernels: at ``state * EVENTS + event`` the next state (STAY, RESTORE) and the row's number; at
``event`` the state in which an endpoint of which nothing was known must have been."""
