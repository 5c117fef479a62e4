"""Several captures read as one, in time order, as mergecap would write them; packets are renumbered.

Files are opened late: each is opened once for the time of its first packet, and again when that time has come. Files
that do not overlap in time are thus read one after the other, however many there are.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import CaptureDamaged, CaptureError, NoCaptureError
from ..kernels.running import Kernels
from ..messages import Message, joined, nameless, reason
from .blocks import Interface, Name
from .paths import Meant
from .process_blocks import Process, ProcessTable, Renumbering
from .reader import CHUNK, FRAMES, Batch, CaptureReader
from .sections import Room
from .streams import ReopenedFile

LOOKED_AT = 1 << 16
"""Bytes of a file first read to find its first packet."""
BUFFERS = 64 << 20
"""Approximate bytes of the buffers of all open files; each buffer has at least LEAST."""
LEAST = 1 << 15
NAMED = 5
"""Most files left out that are named."""
EARLIEST, LATEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max

Time = int | None
"""The time of a capture's first packet; None without packets."""


class _Unmerged:
    """The frames of one capture that are read but not yet merged."""

    def __init__(self, reader: CaptureReader, table: ProcessTable) -> None:
        self.reader = reader
        self._batches = reader.batches()
        self._renumbering = Renumbering(table, reader.processes)
        self.batch: Batch | None = None
        self.keys: Any = None
        self.latest = EARLIEST

    def fill(self) -> bool:
        """Ensure that there are frames to merge; False at the end."""
        while self.batch is None or not len(self.batch.frames):
            self.batch = next(self._batches, None)
            if self.batch is None:
                self.reader.release()
                return False
            if len(self.batch.frames):
                self._renumbering.number(self.batch.frames)
                # Frames of one capture keep their order, even if its clock went backwards.
                times = self.batch.frames["time"].copy()
                times[0] = max(times[0], self.latest)
                self.keys = np.maximum.accumulate(times)
                self.latest = int(self.keys[-1])
        return True

    def reach(self, count: int) -> int:
        """Return the time up to which this capture has ``count`` frames, or few more."""
        return int(self.keys[min(count, len(self.keys) - 1)])

    def take(self, until: int) -> tuple[Any, Any, Any]:
        """Return data, frames and keys of the frames due by ``until``; offsets are relative to the data."""
        assert self.batch is not None
        count = int(np.searchsorted(self.keys, until, side="right"))
        frames, keys = self.batch.frames[:count].copy(), self.keys[:count]
        data = self.batch.data[:0]
        if count:
            low = int(frames["offset"].min())
            high = int((frames["offset"] + frames["captured"]).max())
            data = self.batch.data[low:high].copy()
            frames["offset"] -= low
        self.batch = self.batch._replace(frames=self.batch.frames[count:])
        self.keys = self.keys[count:]
        return data, frames, keys

    def all(self) -> Batch:
        """Return all frames read so far, in place."""
        batch = self.batch
        assert batch is not None
        self.batch = None
        return batch


class _Unopened:
    """A file that is opened when the time of its first packet has come."""

    def __init__(self, path: Any) -> None:
        self.path = path
        reader = CaptureReader(path, Kernels(), chunk=LOOKED_AT, rows=1)
        self.name, self.size = reader.name, reader.size
        first = next(reader.batches(), None)
        self.start: Time = None if first is None else int(first.frames["time"][0])
        reader.close()

    def open(self, chunk: int, room: Room) -> CaptureReader | CaptureDamaged:
        """Open the file again; it may be gone by now."""
        try:
            path = self.path if chunk == CHUNK else ReopenedFile(self.path)
            return CaptureReader(path, Kernels(), chunk=chunk, room=room)
        except (CaptureError, OSError) as error:
            return CaptureDamaged(
                self.name, 0, nameless(error) if isinstance(error, CaptureError) else reason(error), 0
            )


