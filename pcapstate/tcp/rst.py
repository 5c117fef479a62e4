"""What a RST proves, and what disproves it.

As in ``tracker``, ``e`` is the endpoint that sent the segment and ``p`` its peer.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN
from ..kernels.source import i64, inner, rare
from .handshake import covers_syn
from .machine import Event
from .sequence import LOW_32, after, at_or_after, in_range
from .sequence_tracking import MAX_WINDOW
from .states import State
from .tables import (
    CELL_DETAILS,
    KNOWN_ASSUMED_NOW,
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_ACK,
    KNOWN_SENT_FIN,
    KNOWN_SENT_SYN,
    KNOWN_SENT_SYN_ACK,
    KNOWN_SPOKE,
    NOTE_ACK_DROPPED,
    NOTE_OUTLIVES_0,
    NOTE_OUTLIVES_1,
    NOTE_REFUSED,
    NOTE_RESET_BY_0,
    NOTE_RESET_BY_1,
    NOTE_SENT_AFTER_RST,
    NOTE_SUPERSEDED,
    NOTE_UNREACHABLE,
    PLACE_AGAIN,
    World,
)
from .transition import step
from .troubles import note_cut


@rare
def reset(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Weigh a RST: a refusal, an abort, an answer to a segment without connection, or a stray."""
    me, peer = w.endpoints[e], w.endpoints[p]
    known, theirs = i64(me["known"]), i64(peer["state"])
    if theirs == State.SYN_SENT and known & KNOWN_SENT_SYN_ACK == 0:
        # Only a RST that acknowledges the SYN answers it (RFC 9293 §3.10.7.3).
        if segment["flags"] & ACK != 0 and covers_syn(segment["ack"], peer):
            connection["notes"] |= NOTE_REFUSED
            if step(w, p, Event.GOT_RST_TO_SYN, segment):
                peer["known"] = i64(peer["known"]) | KNOWN_CLOSED_BY_RST
            step(w, e, Event.SENT_REFUSAL, segment)
        return
    bare = segment["flags"] & ACK == 0
    if i64(me["state"]) == State.UNKNOWN and theirs == State.UNKNOWN and bare:
        return  # without context and without ACK: an answer to some segment, or a stray
    arrives = theirs != State.UNKNOWN or known & KNOWN_SENT_SYN == 0
    if not acceptable(me, peer, segment["seq"]):
        if behind_unseen_fin(me, peer, segment):
            # Its peer still waits for the FIN and challenges the RST. But if only keep-alives were sent, they are one
            # behind.
            arrives = (known | i64(peer["known"])) & (KNOWN_SENT_SYN | KNOWN_SENT_SYN_ACK) == 0 and me["bytes"] == 0
        elif behind_a_gap(me, peer, segment):
            # Its numbers show that data went both ways, which the capture does not have.
            step(w, e, Event.SENT_ACK, segment)
            step(w, p, Event.MISSED_ACK_OF_SYN_ACK, segment)
        elif theirs != State.SYN_SENT or bare or not covers_syn(segment["ack"], peer):
            return  # a stray RST changes nothing, unless it acknowledges the SYN of an endpoint in SYN_SENT
    take_back(w, e, p, bare, segment)
    # Without ACK it answers a segment (RFC 9293 §3.5.2); one that ends a connection on purpose carries ACK.
    unsure = known & KNOWN_ASSUMED_NOW != 0 or (
        connection["notes"] & NOTE_ACK_DROPPED != 0 and known & KNOWN_SPOKE == 0
    )
    event = Event.SENT_RST
    if bare and unsure and i64(me["state"]) == State.ESTABLISHED:
        event = Event.SENT_RST_IN_ANSWER
    ended = False
    if step(w, e, event, segment):
        me["known"] = known & ~KNOWN_ASSUMED_NOW | KNOWN_CLOSED_BY_RST
        ended = True
    outlives = NOTE_OUTLIVES_0 if p & 1 == 0 else NOTE_OUTLIVES_1
    if i64(peer["state"]) == State.TIME_WAIT and connection["notes"] & outlives != 0:
        arrives = False
    if arrives and i64(peer["acked"]) != i64(me["next"]):
        step(w, p, Event.MISSED_FIN_BEFORE_RST, segment)
    if arrives and step(w, p, Event.GOT_RST, segment):
        peer["known"] = i64(peer["known"]) | KNOWN_CLOSED_BY_RST
        ended = True
    if ended:
        connection["notes"] = connection["notes"] & ~NOTE_SENT_AFTER_RST | (
            NOTE_RESET_BY_1 if e & 1 == 1 else NOTE_RESET_BY_0
        )
        if w.cells[CELL_DETAILS] != 0:
            note_cut(w, e, p, segment)


@rare
def take_back(w: World, e: int, p: int, bare: bool, segment: Any) -> None:
    """Take back the effect of what ``e`` had not received when it sent a RST: what the RST does not acknowledge.

    Without ACK (``bare``) it answers a segment: what ``e`` had not acknowledged by then, it never received.
    """
    me, peer = w.endpoints[e], w.endpoints[p]
    state = i64(me["state"])
    ack = segment["ack"]
    had_fin = i64(peer["known"]) & KNOWN_SENT_FIN != 0 and i64(me["acked"]) == i64(peer["next"])
    if not bare and i64(peer["known"]) & KNOWN_SENT_FIN != 0 and ack == i64(peer["next"]):
        had_fin = True
        step(w, e, Event.SENT_ACK_OF_FIN, segment)
    if state == State.TIME_WAIT and i64(me["before"]) == State.CLOSING:
        # Segments arrive in order: the ACK of its FIN came after the FIN of its peer.
        if not bare or not had_fin:
            step(w, e, Event.SENT_RST_BEFORE_ACK, segment)
    if not had_fin:
        step(w, e, Event.SENT_RST_WITHOUT_FIN, segment)
    if i64(me["state"]) == State.FIN_WAIT_2 and not bare and after(i64(me["proof"]), ack):
        step(w, e, Event.SENT_RST_BEFORE_ACK, segment)


