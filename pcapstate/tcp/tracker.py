"""The loop over segments: find the connection, count the packet, weigh the evidence.

What each of these means is in ``flows``, ``reuse``, ``counting`` and ``evidence``; which state follows, in ``machine``.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, RST, SEGMENT, SEGMENT_ICMP, SYN
from ..kernels.source import COMPILING, entry, fetch, i64, inner
from .details import note_details
from .duplicates import bucket_of, count_copy, header_hash, is_copy, note_network
from .evidence import weigh
from .icmp import icmp_error
from .lookup import begin, find, first_slot, is_own_peer, side_of
from .machine import Event
from .reuse import behind_syns, find_out, is_for_previous, is_open, supersede
from .self_connect import weigh_own
from .sequence_tracking import count_packet, follow_sequence
from .tables import (
    CELL_CLOCK,
    CELL_CONNECTIONS,
    CELL_DETAILS,
    CELL_FORESEEN,
    CELL_RECORD,
    CELL_TRANSITIONS,
    KNOWN_BASE,
    NOTE_BESIDE,
    PREFETCHED_SEGMENTS,
    World,
)
from .transition import expire
from .troubles import note_troubles

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
        if number >= 0:
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


@entry(World)
def pass_time(w: World) -> int:
    """End the TIME_WAITs that are over at CELL_CLOCK; return 1, or 0 where ``transitions`` is full before."""
    if expire(w, 1):
        return 1
    return 0
