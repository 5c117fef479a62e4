"""Reassembly of IP fragments: a fragmented TCP segment counts once, with the fragment that completes it.

Fragmented tunnel packets, with a whole segment inside, are reassembled, too.

RFC 791 §3.2, RFC 8200 §4.5, RFC 5722 (overlaps). Only the segment's header and length are needed, so only the first
bytes of a datagram and the ranges seen are kept. The number of datagrams, and of ranges in each, is bounded.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from ..kernels.source import be16, be32
from .fingerprint import mark_of
from .ip import address_at, ip_header, upper_layer
from .protocols import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    FRAGMENT_HEADER,
    INCOMPLETE_FRAGMENT,
    OFFSET_BITS_IPV4,
    OFFSET_BITS_IPV6,
    PROTOCOL_TCP,
    SKIPPED_PROTOCOL,
    SKIPPED_REASON,
    UNKNOWN_WINDOW,
    UP_TO_FLAGS,
)
from .segment import SYN
from .syn_options import options_of

KEPT = 320
"""Bytes kept from the start of a datagram's payload: the largest TCP header has 60, a header before it up to 256."""
PIECES = 64
"""Most fragments kept with these bytes; a fragment can begin at 40 offsets in them."""
DATAGRAMS = 4096
"""Most datagrams under reassembly; the oldest is evicted."""
RANGES = 128
"""Most separate ranges of one datagram; 576-byte fragments, every second one missing, make 60."""
REASSEMBLY_TIMEOUT = 60_000_000_000
"""Nanoseconds of the capture's time after which reassembly of a datagram ends (RFC 8200 §4.5)."""
COMPLETED = 256
"""Most recently reassembled datagrams, kept to recognize duplicates of their fragments."""
FRAMES = 128
"""Frames of a datagram's fragments that are kept."""
KNOWN_AGAIN = 64
"""Most fragments remembered of each of these."""
MORE_IPV4, MORE_IPV6 = 0x2000, 1
"""The more-fragments flag."""
LONGER = 1 << 17
"""More bytes than any IP packet has."""

INCOMPLETE = SKIPPED_REASON + INCOMPLETE_FRAGMENT

Print = tuple[int, int, int]
"""The fingerprint of a fragment: offset, length, and a checksum of its captured bytes."""


class _Datagram:
    __slots__ = ("fragments", "frames", "pieces", "prints", "protocol", "ranges", "room", "since", "total")

    def __init__(self, since: int, protocol: int) -> None:
        self.since, self.protocol = since, protocol
        self.ranges: list[tuple[int, int]] = []
        self.pieces: list[tuple[int, bytes]] = []
        self.room = 2 * KEPT
        self.total = -1
        self.fragments = 0
        self.frames: list[int] = []
        self.prints: set[Print] = set()

    def add(self, offset: int, length: int, captured: bytes, last: bool) -> None:
        if last:
            self.total = offset + length
        if offset < KEPT and len(self.pieces) < PIECES and self.room > 0:
            self.pieces.append((offset, captured[: KEPT - offset]))
            self.room -= len(captured)
        # The ranges are sorted and disjoint, so those that this one touches are adjacent.
        start, end = offset, offset + length
        first = bisect_left(self.ranges, (start,))
        if first and self.ranges[first - 1][1] >= start:
            first -= 1
        beyond = first
        while beyond < len(self.ranges) and self.ranges[beyond][0] <= end:
            start, end = min(start, self.ranges[beyond][0]), max(end, self.ranges[beyond][1])
            beyond += 1
        self.ranges[first:beyond] = [(start, end)]

    @property
    def head(self) -> bytes:
        """The first bytes of the payload; where fragments overlap, the one that begins first, as in Wireshark."""
        head = bytearray()
        for offset, piece in sorted(self.pieces, key=lambda one: one[0]):
            head += bytes(max(offset - len(head), 0)) + piece[max(len(head) - offset, 0) :]
        return bytes(head)

    @property
    def complete(self) -> bool:
        return self.total >= 0 and len(self.ranges) == 1 and self.ranges[0][0] == 0 and self.ranges[0][1] >= self.total


