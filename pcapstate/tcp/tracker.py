"""The loop over segments: find the connection, count the packet, derive its events.

Nearly all segments are the next in order on an open connection, and ``order`` is done with them. The others are
followed in this order: ``lookup`` finds the connection, ``reuse`` decides which of two on one 4-tuple it
belongs to, ``duplicates`` drops copies, ``sequence_tracking`` gives its place among those its sender sent before, and
``weigh`` steps through its events (``handshake``, ``fin``, ``rst``). The state that follows an event stands in
``machine``. The rules are explained in docs/inference.md.

Throughout these modules ``e`` is the endpoint that sent the segment and ``p`` its peer.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SEGMENT, SEGMENT_ICMP, SYN
from ..kernels.source import entry, fetch, i64, inner, rare
from .duplicates import bucket_of, count_copy, header_hash, is_copy, is_unlike, note_network, print_of, remember
from .fin import acknowledges_and_closes
from .handshake import opens, syn, syn_ack
from .icmp import icmp_error
from .lookup import begin, find, is_own_peer, key_of, likely_slot, number_in, put, sender, side_of
from .machine import Event
from .order import continues, go_on
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
    FORESEEN_BUCKET,
    FORESEEN_CELLS,
    FORESEEN_HASH,
    FORESEEN_KEY,
    FORESEEN_SLOT,
    KNOWN_BASE,
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_FIN,
    MORE_PREVIOUS,
    NOTE_BESIDE,
    NOTE_DOUBTFUL,
    NOTE_GAVE_UP,
    PLACE_BEHIND_FIN,
    PLACE_STRAY,
    PREFETCHED_SEGMENTS,
    World,
)
from .timeouts import state_by_now
from .transition import expire, is_due, step
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
    for start in range(first, count, PREFETCHED_SEGMENTS):
        end = min(start + PREFETCHED_SEGMENTS, count)
        foresee(w, segments, start, end)
        for index in range(start, end):
            if not take(w, segments, index, CELL_FORESEEN + FORESEEN_CELLS * (index - start)):
                return index
    return count


@entry(SEGMENT, int, int, AFTERWARDS, int, World)
def track_each(segments: Any, first: int, count: int, afterwards: Any, row: int, w: World) -> int:
    """Follow segments as ``track`` does, and write what the connection with a row is after each into ``afterwards``.

    ``row``: -1 means the connection of each segment itself; its states then include that an attempt was given up.
    """
    for index in range(first, count):
        segment = segments[index]
        foresee(w, segments, index, index + 1)
        if not take(w, segments, index, CELL_FORESEEN):
            return index
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
def take(w: World, segments: Any, index: int, foreseen: int) -> bool:
    """Follow ``segments[index]`` unless there is no room in ``transitions``; return whether there was.

    ``foreseen``: the cells with what is known of it.
    """
    segment, cells = segments[index], w.cells
    if not is_followed(segment):
        return True
    if cells[CELL_RECORD] != 0 and len(w.transitions) - cells[CELL_TRANSITIONS] < TRANSITIONS_EACH:
        return False
    # Where the capture's clock steps back, timers wait for it: no 2 MSL have passed.
    cells[CELL_CLOCK] = segment["time"]
    if is_due(w) and not expire(w, TRANSITIONS_EACH):
        return False
    number = number_in(w, cells[foreseen + FORESEEN_SLOT])
    if number >= 0:
        side = sender(w, segment, number)
        if side >= 0 and continues(w, number, side, segment):
            bucket = cells[foreseen + FORESEEN_BUCKET]
            print = print_of(2 * number + side, segment, cells[foreseen + FORESEEN_HASH])
            if is_unlike(w, bucket, print):
                remember(w, bucket, segment["time"], print)
                go_on(w, number, side, segment)
                return True
    follow(w, segments, index, foreseen)
    return True


@inner
def foresee(w: World, segments: Any, start: int, end: int) -> None:
    """Note in cells what is known of ``segments[start:end]`` already, and fetch the rows that they are about.

    Fetching many rows at once takes as long as fetching one.
    """
    cells, mask = w.cells, len(w.slots) - 1
    # Rows without a segment do no harm here, and asking for them takes longer.
    for index in range(start, end):
        segment = segments[index]
        at = CELL_FORESEEN + FORESEEN_CELLS * (index - start)
        key, told = key_of(w, segment), header_hash(segment)
        bucket = bucket_of(w, segment, told)
        cells[at + FORESEEN_KEY], cells[at + FORESEEN_HASH], cells[at + FORESEEN_BUCKET] = key, told, bucket
        fetch(w.slots, key & mask)
        fetch(w.recent, bucket)
    for index in range(start, end):
        at = CELL_FORESEEN + FORESEEN_CELLS * (index - start)
        slot = likely_slot(w, cells[at + FORESEEN_KEY])
        cells[at + FORESEEN_SLOT] = slot
        number = number_in(w, slot)
        if number >= 0:
            fetch(w.connections, number)
            fetch(w.endpoints, 2 * number)
            fetch(w.endpoints, 2 * number + 1)


@rare
def follow(w: World, segments: Any, index: int, foreseen: int) -> None:
    """Follow ``segments[index]``, whatever it is; ``foreseen``: the cells with what is known of it."""
    segment, endpoints, cells = segments[index], w.endpoints, w.cells
    key, bucket = cells[foreseen + FORESEEN_KEY], cells[foreseen + FORESEEN_BUCKET]
    # Segments before it may have filled slots since.
    slot = find(w, segment, key, cells[foreseen + FORESEEN_SLOT])
    number = number_in(w, slot)
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
        put(w, slot, key, number)
        begin(w, number, -1, segment)
    else:
        side = side_of(w, segment, number)
        if flags & (SYN | ACK) == SYN:
            opener = endpoints[2 * number + side]
            another = i64(opener["base"]) != segment["seq"]
            if i64(opener["known"]) & KNOWN_BASE == 0:
                # All it has sent was about the connection before; Wireshark goes by that all the same.
                another = opener["packets"] != 0
            if another:
                if segment["network"] != 0:
                    note_network(w, number, side, segment)
                # Another initial sequence number: a new connection on this 4-tuple.
                beside = is_open(w, behind_syns(w, number))
                if not beside or w.connections[number]["notes"] & NOTE_BESIDE != 0:
                    supersede(w, number, side, Event.SENT_NEW_SYN, segment)
                fresh = cells[CELL_CONNECTIONS]
                cells[CELL_CONNECTIONS] += 1
                put(w, slot, key, fresh)
                begin(w, fresh, number, segment)
                if beside:
                    w.connections[fresh]["notes"] |= NOTE_BESIDE
                number = fresh
                side = 0

    previous = -1
    if w.connections[number]["more"] & MORE_PREVIOUS != 0:
        previous = i64(w.extras[number]["previous"]) - 1
        if previous >= 0:
            previous = behind_syns(w, previous)
    e = 2 * number + side
    segment["endpoint"] = e
    if is_copy(w, e, segment, bucket, print_of(e, segment, cells[foreseen + FORESEEN_HASH])):
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
