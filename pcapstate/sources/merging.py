"""Several captures read as one, in time order (as mergecap would): their packets are numbered anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..compiled import Kernels
from ..errors import CaptureDamaged
from .blocks import Interface, Name
from .options import PROCESS_NUMBER
from .processes import Process, ProcessTable
from .reader import Batch, CaptureReader


class _Waiting:
    """The frames of one capture that are read and not given out yet."""

    def __init__(self, reader: CaptureReader, table: ProcessTable) -> None:
        self._batches = reader.batches()
        self._processes, self._table = reader.processes, table
        self._numbers = np.zeros(1, dtype=np.uint16)
        self.ended = False
        self.data: Any = None
        self.frames: Any = None
        self.keys: Any = None
        self.latest = np.iinfo(np.int64).min
        self.fill()

    def fill(self) -> None:
        batch = next(self._batches, None)
        if batch is None:
            self.ended = True
            self.frames = None
            return
        self.data, self.frames = batch.data, batch.frames
        if self._processes:
            self._renumber()
        # Within one capture its own order holds, also where its clock went backwards.
        times = batch.frames["time"].copy()
        times[0] = max(times[0], self.latest)
        self.keys = np.maximum.accumulate(times)
        self.latest = int(self.keys[-1])

    def _renumber(self) -> None:
        """Give processes the numbers that they have in the table of all captures."""
        added = [self._table.number(process) for process in self._processes[len(self._numbers) - 1 :]]
        self._numbers = np.append(self._numbers, np.array(added, dtype=np.uint16))
        process = self.frames["process"]
        self.frames["process"] = process & ~np.uint16(PROCESS_NUMBER) | self._numbers[process & PROCESS_NUMBER]
        self.frames["effective"] = self._numbers[self.frames["effective"]]

    def take(self, until: int) -> tuple[Any, Any, Any]:
        """Return data, frames and keys of the frames due by ``until``; their offsets start at 0 of the data."""
        count = int(np.searchsorted(self.keys, until, side="right"))
        frames, keys = self.frames[:count].copy(), self.keys[:count]
        if count:
            low = int(frames["offset"][0])
            high = int(frames["offset"][-1]) + int(frames["captured"][-1])
            data = self.data[low:high].copy()
            frames["offset"] -= low
        else:
            data = self.data[:0]
        self.frames, self.keys = self.frames[count:], self.keys[count:]
        if not len(self.frames):
            self.fill()
        return data, frames, keys


class MergedReader:
    """Reads several captures as one; its interface is that of CaptureReader."""

    def __init__(self, readers: list[CaptureReader]) -> None:
        self._readers = readers
        self.name = ", ".join(reader.name for reader in readers)
        sizes = [reader.size for reader in readers]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)
        self.kernels = Kernels(self.size)
        for reader in readers:
            reader.kernels = self.kernels
        self._table = ProcessTable()

    @property
    def damages(self) -> list[CaptureDamaged]:
        """What was damaged in which capture."""
        return [damage for reader in self._readers for damage in reader.damages]

    @property
    def processes(self) -> list[Process]:
        """The processes that the captures name, each once."""
        return self._table.processes

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces of all captures."""
        return [interface for reader in self._readers for interface in reader.interfaces]

    @property
    def names(self) -> list[Name]:
        """What the name resolution blocks of all captures say."""
        return [name for reader in self._readers for name in reader.names]

    @property
    def drops(self) -> int | None:
        """Packets that whoever captured lost, where any of the captures tells."""
        told = [reader.drops for reader in self._readers if reader.drops is not None]
        return sum(told) if told else None

    def close(self) -> None:
        """Close all files."""
        for reader in self._readers:
            reader.close()

    def batches(self) -> Iterator[Batch]:
        """Yield the frames of all captures in the order of time."""
        waiting = [_Waiting(reader, self._table) for reader in self._readers]
        number = position = 0
        while waiting := [one for one in waiting if not one.ended]:
            until = min(one.latest for one in waiting)
            taken = [one.take(until) for one in waiting]
            data = np.concatenate([part[0] for part in taken])
            start = 0
            for part_data, part_frames, _ in taken:
                part_frames["offset"] += start
                start += len(part_data)
            frames = np.concatenate([part[1] for part in taken])
            frames = frames[np.argsort(np.concatenate([part[2] for part in taken]), kind="stable")]
            frames["number"] = np.arange(number + 1, number + 1 + len(frames))
            number += len(frames)
            position += len(data)
            yield Batch(data, frames, position, int(frames["time"][-1]))