class Collector:
    """Collects fragments of datagrams until the datagrams are complete."""

    def __init__(self) -> None:
        self._datagrams: OrderedDict[Key, _Datagram] = OrderedDict()
        self._completed: OrderedDict[Key, set[Print]] = OrderedDict()
        self._dropped: Counter[int] = Counter()

    def pending(self) -> Counter[int]:
        """Return the number of fragments of incomplete datagrams, by index in ``skipped``."""
        found: Counter[int] = Counter()
        for key, one in self._datagrams.items():
            found[self._counts_as(key, one)] += one.fragments
        return found

    def take_dropped(self) -> Counter[int]:
        """Return the number of fragments evicted since the last call, by index in ``skipped``."""
        dropped, self._dropped = self._dropped, Counter()
        return dropped

    def collect(self, packet: bytes, time: int, network: int, frame: int) -> tuple[Key, _Datagram] | None:
        """Add a fragment (from its IP header on); return the datagram that it completes, if any."""
        parts = _fragment(packet)
        if parts is None:
            self._dropped[INCOMPLETE] += 1
            return None
        flow, offset, length, captured, last = parts
        key = (*flow, network)
        datagram = self._datagrams.get(key)
        if datagram is not None and time - datagram.since > REASSEMBLY_TIMEOUT:
            self._give_up(key)
            datagram = None
        if datagram is None:
            if len(self._datagrams) >= DATAGRAMS:
                self._give_up(next(iter(self._datagrams)))
            datagram = self._datagrams[key] = _Datagram(time, _following(packet))
        datagram.add(offset, length, captured, last)
        if len(datagram.frames) < FRAMES:
            datagram.frames.append(frame)
        seen = (offset, length, zlib.crc32(captured))
        # A duplicate of a fragment of a reassembled datagram does not make a new, incomplete one.
        if seen not in self._completed.get(key, ()):
            datagram.fragments += 1
        if len(datagram.prints) < KNOWN_AGAIN:
            datagram.prints.add(seen)
        if len(datagram.ranges) > RANGES:
            self._give_up(key)
            return None
        if not datagram.complete:
            return None
        del self._datagrams[key]
        return key, datagram

    def remember(self, key: Key, datagram: _Datagram) -> None:
        """Remember the fragments of a reassembled datagram, to recognize their duplicates."""
        self._completed[key] = datagram.prints
        self._completed.move_to_end(key)
        if len(self._completed) > COMPLETED:
            self._completed.popitem(last=False)

    def _give_up(self, key: Key) -> None:
        datagram = self._datagrams.pop(key)
        self._dropped[self._counts_as(key, datagram)] += datagram.fragments

    def _counts_as(self, key: Key, datagram: _Datagram) -> int:
        """Return the index in ``skipped`` of fragments whose datagram was never completed."""
        return INCOMPLETE


class Reassembler(Collector):
    """Reassembles fragmented TCP segments."""

    def __init__(self) -> None:
        super().__init__()
        self.other: tuple[int, int] | None = None
        """If the last fragment completed a datagram without TCP: its protocol and its number of fragments."""
        self.frames: Sequence[int] = ()
        """Numbers of the frames with the fragments of the last segment that was completed."""

    def add(self, packet: bytes, time: int, network: int, frame: int = 0) -> dict[str, int] | None:
        """Add a fragment (from its IP header on); return the fields of the segment that it completes, if any.

        Only fragments of the same ``network`` are reassembled.
        """
        self.other = None
        found = self.collect(packet, time, network, frame)
        if found is None:
            return None
        key, datagram = found
        head = datagram.head
        protocol, at, _ = upper_layer(head, 0, len(head), _following(packet))
        if protocol not in (PROTOCOL_TCP, -1):
            self.other = protocol, datagram.fragments
            return None
        segment = _segment(packet, head[at:], datagram.total - at) if protocol >= 0 else None
        if segment is None:
            self._dropped[INCOMPLETE] += datagram.fragments
            return None
        self.remember(key, datagram)
        self.frames = datagram.frames
        return segment


