"""A run as captured at some place: which packets are there, when, and what became of each."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from kernel_lab.segments import Segment, frames, from_frame

from random_lab.box import SNAPLEN, Passage
from random_lab.plans import View
from random_lab.recording import Evidence

_Key = tuple[str, str, bytes, int]
_COPY_LATER = 0.000_02


@dataclass(frozen=True)
class Shown:
    """A packet of a view, and its way through the box (None: it came before the box could note it)."""

    time: float
    frame: bytes
    segment: Segment
    passage: Passage | None


@dataclass(frozen=True)
class Seen:
    """What a view shows: packets in order, and from when to when it was captured."""

    view: View
    start: float
    end: float
    packets: list[Shown]


@dataclass(frozen=True)
class Own:
    """All packets of both hosts' own interfaces."""

    packets: dict[str, list[Shown]]

    @classmethod
    def of(cls, evidence: Evidence) -> Own:
        """Read the captures of a run, and find each packet's passage through the box."""
        return cls({name: _linked(evidence, name) for name in evidence.captures})


def seen(evidence: Evidence, own: Own, view: View) -> Seen:
    """What a view of a run shows."""
    match view.place:
        case "client" | "server":
            packets = own.packets[view.place]
        case "both":
            packets = own.packets["client"] + own.packets["server"]
        case "box":
            packets = [Shown(p.segment.time, p.frame, p.segment, p) for p in evidence.passages]
        case _:
            packets = [Shown(time, p.frame, p.segment, p) for p in evidence.passages for time in p.delivered]
    if view.twice:
        packets = packets + [Shown(one.time + _COPY_LATER, one.frame, one.segment, one.passage) for one in packets]
    start, end = evidence.start + view.late, evidence.end - view.early
    own_addresses = evidence.addresses[view.only] if view.only else ()
    chosen = [
        packet
        for packet in sorted(packets, key=lambda packet: packet.time)
        if start <= packet.time <= end and (not view.only or _address(packet.segment.source) in own_addresses)
    ]
    numbered = [
        Shown(one.time, one.frame, replace(one.segment, time=one.time, packet=number), one.passage)
        for number, one in enumerate(chosen, start=1)
    ]
    return Seen(view, start, end, numbered)


def write(shown: Seen, path: Path) -> None:
    """Store a view as a nanosecond pcap file."""
    with path.open("wb") as file:
        file.write(struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, SNAPLEN, 1))
        for packet in shown.packets:
            length = max(len(packet.frame), _length(packet.frame))
            file.write(struct.pack("=IIII", *divmod(round(packet.time * 1e9), 10**9), len(packet.frame), length))
            file.write(packet.frame)


def _length(frame: bytes) -> int:
    """The length of the whole frame, as its IP header tells it."""
    ipv6 = frame[14] >> 4 == 6
    return 14 + (40 + int.from_bytes(frame[18:20], "big") if ipv6 else int.from_bytes(frame[16:18], "big"))


def _address(end: str) -> str:
    return end.rpartition(":")[0].strip("[]")


def _key(segment: Segment) -> _Key:
    return segment.source, segment.destination, segment.header, segment.length


def _linked(evidence: Evidence, name: str) -> list[Shown]:
    """The packets of a host's own capture: the nth of those alike is the nth that the box took, or handed on."""
    own = evidence.addresses[name]
    taken: dict[_Key, list[Passage]] = defaultdict(list)
    handed: dict[_Key, list[tuple[float, Passage]]] = defaultdict(list)
    for passage in evidence.passages:
        if not passage.forged:
            taken[_key(passage.segment)].append(passage)
        handed[_key(passage.segment)] += [(time, passage) for time in passage.delivered]
    ways = {key: iter(passages) for key, passages in taken.items()}
    arrivals = {key: iter([p for _, p in sorted(found, key=lambda one: one[0])]) for key, found in handed.items()}
    linked = []
    for time, frame in frames(evidence.captures[name].read_bytes()):
        segment = from_frame(frame, time)
        if segment is None:
            continue
        source = ways if _address(segment.source) in own else arrivals
        linked.append(Shown(time, frame, segment, next(source.get(_key(segment), iter(())), None)))
    return linked
