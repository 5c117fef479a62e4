"""The packets of chosen connections: which they are, and a capture of them.

The tracker finds the connection of a packet, and a connection may be chosen by how it ends. So one reading chooses
connections, a second marks their packets, and a third copies them.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from .capture import open_source
from .decode.segment import SEGMENT_ICMP
from .errors import CaptureError
from .rows import Rows, among
from .sources.comments import Comments
from .sources.copying import PacketCopier, is_marked, renumbered
from .sources.framing import INTERFACE_DESCRIPTION, SECTION_HEADER, is_packet
from .sources.merging import MergedReader
from .sources.reader import Batch, CaptureReader
from .sources.written_blocks import LITTLE_ENDIAN, pcap_header, section_header
from .tcp.flow_table import FlowTable

Path = str | os.PathLike[str]
Piece = bytes | memoryview
Bits = Rows
NO_BITS = np.zeros(0, dtype=np.uint8)


class PacketMarks:
    """A mark for each packet of a capture, by its number."""

    def __init__(self) -> None:
        self.bits: Bits = np.zeros(1 << 10, dtype=np.uint8)
        """A bit for each packet, 1 where it is marked."""

    @property
    def count(self) -> int:
        """How many packets are marked."""
        return int(np.unpackbits(self.bits).sum(dtype=np.int64))

    def add(self, numbers: Rows) -> None:
        """Mark packets."""
        if not len(numbers):
            return
        needed = (int(numbers.max()) >> 3) + 1
        if needed > len(self.bits):
            self.bits = np.concatenate([self.bits, np.zeros(max(needed, len(self.bits)), dtype=np.uint8)])
        np.bitwise_or.at(self.bits, numbers >> 3, (1 << (numbers & 7)).astype(np.uint8))


class ChosenPackets:
    """A watcher that marks the packets of connections: segments, fragments of segments, and ICMP errors about them.

    ``connections``: their numbers in ascending order. ``windows``: rows of first and last time (ns since the epoch),
    apart and in ascending order, in which every packet is marked.
    """

    datagrams = False

    def __init__(self, connections: Rows, windows: Rows) -> None:
        self._connections, self._windows = connections, windows
        self._table: FlowTable | None = None
        self._fragments: dict[int, Sequence[int]] = {}
        self._lock = threading.Lock()
        self.marks = PacketMarks()

    def attach(self, table: FlowTable) -> None:
        """Take the table that segments name their connections in."""
        self._table = table

    def reassembled(self, number: int, fragments: Sequence[int]) -> None:
        """Keep the numbers of a segment's fragments until the tracker has followed it."""
        with self._lock:
            self._fragments[number] = fragments

    def watch(self, batch: Batch, segments: Rows) -> tuple[Rows, int]:
        """Return the numbers of the packets in the windows, and that of the last packet."""
        numbers, times = batch.frames["number"], batch.frames["time"]
        last = int(numbers[-1]) if len(numbers) else 0
        if not len(self._windows):
            return numbers[:0].copy(), last
        at = np.searchsorted(self._windows[:, 0], times, side="right") - 1
        return numbers[(at >= 0) & (times <= self._windows[at, 1])], last

    def tracked(self, segments: Rows, seen: tuple[Rows, int]) -> None:
        """Mark packets, now that their connections are known."""
        assert self._table is not None
        within, last = seen
        self.marks.add(within)
        flags = segments["flags"]
        followed = segments[((flags >= 0) | (flags == SEGMENT_ICMP)) & (segments["endpoint"] >= 0)]
        numbers = self._table.numbers(followed["endpoint"] >> 1)
        found = followed["number"][among(numbers, self._connections)]
        self.marks.add(found)
        with self._lock:
            due = {one: self._fragments.pop(one) for one in [*self._fragments] if one <= last}
        for number in due.keys() & set(found.tolist()):
            self.marks.add(np.array(due[number]))


def windows_around(table: FlowTable, rows: Rows, seconds: float) -> Rows:
    """Return the windows from so many seconds before the first packet of each connection to as many after its last."""
    ends = np.concatenate([table.endpoints[2 * rows], table.endpoints[2 * rows + 1]])
    ends = ends[ends["packets"] > 0]
    margin = round(seconds * 1e9)
    found = np.stack([ends["first"] - margin, ends["last"] + margin], axis=1)
    found = found[np.argsort(found[:, 0], kind="stable")]
    if not len(found):
        return found
    found[:, 1] = np.maximum.accumulate(found[:, 1])
    begins = np.append(True, found[1:, 0] > found[:-1, 1])
    return np.stack([found[begins, 0], found[np.append(begins[1:], True), 1]], axis=1)


