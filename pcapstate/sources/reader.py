"""Read a capture in batches: bytes in one reused buffer, and the frames in them."""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import MID_BLOCK, MID_PACKET, CaptureDamaged, CaptureError, NoCaptureError
from ..kernels.running import Kernels
from ..messages import Message, of_name, reason
from ..timings import UNPACK, timed_stream
from . import framing
from .blocks import Interface, Name
from .compression import Unpacked, compression
from .foreign import HEAD, foreign
from .formats import (
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
    pcapng_version,
)
from .framing import FRAME
from .packet_options import DECLARED, DROPPED, LABEL, LABELS, LEFT_OUT, NUMBERED, PASSED, RESULT_SIZE, ROWS, WHY
from .pktap import is_pktap, unwrap
from .prefetching import Prefetched
from .process_blocks import Process
from .sections import BLOCKS_SKIPPED, INTERFACES_DROPPED, Room, Sections
from .streams import Rejoined, Stream, open_stream, read_into

CHUNK = 2 << 20
"""Bytes read at a time: few enough to be in the processor's cache still when they are decoded."""
FRAMES = 1 << 14
"""Most frames in a batch."""
BYTES_OF_A_FRAME = CHUNK // FRAMES
"""With a smaller chunk, there is room for one frame per so many bytes."""

DAMAGES = {
    framing.DAMAGED_LENGTH: "a block's length field is impossible",
    framing.DAMAGED_BLOCK: "a block contradicts its own length",
    framing.DAMAGED_INTERFACE: "a packet names an interface that was not described",
}
READING_FAILED = "reading failed ({why})"
"""An error of a decompressor, a disk, or a network."""
NOTED = (framing.NAME_RESOLUTION, framing.INTERFACE_STATISTICS, framing.PROCESS_EVENT)
SIDE_BY_SIDE = (*NOTED, framing.SECTION_HEADER, framing.INTERFACE_DESCRIPTION)
LEAST = {framing.SECTION_HEADER: 28, framing.INTERFACE_DESCRIPTION: 20}
"""The minimum length of these blocks; 12 for all others."""


class Batch(NamedTuple):
    """Consecutive frames and the buffer that holds them; the next batch overwrites both, or a later one (``keep``)."""

    data: np.ndarray[Any, Any]  # uint8
    frames: np.ndarray[Any, Any]  # FRAME
    position: int  # bytes of the source read so far
    clock: int  # the source's current time, ns since the epoch: for a file, the time of the last frame
    origin: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None = None
    """Of merged captures: which of them each frame is from, by index, and its number there."""
    dropped: int = 0
    """The time before which the system dropped packets, as it says by now, ns since the epoch; 0: it dropped none."""


