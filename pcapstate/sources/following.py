"""A capture that is still being written, as ``tail -F`` reads it: at its end, more is waited for.

Where a file is replaced by another of its name, or cut off and begun anew, reading goes on with the new one, and where
the capture goes on in another file (``rings``), with that. Where packets are written as they are captured, silence lets
time pass; where an old capture is copied, it does not.
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
from .blocks import Interface, Name
from .framing import FRAME
from .growing import Growing
from .process_blocks import NumbersAnew, Process, ProcessTable
from .reader import Batch, CaptureReader
from .rings import Ring
from .sections import Room

NO_DATA, NO_FRAMES = np.zeros(1, dtype=np.uint8), np.zeros(0, dtype=FRAME)
JUST_NOW = 5_000_000_000
"""Nanoseconds: a packet that is no older when it is read is of now, and so is the silence after it."""
PATIENCE = 0.2
"""Seconds without a packet after which time passes without one, and between two looks for another file."""
DAMAGES = 100
"""Damaged files that are told of; a name may be used again for ever."""


class FollowingReader:
    """Reads a capture file, or a ring of them, and what is written from now on; its interface is that of CaptureReader.

    ``path``: as a Ring has it. It ends where a file is damaged, otherwise never. Packets are numbered on from one file
    to the next. ``left_out`` tells what was not read, and ``missing`` whether any of it is, or may be, of the capture.
    Raises CaptureError where it is no capture file.
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
        """What was damaged in which file."""
        return self._damages if self._closed else [*self._damages, *self._reader.damages]

    @property
    def left_out(self) -> list[str]:
        """What was not read."""
        return [*self._not_captures, *self._ring.complaints]

    @property
    def missing(self) -> bool:
        """Whether packets of the capture were not read."""
        return bool(self._ring.complaints)

    @property
    def processes(self) -> list[Process]:
        """The processes that the captures name, each once."""
        return self._table.processes

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces of all files."""
        return self._interfaces + self._reader.interfaces

    @property
    def names(self) -> list[Name]:
        """What the name resolution blocks of all files say."""
        return self._names + self._reader.names

    @property
    def drops(self) -> int | None:
        """Packets that the files report as dropped, if any of them does."""
        told = [count for count in (self._dropped, self._reader.drops) if count is not None]
        return sum(told) if told else None

    @property
    def let_go(self) -> Counter[str]:
        """How much found no room, by what is said of it."""
        return self._room.let_go

    @property
    def left_out_packets(self) -> int:
        """Packets that were left out, since there is no room for so many interfaces as a capture describes."""
        return self._left_out + self._reader.left_out_packets

    def close(self) -> None:
        """Close the file; what is cut short by that is not damaged."""
        self._damages, self._closed = self.damages, True
        self._reader.close()

    def batches(self) -> Iterator[Batch]:
        """Yield frames as they are written; batches without frames let time pass."""
        silence = Silence()
        position = 0
        for batch in patiently(self._all()):
            if batch is not None:
                position = batch.position
                silence.begins(batch.clock)
                yield batch
            elif (clock := silence.clock()) is not None:
                yield Batch(NO_DATA, NO_FRAMES, position, clock)

    def _all(self) -> Iterator[Batch]:
        """Yield the frames of one file after the other; waits for them."""
        number = position = 0
        while True:
            reader = self._reader
            anew = NumbersAnew(self._table, reader.processes)
            read = 0
            for batch in reader.batches():
                read = batch.position
                anew.number(batch.frames)
                frames = batch.frames
                frames["number"] = np.arange(number + 1, number + 1 + len(frames))
                number += len(frames)
                yield batch._replace(position=position + batch.position)
            position += read
            if not self._next(number):
                return

    def _next(self, number: int) -> bool:
        """Go on with the new file; False where the old one was damaged before its end, or the new one is no capture.

        ``number``: of the last packet.
        """
        old = self._reader
        if self._closed or (old.damage is not None and not old.damage.cut_short):
            return False
        old.release()
        try:
            new = self._another()
        except CaptureError as error:
            what = str(error).removeprefix(f"{safe(self._ring.path)}: ")
            self._damages = [*self._damages, CaptureDamaged(self.name, 0, what, number)]
            return False
        if new is None:
            return False
        self._dropped, self._names, self._interfaces = self.drops, self.names, self.interfaces
        self._left_out = self.left_out_packets
        self._damages = self.damages[:DAMAGES]
        self._reader = new
        return True

    def _another(self) -> CaptureReader | None:
        """Open what comes next: the next file, or this one where it was begun anew; None where it was closed."""
        while not self._closed:
            on = self._ring.next(self._stream)
            try:
                return self._open()
            except NoCaptureError as error:
                # An empty file, or none of ours, among others.
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
        """Tell whether the capture goes on in another file; looked for now and then."""
        now = time.monotonic()
        if now - self._looked < PATIENCE:
            return False
        self._looked = now
        return self._ring.goes_on()

    def _open(self) -> CaptureReader:
        path = self._ring.path
        self._stream = None
        # Of many files that are there already, each is left at once.
        self._looked = 0.0
        try:
            self._stream = Growing(path, self._goes_on)
        except OSError as error:
            raise CaptureError(f"{safe(path)}: {safe(error.strerror or str(error))}") from None
        return CaptureReader(self._stream, self.kernels, room=self._room)


class Silence:
    """What time it is in a capture that is written as its packets come, since the last of them."""

    def __init__(self) -> None:
        self._now = False
        self._last = self._read = 0

    def begins(self, last: int) -> None:
        """Note that packets were read, the last of them of this time (ns since the epoch)."""
        self._now = abs(time.time_ns() - last) < JUST_NOW
        self._last, self._read = last, time.monotonic_ns()

    def clock(self) -> int | None:
        """Return what time it is by now; None where packets are not written as they come."""
        return self._last + time.monotonic_ns() - self._read if self._now else None


def patiently(batches: Iterator[Batch]) -> Generator[Batch | None, None, None]:
    """Yield batches that must be waited for, and None after each pause without one."""
    wanted: queue.Queue[bool] = queue.Queue()
    found: queue.Queue[Batch | BaseException | None] = queue.Queue()

    def run() -> None:
        # One at a time: the next one overwrites it.
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