class Extraction:
    """A capture of the marked packets of other captures, up to where these are damaged. Raises CaptureError.

    ``bits``: None marks all packets. ``comments``: are added, and all packets copied, as pcapng.
    """

    def __init__(self, paths: Sequence[Path], bits: Bits | None, comments: Comments | None = None) -> None:
        self._files: list[tuple[Any, Bits, Comments | None]] = []
        self._overlap = False
        self.uncommented = 0
        """How many packets have no comment because their blocks can hold none."""
        source = open_source(paths)
        try:
            if isinstance(source, MergedReader):
                self._split(source, bits, comments)
            else:
                self._files = [(paths[0], NO_BITS if bits is None else bits, comments)]
        finally:
            source.close()

    def _split(self, source: MergedReader, bits: Bits | None, comments: Comments | None) -> None:
        """Find the marked packets of each file and their comments, and whether the files are apart in time."""
        marks: dict[int, PacketMarks] = {}
        commented = [np.zeros((2, 0), dtype=np.int64)]
        last = -1
        for batch in source.batches():
            known, origin = batch.frames["number"], np.stack(batch.origin or ())
            files, numbers = origin if bits is None else origin[:, is_marked(bits, known)]
            if not len(files):
                continue
            self._overlap |= bool(last > files[0] or (np.diff(files) < 0).any())
            last = int(files[-1])
            for file in np.flatnonzero(np.bincount(files)).tolist():
                marks.setdefault(file, PacketMarks()).add(numbers[files == file])
            if comments is not None:
                begin, end = np.searchsorted(comments.packets, [known[0], known[-1] + 1])
                commented.append(origin[:, comments.packets[begin:end] - known[0]])
        files, numbers = np.concatenate(commented, axis=1)
        for file in sorted(marks):
            own = np.flatnonzero(files == file)
            of_file = None if comments is None else comments.some(own, numbers[own])
            self._files.append((source.paths[file], marks[file].bits, of_file))

    def pcapng(self) -> Iterator[Piece]:
        """Yield the capture as pcapng; a piece is valid until the next one."""
        if self._overlap:
            yield from self._merged()
            return
        if not self._files:
            yield section_header()
        for one in self._files:
            with closing(PacketCopier(*one)) as copier:
                yield from copier.section()
                self.uncommented += copier.uncommented

    def pcap(self) -> Iterator[Piece]:
        """Yield the capture as pcap."""
        linktype: int | None = None
        if self._overlap:
            raise CaptureError("pcap cannot be written from captures that overlap in time; write pcapng")
        for one in self._files:
            with closing(PacketCopier(*one)) as copier:
                for another, piece in copier.records():
                    if another is not None and linktype is None:
                        linktype = another
                        yield pcap_header(linktype)
                    elif another is not None and another != linktype:
                        raise CaptureError("pcap has one link type, these packets have several; write pcapng")
                    yield piece
        if linktype is None:
            yield pcap_header(1)

    def _merged(self) -> Iterator[bytes]:
        """Yield one section with the packets of all captures in time order, and interfaces numbered anew."""
        yield section_header()
        interfaces: list[list[int]] = [[] for _ in self._files]
        total = 0
        streams = [self._in_order(index, *one) for index, one in enumerate(self._files)]
        for _, index, block in heapq.merge(*streams, key=lambda one: one[:2]):
            kind = int.from_bytes(block[:4], "little")
            if kind == SECTION_HEADER:
                if block[8:12] != LITTLE_ENDIAN:
                    raise CaptureError("a big-endian capture overlaps others in time; convert it with editcap first")
                interfaces[index] = []
                continue
            if kind == INTERFACE_DESCRIPTION:
                interfaces[index].append(total)
                total += 1
            yield renumbered(block, interfaces[index])

    def _in_order(
        self, index: int, path: Any, bits: Bits, comments: Comments | None
    ) -> Iterator[tuple[int, int, bytes]]:
        """Yield the blocks of a capture, each with the time of its packet, or of the packet in front."""
        times, time = _times(path, bits), 0
        with closing(PacketCopier(path, bits, comments)) as copier:
            for block in copier.blocks():
                if is_packet(int.from_bytes(block[:4], "little")):
                    time = max(time, next(times))
                yield time, index, block
            self.uncommented += copier.uncommented


def _times(path: Any, bits: Bits) -> Iterator[int]:
    """Yield the times of a capture's marked packets."""
    with closing(CaptureReader(path)) as reader:
        for batch in reader.batches():
            yield from batch.frames["time"][is_marked(bits, batch.frames["number"])].tolist()
