"""Copy chosen packets of a capture file: pcapng blocks byte for byte, pcap records as blocks, or all as pcap records.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Blocks other than packets are kept: sections, interfaces,
names, secrets, statistics, comments.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import CaptureError
from ..kernels.source import copy_bytes, entry, i64, inner, put32, u32
from ..rows import Rows, runs_of_equal
from .comments import Commenter, Comments
from .framing import (
    BLOCK_TO_PARSE,
    DAMAGED_BLOCK,
    DAMAGED_LENGTH,
    ENHANCED_PACKET,
    FRAME,
    FRAMES_FULL,
    INTERFACE_STATISTICS,
    LARGE_BLOCK,
    OBSOLETE_PACKET,
    RECORDS_DONE,
    SIMPLE_PACKET,
    is_numbered,
    is_packet,
    whole_block,
)
from .reader import Batch, CaptureReader
from .written_blocks import interface_description, section_header

RUNS = 1 << 14
"""Runs of bytes that are found at a time."""
SECTION_LENGTH = slice(16, 24)
"""Where a section header has the length of its section; all ones: it is not known."""

# What ``find_blocks`` returns in ``result``: why it stopped, how many runs there are, the next packet's number.
STOPPED, FOUND, NEXT = range(3)


@entry(np.uint8, int, int, int, int, np.uint8, np.int64, np.int64)
def find_blocks(data: Any, start: int, end: int, big: int, number: int, chosen: Any, runs: Any, result: Any) -> int:
    """Find what to copy of the pcapng blocks in ``data[start:end]``; return where the first unread one begins.

    ``number``: of the first packet; ``chosen``: a bit for each packet, by its number. Blocks other than packets are
    copied. ``runs``: where each run begins and ends. ``result``: see STOPPED, FOUND, NEXT.
    """
    count = 0
    why = RECORDS_DONE
    while end - start >= 12:
        size = whole_block(data, start, end, big)
        if size <= 0:
            why = -size
            break
        kind = u32(data, start, big)
        if not is_packet(kind) or is_chosen(chosen, number):
            if count > 0 and runs[2 * count - 1] == start:
                runs[2 * count - 1] = start + size
            elif 2 * count == len(runs):
                why = FRAMES_FULL
                break
            else:
                runs[2 * count] = start
                runs[2 * count + 1] = start + size
                count += 1
        if is_packet(kind) or is_numbered(kind):
            number += 1
        start += size
    result[STOPPED], result[FOUND], result[NEXT] = why, count, number
    return start


@inner
def is_chosen(chosen: Any, number: int) -> bool:
    """Tell whether the packet of a number is chosen."""
    return number >> 3 < len(chosen) and chosen[number >> 3] >> (number & 7) & 1 != 0


@entry(np.uint8, FRAME, int, int, np.int64, np.uint8, np.int64)
def write_packets(data: Any, frames: Any, first: int, count: int, layout: Any, out: Any, result: Any) -> int:
    """Write ``frames[first:count]`` as blocks or records; return the index of the first that found no room.

    ``layout``: pcapng?, and the interface of all packets (-1: each frame has its own). ``result[0]``: bytes written
    into ``out``. Integers are little-endian, time stamps count nanoseconds.
    """
    at = 0
    index = first
    while index < count:
        frame = frames[index]
        captured, offset, time = frame["captured"], frame["offset"], frame["time"]
        if len(out) - at < captured + 36:
            break
        if layout[0] != 0:
            padded = (captured + 3) & ~3
            put32(out, at, ENHANCED_PACKET)
            put32(out, at + 4, 32 + padded)
            put32(out, at + 8, layout[1] if layout[1] >= 0 else i64(frame["interface"]))
            put32(out, at + 12, time >> 32)
            put32(out, at + 16, time)
            put32(out, at + 20, captured)
            put32(out, at + 24, frame["length"])
            at += 28
        else:
            padded = captured
            put32(out, at, time // 1_000_000_000)
            put32(out, at + 4, time % 1_000_000_000)
            put32(out, at + 8, captured)
            put32(out, at + 12, frame["length"])
            at += 16
        copy_bytes(out, at, data, offset, captured)
        for byte in range(captured, padded):
            out[at + byte] = 0
        at += padded
        if layout[0] != 0:
            put32(out, at, 32 + padded)
            at += 4
        index += 1
    result[0] = at
    return index


class PacketCopier(CaptureReader):
    """Yields what a capture file becomes when only ``chosen`` packets are kept; ``chosen``: a bit by packet number.

    Raises CaptureError. ``damage`` tells afterwards whether the file is damaged or cut short: nothing behind that is
    copied.
    """

    def __init__(self, source: str | os.PathLike[str], chosen: Rows, comments: Comments | None = None) -> None:
        """``comments``: are added to blocks, and all packets copied, so ``chosen`` is not looked at."""
        super().__init__(source)
        self._chosen = chosen
        self._commenter = None if comments is None else Commenter(self.kernels, comments)

    @property
    def is_pcapng(self) -> bool:
        """Whether the file has blocks, not records."""
        return self._layout is None

    @property
    def uncommented(self) -> int:
        """How many packets have no comment so far because their blocks can hold none."""
        return 0 if self._commenter is None else self._commenter.uncommented

    def section(self) -> Iterator[bytes | memoryview]:
        """Yield a run of whole pcapng sections; the next piece overwrites one before."""
        if self.is_pcapng:
            yield from self._blocks()
            return
        interfaces: dict[int, int] = {}
        for linktype, piece in self._written(interfaces, records=False):
            if linktype is not None:
                if not interfaces:
                    yield section_header()
                interfaces[linktype] = len(interfaces)
                yield interface_description(linktype)
            yield from [piece] if self._commenter is None else self._commenter.of(piece)
        if not interfaces:
            yield section_header()

    def records(self) -> Iterator[tuple[int | None, bytes | memoryview]]:
        """Yield pcap records, without the header of a file, each time with the link type where it is another."""
        return self._written({}, records=True)

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks of ``section`` one by one, very large ones in parts."""
        left = 0
        for piece in self.section():
            at = 0
            while at < len(piece):
                end = at + (left or (u32(piece, at + 4, self._sections.big) + 3) & ~3)
                yield bytes(piece[at:end])
                at, left = end, max(0, end - len(piece))

    def _blocks(self) -> Iterator[bytes | memoryview]:
        runs, result = np.zeros(2 * RUNS, dtype=np.int64), np.zeros(3, dtype=np.int64)
        result[NEXT] = 1
        while True:
            here = self._buffer, self._start, self._end, self._sections.big
            if self._commenter is None:
                self._start = self.kernels.find_blocks(*here, int(result[NEXT]), self._chosen, runs, result)
                octets = memoryview(self._buffer)  # type: ignore[arg-type]
                yield from (octets[at:end] for at, end in runs[: 2 * result[FOUND]].reshape(-1, 2).tolist())
                why = int(result[STOPPED])
            else:
                self._start, why, piece = self._commenter.copied(*here)
                yield piece
            wanted = 12
            if why == FRAMES_FULL:
                continue
            if why == BLOCK_TO_PARSE:
                if not self._fill(12) or (head := self._block_head()) is None or not self._fill((head[2] + 3) & ~3):
                    break
                big, _, length = head
                self._sections.begin(big)
                header = bytearray(self._buffer[self._start : self._start + length].tobytes())
                header[SECTION_LENGTH] = b"\xff" * 8
                self._start += (length + 3) & ~3
                yield bytes(header)
                continue
            if why == LARGE_BLOCK:
                yield from self._large()
                continue
            if why in (DAMAGED_BLOCK, DAMAGED_LENGTH):
                self._damaged("a block is damaged")
                return
            if self._end - self._start >= 12:
                wanted = (u32(self._buffer, self._start + 4, self._sections.big) + 3) & ~3
            if not self._fill(wanted):
                break
        if self._end > self._start:
            self._damaged("the file ends inside a block")

    def _batch(self, count: int) -> Iterator[Batch]:
        # As they are in the file: a PKTAP header stays.
        if count:
            frames = self._frames[:count]
            yield Batch(self._buffer, frames, self._passed + self._start, int(frames["time"][-1]))

    def _large(self) -> Iterator[memoryview]:
        left = (u32(self._buffer, self._start + 4, self._sections.big) + 3) & ~3
        while left and self._fill(1):
            some = min(left, self._end - self._start)
            yield memoryview(self._buffer)[self._start : self._start + some]  # type: ignore[arg-type]
            self._start += some
            left -= some

    def _written(self, interfaces: dict[int, int], records: bool) -> Iterator[tuple[int | None, bytes | memoryview]]:
        """Yield packets as blocks, or records; with a link type where it is not in ``interfaces``, or another."""
        out = np.empty(1 << 20, dtype=np.uint8)
        result = np.zeros(1, dtype=np.int64)
        last: int | None = None
        for batch in self.batches():
            frames = batch.frames
            if self._commenter is None:
                frames = frames[is_marked(self._chosen, frames["number"])]
            for start, end in runs_of_equal(frames["linktype"]):
                linktype = int(frames["linktype"][start])
                new = linktype if (linktype != last if records else linktype not in interfaces) else None
                last = linktype
                done = start
                while done < end:
                    needed = int(frames["captured"][done]) + 36
                    if needed > len(out):
                        out = np.empty(needed, dtype=np.uint8)
                    if new is not None:
                        # Whoever takes the piece declares the interface first.
                        yield new, b""
                        new = None
                    layout = np.array([not records, interfaces.get(linktype, 0)], dtype=np.int64)
                    done = self.kernels.write_packets(batch.data, frames, done, end, layout, out, result)
                    yield None, out[: result[0]].data


