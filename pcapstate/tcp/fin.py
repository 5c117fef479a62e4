"""What a segment acknowledges, and what it closes: FINs, in the order of sequence numbers.

As in ``tracker``, ``e`` is the endpoint that sent the segment and ``p`` its peer.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import FIN
from ..kernels.source import i64, inner, rare
from .machine import Event
from .sequence import LOW_32, after, at_or_after
from .states import State
from .tables import (
    CELL_DETAILS,
    KNOWN_ASSUMED_NOW,
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_ACK,
    KNOWN_SENT_FIN,
    KNOWN_SENT_SYN_ACK,
    KNOWN_SPOKE,
    KNOWN_UNSEEN_TAIL,
    NOTE_FAST_OPEN,
    NOTE_FIN_FILLED,
    NOTE_LOSSY,
    NOTE_NO_GUESS,
    NOTE_UNSURE,
    ODD_MISSED,
    ODD_STRAY_FIN,
    PLACE_AGAIN,
    PLACE_IN_HOLE,
    World,
)
from .transition import step, wait
from .troubles import note_arrived
from .windows import offer


@inner
def acknowledges_and_closes(w: World, e: int, p: int, place: int, segment: Any, connection: Any) -> None:
    """Weigh what a segment acknowledges, then what it closes: both may stand in one segment, in this order."""
    me, peer = w.endpoints[e], w.endpoints[p]
    ack, flags, length = segment["ack"], segment["flags"], segment["length"]
    known, others = i64(me["known"]), i64(peer["known"])
    first = known & KNOWN_SENT_ACK == 0
    again = not first and ack == i64(me["acked"])
    newest = first or at_or_after(ack, i64(me["acked"]))
    if not newest and others & KNOWN_UNSEEN_TAIL != 0 and ack == i64(w.seldom[p]["tail"]) and peer["packets"] > 0:
        # It acknowledges less than before, and just what has been sent: what it acknowledged before never was.
        peer["next"] = peer["contiguous"] = ack
        others &= ~KNOWN_UNSEEN_TAIL
        peer["known"] = others
        newest = True
    if newest:
        me["acked"] = ack
        offer(me, e, first, segment, connection)
    # What it sends itself shows what it takes its connection for.
    known = known & ~KNOWN_ASSUMED_NOW | KNOWN_SENT_ACK | KNOWN_SPOKE
    me["known"] = known
    if peer["packets"] == 0:
        unseen_fin(w, e, p, segment, connection)
        others = i64(peer["known"])
    if connection["notes"] & NOTE_UNSURE != 0 and others & KNOWN_SENT_FIN != 0 and known & KNOWN_UNSEEN_TAIL == 0:
        turned_up(w, e, p, segment, connection)
        known = i64(me["known"])
    # Rows of SELDOM are far away in memory, so where nothing is missing none is looked at.
    if others & KNOWN_SENT_FIN == 0 and after(ack, i64(peer["next"])):
        if i64(w.seldom[p]["stray"]) != 0 and ack == i64(w.seldom[p]["stray"]):
            took_stray(w, p, segment)
            others = i64(peer["known"])
    covers_fin = others & KNOWN_SENT_FIN != 0 and ack == i64(peer["next"])
    if covers_fin:
        if w.cells[CELL_DETAILS] != 0:
            note_arrived(w, p, ack, segment)
        peer["contiguous"] = ack
        done = i64(peer["state"]) == State.CLOSED and i64(peer["before"]) == State.LAST_ACK
        if i64(peer["state"]) == State.LAST_ACK or done:
            # It closed second, so its FIN acknowledges the one of this endpoint: whoever got the one got the other.
            got_ack_of_fin(w, e, i64(peer["base"]), segment)
        step(w, e, Event.SENT_ACK_OF_FIN, segment)
        got_ack_of_fin(w, p, (segment["seq"] + (1 if length > 0 else 0)) & LOW_32, segment)
    elif others & KNOWN_SENT_FIN == 0 and after(ack, i64(peer["contiguous"])):
        arrived(w, p, ack, segment)
    elif (
        again
        and others & KNOWN_SENT_FIN != 0
        and length == 0
        and segment["seq"] == i64(me["next"])
        and flags & FIN == 0
    ):
        step(w, e, Event.SENT_ACK_WITHOUT_FIN, segment)

    if flags & FIN != 0:
        end = (segment["seq"] + length + 1) & LOW_32
        if end != i64(me["next"]):
            return  # a FIN in the middle of what was sent is none
        if known & KNOWN_SENT_FIN == 0:
            me["known"] = known | KNOWN_SENT_FIN
            if place == PLACE_IN_HOLE:
                connection["notes"] |= NOTE_FIN_FILLED
            gap = i64(peer["known"]) & KNOWN_UNSEEN_TAIL != 0 and peer["packets"] > 0
            if connection["notes"] & NOTE_FAST_OPEN != 0 and closes_early(me, peer, segment):
                step(w, e, Event.SENT_FIN_EARLY, segment)
            elif gap and i64(me["state"]) == State.ESTABLISHED:
                connection["notes"] |= NOTE_UNSURE
                step(w, e, Event.SENT_FIN_UNSURE, segment)
                step(w, p, Event.GOT_FIN_UNSURE, segment)
            elif others & KNOWN_SENT_FIN != 0 and not covers_fin and i64(peer["contiguous"]) == i64(peer["next"]):
                if not step(w, e, Event.SENT_FIN_WITHOUT_ACK, segment):
                    step(w, e, Event.SENT_FIN, segment)
                # The peer's FIN is still under way to it.
                step(w, e, Event.GOT_FIN, segment)
            else:
                step(w, e, Event.SENT_FIN, segment)
        elif (
            newest and known & KNOWN_CLOSED_BY_RST == 0 and place in (PLACE_AGAIN, PLACE_IN_HOLE) and me["packets"] > 1
        ):
            # Sent again by its timer, while what acknowledges it may be under way to it for less than that; and no
            # late copy: that would have an older acknowledgment number.
            if not covers_fin and not waits_after_crossing(me):
                step(w, e, Event.SENT_FIN_AGAIN, segment)
            elif i64(me["state"]) != State.CLOSED or i64(me["before"]) == State.LAST_ACK:
                step(w, e, Event.SENT_FIN_AGAIN_WITH_ACK, segment)
    acked_before = i64(peer["known"]) & KNOWN_SENT_ACK != 0 and i64(peer["acked"]) == i64(me["next"])
    # A FIN counts for its receiver once all before it has been sent, as captured: with it, or by what fills the hole.
    if i64(me["known"]) & KNOWN_SENT_FIN != 0 and i64(me["contiguous"]) == i64(me["next"]):
        if flags & FIN != 0 or length > 0:
            if place != PLACE_AGAIN or known & KNOWN_SENT_FIN == 0:
                step(w, p, Event.GOT_FIN, segment)
            elif flags & FIN != 0 and not acked_before and peer["packets"] > 0 and not waits_after_crossing(peer):
                step(w, p, Event.MISSED_FIN_SENT_AGAIN, segment)
            if i64(peer["state"]) == State.TIME_WAIT:
                wait(w, p, segment["time"])
            if flags & FIN != 0 and known & KNOWN_SENT_FIN == 0 and acked_before:
                # The acknowledgment of the FIN was written down before it.
                got_ack_of_fin(w, e, i64(peer["base"]), segment)


@inner
def got_ack_of_fin(w: World, e: int, proof: int, segment: Any) -> None:
    """Let endpoint ``e`` have got the ACK of its FIN; ``proof``: as in ENDPOINT."""
    if step(w, e, Event.GOT_ACK_OF_FIN, segment):
        w.endpoints[e]["proof"] = proof


@rare
def took_stray(w: World, p: int, segment: Any) -> None:
    """Take for real what ``p`` sent ahead of its peer's window, now that its peer acknowledges just that."""
    peer, one = w.endpoints[p], w.seldom[p]
    peer["next"] = peer["contiguous"] = one["stray"]
    one["stray"] = 0
    if i64(one["odd"]) & ODD_STRAY_FIN != 0:
        peer["known"] = i64(peer["known"]) | KNOWN_SENT_FIN
        step(w, p, Event.SENT_FIN_AFTER_ALL, segment)
    one["odd"] = ODD_MISSED