class MergedReader:
    """Reads several captures as one, with the interface of CaptureReader.

    ``sources``: readers, or files as from ``paths.meant``. ``left_out`` names the files found that cannot be read;
    ``missing`` tells whether any of them is, or may be, a capture. Raises CaptureError.
    """

    def __init__(self, sources: Sequence[CaptureReader | Meant]) -> None:
        self._readers: list[CaptureReader] = []
        self._unopened: list[_Unopened] = []
        self._not_read: list[CaptureDamaged] = []
        self._room = Room()
        self.left_out: list[str] = []
        self.missing = False
        try:
            for source in sources:
                self._add(source)
        except BaseException:
            self.close()
            raise
        if not self._readers and not self._unopened:
            raise CaptureError(self.left_out[0] if len(self.left_out) == 1 else "none of the files is a capture")
        self._unopened.sort(key=lambda one: LATEST if one.start is None else one.start)
        several: list[Any] = [*self._readers, *self._unopened]
        self.name = ", ".join(one.name for one in several)
        sizes = [one.size for one in several]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)
        self.kernels = Kernels()
        self._table = ProcessTable()

    def _add(self, source: CaptureReader | Meant) -> None:
        if isinstance(source, CaptureReader):
            self._readers.append(source)
            return
        path = source.source
        # Pipes and open streams can be read only once, so they are opened now.
        once = not isinstance(path, (str, os.PathLike)) or os.fspath(path) == "-" or not os.path.isfile(path)
        try:
            if once:
                self._readers.append(CaptureReader(path, Kernels(), room=self._room))
            else:
                self._unopened.append(_Unopened(path))
        except CaptureError as error:
            if not source.found:
                raise
            self.left_out.append(str(error))
            self.missing |= not isinstance(error, NoCaptureError)

    @property
    def paths(self) -> list[Any]:
        """The captures that ``Batch.origin`` counts, as far as they were opened."""
        return [reader.source for reader in self._readers]

    @property
    def damages(self) -> list[CaptureDamaged]:
        """The damage in each capture."""
        return [*(damage for reader in self._readers for damage in reader.damages), *self._not_read]

    @property
    def processes(self) -> list[Process]:
        """The processes that the captures name, without duplicates."""
        return self._table.processes

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces of all captures."""
        return [interface for reader in self._readers for interface in reader.interfaces]

    @property
    def names(self) -> list[Name]:
        """The entries of the name resolution blocks of all captures."""
        return [name for reader in self._readers for name in reader.names]

    @property
    def drops(self) -> int | None:
        """Packets that the captures report as dropped; None without a report."""
        told = [reader.drops for reader in self._readers if reader.drops is not None]
        return sum(told) if told else None

    @property
    def overflow(self) -> Counter[str]:
        """Metadata beyond the limits: counts by message."""
        rooms = {id(one): one for one in (reader.overflow for reader in self._readers)}
        return sum(rooms.values(), Counter())

    @property
    def left_out_packets(self) -> int:
        """Packets left out because their interface is beyond the limit of interfaces."""
        return sum(reader.left_out_packets for reader in self._readers)

    def close(self) -> None:
        """Close all files."""
        for reader in self._readers:
            reader.close()

    def batches(self) -> Iterator[Batch]:
        """Yield the frames of all captures in time order."""
        for reader in self._readers:
            reader.kernels = self.kernels
        unmerged = [_Unmerged(reader, self._table) for reader in self._readers]
        unopened = self._unopened[::-1]
        number = position = 0
        while True:
            unmerged = [one for one in unmerged if one.fill()]
            share = FRAMES // max(1, len(unmerged))
            until = min((one.reach(share if len(unmerged) > 1 else FRAMES) for one in unmerged), default=None)
            if unopened and (until is None or (unopened[-1].start is not None and unopened[-1].start <= until)):
                # Captures that begin at the same time are merged from their first packets on.
                unmerged += self._open(unopened, len(unmerged))
                continue
            if until is None:
                return
            if len(unmerged) == 1:
                batch = unmerged[0].all()
                data, frames = batch.data, batch.frames
                files = np.full(len(frames), self._readers.index(unmerged[0].reader))
                moved = int(frames["captured"].sum(dtype=np.int64))
            else:
                data, frames, order = _merged(parts := [one.take(until) for one in unmerged])
                indices = [self._readers.index(one.reader) for one in unmerged]
                files = np.repeat(indices, [len(one) for _, one, _ in parts])[order]
                moved = len(data)
            origin = files, frames["number"].copy()
            frames["number"] = np.arange(number + 1, number + 1 + len(frames))
            number += len(frames)
            position += moved
            yield Batch(data, frames, position, int(frames["time"][-1]), origin)

    def _open(self, unopened: list[_Unopened], already: int) -> list[_Unmerged]:
        """Open the next file, and all whose first packet has the same time."""
        start = unopened[-1].start
        due = 0
        while due < len(unopened) and unopened[-1 - due].start == start and (due == 0 or start is not None):
            due += 1
        chunk = max(LEAST, min(CHUNK, BUFFERS // (already + due)))
        opened = []
        for _ in range(due):
            reader = unopened.pop().open(chunk, self._room)
            if isinstance(reader, CaptureDamaged):
                self._not_read.append(reader)
                continue
            reader.kernels = self.kernels
            self._readers.append(reader)
            opened.append(_Unmerged(reader, self._table))
        return opened


def _merged(taken: list[tuple[Any, Any, Any]]) -> tuple[Any, Any, Any]:
    """Return the data and the frames of several captures in time order."""
    start = 0
    for data, frames, _ in taken:
        frames["offset"] += start
        start += len(data)
    frames = np.concatenate([part[1] for part in taken])
    order = np.argsort(np.concatenate([part[2] for part in taken]), kind="stable")
    return np.concatenate([part[0] for part in taken]), frames[order], order


def left_out(lines: Sequence[str]) -> str:
    """Return one line with the files left out; ``lines``: a reader's ``left_out``."""
    files = joined(lines[:NAMED], "; ")
    if len(lines) <= NAMED:
        return Message("left out: {files}", files=files)
    return Message("left out: {files} and {count:,} more", files=files, count=len(lines) - NAMED)
