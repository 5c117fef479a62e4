"""Large captures in ranges, so that several tasks read one capture.

Cuts are found by looking for records behind them. A packet may hold what looks like records, so a cut is only likely
to be right; that it was is known when all ranges are read: see ``RangeReader.exact``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator, Iterator
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import CaptureError
from ..escaping import safe
from ..kernels.running import Kernels
from ..messages import of_name, reason
from ..sources import framing
from ..sources.formats import (
    AIX_LINKTYPES,
    AIX_VERSION,
    LENGTHS_IN_ORDER,
    LONG_FRAMES,
    PCAP_LAYOUTS,
    PCAPNG_MAGIC,
    PCAPNG_ORDER,
    PCAPNG_VERSIONS,
    PcapLayout,
    pcap_version,
)
from ..sources.reader import CHUNK, Batch, CaptureReader
from ..sources.sections import BLOCKS_SKIPPED, Room, Sections
from ..sources.streams import Rejoined, read_into
from .finding import opened as open_found

RANGE = 256 << 20
"""Bytes of a range, about."""
HEAD = 1 << 20
"""Most bytes before the first packet of a capture that is cut."""
CHAIN = 32
"""Records in a row that make a cut likely to be right."""
SEARCHED = 1 << 20
"""Bytes behind a cut in which the first record is looked for, STEP at a time."""
STEP = 1 << 16
FOLLOWED = 16 << 20
"""Bytes behind a cut within which the records must follow."""
READ = 1 << 18
"""Bytes read at a time to look at them."""
YEAR, DAY = 366 * 86_400, 86_400
"""How far a record's time may be from that of the first packet, and from the next one's; seconds."""
MOST_BLOCK = 1 << 20
"""Longest likely block."""
MOST_LENGTH = 1 << 27
"""Most bytes on the wire of a likely packet."""

STATE = (
    framing.SECTION_HEADER,
    framing.INTERFACE_DESCRIPTION,
    framing.PROCESS_EVENT,
    framing.CUSTOM,
    framing.CUSTOM_NOT_COPIED,
)
"""Blocks that later packets refer to (custom blocks are read if they describe processes)."""
LIKELY = (
    framing.ENHANCED_PACKET,
    framing.OBSOLETE_PACKET,
    framing.NAME_RESOLUTION,
    framing.INTERFACE_STATISTICS,
    framing.CUSTOM,
    framing.CUSTOM_NOT_COPIED,
    framing.JOURNAL,
    framing.SYSDIG,
    framing.SYSDIG_2,
    framing.SYSDIG_2_LARGE,
    framing.PROCESS_EVENT,
    10,  # secrets for decryption
)
"""Blocks that make a cut likely to be right. Simple packets do not: their time is that of the packet before."""


class _Head(NamedTuple):
    """What each range needs of the start of a capture."""

    layout: PcapLayout | None
    """None for pcapng."""
    big: bool
    data: bytes
    """The bytes to read before those of a range."""
    first: int
    """The offset of the first record or packet."""
    numbered: int
    """Frame numbers that blocks in ``data`` take."""
    sections: Sections
    linktype: int
    either: bool
    """Whether the two lengths of a record have either order."""


def _head(stream: IO[bytes]) -> _Head | None:
    """Read the start of a capture; None if it cannot be cut. Raises OSError."""
    stream.seek(0)
    start = _read(stream, 28)
    layout = PCAP_LAYOUTS.get(start[:4])
    if layout is not None:
        if len(start) < layout.header or (version := pcap_version(start, layout.big))[0] < 2:
            return None
        linktype = struct.unpack(">I" if layout.big else "<I", start[20:24])[0] & 0xFFFF
        if version == AIX_VERSION:
            layout, linktype = layout._replace(unit=1), AIX_LINKTYPES.get(linktype, linktype)
        data, either = start[: layout.header], version < LENGTHS_IN_ORDER
        return _Head(layout, layout.big, data, layout.header, 0, Sections(Room()), linktype, either)
    if start[:4] != PCAPNG_MAGIC or (big := PCAPNG_ORDER.get(start[8:12])) is None:
        return None
    return _pcapng_head(start, stream, big)


def _pcapng_head(data: bytes, stream: IO[bytes], big: bool) -> _Head | None:
    sections = Sections(Room())
    parts: list[bytes] = []
    at = numbered = 0
    while at < HEAD:
        while len(data) < at + 12 and (part := _read(stream, STEP)):
            data += part
        if len(data) < at + 12:
            return None
        kind, total = struct.unpack_from(">II" if big else "<II", data, at)
        if framing.is_packet(kind):
            return _Head(None, big, b"".join(parts), at, numbered, sections, 0, False)
        least = {framing.SECTION_HEADER: 28, framing.INTERFACE_DESCRIPTION: 20}.get(kind, 12)
        end = at + (total + 3 & ~3)
        if total < least or end > HEAD or (kind == framing.SECTION_HEADER) != (at == 0):
            return None
        while len(data) < end and (part := _read(stream, STEP)):
            data += part
        block = data[at:end]
        if len(data) < end or struct.unpack(">I" if big else "<I", block[-4:])[0] != total:
            return None
        if kind == framing.SECTION_HEADER:
            if struct.unpack_from(">HH" if big else "<HH", block, 12) not in PCAPNG_VERSIONS:
                return None
            sections.begin(big)
            parts.append(block)
        elif kind in (framing.INTERFACE_DESCRIPTION, framing.NAME_RESOLUTION, framing.PROCESS_EVENT) or (
            framing.is_read(np.frombuffer(block, np.uint8), 0, total, kind, big)
            and kind != framing.INTERFACE_STATISTICS
        ):
            sections.take(kind, block[8 : total - 4])
            numbered += framing.is_numbered(kind)
            parts.append(block)
        at = end
    return None


def _read(stream: IO[bytes], size: int) -> bytes:
    """Return so many bytes of a stream, or all up to its end."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# --- cuts


