"""The TCP state machine as an observer sees it: every transition stands in this file, and nowhere else.

The theory. RFC 9293 §3.3.2 (figure 5) describes one endpoint that knows what it sends and what it gets. An observer
knows less: a captured segment was sent for sure, but whether it arrived shows only later. So each segment gives
events of two families. ``SENT_…`` events prove a state of the segment's sender; ``GOT_…`` events are assumed for its
receiver, until packets contradict them. Events that CERTAINTY has as REVISED are such contradictions: they put an
assumption right.

How to read the table: an endpoint in one of ``states`` that meets ``event`` enters ``next``; any other pair changes
nothing. ``cause`` is what the timeline prints, ``reason`` is why. The tracker (``tcp.tracker``) only derives the
events of each segment and looks them up here; this file does not know about packets, and that file decides no
transition.

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
    Row((S.CLOSED,), E_.SENT_SYN, S.SYN_SENT, "sent SYN", "an active open (RFC 9293 §3.10.1)"),
    Row((S.LISTEN, S.CLOSED), E_.SENT_SYN_ACK, S.SYN_RECEIVED, "sent SYN-ACK", "a listener answered a SYN"),
    Row((S.SYN_SENT,), E_.SENT_SYN_ACK, S.SYN_RECEIVED, "sent SYN-ACK after its own SYN",
        "simultaneous open (RFC 9293 figure 7): it got a SYN while its own was under way"),
    Row((S.LISTEN, S.SYN_SENT), E_.MISSED_SYN_ACK, S.SYN_RECEIVED, "sent SYN-ACK (not captured)",
        "what follows belongs to a handshake whose SYN-ACK is not in the capture"),
    Row((S.SYN_SENT,), E_.SENT_ACK, S.ESTABLISHED, "sent ACK of SYN-ACK",
        "only the ACK proves that the SYN-ACK arrived; before that the state stays SYN_SENT"),
    Row((S.SYN_SENT,), E_.MISSED_ACK_OF_SYN_ACK, S.ESTABLISHED, "its peer got the ACK of SYN-ACK",
        "the server goes on as after a completed handshake; the ACK is not in the capture"),
    Row((S.SYN_RECEIVED,), E_.GOT_ACK_OF_SYN, S.ESTABLISHED, "received ACK of SYN-ACK",
        "the handshake is complete, unless the ACK is lost or dropped (full backlog, deferred accept)"),
    Row((S.SYN_RECEIVED,), E_.GOT_SYN_ACK, S.ESTABLISHED, "received SYN-ACK after its own",
        "simultaneous open: each SYN-ACK acknowledges the other's SYN"),
    Row((S.SYN_RECEIVED,), E_.SENT_ACK, S.ESTABLISHED, "sent a segment of an open connection",
        "it would not have sent that before it got the ACK of its SYN-ACK"),
    # Joined late
    Row((S.UNKNOWN,), E_.SENT_ACK, S.ESTABLISHED, "sent a segment of an open connection",
        "no handshake in the capture; only an open connection sends this"),
    Row((S.UNKNOWN,), E_.GOT_ACK, S.ESTABLISHED, "received a segment of an open connection",
        "no handshake in the capture; the peer takes the connection for open"),
    # Closing
    Row((S.ESTABLISHED, S.SYN_RECEIVED), E_.SENT_FIN, S.FIN_WAIT_1, "sent FIN", "it closed its direction first"),
    Row((S.CLOSE_WAIT,), E_.SENT_FIN, S.LAST_ACK, "sent FIN", "it closed after its peer"),
    Row((S.ESTABLISHED, S.SYN_RECEIVED), E_.GOT_FIN, S.CLOSE_WAIT, "received FIN", "the peer closed first"),
    Row((S.FIN_WAIT_1,), E_.GOT_FIN, S.CLOSING, "received FIN", "both closed; its own FIN is not acknowledged yet"),
    Row((S.FIN_WAIT_2,), E_.GOT_FIN, S.TIME_WAIT, "received FIN", "both closed and its own FIN was acknowledged"),
    Row((S.ESTABLISHED, S.SYN_RECEIVED), E_.SENT_ACK_OF_FIN, S.CLOSE_WAIT, "sent ACK of FIN",
        "its ACK covers the peer's FIN"),
    Row((S.FIN_WAIT_1,), E_.SENT_ACK_OF_FIN, S.CLOSING, "sent ACK of FIN", "its ACK covers the peer's FIN"),
    Row((S.FIN_WAIT_2,), E_.SENT_ACK_OF_FIN, S.TIME_WAIT, "sent ACK of FIN", "its ACK covers the peer's FIN"),
    Row((S.FIN_WAIT_1,), E_.GOT_ACK_OF_FIN, S.FIN_WAIT_2, "received ACK of FIN", "the peer has its FIN"),
    Row((S.CLOSING,), E_.GOT_ACK_OF_FIN, S.TIME_WAIT, "received ACK of FIN", "the peer has its FIN too"),
    Row((S.LAST_ACK,), E_.GOT_ACK_OF_FIN, S.CLOSED, "received ACK of FIN", "nothing is left to be done"),
    Row((S.TIME_WAIT,), E_.TIME_WAIT_OVER, S.CLOSED, "2 MSL passed", "RFC 9293 §3.10.8, by the capture's clock"),
    # Given up
    Row((S.SYN_SENT, S.SYN_RECEIVED, S.FIN_WAIT_1, S.CLOSING, S.LAST_ACK), E_.GAVE_UP, S.CLOSED,
        "gave up: not sent again", "the retransmission that was due did not come, so its timer runs no more"),
    Row((S.LAST_ACK,), E_.SILENT_AFTER_FIN, S.CLOSED, "FIN not sent again",
        "its timer would have sent the FIN again, had the ACK of it not arrived"),
    # Closing, with a gap in the capture
    Row((S.ESTABLISHED,), E_.SENT_FIN_UNSURE, S.UNKNOWN, "sent FIN, perhaps after its peer's",
        "the end of what its peer sent is not in the capture, and may have been a FIN: FIN_WAIT_1 or LAST_ACK"),
    Row((S.ESTABLISHED,), E_.GOT_FIN_UNSURE, S.UNKNOWN, "received FIN, perhaps after its own",
        "the end of what it sent is not in the capture, and may have been a FIN"),
    Row((S.UNKNOWN,), E_.SENT_MORE, S.CLOSE_WAIT, "sent more, so it had not closed", "what was missing was no FIN"),
    Row((S.UNKNOWN,), E_.GOT_MORE, S.FIN_WAIT_1, "received more, so it closed first", "what was missing was no FIN"),
    Row((S.UNKNOWN,), E_.SENT_MISSING_FIN, S.FIN_WAIT_1, "sent FIN before its peer's", "what was missing was this FIN"),
    Row((S.UNKNOWN,), E_.GOT_MISSING_FIN, S.LAST_ACK, "received FIN before it sent its own",
        "what was missing was this FIN, written down late"),
    Row((S.ESTABLISHED,), E_.SENT_FIN_AFTER_ALL, S.FIN_WAIT_1, "sent FIN, which its peer acknowledges",
        "it was ahead of the window that the capture shows, and was no stray all the same"),
    Row((S.CLOSE_WAIT,), E_.SENT_FIN_AFTER_ALL, S.LAST_ACK, "sent FIN, which its peer acknowledges",
        "it was ahead of the window that the capture shows, and was no stray all the same"),
    # Closing, seen from one direction only
    Row((S.ESTABLISHED,), E_.MISSED_FIN, S.FIN_WAIT_1, "sent FIN (not captured)",
        "nothing that it sends is captured; its peer acknowledged one number more, as of a FIN"),
    Row((S.CLOSE_WAIT,), E_.MISSED_FIN, S.LAST_ACK, "sent FIN (not captured)",
        "nothing that it sends is captured; its peer acknowledged one number more, as of a FIN"),
    # Resets
    Row((S.UNKNOWN, *ANY_OPEN), E_.SENT_RST, S.CLOSED, "sent RST", "who sends a RST has no such connection any more"),
    Row((S.UNKNOWN, *ANY_OPEN), E_.GOT_RST, S.CLOSED, "received RST", "an acceptable RST ends it (RFC 9293 §3.10.7)"),
    Row((S.SYN_SENT,), E_.GOT_RST_TO_SYN, S.CLOSED, "received RST: refused", "a RST that acknowledges the SYN"),
    # ICMP errors
    Row((S.SYN_SENT,), E_.GOT_UNREACHABLE, S.CLOSED, "received ICMP destination unreachable",
        "it answers the SYN: the attempt fails (RFC 9293 §3.9.2.2; where the error is soft, the SYN comes again)"),
    Row((S.SYN_SENT,), E_.GOT_ICMP_ERROR, S.CLOSED, "received ICMP error",
        "time exceeded, or a parameter problem, answers the SYN: the attempt fails, as for destination unreachable"),
    Row((S.SYN_RECEIVED,), E_.GOT_UNREACHABLE, S.CLOSED, "received ICMP destination unreachable",
        "it answers the SYN-ACK: the request is dropped, as by Linux (where it is not, the SYN-ACK comes again)"),
    Row((S.SYN_RECEIVED,), E_.GOT_ICMP_ERROR, S.CLOSED, "received ICMP error",
        "it answers the SYN-ACK: the request is dropped, as for destination unreachable"),
    # The 4-tuple is used again
    Row(ANY_OPEN, E_.SENT_NEW_SYN, S.CLOSED, "sent SYN of a new connection", "it opens the same 4-tuple anew"),
    Row(ANY_OPEN, E_.SENT_NEW_SYN_ACK, S.CLOSED, "sent SYN-ACK of a new connection", "it accepted the 4-tuple anew"),
    # Contradictions: what was assumed did not happen
    Row((S.ESTABLISHED, S.CLOSE_WAIT), E_.SENT_SYN_ACK_AGAIN, S.SYN_RECEIVED, "sent SYN-ACK again",
        "the ACK that would have completed the handshake did not arrive"),
    Row((S.FIN_WAIT_2, S.TIME_WAIT), E_.SENT_FIN_AGAIN, S.FIN_WAIT_1, "sent FIN again",
        "the ACK of its FIN did not arrive"),
    Row((S.FIN_WAIT_2, S.TIME_WAIT), E_.SENT_FIN_AGAIN_WITH_ACK, S.CLOSING, "sent FIN again",
        "the ACK of its FIN did not arrive, but the peer's FIN did"),
    Row((S.CLOSED,), E_.SENT_FIN_AGAIN_WITH_ACK, S.LAST_ACK, "sent FIN again", "the last ACK did not arrive"),
    Row((S.CLOSED, S.ESTABLISHED), E_.SENT_SYN_AGAIN, S.SYN_SENT, "sent SYN again",
        "its attempt goes on: an answer, the RST that refused it, or the ICMP error did not arrive, or was soft to it"),
    Row((S.CLOSED,), E_.SENT_SAME_SYN, S.SYN_SENT, "sent SYN with the same number",
        "its peer answers with another number, so it takes the SYN for that of a new connection"),
    Row((S.SYN_SENT,), E_.SENT_MORE_BEFORE, S.CLOSED, "went on with the connection before",
        "that connection is open, so the SYN was an old copy, or forged"),
    Row((S.ESTABLISHED,), E_.SENT_FIN_EARLY, S.FIN_WAIT_1, "sent FIN before the handshake was over",
        "fast open (RFC 7413): it closed before the ACK of its SYN-ACK can have arrived"),
    Row((S.CLOSE_WAIT,), E_.SENT_ACK_BEYOND_FIN, S.ESTABLISHED, "acknowledged more data",
        "what was taken for an uncaptured FIN of its peer was data"),
    Row((S.FIN_WAIT_1, S.FIN_WAIT_2), E_.MISSED_NO_FIN, S.ESTABLISHED, "its peer got more data",
        "what was taken for its uncaptured FIN was data"),
    Row((S.CLOSE_WAIT,), E_.SENT_FIN_WITHOUT_ACK, S.FIN_WAIT_1, "sent FIN that does not acknowledge the peer's",
        "it had not got the peer's FIN when it closed: both close at once"),
    Row((S.ESTABLISHED,), E_.SENT_RST_IN_ANSWER, S.CLOSED, "answered with RST",
        "it had no connection when that ACK came, so the ACK changed nothing before"),
    Row((S.CLOSE_WAIT,), E_.SENT_RST_WITHOUT_FIN, S.ESTABLISHED, "sent RST before it got the FIN",
        "a RST acknowledges what its sender had received; the FIN had not arrived"),
    Row((S.CLOSING,), E_.SENT_RST_WITHOUT_FIN, S.FIN_WAIT_1, "sent RST before it got the FIN",
        "a RST acknowledges what its sender had received; the FIN had not arrived"),
    Row((S.TIME_WAIT,), E_.SENT_RST_WITHOUT_FIN, S.FIN_WAIT_2, "sent RST before it got the FIN",
        "a RST acknowledges what its sender had received; the FIN had not arrived, or came behind data it refused"),
    Row((S.FIN_WAIT_2,), E_.SENT_RST_BEFORE_ACK, S.FIN_WAIT_1, "sent RST before it got the ACK of its FIN",
        "the ACK of its FIN came with data, or behind it, that it had not received when it sent the RST"),
    Row((S.TIME_WAIT,), E_.SENT_RST_BEFORE_ACK, S.CLOSING, "sent RST before it got the ACK of its FIN",
        "in TIME_WAIT there is no socket left that could abort: the ACK of its FIN had not arrived"),
    Row((S.CLOSING,), E_.MISSED_FIN_BEFORE_RST, S.FIN_WAIT_1, "peer sent RST",
        "nothing acknowledged the peer's FIN, which crossed its own, before the RST that followed it"),
    # A FIN that did not arrive, or was none
    Row((S.CLOSE_WAIT,), E_.SENT_ACK_WITHOUT_FIN, S.ESTABLISHED, "its ACK does not cover the FIN",
        "it acknowledges the same again: it is still waiting for what came before the FIN"),
    Row((S.CLOSING,), E_.SENT_ACK_WITHOUT_FIN, S.FIN_WAIT_1, "its ACK does not cover the FIN",
        "it acknowledges the same again: it is still waiting for what came before the FIN"),
    Row((S.TIME_WAIT,), E_.SENT_ACK_WITHOUT_FIN, S.FIN_WAIT_2, "its ACK does not cover the FIN",
        "it acknowledges the same again: it is still waiting for what came before the FIN"),
    Row((S.CLOSE_WAIT,), E_.MISSED_FIN_SENT_AGAIN, S.ESTABLISHED, "peer sent FIN again",
        "nothing acknowledged the FIN in time: most FINs that are sent again had not arrived"),
    Row((S.TIME_WAIT,), E_.MISSED_FIN_SENT_AGAIN, S.FIN_WAIT_2, "peer sent FIN again",
        "nothing acknowledged the FIN in time: most FINs that are sent again had not arrived"),
    Row((S.FIN_WAIT_1, S.FIN_WAIT_2), E_.SENT_MORE_THAN_FIN, S.ESTABLISHED, "went on, so it had sent no FIN",
        "its numbers go on as if there had been no FIN: that one was stray or forged"),
    Row((S.CLOSING, S.LAST_ACK, S.TIME_WAIT), E_.SENT_MORE_THAN_FIN, S.CLOSE_WAIT, "went on, so it had sent no FIN",
        "its numbers go on as if there had been no FIN: that one was stray or forged"),
    Row((S.CLOSE_WAIT,), E_.GOT_MORE_THAN_FIN, S.ESTABLISHED, "its peer went on, so it had got no FIN",
        "its peer's numbers go on as if there had been no FIN: that one was stray or forged"),
    Row((S.CLOSING, S.LAST_ACK), E_.GOT_MORE_THAN_FIN, S.FIN_WAIT_1, "its peer went on, so it had got no FIN",
        "its peer's numbers go on as if there had been no FIN: that one was stray or forged"),
    Row((S.TIME_WAIT,), E_.GOT_MORE_THAN_FIN, S.FIN_WAIT_2, "its peer went on, so it had got no FIN",
        "its peer's numbers go on as if there had been no FIN: that one was stray or forged"),
    Row((S.CLOSED,), E_.GOT_MORE_AFTER_ALL, BEFORE_RST, "its peer went on, so it may not have given up",
        "the connection goes on, so what was due came late, or is not in the capture"),
    Row((S.CLOSED,), E_.STILL_SENDS, BEFORE_RST, "sent more, so it had not ended",
        "the RST never arrived or was not its own, or the new SYN was an old copy"),
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
