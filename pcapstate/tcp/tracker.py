"""The loop over segments: find the connection, count the packet, derive its events.

A segment is followed in this order: ``lookup`` finds its connection, ``reuse`` decides which of two on one 4-tuple it
belongs to, ``duplicates`` drops copies, ``sequence_tracking`` gives its place among those its sender sent before, and
``weigh`` steps through its events (``handshake``, ``fin``, ``rst``). The state that follows an event stands in
``machine``. The rules are explained in docs/inference.md.

Throughout these modules ``e`` is the endpoint that sent the segment and ``p`` its peer.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SEGMENT, SEGMENT_ICMP, SYN
from ..kernels.source import COMPILING, entry, fetch, i64, inner, rare
from .duplicates import bucket_of, count_copy, header_hash, is_copy, note_network
from .fin import acknowledges_and_closes
from .handshake import opens, syn, syn_ack
from .icmp import icmp_error
from .lookup import begin, find, first_slot, is_own_peer, side_of
from .machine import Event
from .reuse import behind_syns, find_out, is_for_previous, is_open, supersede
from .rst import reset, still_there
from .self_connect import weigh_own
from .sequence_tracking import count_packet, follow_sequence
from .tables import (
    AFTERWARDS,
    CELL_CLOCK,
    CELL_CONNECTIONS,
    CELL_DETAILS,
    CELL_FORESEEN,
    CELL_RECORD,
    CELL_TRANSITIONS,
    KNOWN_BASE,
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_FIN,
    NOTE_BESIDE,
    NOTE_DOUBTFUL,
    NOTE_GAVE_UP,
    PLACE_BEHIND_FIN,
    PLACE_STRAY,
    PREFETCHED_SEGMENTS,
    World,
)
from .timeouts import state_by_now
from .transition import expire, step
from .troubles import note_details, note_troubles

TRANSITIONS_EACH = 24
"""More transitions than one segment can cause: so much room must be left before it is looked at."""


@entry(SEGMENT, int, int, World)
def track(segments: Any, first: int, count: int, w: World) -> int:
    """Follow ``segments[first:count]``; return the index of the first one not followed for want of room.

    The caller leaves room for a new connection per segment: a row in ``connections`` and ``extras``, two in ``seldom``,
    ``endpoints`` and, where CELL_DETAILS asks for them, ``details`` and ``troubles``, two ``slots`` or more, and four
    ``timers``. Rows not used yet are zero. ``transitions`` fills up and the caller empties it; nothing is recorded
    where CELL_RECORD is 0.
    """
    cells = w.cells
    for start in range(first, count, PREFETCHED_SEGMENTS):
        end = min(start + PREFETCHED_SEGMENTS, count)
        if COMPILING:
            foresee(w, segments, start, end)
        for index in range(start, end):
            segment = segments[index]
            if not is_followed(segment):
                continue
            if cells[CELL_RECORD] != 0 and len(w.transitions) - cells[CELL_TRANSITIONS] < TRANSITIONS_EACH:
                return index
            # Where the capture's clock steps back, timers wait for it: no 2 MSL have passed.
            cells[CELL_CLOCK] = segment["time"]
            if not expire(w, TRANSITIONS_EACH):
                return index
            slot = cells[CELL_FORESEEN + index - start] if COMPILING else first_slot(w, segment)
            follow(w, segment, find(w, segment, slot))
    return count


@entry(SEGMENT, int, int, AFTERWARDS, int, World)
def track_each(segments: Any, first: int, count: int, afterwards: Any, row: int, w: World) -> int:
    """Follow segments as ``track`` does, and write what the connection with a row is after each into ``afterwards``.

    ``row``: -1 means the connection of each segment itself; its states then include that an attempt was given up.
    """
    for index in range(first, count):
        segment = segments[index]
        if is_followed(segment):
            if len(w.transitions) - w.cells[CELL_TRANSITIONS] < TRANSITIONS_EACH:
                return index
            w.cells[CELL_CLOCK] = segment["time"]
            if not expire(w, TRANSITIONS_EACH):
                return index
            follow(w, segment, find(w, segment, first_slot(w, segment)))
        told = afterwards[index]
        if row < 0:
            one = i64(segment["endpoint"]) & ~1
            if is_followed(segment) and one >= 0:
                told["state_0"], told["state_1"] = state_by_now(w, one), state_by_now(w, one + 1)
            continue
        one, other = 2 * row, 2 * row + 1
        told["state_0"], told["state_1"] = w.endpoints[one]["state"], w.endpoints[other]["state"]
        told["copies"] = i64(w.seldom[one]["copies"]) + i64(w.seldom[other]["copies"])
        sent_again = i64(w.endpoints[one]["retransmissions"]) + i64(w.endpoints[other]["retransmissions"])
        told["retransmissions"] = sent_again
        told["transitions"] = w.cells[CELL_TRANSITIONS]
    return count


@inner
def is_followed(segment: Any) -> bool:
    """Tell whether a row is a segment, or an ICMP error that quotes one."""
    return segment["flags"] >= 0 or segment["flags"] == SEGMENT_ICMP


@inner
def foresee(w: World, segments: Any, start: int, end: int) -> None:
    """Fetch from cells what ``segments[start:end]`` are about: many rows at once, which takes as long as one.

    It pays only where compiled.
    """
    for index in range(start, end):
        segment = segments[index]
        slot = 0
        if is_followed(segment):
            slot = first_slot(w, segment)
            fetch(w.slots, slot)
            fetch(w.recent, bucket_of(w, segment, header_hash(segment)))
        w.cells[CELL_FORESEEN + index - start] = slot
    for index in range(start, end):
        number = i64(w.slots[w.cells[CELL_FORESEEN + index - start]]) - 1
        if number >= 0:
            fetch(w.connections, number)
            fetch(w.endpoints, 2 * number)
            fetch(w.endpoints, 2 * number + 1)


@inner
def follow(w: World, segment: Any, slot: int) -> None:
    """Follow a segment whose connection is in a slot, or is to be."""
    endpoints, slots, cells = w.endpoints, w.slots, w.cells
    number = i64(slots[slot]) - 1
    flags = segment["flags"]
    if flags == SEGMENT_ICMP:
        segment["endpoint"] = -1
        if number >= 0:
            segment["endpoint"] = 2 * number + side_of(w, segment, number)
            icmp_error(w, number, segment)
        return
    side = 0
    if number < 0:
        number = cells[CELL_CONNECTIONS]
        cells[CELL_CONNECTIONS] += 1
        slots[slot] = number + 1
        begin(w, number, -1, segment)
    else:
        side = side_of(w, segment, number)
        if flags & (SYN | ACK) == SYN:
            sender = endpoints[2 * number + side]
            another = i64(sender["base"]) != segment["seq"]
            if i64(sender["known"]) & KNOWN_BASE == 0:
                # All it has sent was about the connection before; Wireshark goes by that all the same.
                another = sender["packets"] != 0
            if another:
                if segment["network"] != 0:
                    note_network(w, number, side, segment)
                # Another initial sequence number: a new connection on this 4-tuple.
                beside = is_open(w, behind_syns(w, number))
                if not beside or w.connections[number]["notes"] & NOTE_BESIDE != 0:
                    supersede(w, number, side, Event.SENT_NEW_SYN, segment)
                fresh = cells[CELL_CONNECTIONS]
                cells[CELL_CONNECTIONS] += 1
                slots[slot] = fresh + 1
                begin(w, fresh, number, segment)
                if beside:
                    w.connections[fresh]["notes"] |= NOTE_BESIDE
                number = fresh
                side = 0

    previous = i64(w.extras[number]["previous"]) - 1
    if previous >= 0:
        previous = behind_syns(w, previous)
    e = 2 * number + side
    segment["endpoint"] = e
    if is_copy(w, e, segment):
        count_copy(w, e, segment)
        count_packet(w, e, segment)
        return
    if segment["network"] != 0:
        note_network(w, number, side, segment)
    newest = number
    if previous >= 0 and is_for_previous(w, segment, number, side):
        # It counts where Wireshark counts it, and tells about the connection that it belongs to.
        number = previous
        side = side_of(w, segment, number)
    elif previous >= 0 and flags & (SYN | ACK | RST) == SYN | ACK:
        supersede(w, previous, side_of(w, segment, previous), Event.SENT_NEW_SYN_ACK, segment)
    top = i64(endpoints[2 * number + side]["next"])
    place = follow_sequence(w, 2 * number + side, 2 * number + 1 - side, segment)
    if previous >= 0 and w.connections[newest]["notes"] & NOTE_BESIDE != 0:
        find_out(w, newest, previous, number, side, place, segment)
    if cells[CELL_DETAILS] != 0:
        note_details(w, e, segment)
        note_troubles(w, 2 * number + side, 2 * number + 1 - side, place, top, segment)
    count_packet(w, e, segment)
    if is_own_peer(w, number):
        weigh_own(w, number, segment)
    else:
        weigh(w, number, side, place, segment)


@inner
def weigh(w: World, number: int, side: int, place: int, segment: Any) -> None:
    """Step through the events of a segment that endpoint ``side`` of connection ``number`` sent.

    ``place``: what the segment is to those before it, as ``counting`` found.
    """
    e, p = 2 * number + side, 2 * number + 1 - side
    flags = segment["flags"]
    connection = w.connections[number]
    if connection["notes"] & NOTE_DOUBTFUL != 0:
        if flags & RST != 0 or (flags & SYN == 0 and segment["length"] == 0):
            if flags & FIN != 0:
                # It closed, whatever else may have been before.
                w.endpoints[e]["known"] = i64(w.endpoints[e]["known"]) | KNOWN_SENT_FIN
            return
        connection["notes"] &= ~NOTE_DOUBTFUL
    if connection["notes"] & NOTE_GAVE_UP != 0:
        goes_on(w, e, p, segment, connection)
    if place == PLACE_STRAY:
        return  # its receiver drops it, and who sent it is not known for sure
    if place == PLACE_BEHIND_FIN:
        step(w, e, Event.SENT_MORE_THAN_FIN, segment)
        step(w, p, Event.GOT_MORE_THAN_FIN, segment)
    if flags & RST != 0:
        reset(w, e, p, segment, connection)
    elif flags & (SYN | ACK) == SYN | ACK:
        syn_ack(w, e, p, place, segment, connection)
    elif flags & SYN != 0:
        syn(w, e, p, place, segment, connection)
    elif flags & ACK != 0:
        if not still_there(w, e, place, segment, connection):
            return
        if not opens(w, e, p, segment, connection):
            return
        acknowledges_and_closes(w, e, p, place, segment, connection)
    # A segment with none of the three is valid in no state (RFC 9293 §3.10.7.4): a scan, and no evidence.


@rare
def goes_on(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Take back that endpoints gave up: the connection goes on, so nothing hangs on whether somebody looked before."""
    connection["notes"] &= ~NOTE_GAVE_UP
    for one, event in ((e, Event.STILL_SENDS), (p, Event.GOT_MORE_AFTER_ALL)):
        known = i64(w.endpoints[one]["known"])
        if known & KNOWN_CLOSED_BY_RST != 0 and step(w, one, event, segment):
            w.endpoints[one]["known"] = known & ~KNOWN_CLOSED_BY_RST


@entry(World)
def pass_time(w: World) -> int:
    """End the TIME_WAITs that are over at CELL_CLOCK; return 1, or 0 where ``transitions`` is full before."""
    if expire(w, 1):
        return 1
    return 0
