"""A new SYN on a 4-tuple that was used before: what it means for the previous and for the new connection."""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, inner, rare
from .machine import Event
from .sequence import LOW_32, after, in_range
from .states import State
from .tables import (
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_SYN_ACK,
    KNOWN_SPOKE,
    NOTE_BESIDE,
    NOTE_CLIENT_IS_1,
    NOTE_REFUSED,
    NOTE_SUPERSEDED,
    PLACE_AGAIN,
    PLACE_BELATED,
    World,
)
from .transition import step

MOST_SYNS_BESIDE = 8
"""The most SYNs beside one open connection that are skipped, since every packet skips them."""


@inner
def behind_syns(w: World, number: int) -> int:
    """Return the connection itself or, if it is a SYN beside an open connection, that one."""
    for _ in range(MOST_SYNS_BESIDE):
        if w.connections[number]["notes"] & NOTE_BESIDE == 0 or i64(w.extras[number]["previous"]) == 0:
            break
        number = i64(w.extras[number]["previous"]) - 1
    return number


@inner
def is_open(w: World, number: int) -> bool:
    """Return whether both ends are taken to have the connection, so that a SYN may be an old duplicate, or forged."""
    for e in (2 * number, 2 * number + 1):
        state = i64(w.endpoints[e]["state"])
        if state < State.ESTABLISHED or state == State.TIME_WAIT:
            return False
    return True


@rare
def supersede(w: World, number: int, side: int, event: int, segment: Any) -> None:
    """Let an endpoint end its connection because its 4-tuple is reused."""
    me = w.endpoints[2 * number + side]
    before = i64(me["state"])
    if step(w, 2 * number + side, event, segment) and before != State.TIME_WAIT:
        me["known"] = i64(me["known"]) | KNOWN_CLOSED_BY_RST
        w.connections[number]["notes"] |= NOTE_SUPERSEDED


@rare
def find_out(w: World, fresh: int, previous: int, number: int, side: int, place: int, segment: Any) -> None:
    """Decide about a SYN on the 4-tuple of an open connection: a new connection, or does the old one go on?

    ``fresh`` and ``previous`` are the two; the segment is about ``number``, whose endpoint ``side`` sent it, and
    ``place`` is what it is to those before it.
    """
    flags = segment["flags"]
    # The new connection's endpoint 0 sent its SYN.
    opener = 0 if same_ends(w, fresh, previous) else 1
    if number == previous:
        if side != opener:
            return
        if flags & RST != 0:
            # A restarted host answers segments of the old connection this way.
            w.connections[fresh]["notes"] &= ~NOTE_BESIDE
            return
        acked = i64(w.endpoints[2 * number + side]["acked"])
        if place < PLACE_BELATED and (segment["length"] > 0 or flags & FIN != 0 or after(segment["ack"], acked)):
            w.connections[fresh]["notes"] &= ~NOTE_BESIDE
            step(w, 2 * fresh, Event.SENT_MORE_BEFORE, segment)
        return
    if flags & ACK == 0 and place != PLACE_AGAIN:
        return
    # It was answered, or a timer retransmits it: it is a new connection.
    w.connections[fresh]["notes"] &= ~NOTE_BESIDE
    supersede(w, previous, opener, Event.SENT_NEW_SYN, segment)
    if flags & RST != 0:
        step(w, 2 * previous + 1 - opener, Event.SENT_RST, segment)


@inner
def same_ends(w: World, one: int, other: int) -> bool:
    """Return whether two connections on one 4-tuple have the same endpoint 0."""
    if w.connections[one]["low_0"] != w.connections[other]["low_0"]:
        return False
    if w.connections[one]["port_0"] != w.connections[other]["port_0"]:
        return False
    return w.extras[one]["high_0"] == w.extras[other]["high_0"]


@inner
def is_for_previous(w: World, segment: Any, number: int, side: int) -> bool:
    """Return whether a segment on the 4-tuple of connection ``number`` still belongs to the previous connection.

    A SYN on a live 4-tuple draws a challenge ACK (RFC 5961 §4), which a rebooted host answers with a RST: both are
    about the old connection, as long as nothing has answered the new SYN.
    """
    notes = w.connections[number]["notes"]
    client = 1 if notes & NOTE_CLIENT_IS_1 != 0 else 0
    opener = w.endpoints[2 * number + client]
    answerer = w.endpoints[2 * number + 1 - client]
    if notes & NOTE_REFUSED != 0 or i64(answerer["known"]) & (KNOWN_SENT_SYN_ACK | KNOWN_SPOKE) != 0:
        return False
    if segment["flags"] & (SYN | ACK) == SYN:
        return False
    if side == client:
        return segment["seq"] != i64(opener["next"]) and segment["seq"] != (i64(opener["base"]) + 1) & LOW_32
    return segment["flags"] & ACK == 0 or not in_range(
        segment["ack"], (i64(opener["base"]) + 1) & LOW_32, i64(opener["next"])
    )
