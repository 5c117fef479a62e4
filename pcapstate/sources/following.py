"""A capture that is still being written, followed like ``tail -F``.

If the file is replaced or truncated, reading continues with the new one; if the capture continues in another file
(``rings``), with that. If packets are written as they are captured, time passes while none comes; if an old capture is
being copied, it does not.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator

import numpy as np

from ..errors import CaptureDamaged, CaptureError, NoCaptureError
from ..escaping import safe
from ..kernels.running import Kernels
from ..messages import nameless, of_name, reason
from .blocks import Interface, Name
from .framing import FRAME
from .growing import Growing
from .process_blocks import Process, ProcessTable, Renumbering
from .reader import Batch, CaptureReader
from .rings import Ring
from .sections import Room

NO_DATA, NO_FRAMES = np.zeros(1, dtype=np.uint8), np.zeros(0, dtype=FRAME)
JUST_NOW = 5_000_000_000
"""Nanoseconds: a packet at most this old when it is read was captured just now, so the clock runs on after it."""
PATIENCE = 0.2
"""Seconds without a packet until time passes, and between two checks for another file."""
DAMAGES = 100
"""Most damaged files reported; a name may be reused for ever."""


class FollowingReader:
    """Reads a growing capture file, or a ring of files, with the interface of CaptureReader.

    ``path``: as for a Ring. Reading ends at a damaged file, otherwise never. Packet numbers continue from one file to
    the next. ``left_out`` lists the files that were not read; ``missing`` tells whether any of them is, or may be, part
    of the capture. Raises CaptureError if it is no capture file.
    """

    size = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = safe(os.fspath(path))
        self._ring = Ring(os.fspath(path))
        self.kernels = Kernels()
        self._interfaces: list[Interface] = []
        self._names: list[Name] = []
        self._table = ProcessTable()
        self._damages: list[CaptureDamaged] = []
        self._not_captures: list[str] = []
        self._closed = False
        self._dropped: int | None = None
        self._room = Room()
        self._left_out = 0
        self._looked = 0.0
        self._stream: Growing | None = None
        self._reader = self._first()

    @property
    def damages(self) -> list[CaptureDamaged]:
        """The damage in each file."""
        return self._damages if self._closed else [*self._damages, *self._reader.damages]

    @property
    def left_out(self) -> list[str]:
        """The files that were not read."""
        return [*self._not_captures, *self._ring.complaints]

    @property
    def missing(self) -> bool:
        """Whether packets of the capture are missing."""
        return bool(self._ring.complaints)

    @property
    def processes(self) -> list[Process]:
        """The processes that the captures name, without duplicates."""
        return self._table.processes

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces of all files."""
        return self._interfaces + self._reader.interfaces

    @property
    def names(self) -> list[Name]:
        """The entries of the name resolution blocks of all files."""
        return self._names + self._reader.names

    @property
    def drops(self) -> int | None:
        """Packets that the files report as dropped; None without a report."""
        told = [count for count in (self._dropped, self._reader.drops) if count is not None]
        return sum(told) if told else None

    @property
    def overflow(self) -> Counter[str]:
        """Metadata beyond the limits: counts by message."""
        return self._room.overflow

    @property
    def left_out_packets(self) -> int:
        """Packets left out because their interface is beyond the limit of interfaces."""
        return self._left_out + self._reader.left_out_packets

    def close(self) -> None:
        """Close the file; a packet cut short by that is no damage."""
        self._damages, self._closed = self.damages, True
        self._reader.close()

    def batches(self) -> Iterator[Batch]:
        """Yield frames as they are written; batches without frames let time pass."""
        live_clock = LiveClock()
        position = 0
        for batch in with_pauses(self._all()):
            if batch is not None:
                position = batch.position
                live_clock.begins(batch.clock)
                yield batch
            elif (clock := live_clock.clock()) is not None:
                yield Batch(NO_DATA, NO_FRAMES, position, clock)

    def _all(self) -> Iterator[Batch]:
        """Yield the frames of one file after the other, waiting for new ones."""
        number = position = 0
        while True:
            reader = self._reader
            renumbering = Renumbering(self._table, reader.processes)
            read = 0
            for batch in reader.batches():
                read = batch.position
                renumbering.number(batch.frames)
                frames = batch.frames
                frames["number"] = np.arange(number + 1, number + 1 + len(frames))
                number += len(frames)
                yield batch._replace(position=position + batch.position)
            position += read
            if not self._next(number):
                return

    def _next(self, number: int) -> bool:
        """Continue with the new file; False if the old one was damaged before its end, or the new one is no capture.

        ``number``: the number of the last packet.
        """
        old = self._reader
        if self._closed or (old.damage is not None and not old.damage.cut_short):
            return False
        old.release()
        try:
            new = self._another()
        except CaptureError as error:
            self._damages = [*self._damages, CaptureDamaged(self.name, 0, nameless(error), number)]
            return False
        if new is None:
            return False
        self._dropped, self._names, self._interfaces = self.drops, self.names, self.interfaces
        self._left_out = self.left_out_packets
        self._damages = self.damages[:DAMAGES]
        self._reader = new
        return True

    def _another(self) -> CaptureReader | None:
        """Open the next file, or this one if it was begun anew; None once closed."""
        while not self._closed:
            on = self._ring.next(self._stream)
            try:
                return self._open()
            except NoCaptureError as error:
                # An empty file, or a foreign one, in the ring.
                if self._ring.lone and not (on and "is empty" in str(error)):
                    raise
                self._leave_out(error)
            except CaptureError as error:
                if self._ring.lone:
                    raise
                self._leave_out(error)
            if not on:
                time.sleep(PATIENCE)
        return None

    def _first(self) -> CaptureReader:
        while True:
            try:
                return self._open()
            except CaptureError as error:
                if self._ring.lone:
                    raise
                self._leave_out(error)
                if not self._ring.next(self._stream):
                    raise

    def _leave_out(self, error: CaptureError) -> None:
        if "is empty" not in str(error) and len(self._not_captures) < DAMAGES:
            self._not_captures.append(str(error))

    def _goes_on(self) -> bool:
        """Tell whether the capture continues in another file; checked every PATIENCE seconds."""
        now = time.monotonic()
        if now - self._looked < PATIENCE:
            return False
        self._looked = now
        return self._ring.goes_on()

    def _open(self) -> CaptureReader:
        path = self._ring.path
        self._stream = None
        # Reading moves on at once from each of many existing files.
        self._looked = 0.0
        try:
            self._stream = Growing(path, self._goes_on)
        except OSError as error:
            raise CaptureError(of_name(safe(path), reason(error))) from None
        return CaptureReader(self._stream, self.kernels, room=self._room)


