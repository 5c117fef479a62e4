"""Parts of answers: times, the packets that prove states, and what a reading lacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..errors import CaptureDamaged
from ..escaping import safe
from ..reading import Losses, Reading
from ..rows import Rows
from ..table import NEVER
from ..tcp.machine import TABLE, Certainty, Event
from ..tcp.states import STATES
from .kept import Records
from .roots import Found

SECOND = 1_000_000_000
Json = dict[str, Any]


def seconds(time: int | None, start: int) -> float | None:
    """Return a time (ns since the epoch) as seconds after the first packet."""
    return None if time is None or time == NEVER else round((time - start) / SECOND, 9)


def clock(time: int) -> str:
    """Return a time (ns since the epoch) as date and time of day in UTC, with nine decimals."""
    whole, rest = divmod(time, SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def capture_of(capture: Found, reading: Reading) -> Json:
    """Return which capture an answer is about, and up to which moment it was read."""
    read = reading.capture.frames > 0
    return {
        "name": safe(capture.name),
        "first_packet_time": clock(reading.start) if read else None,
        "moment": seconds(reading.moment, reading.start) if read else None,
        "packets_read": reading.capture.frames,
        "connections": reading.capture.table.count,
    }


def proofs(records: Records, endpoints: Rows) -> list[Json | None]:
    """Return for each endpoint (2 * row + side) what proves its state; None: nothing does."""
    if not len(records.last):
        return [None] * len(endpoints)
    found, of_peers = records.last[endpoints], records.last[endpoints ^ 1]
    given = zip(found.tolist(), of_peers.tolist(), strict=True)
    return [_refusal(records, of_peer) if at < 0 else proof(records, at) for at, of_peer in given]


def _refusal(records: Records, of_peer: int) -> Json | None:
    """Return what proves that an end without a transition is CLOSED: it refused its peer's SYN."""
    if of_peer < 0 or TABLE[int(records.transitions[of_peer]["row"])].event is not Event.GOT_RST_TO_SYN:
        return None
    return {**proof(records, of_peer), "certainty": Certainty.SEEN.word, "cause": "sent RST: refused"}


def proof(records: Records, at: int) -> Json:
    """Return what a transition rests on: the packet, the time, how certain it is, and why."""
    row = records.transitions[at]
    return {
        "packet": int(row["packet"]) or None,
        "time": seconds(int(row["time"]), records.reading.start),
        "certainty": Certainty(int(records.certainty[at])).word,
        "cause": TABLE[int(row["row"])].cause,
    }


def change(records: Records, at: int) -> Json:
    """Return a transition: from which state to which, and what it rests on."""
    row = records.transitions[at]
    return {"from": STATES[int(row["from"])], "to": STATES[int(row["to"])], **proof(records, at)}


def losses_of(reading: Reading) -> list[Json]:
    """Return what the reading of a capture lacks, and what is peculiar about it."""
    return [{"kind": kind, "count": count, "text": text} for kind, count, text in _losses(reading, reading.losses())]


def _losses(reading: Reading, lost: Losses) -> Iterator[tuple[str, int, str]]:
    for damage in lost.damages:
        yield "damaged", 1, of_damage(damage)
    if not reading.capture.frames and not lost.damages:
        yield "empty", 0, "the capture has no packet"
    later, last = reading.capture.stops.unfinished, reading.capture.clock
    if later is not None and last is not None and later > last and reading.at is not None:
        yield "after-end", 1, "the moment is after the last packet: only timers have changed states since"
    if lost.dropped:
        yield "dropped", lost.dropped, "packets that the capturing program or its kernel reports as dropped"
    if evicted := sum(lost.evicted.values()):
        yield "evicted", evicted, "connections left out of the answer to stay within the memory limit of this server"
    for text, count in lost.source_evicted.items():
        yield "metadata", count, safe(text.format(count=count))
    if lost.duplicates:
        yield "duplicates", lost.duplicates, "packets that the capture has twice; the copies change no state"
    if lost.mixed[0]:
        yield "mixed", lost.mixed[0], "connections that mix packets of several VLANs or virtual networks"
    for name, count in lost.unreadable:
        yield "unreadable", count, f"frames that cannot be read: {safe(name)}"
    for name, count in lost.not_tcp:
        yield "not-tcp", count, f"frames without TCP: {safe(name)}"


def of_damage(damage: CaptureDamaged) -> str:
    """Return what damage there is, without the path of the file."""
    return f"{safe(damage.what)} at byte {damage.offset}; {damage.packets} packets were read before that"


def page(count: int, offset: int, limit: int) -> tuple[slice, Json]:
    """Return which of so many rows an answer has, and what it says of the others."""
    part = slice(min(offset, count), min(offset + limit, count))
    rest = count - part.stop
    return part, {
        "total": count,
        "offset": offset,
        "left_out": rest,
        "next_offset": part.stop if rest else None,
    }