@inner
def behind_unseen_fin(me: Any, peer: Any, segment: Any) -> bool:
    """Return whether a RST with ACK has the number after a FIN of its sender that was not captured."""
    known = i64(me["known"])
    return (
        segment["flags"] & ACK != 0
        and known & (KNOWN_SENT_FIN | KNOWN_SENT_ACK) == KNOWN_SENT_ACK
        and segment["seq"] == (i64(me["next"]) + 1) & LOW_32
        and in_range(segment["ack"], i64(me["acked"]), i64(peer["next"]))
    )


@inner
def behind_a_gap(me: Any, peer: Any, segment: Any) -> bool:
    """Return whether a RST is outside the window only because the capture has nothing but SYN, FIN and RST."""
    return (
        segment["flags"] & ACK != 0
        and (i64(me["known"]) | i64(peer["known"])) & KNOWN_SPOKE == 0
        and ((segment["seq"] - i64(me["next"])) & LOW_32) < MAX_WINDOW
        and 0 < ((segment["ack"] - i64(peer["next"])) & LOW_32) < MAX_WINDOW
    )


@inner
def acceptable(me: Any, peer: Any, seq: int) -> bool:
    """Return whether ``peer`` accepts a RST with this number from ``me`` (RFC 9293 §3.10.7.4, RFC 5961 §3.2)."""
    mine, theirs = i64(me["state"]), i64(peer["state"])
    first = (i64(me["base"]) + 1) & LOW_32
    high = i64(me["next"])
    if mine == State.UNKNOWN or (theirs == State.UNKNOWN and mine != State.SYN_SENT):
        return True
    if mine == State.SYN_SENT:
        # In SYN_SENT a RST with another number answers a stray segment; the SYN stands.
        return seq in (high, first)
    # The peer's RCV.NXT lies between what it has acknowledged and what was sent to it.
    low = i64(peer["acked"]) if i64(peer["known"]) & KNOWN_SENT_ACK != 0 else first
    if after(low, high):
        high = low
    if in_range(seq, low, high):
        return True
    # After a FIN, real stacks also accept the number of the FIN itself.
    closing = theirs == State.CLOSE_WAIT or theirs == State.LAST_ACK or theirs == State.CLOSING
    return closing and i64(me["known"]) & KNOWN_SENT_FIN != 0 and seq == (low - 1) & LOW_32


@inner
def still_there(w: World, e: int, place: int, segment: Any, connection: Any) -> bool:
    """Take back a RST if its receiver or alleged sender goes on; return whether the segment is to be weighed."""
    me = w.endpoints[e]
    known = i64(me["known"])
    notes = connection["notes"]
    own = notes & (NOTE_RESET_BY_1 if e & 1 == 1 else NOTE_RESET_BY_0) != 0
    if own and place == PLACE_AGAIN:
        connection["notes"] = notes | NOTE_SENT_AFTER_RST
    if i64(me["state"]) != State.CLOSED or known & KNOWN_CLOSED_BY_RST == 0:
        return True
    if own:
        # Duplicates of what it sent before its own RST prove nothing.
        bare = segment["length"] == 0 and segment["flags"] & FIN == 0
        acked = i64(me["acked"])
        fresh = after(segment["ack"], acked) if bare else at_or_after(segment["ack"], acked)
        if place >= PLACE_AGAIN or not fresh:
            return False
    elif (
        notes & (NOTE_RESET_BY_0 | NOTE_RESET_BY_1) != 0
        and notes & NOTE_SENT_AFTER_RST == 0
        and was_under_way(w, e, segment)
    ):
        return False
    me["known"] = known & ~KNOWN_CLOSED_BY_RST
    connection["notes"] &= ~(
        NOTE_RESET_BY_0 | NOTE_RESET_BY_1 | NOTE_SUPERSEDED | NOTE_UNREACHABLE | NOTE_REFUSED | NOTE_SENT_AFTER_RST
    )
    step(w, e, Event.STILL_SENDS, segment)
    if i64(me["state"]) == State.TIME_WAIT:
        connection["notes"] |= NOTE_OUTLIVES_1 if e & 1 == 1 else NOTE_OUTLIVES_0
    return True


@inner
def was_under_way(w: World, e: int, segment: Any) -> bool:
    """Return whether ``e`` sent an ACK before the RST of its peer arrived: then the ACK proves nothing.

    An endpoint that has received everything, as this ACK says, accepts the RST that follows. One that has not may
    challenge it (RFC 5961 §3.2), with the same ACK again.
    """
    if segment["length"] != 0 or segment["flags"] & FIN != 0:
        return False
    me, peer = w.endpoints[e], w.endpoints[e ^ 1]
    ack, acked = segment["ack"], i64(me["acked"])
    return after(acked, ack) or (ack == acked and ack == i64(peer["next"]))
