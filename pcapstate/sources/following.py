"""A capture file that is still being written, as ``tail -F`` reads it: at its end, more is waited for.

Where the file is replaced by another of its name, or cut off and begun anew, reading goes on with the new one. Where
packets are written as they are captured, silence lets time pass; where an old capture is copied, it does not.
"""

from __future__ import annotations

import os
import queue
import stat
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from ..compiled import Kernels
from ..errors import CaptureDamaged, CaptureError
from ..naming import safe
from .blocks import Interface, Name
from .framing import FRAME
from .processes import NumbersAnew, Process, ProcessTable
from .reader import Batch, CaptureReader
from .sections import Room

NO_DATA, NO_FRAMES = np.zeros(1, dtype=np.uint8), np.zeros(0, dtype=FRAME)
PAUSE = 0.05
"""Seconds between two looks at a file that does not grow."""
BEGINNING = 512
"""Bytes by which a file is known: up to the first packet's time."""
JUST_NOW = 5_000_000_000
"""Nanoseconds: a packet that is no older when it is read is of now, and so is the silence after it."""
PATIENCE = 0.2
"""Seconds without a packet after which time passes without one."""
DAMAGES = 100
"""Damaged files that are told of; a name may be used again for ever."""


class Growing:
    """A stream over a file, whose end is where the file was replaced or begun anew."""

    endless = True

    def __init__(self, path: str) -> None:
        self.name = path
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (closed by close)
        status = os.fstat(self._file.fileno())
        self._identity = status.st_dev, status.st_ino
        self._position = 0
        self._beginning = b""
        self._changed = status.st_mtime_ns
        self._closed = threading.Event()

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer, waiting for some; return how many, 0 where another file begins."""
        while not self._closed.is_set():
            count = self._file.readinto(buffer) or 0
            if count and self._begun_anew():
                return 0
            if not count and self._replaced():
                # What was written to the old file just before that still counts.
                count = self._file.readinto(buffer) or 0
                self._position += count
                return count
            if count:
                self._position += count
                return count
            self._closed.wait(PAUSE)
        return 0

    def _begun_anew(self) -> bool:
        """Tell whether the file begins otherwise than before: it may have grown beyond what was read of the old one."""
        here = self._file.seek(0, os.SEEK_CUR)
        self._file.seek(0)
        beginning = self._file.read(BEGINNING) or b""
        self._file.seek(here)
        known, self._beginning = self._beginning, beginning
        return not beginning.startswith(known)

    def _replaced(self) -> bool:
        try:
            status = os.stat(self.name)
        except OSError:
            return False  # between two files; the old one may still grow
        changed, self._changed = status.st_mtime_ns != self._changed, status.st_mtime_ns
        if (status.st_dev, status.st_ino) != self._identity or status.st_size < self._position:
            return True
        # It may be just as long as what was read of the old one.
        return changed and status.st_size == self._position and self._begun_anew()

    def close(self) -> None:
        """Wait no longer, and close the file."""
        self._closed.set()
        self._file.close()


class FollowingReader:
    """Reads a capture file and what is written to it from now on; its interface is that of CaptureReader.

    It ends where the file is damaged, otherwise never. Packets are numbered on from one file to the next. Raises
    CaptureError where it is no capture file.
    """

    size = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self.name = safe(self._path)
        try:
            mode = os.stat(self._path).st_mode
        except FileNotFoundError:
            raise CaptureError(f"{self.name}: no such file") from None
        except (OSError, ValueError) as error:
            raise CaptureError(f"{self.name}: {safe(getattr(error, 'strerror', None) or str(error))}") from None
        if not stat.S_ISREG(mode):
            raise CaptureError(f"{self.name}: not a file that could be followed")
        self.kernels = Kernels(None)
        self._interfaces: list[Interface] = []
        self._names: list[Name] = []
        self._table = ProcessTable()
        self._damages: list[CaptureDamaged] = []
        self._closed = False
        self._dropped: int | None = None
        self._room = Room()
        self._left_out = 0
        self._reader = self._open()

    @property
    def damages(self) -> list[CaptureDamaged]:
        """What was damaged in which file."""
        return self._damages if self._closed else [*self._damages, *self._reader.damages]

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
        """Packets that whoever captured lost, where any of the files tells."""
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
        number = position = 0
        silence = Silence()
        while True:
            reader = self._reader
            anew = NumbersAnew(self._table, reader.processes)
            read = 0
            for batch in patiently(reader):
                if batch is None:
                    if (clock := silence.clock()) is not None:
                        yield Batch(NO_DATA, NO_FRAMES, position + read, clock)
                    continue
                read = batch.position
                anew.number(batch.frames)
                frames = batch.frames
                frames["number"] = np.arange(number + 1, number + 1 + len(frames))
                number += len(frames)
                silence.begins(batch.clock)
                yield batch._replace(position=position + batch.position)
            position += read
            if not self._next(number):
                return

    def _next(self, number: int) -> bool:
        """Go on with the new file; False where the old one was damaged before its end, or the new one is no capture.

        ``number``: of the last packet.
        """
        old = self._reader
        if old.damage is not None and not old.damage.cut_short:
            return False
        old.release()
        try:
            new = self._open()
        except CaptureError as error:
            what = str(error).removeprefix(f"{self.name}: ")
            self._damages = [*self._damages, CaptureDamaged(self.name, 0, what, number)]
            return False
        self._dropped, self._names, self._interfaces = self.drops, self.names, self.interfaces
        self._left_out = self.left_out_packets
        self._damages = self.damages[:DAMAGES]
        self._reader = new
        return True

    def _open(self) -> CaptureReader:
        try:
            stream = Growing(self._path)
        except OSError as error:
            raise CaptureError(f"{self.name}: {safe(error.strerror or str(error))}") from None
        return CaptureReader(stream, self.kernels, room=self._room)


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


def patiently(reader: CaptureReader) -> Generator[Batch | None, None, None]:
    """Yield the batches of a reader, and None after each pause without one."""
    wanted: queue.Queue[bool] = queue.Queue()
    found: queue.Queue[Batch | BaseException | None] = queue.Queue()

    def run() -> None:
        batches = reader.batches()
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