def is_marked(chosen: Rows, numbers: Rows) -> Rows:
    """Return which of these numbers have their bit set."""
    within = numbers >> 3 < len(chosen)
    octets = chosen[np.where(within, numbers >> 3, 0)]
    found: Rows = within & (octets >> (numbers & 7).astype(np.uint8) & 1 != 0)
    return found


def renumbered(block: bytes, interfaces: list[int]) -> bytes:
    """Return a little-endian block with the interface's number in the section that it goes to.

    ``interfaces``: those of its own section, by number. Statistics of an interface that was not described become
    nothing, as for who reads them. Raises CaptureError.
    """
    kind = int.from_bytes(block[:4], "little")
    if kind in (ENHANCED_PACKET, INTERFACE_STATISTICS):
        which = int.from_bytes(block[8:12], "little")
        if kind == INTERFACE_STATISTICS and (len(block) < 16 or which >= len(interfaces)):
            return b""
        return block[:8] + interfaces[which].to_bytes(4, "little") + block[12:]
    if kind == OBSOLETE_PACKET:
        which = int.from_bytes(block[8:10], "little")
        return block[:8] + interfaces[which].to_bytes(2, "little") + block[10:]
    if kind == SIMPLE_PACKET and interfaces[0]:
        raise CaptureError("packets without time stamps cannot be put in the order of others")
    return block