class Whole(NamedTuple):
    """A reassembled tunnel packet."""

    packet: bytes  # its first bytes, after an IP header without fragment bits
    length: int  # its length in bytes
    protocol: int
    fragments: int
    frames: Sequence[int]  # numbers of the frames with these fragments


class TunnelReassembler(Collector):
    """Reassembles fragmented tunnel packets. Before the first fragment, whether it is a tunnel is not known."""

    def add(self, packet: bytes, time: int, network: int, frame: int = 0) -> Whole | None:
        """Add a fragment (from its IP header on); return the packet that it completes, if any."""
        found = self.collect(packet, time, network, frame)
        if found is None:
            return None
        key, datagram = found
        self.remember(key, datagram)
        protocol, head, total = _following(packet), datagram.head[:KEPT], datagram.total
        if packet[0] >> 4 == 4:
            # A packet too long for the length field takes the length of the frame.
            length = 20 + total if 20 + total <= 0xFFFF else 0
            header = b"\x45" + packet[1:2] + length.to_bytes(2, "big") + packet[4:6] + bytes(2) + packet[8:20]
        else:
            length = total if total <= 0xFFFF else 0
            header = packet[:4] + length.to_bytes(2, "big") + bytes([protocol]) + packet[7:40]
        return Whole(header + head, len(header) + total, protocol, datagram.fragments, datagram.frames)

    def _counts_as(self, key: Key, datagram: _Datagram) -> int:
        # Only the first fragment was examined; without it, the datagram may hold anything of this protocol.
        return INCOMPLETE if datagram.ranges[0][0] == 0 else SKIPPED_PROTOCOL + datagram.protocol


Key = tuple[bytes, int, int]
"""Addresses, identification, and network."""
Parts = tuple[tuple[bytes, int], int, int, bytes, bool]


def _header(packet: bytes) -> tuple[int, int, int, int, int, int]:
    """Return the fields of ``ip_header`` for a fragment; the end is LONGER if the header has none."""
    return ip_header(packet, _ethertype(packet), 0, len(packet), LONGER)


def _ethertype(packet: bytes) -> int:
    return ETHERTYPE_IPV4 if packet[0] >> 4 == 4 else ETHERTYPE_IPV6


def _fragment(packet: bytes) -> Parts | None:
    _, at, bits, end, _, _ = _header(packet)
    if _ethertype(packet) == ETHERTYPE_IPV4:
        name = packet[12:20], be16(packet, 4)
        offset, last = (bits & OFFSET_BITS_IPV4) << 3, not bits & MORE_IPV4
    else:
        if not bits:
            return None
        name = packet[8:40], be32(packet, at + 4)
        offset, last = bits & OFFSET_BITS_IPV6, not bits & MORE_IPV6
        at += FRAGMENT_HEADER
    return (name, offset, end - at, packet[at:end], last) if at < end < LONGER else None


def _following(packet: bytes) -> int:
    """Return the protocol at the start of a fragment's datagram."""
    return _header(packet)[0]


def _segment(packet: bytes, head: bytes, total: int) -> dict[str, int] | None:
    if len(head) < UP_TO_FLAGS:
        return None
    header = head[12] >> 4 << 2
    if header < 20 or header > total:
        return None
    ethertype = _ethertype(packet)
    _, at, _, _, at_source, at_target = _header(packet)
    source, target = address_at(packet, ethertype, at_source), address_at(packet, ethertype, at_target)
    identification = be16(packet, 4) if ethertype == ETHERTYPE_IPV4 else be16(packet, at + 4) ^ be16(packet, at + 6)
    return {
        "source_high": source[0],
        "source_low": source[1],
        "target_high": target[0],
        "target_low": target[1],
        "source_port": be16(head, 0),
        "target_port": be16(head, 2),
        "seq": be32(head, 4),
        "ack": be32(head, 8),
        "length": total - header,
        "window": be16(head, 14) if len(head) >= 16 else UNKNOWN_WINDOW,
        "flags": head[13],
        "payload": -1,
        "mark": mark_of(head, 0, len(head), header, identification),
        "options": options_of(head, 20, min(len(head), header)) if head[13] & SYN else 0,
    }
