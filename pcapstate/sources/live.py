"""Frames from network interfaces, as they come, framed like a capture file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import CaptureDamaged, InterfaceLost
from ..escaping import safe
from ..kernels.running import Kernels
from .blocks import Interface, Name
from .capture_thread import Gathered, Gatherer
from .framing import FRAME
from .interfaces import ABSENT, Capturing, OpenInterface, is_there
from .pktap import unwrap
from .privileges import GivenUp, give_up_privileges, owner, prepare_to_give_up
from .process_blocks import Process, ProcessTable
from .reader import FRAMES, Batch
from .recording import Recorder, Rotation

PATIENCE = 0.2
"""Seconds after which frames are given out even if they are few."""

LOOK = 0.2
"""Seconds between two looks for an interface that is not there."""
ASK = 1.0
"""Seconds between two questions for addresses of interfaces that may come and go."""

PLAIN = 2048
"""Frames of a batch at most where they are worked off slowly, by plain kernels."""


class LiveReader:
    """Reads interfaces as one, for ``duration`` seconds or for ever; its interface is that of CaptureReader.

    It captures from now on, in a thread, whether or not ``batches`` are asked for. ``drops``: packets that were lost;
    ``damages`` tells of an interface that went away, which ends it; ``stopped``: whether ``stop`` was called. With
    ``wait``, interfaces that are not there, or go away, are waited for; it is called with what became of one (ABSENT,
    GONE, DOWN, BACK), and its name. ``giving_up``: how privileges are given up once all is open; ``given_up`` tells
    what was. Raises LiveError where there is no such interface, no privilege, or the filter is not valid.
    """

    size = None
    live = True
    at_once = False
    """Whether frames are given out as soon as they are there, not once they are many."""

    def __init__(
        self,
        names: str | Sequence[str],
        how: Capturing = Capturing(),  # noqa: B008 (it cannot be changed)
        duration: float | None = None,
        record: tuple[str, Rotation] | None = None,
        wait: Callable[[str, str], None] | None = None,
        giving_up: GivenUp | None = None,
    ) -> None:
        names = tuple(dict.fromkeys([names] if isinstance(names, str) else names))
        self.name = ", ".join(map(safe, names))
        self._table = ProcessTable()
        self.interfaces: list[Interface] = []
        self.names: list[Name] = []
        self._number = 0
        self.stopped = False
        self.kernels = Kernels()
        self._wait = wait
        for name in names if wait is not None else ():
            self._wait_for(name)
        prepare_to_give_up(giving_up)
        opened: list[OpenInterface] = []
        try:
            opened.extend(OpenInterface(name, how, self.kernels) for name in names)
        except BaseException:
            for one in opened:
                one.close()
            raise
        self._opened, self._asked = opened, time.monotonic()
        self.linktypes = [one.linktype for one in opened]
        """LINKTYPE_ values of the frames of each interface."""
        self.no_ring = next((one.no_ring for one in opened if one.no_ring), "")
        self._data = np.zeros(1, dtype=np.uint8)
        self._recorder: Recorder | None = None
        if record is not None:
            try:
                interfaces = [(one.name, one.linktype) for one in opened]
                apart = giving_up is not None and os.name == "posix"
                self._recorder = Recorder(*record, interfaces, self.kernels, how.snaplen, owner(giving_up), apart)
            except BaseException:
                for one in opened:
                    one.close()
                raise
        self.given_up = give_up_privileges(giving_up)
        if self._recorder is not None:
            self._recorder.start()
        self._gatherer = Gatherer(opened, duration, waits=wait is not None)

    def _wait_for(self, name: str) -> None:
        if not is_there(name):
            self._tell(ABSENT, name)
            while not is_there(name):
                time.sleep(LOOK)

    def _tell(self, what: str, name: str) -> None:
        if self._wait is not None:
            self._wait(what, name)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The interfaces' own, as text; where interfaces come and go, with those that they had."""
        if self._wait is not None and time.monotonic() - self._asked >= ASK:
            for one in self._opened:
                one.ask_addresses()
            self._asked = time.monotonic()
        return tuple(dict.fromkeys(address for one in self._opened for address in one.addresses))

    @property
    def processes(self) -> list[Process]:
        """The processes that packets name: those of macOS's interface ``pktap`` do."""
        return self._table.processes

    @property
    def drops(self) -> int | None:
        """Packets that came faster than they could be read; None where the system does not count them."""
        return self._gatherer.drops

    @property
    def damages(self) -> list[CaptureDamaged]:
        """The interface that went away."""
        lost = self._gatherer.lost
        return [] if lost is None else [InterfaceLost(safe(lost.name), lost.what, self._number)]

    def stop(self) -> None:
        """Let ``batches`` end with the packets that have come until now."""
        self.stopped = True
        self._gatherer.stop()

    def close(self) -> None:
        """Close the capture sockets, and the file that packets are kept in."""
        self._gatherer.close()
        if self._recorder is not None:
            self._recorder.close(self._gatherer.drops_each)

    @property
    def record_failure(self) -> str:
        """Why keeping packets ended before its time, if it did."""
        return "" if self._recorder is None else self._recorder.failure

    def batches(self) -> Iterator[Batch]:
        """Yield frames as they come, at most PATIENCE later; batches without frames let time pass."""
        position = 0
        ended = False
        while not ended:
            most = FRAMES if self.kernels.compiled else PLAIN
            taken, until, ended = self._gatherer.take(most, PATIENCE, 1 if self.at_once else None)
            while self._gatherer.events:
                self._tell(*self._gatherer.events.popleft())
            data, frames = self._joined(taken)
            frames["number"] = np.arange(self._number + 1, self._number + 1 + len(frames))
            self._number += len(frames)
            position += int(frames["captured"].sum(dtype=np.int64))
            if self._recorder is not None:
                self._recorder.put(data, frames)
            unwrap(data, frames, self._table)
            clock = max([until, *frames["time"][-1:].tolist()])
            yield Batch(data, frames, position, clock, dropped=max((one.dropped for one in taken), default=0))

    def _joined(self, taken: Sequence[Gathered]) -> tuple[Any, Any]:
        """Return the data and the frames of packets that were read one after the other; the next call overwrites them.

        New memory for each batch would take as long as copying.
        """
        if not taken:
            return np.zeros(1, dtype=np.uint8), np.zeros(0, dtype=FRAME)
        frames = np.concatenate([one.frames for one in taken])
        starts = np.cumsum([0] + [len(one.data) for one in taken])
        frames["offset"] += np.repeat(starts[:-1], [len(one.frames) for one in taken])
        size = int(starts[-1])
        if size > len(self._data):
            self._data = np.zeros(size, dtype=np.uint8)
        octets = memoryview(self._data)  # type: ignore[arg-type]
        for one, start in zip(taken, starts.tolist(), strict=False):
            octets[start : start + len(one.data)] = one.data
        return self._data[: max(size, 1)], frames
