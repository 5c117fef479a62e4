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
    """Weigh what a segment acknowledges, then what it closes: one segment may do both, in this order."""
    me, peer = w.endpoints[e], w.endpoints[p]
    ack, flags, length = segment["ack"], segment["flags"], segment["length"]
    known, others = i64(me["known"]), i64(peer["known"])
    first = known & KNOWN_SENT_ACK == 0
    again = not first and ack == i64(me["acked"])
    newest = first or at_or_after(ack, i64(me["acked"]))
    if not newest and others & KNOWN_UNSEEN_TAIL != 0 and ack == i64(w.seldom[p]["tail"]) and peer["packets"] > 0:
        # It acknowledges less than before, and exactly what was sent: the earlier number was never sent.
        peer["next"] = peer["contiguous"] = ack
        others &= ~KNOWN_UNSEEN_TAIL
        peer["known"] = others
        newest = True
    if newest:
        me["acked"] = ack
        offer(me, e, first, segment, connection)
    # A segment of its own shows the state that it is in.
    known = known & ~KNOWN_ASSUMED_NOW | KNOWN_SENT_ACK | KNOWN_SPOKE
    me["known"] = known
    if peer["packets"] == 0:
        unseen_fin(w, e, p, segment, connection)
        others = i64(peer["known"])
    if connection["notes"] & NOTE_UNSURE != 0 and others & KNOWN_SENT_FIN != 0 and known & KNOWN_UNSEEN_TAIL == 0:
        turned_up(w, e, p, segment, connection)
        known = i64(me["known"])
    # Rows of SELDOM are far away in memory, so none is read where nothing is missing.
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
            return  # a FIN in the middle of sent data is not a FIN
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
                # The peer's FIN is still in flight.
                step(w, e, Event.GOT_FIN, segment)
            else:
                step(w, e, Event.SENT_FIN, segment)
        elif (
            newest and known & KNOWN_CLOSED_BY_RST == 0 and place in (PLACE_AGAIN, PLACE_IN_HOLE) and me["packets"] > 1
        ):
            # Its timer retransmitted it, although an ACK may have been in flight for less than the timeout. A late
            # duplicate would have an older acknowledgment number.
            if not covers_fin and not waits_after_crossing(me):
                step(w, e, Event.SENT_FIN_AGAIN, segment)
            elif i64(me["state"]) != State.CLOSED or i64(me["before"]) == State.LAST_ACK:
                step(w, e, Event.SENT_FIN_AGAIN_WITH_ACK, segment)
    acked_before = i64(peer["known"]) & KNOWN_SENT_ACK != 0 and i64(peer["acked"]) == i64(me["next"])
    # A FIN reaches its receiver once all data before it has: with the FIN itself, or with what fills the hole.
    if i64(me["known"]) & KNOWN_SENT_FIN != 0 and i64(me["contiguous"]) == i64(me["next"]):
        if flags & FIN != 0 or length > 0:
            if place != PLACE_AGAIN or known & KNOWN_SENT_FIN == 0:
                step(w, p, Event.GOT_FIN, segment)
            elif flags & FIN != 0 and not acked_before and peer["packets"] > 0 and not waits_after_crossing(peer):
                step(w, p, Event.MISSED_FIN_SENT_AGAIN, segment)
            if i64(peer["state"]) == State.TIME_WAIT:
                wait(w, p, segment["time"])
            if flags & FIN != 0 and known & KNOWN_SENT_FIN == 0 and acked_before:
                # The ACK of the FIN was captured before the FIN.
                got_ack_of_fin(w, e, i64(peer["base"]), segment)


@inner
def got_ack_of_fin(w: World, e: int, proof: int, segment: Any) -> None:
    """Give endpoint ``e`` the ACK of its FIN; ``proof``: as in ENDPOINT."""
    if step(w, e, Event.GOT_ACK_OF_FIN, segment):
        w.endpoints[e]["proof"] = proof


@rare
def took_stray(w: World, p: int, segment: Any) -> None:
    """Accept what ``p`` sent beyond its peer's window, since the peer acknowledges exactly that."""
    peer, one = w.endpoints[p], w.seldom[p]
    peer["next"] = peer["contiguous"] = one["stray"]
    one["stray"] = 0
    if i64(one["odd"]) & ODD_STRAY_FIN != 0:
        peer["known"] = i64(peer["known"]) | KNOWN_SENT_FIN
        step(w, p, Event.SENT_FIN_AFTER_ALL, segment)
    one["odd"] = ODD_MISSED


@inner
def waits_after_crossing(me: Any) -> bool:
    """Return whether an endpoint is in TIME_WAIT after FINs crossed, when a retransmitted FIN proves little."""
    return i64(me["state"]) == State.TIME_WAIT and i64(me["before"]) == State.CLOSING


@rare
def turned_up(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Decide which end closed first, now that the capture has more of what ``e`` sent before its peer's FIN."""
    me, peer = w.endpoints[e], w.endpoints[p]
    connection["notes"] &= ~NOTE_UNSURE
    if segment["flags"] & FIN != 0 and i64(peer["acked"]) == i64(me["next"]):
        # Two FINs were captured in the wrong order.
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
    """Infer the FIN of a peer whose side is not captured at all, from an ACK that advances by one."""
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
        # Its FIN answers the FIN that was sent to it.
        if i64(w.endpoints[e]["known"]) & KNOWN_SENT_FIN != 0:
            got_ack_of_fin(w, e, i64(peer["base"]), segment)
        step(w, e, Event.GOT_FIN, segment)


@inner
def closes_early(me: Any, peer: Any, segment: Any) -> bool:
    """Return whether a fast-open server sent its FIN before the ACK of its SYN-ACK can have arrived.

    At the client, the time from SYN to SYN-ACK is the round trip that its ACK and any reaction to it take as well.
    """
    if i64(me["known"]) & KNOWN_SENT_SYN_ACK == 0 or peer["retransmissions"] != 0:
        return False
    return segment["time"] - me["first"] < me["first"] - peer["first"]


@inner
def arrived(w: World, p: int, ack: int, segment: Any) -> None:
    """Note that everything that the peer sent before ``ack`` has arrived, captured or not."""
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
    elif i64(peer["contiguous"]) != top and i64(w.seldom[p]["tail"]) == top:
        # Only a bare ACK of its own shows that it had sent more: the last of it is missing, perhaps a FIN.
        w.seldom[p]["tail"] = i64(peer["contiguous"])
        peer["known"] = i64(peer["known"]) | KNOWN_UNSEEN_TAIL
    peer["contiguous"] = top