class LiveClock:
    """The current time in a capture that is written live, after its last packet."""

    def __init__(self) -> None:
        self._now = False
        self._last = self._read = 0

    def begins(self, last: int) -> None:
        """Start after a packet of this time (ns since the epoch)."""
        self._now = abs(time.time_ns() - last) < JUST_NOW
        self._last, self._read = last, time.monotonic_ns()

    def clock(self) -> int | None:
        """Return the current time; None if packets are not written live."""
        return self._last + time.monotonic_ns() - self._read if self._now else None


def with_pauses(batches: Iterator[Batch]) -> Generator[Batch | None, None, None]:
    """Yield batches as they come, and None after each pause without one."""
    wanted: queue.Queue[bool] = queue.Queue()
    found: queue.Queue[Batch | BaseException | None] = queue.Queue()

    def run() -> None:
        # One at a time: the next batch overwrites this one.
        while wanted.get():
            try:
                found.put(next(batches, None))
            except BaseException as error:
                found.put(error)

    threading.Thread(target=run, name="pcapstate-follow", daemon=True).start()
    try:
        while True:
            wanted.put(True)
            while True:
                try:
                    batch = found.get(timeout=PATIENCE)
                    break
                except queue.Empty:
                    yield None
            if isinstance(batch, BaseException):
                raise batch
            if batch is None:
                return
            yield batch
    finally:
        wanted.put(False)