def boundaries(stream: IO[bytes], size: int, wanted: int = RANGE) -> list[int]:
    """Return offsets from 0 to ``size`` between which records of a capture are likely to be whole.

    Ranges have about ``wanted`` bytes. Compressed captures are not cut, nor is one whose start does not have what all
    packets need. Raises OSError.
    """
    count = max(1, round(size / max(1, wanted)))
    head = _head(stream) if count > 1 else None
    if head is None:
        return [0, size]
    records = _Pcap(stream, size, head, head.layout) if head.layout else _Pcapng(stream, size, head)
    cuts = [0]
    if records.begins():
        for index in range(1, count):
            nominal = size * index // count
            if nominal > cuts[-1] and (cut := records.after(max(nominal, head.first + 1))) is not None:
                if cuts[-1] < cut < size:
                    cuts.append(cut)
    return [*cuts, size]


class _Records:
    """Looks for records that are likely to be some."""

    least = 16
    """The minimum length of a record."""

    def __init__(self, stream: IO[bytes], size: int, head: _Head) -> None:
        self._stream, self._size = stream, size
        self.head = head
        self._order = ">" if head.big else "<"
        self._at = 0
        self._data = b""
        self.first: int | None = None
        """The time of the first packet, in nanoseconds."""

    def begins(self) -> bool:
        """Tell whether the capture begins with a likely record, and take its time."""
        self._at, self._data = self.head.first, b""
        record = self.record(self.head.first)
        self.first = None if record is None else record[1]
        return self.first is not None

    def after(self, nominal: int) -> int | None:
        """Return the first offset, not before ``nominal``, at which CHAIN likely records follow or all to the end."""
        self._at, self._data = nominal, b""
        lengths: dict[int, int] = {}
        last = min(nominal + SEARCHED, self._size - self.least)
        for start in range(nominal, last, STEP):
            end = min(start + STEP, last)
            for candidate in self.candidates(start, end):
                if self._follows(candidate, lengths):
                    return candidate
        return None

    def _follows(self, start: int, lengths: dict[int, int]) -> bool:
        """Tell whether records follow; ``lengths``: for offsets that were tried, how many did."""
        chain: list[int] = []
        at, known = start, 0
        before: int | None = None
        while len(chain) + known < CHAIN and at != self._size:
            if at in lengths:
                known = lengths[at]
                break
            record = self.record(at) if at < self._at + FOLLOWED else None
            if record is None:
                break
            time = record[1]
            if before is not None and time is not None and abs(time - before) > DAY * 10**9:
                break
            chain.append(at)
            at, before = record[0], time
        if (at == self._size and not known) or len(chain) + known >= CHAIN:
            return True
        for back, one in enumerate(reversed(chain), 1):
            lengths[one] = known + back
        return False

    def bytes_at(self, at: int, count: int) -> bytes:
        """Return bytes of the file; fewer at its end."""
        while at + count > self._at + len(self._data):
            end = self._at + len(self._data)
            self._stream.seek(end)
            part = _read(self._stream, min(READ, self._size - end))
            if not part:
                break
            self._data += part
        return self._data[at - self._at : at - self._at + count]

    def near(self, time: int) -> bool:
        """Tell whether a time is near that of the first packet."""
        return self.first is None or abs(time - self.first) <= YEAR * 10**9

    def candidates(self, start: int, end: int) -> Iterator[int]:
        """Yield the offsets in this part of the file at which a record may begin."""
        raise NotImplementedError

    def record(self, at: int) -> tuple[int, int | None] | None:
        """Return where the next record begins, and the time of this one; None if it is not likely to be one."""
        raise NotImplementedError