@inner
def waits_after_crossing(me: Any) -> bool:
    """Tell whether an endpoint is in TIME_WAIT since FINs crossed: one that comes again says little then."""
    return i64(me["state"]) == State.TIME_WAIT and i64(me["before"]) == State.CLOSING


@rare
def turned_up(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Tell which end closed first, now that what ``e`` had sent before its peer's FIN is there, or more of it."""
    me, peer = w.endpoints[e], w.endpoints[p]
    connection["notes"] &= ~NOTE_UNSURE
    if segment["flags"] & FIN != 0 and i64(peer["acked"]) == i64(me["next"]):
        # Two FINs were written down in the wrong order.
        me["known"] = i64(me["known"]) | KNOWN_SENT_FIN
        step(w, e, Event.SENT_MISSING_FIN, segment)
        step(w, p, Event.GOT_MISSING_FIN, segment)
        got_ack_of_fin(w, e, i64(peer["base"]), segment)
        step(w, e, Event.GOT_FIN, segment)
    else:
        step(w, e, Event.SENT_MORE, segment)
        step(w, p, Event.GOT_MORE, segment)


@rare
def unseen_fin(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Guess the FIN of a peer whose side is not captured at all: an ACK that moves on by one."""
    peer = w.endpoints[p]
    others = i64(peer["known"])
    if others & KNOWN_SENT_FIN != 0:
        if after(segment["ack"], i64(peer["next"])):
            peer["known"] = others & ~KNOWN_SENT_FIN
            connection["notes"] |= NOTE_NO_GUESS
            step(w, e, Event.SENT_ACK_BEYOND_FIN, segment)
            step(w, p, Event.MISSED_NO_FIN, segment)
    elif connection["notes"] & NOTE_NO_GUESS != 0 or segment["ack"] != (i64(peer["next"]) + 1) & LOW_32:
        return
    elif step(w, p, Event.MISSED_FIN, segment):
        peer["known"] = others | KNOWN_SENT_FIN
        peer["next"] = segment["ack"]
        # It answers whatever FIN was sent to it.
        if i64(w.endpoints[e]["known"]) & KNOWN_SENT_FIN != 0:
            got_ack_of_fin(w, e, i64(peer["base"]), segment)
        step(w, e, Event.GOT_FIN, segment)


@inner
def closes_early(me: Any, peer: Any, segment: Any) -> bool:
    """Tell whether a fast-open server's FIN was sent before the ACK of its SYN-ACK can have reached it.

    Seen from the client, SYN to SYN-ACK is the round trip that its ACK and anything caused by it take as well.
    """
    if i64(me["known"]) & KNOWN_SENT_SYN_ACK == 0 or peer["retransmissions"] != 0:
        return False
    return segment["time"] - me["first"] < me["first"] - peer["first"]


@inner
def arrived(w: World, p: int, ack: int, segment: Any) -> None:
    """Note that all the peer sent before ``ack``, of this segment, has arrived, captured or not."""
    if w.cells[CELL_DETAILS] != 0:
        note_arrived(w, p, ack, segment)
    peer = w.endpoints[p]
    top = i64(peer["next"])
    if i64(peer["contiguous"]) != top and not at_or_after(ack, i64(w.seldom[p]["tail"])):
        peer["contiguous"] = ack
        return
    if after(ack, top):
        if i64(peer["known"]) & KNOWN_UNSEEN_TAIL == 0 or i64(peer["contiguous"]) != top:
            w.seldom[p]["tail"] = top
        top = ack
        peer["next"] = ack
        peer["known"] = i64(peer["known"]) | KNOWN_UNSEEN_TAIL
        w.seldom[p]["odd"] = i64(w.seldom[p]["odd"]) | ODD_MISSED
        w.connections[p >> 1]["notes"] |= NOTE_LOSSY
    peer["contiguous"] = top
