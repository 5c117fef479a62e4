"""The thread that reads interfaces: whatever else is being done, packets are taken from the kernel as they come."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from ..errors import LiveError
from ..memory import PACKETS_WAITING
from .interfaces import BACK, FAILED, OpenInterface, waited

PAUSE = 0.05
"""Seconds to wait for packets before looking whether the end has come."""
LEAST_PAUSE = 0.01
"""Seconds between two rounds from which on a packet is not waited for: each round takes processor time."""
READS = 64
"""Reads of one interface before the others have their turn."""
ROOM = PACKETS_WAITING // 2
"""Bytes of packets that wait to be worked off at most; beyond that the kernel keeps them, and then loses some."""
OVERHEAD = 200
"""Bytes that each of them takes beside its own."""
ALL = np.iinfo(np.int64).max


class Gathered(NamedTuple):
    """Packets in the order of their times, and up to when no more will come."""

    data: bytes
    frames: Any  # FRAME; without numbers
    until: int  # ns since the epoch
    dropped: int = 0  # the time before which packets were dropped, ns since the epoch; 0: none were

    @property
    def size(self) -> int:
        """How much room they take, in bytes."""
        return len(self.data) + OVERHEAD * len(self.frames)


class Event(NamedTuple):
    """What became of an interface that is waited for."""

    what: str  # GONE, DOWN or BACK
    name: str


class Lost(NamedTuple):
    """An interface that went away, and what became of it."""

    name: str
    what: str


class Gatherer:
    """Reads interfaces in a thread, for ``duration`` seconds or until ``stop``; ``take`` gives what it has read.

    ``lost``: the interface that went away, which ends it, unless it ``waits`` for interfaces to come back; ``events``
    tells of that then. The interfaces are closed at the end.
    """

    def __init__(self, interfaces: Sequence[OpenInterface], duration: float | None, waits: bool = False) -> None:
        self._interfaces, self._waits = interfaces, waits
        self.events: deque[Event] = deque()
        self._looked = 0.0
        self._ends = ALL
        self._delay = round(max((one.packets.delay for one in interfaces), default=0.0) * 1e9)
        self._pause = min((one.packets.pause for one in interfaces), default=0.0)
        self._due = None if duration is None else time.monotonic() + duration
        self._news = threading.Condition()
        self._waiting: list[Gathered] = []
        self._size = self._count = self._wanted = 0
        self._until = time.time_ns()
        self._abandoned = self._ended = False
        self._error: BaseException | None = None
        self._held: list[Gathered] = []
        self._dropped = 0
        self.lost: Lost | None = None
        self._thread = threading.Thread(target=self._run, name="pcapstate-capture", daemon=True)
        self._thread.start()

    @property
    def drops(self) -> int | None:
        """Packets that the kernel had no room for; None where it does not count them."""
        told = [one.packets.drops for one in self._interfaces if one.packets.drops is not None]
        return sum(told) if told else None

    @property
    def drops_each(self) -> list[int | None]:
        """The same for each interface."""
        return [one.packets.drops for one in self._interfaces]

    def stop(self) -> None:
        """End with the packets that have come until now."""
        self._ends = min(self._ends, time.time_ns())
        self._due = 0.0

    def close(self) -> None:
        """End, and give up what was not taken."""
        with self._news:
            self._abandoned = True
            self._news.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def take(self, most: int, seconds: float, enough: int | None = None) -> tuple[list[Gathered], int, bool]:
        """Wait up to so many seconds for ``enough`` packets (None: ``most``) or the end; return ``most`` or fewer.

        With them: up to when no more will come (ns since the epoch), and whether the end has come.
        """
        due = time.monotonic() + seconds
        with self._news:
            self._wanted = most if enough is None else enough
            while self._count < self._wanted and not self._ended and (left := due - time.monotonic()) > 0:
                self._news.wait(left)
            taken: list[Gathered] = []
            count = 0
            while self._waiting and (count == 0 or count + len(self._waiting[0].frames) <= most):
                one = self._waiting.pop(0)
                taken.append(one)
                count += len(one.frames)
                self._size -= one.size
            self._count -= count
            self._news.notify_all()
            until = taken[-1].until if self._waiting else self._until
            ended = self._ended and not self._waiting
            if ended and self._error is not None:
                raise self._error
            return taken, until, ended

    # --- the thread

    def _run(self) -> None:
        counted, ended = time.monotonic(), math.inf
        try:
            while self._has_room():
                last = self._due is not None and time.monotonic() >= self._due
                if last:
                    self._ends = min(self._ends, time.time_ns())
                    ended = min(ended, time.monotonic())
                quiet = self._round()
                if self._abandoned or self.lost or (last and quiet and time.monotonic() >= ended + self._delay / 1e9):
                    break
                if time.monotonic() - counted >= 1:
                    counted = self._count_drops()
                if quiet:
                    self._wait()
            self._give(ALL, time.time_ns())
        except BaseException as error:
            self._error = error
        finally:
            for one in self._interfaces:
                one.packets.count_drops()
                one.close()
            with self._news:
                self._ended = True
                self._news.notify_all()

    def _wait(self) -> None:
        """Wait for packets, or let some come where there is room for all that can."""
        left = PAUSE if self._due is None else min(PAUSE, max(0.01, self._due - time.monotonic()))
        if self._pause >= LEAST_PAUSE:
            time.sleep(min(self._pause, left))
            return
        # What is wrong with an interface is told where it is read.
        with suppress(OSError, ValueError):
            waited([one.socket for one in self._interfaces], left)

    def _count_drops(self) -> float:
        """Bring the numbers of dropped packets up to date; return when that was."""
        for one in self._interfaces:
            before = one.packets.drops
            one.packets.count_drops()
            if one.packets.drops != before:
                self._dropped = max(self._dropped, time.time_ns())
        return time.monotonic()

    def _has_room(self) -> bool:
        with self._news:
            while self._size > ROOM and not self._abandoned:
                self._news.wait()
            return not self._abandoned

    def _round(self) -> bool:
        """Read each interface until nothing is there; tell whether all were read so far, or up to the end."""
        self._look_for_those_away()
        began = time.time_ns() - self._delay
        until, quiet = began, True
        for number, one in enumerate(self._interfaces):
            last = self._read(number, one)
            if last is not None:
                until, quiet = min(until, last), False
        self._give(until if not self.lost else ALL, began)
        return quiet or until > self._ends

    def _read(self, number: int, one: OpenInterface) -> int | None:
        """Read an interface; return the time of its last packet where there are more, otherwise None."""
        last = None
        try:
            for _ in range(0 if one.away else READS):
                before = one.packets.drops
                packets = one.packets.read()
                if packets is None:
                    return None
                frames = packets.frames
                if one.packets.drops != before:
                    self._dropped = max(self._dropped, int(frames["time"][0]) if len(frames) else time.time_ns())
                if not len(frames):
                    continue
                frames["interface"] = number
                last = int(frames["time"][-1])
                self._held.append(Gathered(packets.data, frames, last))
        except OSError as error:
            self._goes_away(one, *one.fate(error))
            return None
        return last

    def _goes_away(self, one: OpenInterface, what: str, text: str) -> None:
        if self._waits and one.can_come_back and what != FAILED:
            one.away = True
            self.events.append(Event(what, one.name))
        else:
            self.lost = Lost(one.name, text)

    def _look_for_those_away(self) -> None:
        if not any(one.away for one in self._interfaces) or time.monotonic() - self._looked < PAUSE:
            return
        self._looked = time.monotonic()
        for one in self._interfaces:
            try:
                if not one.away or not one.comes_back():
                    continue
            except LiveError as error:
                self.lost = Lost(one.name, str(error))
                return
            one.away = False
            self.events.append(Event(BACK, one.name))
            # Its first packets may have passed before.
            self._dropped = max(self._dropped, time.time_ns())

    def _give(self, until: int, began: int) -> None:
        """Give out what came until a time; ``began``: when reading it did.

        Of several interfaces some packets are held back, since earlier ones of another may come yet.
        """
        held, self._held = self._held, []
        if held and len(self._interfaces) > 1:
            frames = np.concatenate([one.frames for one in held])
            starts = np.cumsum([0] + [len(one.data) for one in held[:-1]])
            frames["offset"] += np.repeat(starts, [len(one.frames) for one in held])
            data = b"".join([one.data for one in held])
            frames = frames[np.argsort(frames["time"], kind="stable")]
            later = frames["time"] > until
            if later.any():
                rest = frames[later]
                # What is given out is not kept with the rest: there is always some.
                first = int(rest["offset"].min())
                rest["offset"] -= first
                self._held = [Gathered(data[first:], rest, until)]
                frames = frames[~later]
            held = [Gathered(data, frames, until)]
        kept = [(one.data, one.frames[one.frames["time"] <= self._ends]) for one in held]
        held = [Gathered(*one, int(one[1]["time"].max()), self._dropped) for one in kept if len(one[1])]
        with self._news:
            for one in held:
                self._waiting.append(one)
                self._size += one.size
                self._count += len(one.frames)
            self._until = max(self._until, min(until, self._ends, began))
            # Whoever takes packets waits for many, or for a while.
            if self._count >= self._wanted:
                self._news.notify_all()