class _Pcap(_Records):
    def __init__(self, stream: IO[bytes], size: int, head: _Head, layout: PcapLayout) -> None:
        super().__init__(stream, size, head)
        self._layout = layout
        self.least = layout.record_header
        # The header's limit is not asked: programs that merge captures, or put segments together, exceed it.
        self._most = LONG_FRAMES.get(head.linktype, framing.MAXIMUM_CAPTURED)

    def candidates(self, start: int, end: int) -> Iterator[int]:
        count = end - start
        data = self.bytes_at(start, count + 15)
        count = min(count, len(data) - 15)
        if count <= 0:
            return iter(())
        kind = np.dtype(f"{self._order}u4")
        fields = (np.ndarray((count,), kind, data, 4 * field, (1,)).astype(np.int64) for field in range(4))
        seconds, fraction, captured, length = fields
        if self.head.either:
            captured, length = np.minimum(captured, length), np.maximum(captured, length)
        assert self.first is not None
        likely = (captured <= self._most) & (captured <= length) & (length > 0) & (length <= MOST_LENGTH)
        likely &= (np.abs(seconds - self.first // 10**9) <= YEAR) & (fraction * self._layout.unit < 10**9)
        return iter((np.flatnonzero(likely) + start).tolist())

    def record(self, at: int) -> tuple[int, int | None] | None:
        data = self.bytes_at(at, 16)
        if len(data) < 16:
            return None
        seconds, fraction, captured, length = struct.unpack(f"{self._order}4I", data)
        if self.head.either:
            captured, length = min(captured, length), max(captured, length)
        time = seconds * 10**9 + fraction * self._layout.unit
        if captured > self._most or captured > length or not 0 < length <= MOST_LENGTH or not self.near(time):
            return None
        if fraction * self._layout.unit >= 10**9:
            return None
        end = at + self._layout.record_header + captured
        return (end, time) if end <= self._size else None


class _Pcapng(_Records):
    least = 12

    def __init__(self, stream: IO[bytes], size: int, head: _Head) -> None:
        super().__init__(stream, size, head)
        timing = head.sections.timing[: head.sections.declared]
        self._interfaces = [dict(zip(timing.dtype.names or (), row.tolist(), strict=True)) for row in timing]

    def candidates(self, start: int, end: int) -> Iterator[int]:
        # The length of each block is a multiple of four.
        start = (start + 3) & ~3
        data = self.bytes_at(start, end - start + 8)
        words = np.frombuffer(data, np.dtype(f"{self._order}u4"), len(data) // 4)
        likely = np.isin(words[:-1], LIKELY) & (words[1:] >= self.least) & (words[1:] <= MOST_BLOCK)
        return iter((np.flatnonzero(likely) * 4 + start).tolist())

    def record(self, at: int) -> tuple[int, int | None] | None:
        data = self.bytes_at(at, 28)
        if len(data) < 12:
            return None
        kind, total = struct.unpack_from(f"{self._order}2I", data)
        end = at + (total + 3 & ~3)
        if kind not in LIKELY or not self.least <= total <= MOST_BLOCK or end > self._size:
            return None
        if self.bytes_at(end - 4, 4) != data[4:8]:
            return None
        if not framing.is_packet(kind):
            return end, None
        if total < 32:
            return None
        which, high, low, captured, length = struct.unpack_from(f"{self._order}5I", data, 8)
        if kind == framing.OBSOLETE_PACKET:
            which = which >> 16 if self.head.big else which & 0xFFFF
        if which >= len(self._interfaces) or captured > total - 32 or not captured <= length <= MOST_LENGTH:
            return None
        time = int(framing.stamp_time(self._interfaces[which], high, low))
        return (end, time) if self.near(time) else None


# --- ranges


class _Slice:
    """A part of a file."""

    def __init__(self, stream: IO[bytes], start: int, end: int) -> None:
        self._stream = stream
        self.left = end - start
        stream.seek(start)

    def readinto(self, buffer: Any, /) -> int:
        count = read_into(self._stream, memoryview(buffer)[: self.left]) if self.left else 0  # type: ignore[arg-type]
        self.left -= count
        return count

    def is_last(self) -> bool:
        """Tell whether nothing follows in the file."""
        return not self.left and not self._stream.read(1)

    def close(self) -> None:
        self._stream.close()


class _Named(Rejoined):
    """The head of a capture and a part of it, with its name."""

    def __init__(self, name: str, head: bytes, part: _Slice) -> None:
        super().__init__(head, part)
        self.name = name


class RangeReader(CaptureReader):
    """Reads a range of a capture, as CaptureReader does: a URL that was found, or an open stream that can seek.

    Frame numbers begin at 1; ``counted`` numbers were taken. Of ranges that follow one another from 0 to the end of the
    file, the frames are those of the capture if *all* are ``exact``: each is only about its end, and relies on the one
    before it for its start. Numbers of processes are those of the range. Names are those at the start of the capture
    and in the range; counts of dropped packets are those in the range.

    Raises CaptureError if the file cannot be read in ranges, which it could be when it was cut.
    """

    def __init__(
        self,
        source: str | IO[bytes],
        start: int,
        end: int,
        kernels: Kernels | None = None,
        *,
        opened: Callable[[str], IO[bytes]] = open_found,
        chunk: int = CHUNK,
    ) -> None:
        stream = opened(source) if isinstance(source, str) else source
        name = source if isinstance(source, str) else getattr(source, "name", "<stream>")
        self._range = start
        self._limit = 0
        """Where blocks begin that a range has for itself."""
        self._stateful = self._untimed = self._complete = False
        self._files = 0
        try:
            head = _head(stream)
            self._slice = _Slice(stream, start, end)
            if start and head is None:
                raise CaptureError(of_name(safe(name), "not a capture that can be read in ranges"))
            before = head.data if head is not None and start else b""
            super().__init__(_Named(name, before, self._slice), kernels, chunk=chunk)
        except OSError as error:
            stream.close()
            raise CaptureError(of_name(safe(name), reason(error))) from None
        except BaseException:
            stream.close()
            raise
        self.size = end - start
        if head is not None and start:
            # Positions and numbers are those of the range; its head comes before.
            self._passed = -len(before)
            self._number -= head.numbered
            self._others -= head.numbered
        elif head is not None:
            self._limit = head.first

    @property
    def exact(self) -> bool:
        """Whether the range was read to its end, where a record ended, without damage or state that later ranges miss.

        False means that a cut is wrong, that the capture is damaged, or that it has to be read whole for another
        reason: interfaces or processes are described behind the first packet, or files were appended to it.
        """
        return self._complete

    def batches(self) -> Iterator[Batch]:
        """Yield all frames in the order of the capture."""
        first = True
        for batch in super().batches():
            if first and self._range and self._layout is None:
                # A simple packet has the time of the packet before, which may be in another range.
                self._untimed = not batch.frames["time"][0]
            first = False
            yield batch
        whole = not self.damages and not self._slice.left and not self._untimed
        missed = self._stateful or self._files > 1 or bool(self.overflow[BLOCKS_SKIPPED])
        self._complete = whole and (not missed or self._slice.is_last())

    def _records(self, layout: PcapLayout, linktype: int, either: bool) -> Generator[Batch, None, int]:
        self._files += 1
        return (yield from super()._records(layout, linktype, either))

    def _block(self, big: bool, kind: int, length: int) -> bool:
        self._stateful |= kind in STATE and self._passed + self._start >= self._limit
        return super()._block(big, kind, length)