class CaptureReader:
    """Reads one capture: pcap or pcapng, from a path, ``-`` for standard input, or an open binary stream.

    Iterate ``batches()``; afterwards ``damage`` tells whether the capture was damaged or cut short. ``chunk`` bytes are
    read at a time, and a batch has at most ``rows`` frames. Raises CaptureError if the source is no capture.

    Metadata is available as far as it was read. It is untrusted; escape its text. ``processes``: numbered from 1 by
    FRAME's ``process`` and ``effective``; ``interfaces``; ``names``: addresses with their resolved names; ``drops``.
    ``room``: limits for metadata, where several captures share them.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | Stream,
        kernels: Kernels | None = None,
        *,
        chunk: int = CHUNK,
        rows: int | None = None,
        room: Room | None = None,
    ) -> None:
        self.source = source
        self.name, stream, self.size = open_stream(source)
        self._stream = timed_stream(stream)
        self.damage: CaptureDamaged | None = None
        self._chunk = chunk
        rows = rows or min(FRAMES, chunk // BYTES_OF_A_FRAME)
        self._buffer = np.empty(chunk, dtype=np.uint8)
        self._frames = np.empty(rows, dtype=FRAME)
        self._spare_buffers: list[np.ndarray[Any, Any]] = []
        self._spare_frames: list[np.ndarray[Any, Any]] = []
        self._given = False
        """Whether a batch lies in the buffer."""
        self._labels = np.empty(rows, dtype=LABEL)
        self._result = np.zeros(RESULT_SIZE, dtype=np.int64)
        self._result[DROPPED] = -1
        self._sections = Sections(room or Room())
        self._start = self._end = self._passed = 0
        self._ended = False
        self._number = 1
        self._others = 0
        """How many frame numbers went to blocks other than packets."""
        try:
            self._identify()
        except BaseException:
            self.close()
            raise
        self.kernels = kernels or Kernels()

    @property
    def damages(self) -> list[CaptureDamaged]:
        """The damage as a list of one; empty without damage."""
        return [self.damage] if self.damage else []

    @property
    def processes(self) -> list[Process]:
        """The processes that the capture names."""
        return self._sections.processes.processes

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces that pcapng describes, with their statistics."""
        return self._sections.interfaces

    @property
    def names(self) -> list[Name]:
        """Entries of name resolution blocks: an address (4 or 16 bytes) and its names; an address may repeat."""
        return self._sections.names

    @property
    def drops(self) -> int | None:
        """Packets that the capture reports as dropped; None without a report.

        The larger number of interface statistics blocks (see ``interfaces``) and packet options.
        """
        told = [] if self._result[DROPPED] < 0 else [int(self._result[DROPPED])]
        counts = [count for one in self.interfaces for count in (one.dropped, one.dropped_by_system)]
        counted = [count for count in counts if count is not None]
        return max([*told, *([sum(counted)] if counted else [])], default=None)

    @property
    def overflow(self) -> Counter[str]:
        """Metadata beyond the limits: counts by message, a template with ``count``."""
        return self._sections.room.overflow

    @property
    def left_out_packets(self) -> int:
        """Packets left out because their interface is beyond the limit of interfaces."""
        return int(self._result[LEFT_OUT])

    @property
    def counted(self) -> int:
        """How many frame numbers were taken so far: frames, and blocks that Wireshark numbers."""
        return self._number - 1

    def keep(self, batches: int) -> None:
        """Overwrite a batch only after so many later ones: a thread may look at it while others are read."""
        self._spare_buffers = [np.empty_like(self._buffer) for _ in range(batches)]
        self._spare_frames = [np.empty_like(self._frames) for _ in range(batches)]

    def close(self) -> None:
        """Close the file (standard input stays open)."""
        self._stream.close()

    def release(self) -> None:
        """Close the file and free the buffers; metadata stays."""
        self.close()
        self._buffer, self._frames = np.empty(0, dtype=np.uint8), np.empty(0, dtype=FRAME)
        self._labels = np.empty(0, dtype=LABEL)
        self._spare_buffers, self._spare_frames = [], []
        self._start = self._end = 0

    # --- bytes

    def _fill(self, wanted: int) -> bool:
        """Ensure ``wanted`` bytes from ``_start`` on, and more if they come cheaply; False at the end."""
        if self._end - self._start >= wanted:
            return True
        if self._start + max(wanted, self._chunk // 2) > len(self._buffer):
            self._make_room(wanted)
        while self._end - self._start < wanted and not self._ended:
            try:
                got = read_into(self._stream, self._buffer[self._end :].data)
            except (OSError, ValueError) as error:
                # An error of a decompressor or a disk; bytes before it count.
                self._damaged(Message(READING_FAILED, why=reason(error)), self._end)
                got = 0
            if not got:
                self._ended = True
                break
            self._end += got
        return self._end - self._start >= wanted

    def _make_room(self, wanted: int) -> None:
        """Move what is left to the front of a buffer with room for ``wanted`` bytes."""
        left = self._buffer[self._start : self._end]
        if self._given and self._spare_buffers:
            self._spare_buffers.append(self._buffer)
            self._buffer = self._spare_buffers.pop(0)
        else:
            left = left.copy()
        self._given = False
        if wanted > len(self._buffer):
            self._buffer = np.empty(wanted + self._chunk, dtype=np.uint8)
        self._buffer[: len(left)] = left
        self._passed += self._start
        self._start, self._end = 0, len(left)

    def _damaged(self, what: str, at: int | None = None) -> None:
        if self.damage is None:
            where = self._passed + (self._start if at is None else at)
            self.damage = CaptureDamaged(self.name, where, what, self._number - 1 - self._others)
        self._ended = True

    def _identify(self) -> None:
        if not self._fill(1):
            if self.damage:
                raise CaptureError(str(self.damage))
            raise NoCaptureError(of_name(self.name, "the file is empty"))
        self._fill(24)
        head = self._buffer[: min(24, self._end)].tobytes()
        packed = compression(head)
        if packed is not None:
            self._unpack(packed)
            return
        self._layout = PCAP_LAYOUTS.get(head[:4])
        if self._layout is None and head[:4] != PCAPNG_MAGIC:
            if not getattr(self._stream, "endless", False):
                self._fill(HEAD)
            if what := foreign(self._buffer[: min(HEAD, self._end)].tobytes()):
                raise CaptureError(of_name(self.name, what))
            if self.damage:
                raise CaptureError(str(self.damage))
            raise NoCaptureError(of_name(self.name, "not a capture file (neither pcap nor pcapng)"))
        if self._layout is not None and not self._fill(self._layout.header):
            raise CaptureError(of_name(self.name, "the file ends inside the pcap header"))
        version = pcap_version(head, self._layout.big) if self._layout else pcapng_version(head)
        if version is not None and not (version[0] >= 2 if self._layout else version in PCAPNG_VERSIONS):
            kind = "pcap" if self._layout else "pcapng"
            raise CaptureError(
                Message(
                    "{name}: {kind} version {major}.{minor} is not supported",
                    name=self.name,
                    kind=kind,
                    major=version[0],
                    minor=version[1],
                )
            )

    def _unpack(self, kind: str) -> None:
        head = self._buffer[: self._end].tobytes()
        unpacked = timed_stream(Unpacked(Rejoined(head, self._stream)), UNPACK)
        # A small chunk means one of many captures: it gets no thread.
        self._stream = Prefetched(unpacked) if self._chunk == CHUNK else unpacked
        self.size = None if self.size is None else self.size * 4
        self._start = self._end = 0
        self._ended = False
        if not self._fill(1) and self.damage:
            # The error tells what to do.
            what = self.damage.what if self.damage.advises else Message("damaged {kind} data", kind=kind)
            raise CaptureError(of_name(self.name, what))
        if compression(self._buffer[: min(self._end, 24)].tobytes()) is not None:
            raise CaptureError(of_name(self.name, "compressed twice; unpack it once"))
        self._identify()

    # --- frames

    def batches(self) -> Iterator[Batch]:
        """Yield all frames in the order of the capture."""
        return self._pcapng() if self._layout is None else self._pcap(self._layout)

    def _pcap(self, layout: PcapLayout) -> Iterator[Batch]:
        """Yield the frames of a pcap file, and of files appended to it (``cat``)."""
        while True:
            header = self._buffer[self._start : self._start + 24].tobytes()
            version = pcap_version(header, layout.big)
            # The upper bits describe the frame check sequence (draft-ietf-opsawg-pcap §4).
            linktype = int.from_bytes(header[20:24], "big" if layout.big else "little") & 0xFFFF
            if version == AIX_VERSION:
                layout, linktype = layout._replace(unit=1), AIX_LINKTYPES.get(linktype, linktype)
            self._sections.wrapped |= is_pktap(linktype)
            self._start += layout.header
            why = yield from self._records(layout, linktype, version < LENGTHS_IN_ORDER)
            if why != framing.ANOTHER_FILE or not self._fill(24):
                break
            following = PCAP_LAYOUTS.get(self._buffer[self._start : self._start + 4].tobytes())
            if following is None:
                break
            layout = following
        if self._end > self._start:
            self._damaged(MID_PACKET)

    def _records(self, layout: PcapLayout, linktype: int, either: bool) -> Generator[Batch, None, int]:
        """Yield the frames of records from ``_start`` on; return the reason for the end."""
        most = LONG_FRAMES.get(linktype, framing.MAXIMUM_CAPTURED)
        cells = np.array([layout.big, layout.record_header, layout.unit, linktype, 0, either, most], dtype=np.int64)
        result = np.zeros(RESULT_SIZE, dtype=np.int64)
        while self._fill(layout.record_header):
            cells[4] = self._number
            self._start = self.kernels.index_pcap(self._buffer, self._start, self._end, self._frames, cells, result)
            self._number += int(result[ROWS])
            yield from self._batch(int(result[ROWS]))
            if result[WHY] == framing.ANOTHER_FILE:
                break
            if result[WHY] == framing.DAMAGED_LENGTH:
                self._damaged("a packet's length field is impossible")
                break
            if result[WHY] == framing.RECORDS_DONE and self._end - self._start >= layout.record_header:
                at = self._start + 8
                lengths = struct.unpack(">II" if layout.big else "<II", self._buffer[at : at + 8].tobytes())
                captured = min(lengths) if either else lengths[0]
                if not self._fill(layout.record_header + captured):
                    break
        return int(result[WHY])

    def _pcapng(self) -> Iterator[Batch]:
        rows = 0
        while True:
            rows, why = self._index(rows)
            wanted = 12
            if why == framing.BLOCK_TO_PARSE:
                head = self._block_head()
                wanted = (head[2] + 3) & ~3 if head is not None else 0
                if head is not None and wanted <= self._end - self._start:
                    # The batch continues after it: some captures have such a block for each packet.
                    if self._block(*head):
                        self._notes()
                        continue
                    wanted = 0
            elif why == framing.LARGE_BLOCK:
                yield from self._batch(rows)
                rows = 0
                if self._pass_over():
                    continue
                break
            elif why == framing.RECORDS_DONE and self._end - self._start >= 12:
                order = "big" if self._sections.big else "little"
                at = self._start + 4
                wanted = (int.from_bytes(self._buffer[at : at + 4].tobytes(), order) + 3) & ~3  # type: ignore[arg-type]
            elif why in DAMAGES:
                self._damaged(DAMAGES[why])
                wanted = 0
            yield from self._batch(rows)
            rows = 0
            if wanted == 0:
                return
            if not self._fill(wanted):
                break
        if self._end > self._start:
            self._damaged(MID_BLOCK)

    def _index(self, rows: int) -> tuple[int, int]:
        """Index frames from ``_start`` on into rows from ``rows`` on; return how many, and the reason it stopped."""
        sections, result = self._sections, self._result
        layout = [sections.big, sections.declared, sections.processes.declared, self._number - rows, rows]
        cells = np.array([*layout, sections.room.notes > 0], dtype=np.int64)
        result[LABELS] = result[NUMBERED] = result[PASSED] = 0
        self._start = self.kernels.index_pcapng(
            self._buffer,
            self._start,
            self._end,
            self._frames,
            sections.timing,
            sections.processes.numbers,
            self._labels,
            cells,
            result,
        )
        if result[LABELS]:
            sections.processes.label(self._frames, self._labels[: result[LABELS]], self._buffer)
        if passed := int(result[PASSED]):
            sections.room.overflow[BLOCKS_SKIPPED] += passed
        if declared := int(result[DECLARED]) - sections.declared:
            sections.room.overflow[INTERFACES_DROPPED] += declared
            sections.declared += declared
        self._number += int(result[ROWS]) - rows + int(result[NUMBERED])
        self._others += int(result[NUMBERED])
        return int(result[ROWS]), int(result[WHY])

    def _batch(self, count: int) -> Iterator[Batch]:
        if count:
            frames = self._frames[:count]
            if self._sections.wrapped:
                unwrap(self._buffer, frames, self._sections.processes)
            yield Batch(self._buffer, frames, self._passed + self._start, int(frames["time"][-1]))
            self._given = True
            self._spare_frames.append(self._frames)
            self._frames = self._spare_frames.pop(0)

    # --- pcapng blocks other than packets

    def _notes(self) -> None:
        """Read consecutive metadata blocks from ``_start`` on."""
        sections = self._sections
        while self._end - self._start >= 12:
            order = "big" if sections.big else "little"
            kind = int.from_bytes(self._buffer[self._start : self._start + 4].tobytes(), order)  # type: ignore[arg-type]
            if kind == framing.INTERFACE_DESCRIPTION and sections.declared >= framing.INTERFACES:
                return
            if kind not in SIDE_BY_SIDE or (kind in NOTED and sections.room.notes <= 0):
                return
            head = self._block_head()
            if head is None or (head[2] + 3) & ~3 > self._end - self._start or not self._block(*head):
                return

    def _pass_over(self) -> bool:
        """Skip the block at ``_start`` of any length; False if it is damaged or cut short."""
        order = ">" if self._sections.big else "<"
        kind, total = struct.unpack(f"{order}2I", self._buffer[self._start : self._start + 8].tobytes())
        left = total - 4
        began = self._passed + self._start
        while left:
            if not self._fill(1):
                self._damaged(MID_BLOCK, began - self._passed)
                return False
            some = min(left, self._end - self._start)
            self._start += some
            left -= some
        if not self._fill(4) or self._buffer[self._start : self._start + 4].tobytes() != struct.pack(
            f"{order}I", total
        ):
            self._damaged(DAMAGES[framing.DAMAGED_BLOCK], began - self._passed)
            return False
        self._start += 4
        self._count(kind)
        return True

    def _count(self, kind: int) -> None:
        """Count a block that takes a frame number."""
        if framing.is_numbered(kind):
            self._number += 1
            self._others += 1

    def _block_head(self) -> tuple[bool, int, int] | None:
        """Return big-endian?, type and length of the block at ``_start``; None if it is damaged."""
        head = self._buffer[self._start : self._start + 12].tobytes()
        big = PCAPNG_ORDER.get(head[8:]) if head[:4] == PCAPNG_MAGIC else self._sections.big
        if big is None:
            self._damaged("a section header without a valid byte-order magic")
            return None
        kind, length, _ = struct.unpack(">3I" if big else "<3I", head)
        if length < LEAST.get(kind, 12) or length > framing.MAXIMUM_BLOCK:
            self._damaged(DAMAGES[framing.DAMAGED_LENGTH])
            return None
        return big, kind, length

    def _block(self, big: bool, kind: int, length: int) -> bool:
        """Read the complete block at ``_start``; False if it is damaged."""
        padded = (length + 3) & ~3
        body = self._buffer[self._start + 8 : self._start + padded].tobytes()
        if int.from_bytes(body[-4:], "big" if big else "little") != length:
            self._damaged(DAMAGES[framing.DAMAGED_BLOCK])
            return False
        if kind == framing.SECTION_HEADER:
            if struct.unpack(">HH" if big else "<HH", body[4:8]) not in PCAPNG_VERSIONS:
                self._damaged("a section with an unsupported version")
                return False
            self._sections.begin(big)
        else:
            self._sections.take(kind, body[: length - 12])
            self._count(kind)
        self._start += padded
        return True
