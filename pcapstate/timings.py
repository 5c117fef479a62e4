"""Where the time of a run goes: reading and kernels are timed where it is asked for, and cost nothing otherwise."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

START, READ, UNPACK, FRAMES, DECODE, TRACK, TIMERS, WATCH, COPY, WRITE, ANSWER, OTHER = (
    "start",
    "read",
    "unpack",
    "frames",
    "decode",
    "track",
    "timers",
    "watch",
    "copy",
    "write",
    "answer",
    "other",
)
"""The stages, in the order in which packets come through them: one word each, so that a line is split at blanks."""
STAGES = (START, READ, UNPACK, FRAMES, DECODE, TRACK, TIMERS, WATCH, COPY, WRITE, ANSWER, OTHER)
OF_KERNELS = {
    "index_pcap": FRAMES,
    "index_pcapng": FRAMES,
    "take_block": FRAMES,
    "decode_frames": DECODE,
    "track": TRACK,
    "track_each": TRACK,
    "rehash": TRACK,
    "refill": TRACK,
    "pass_time": TIMERS,
    "give_up": TIMERS,
    "remember_again": TRACK,
    "find_keys": TRACK,
    "gather": WATCH,
    "pick_openings": WATCH,
    "watch_frames": WATCH,
    "fill_slots": WATCH,
    "look_through": WATCH,
    "check_packets": WATCH,
    "add_history": WATCH,
    "print_payloads": WATCH,
    "find_blocks": COPY,
    "write_packets": COPY,
    "add_comments": COPY,
    "write_rows": WRITE,
}
"""The stages of the kernels; any other kernel is one of its own name."""
AFTERWARDS = (COPY, WRITE)
"""Stages that do not show that packets are still being read."""


class Spent(NamedTuple):
    """What a stage took: seconds, those of them on a processor, calls."""

    seconds: float
    processor: float
    calls: int = 1


class Totals(NamedTuple):
    """What a run took as a whole."""

    elapsed: float  # seconds
    processor: float  # seconds, of all threads
    packets: int  # that were read, again those read twice
    peak: int | None  # bytes of memory; None where the system does not tell


class Timings:
    """Times of stages, from any threads. ``packets``: how many were read, as the reader of them says."""

    def __init__(self) -> None:
        self.packets = 0
        self._began = time.perf_counter() - _since_start()
        self._lock = threading.Lock()
        self._spent: dict[str, Spent] = {}
        self._active = 0
        self._active_since = self._busy = 0.0
        """How many stages run now, since when; seconds before in which any did."""
        self._measured = 0.0
        """Seconds on a processor in all stages."""
        self._opened: tuple[float, float] | None = None
        """Time and processor time when reading began."""
        self._last: tuple[float, float, float, float] | None = None
        """Time, processor time, ``_busy`` and ``_measured`` when packets were last read."""

    def opened(self) -> None:
        """Take note that the source is open: what was before is the start."""
        if self._opened is None:
            self._opened = time.perf_counter(), time.process_time()

    def timed(self, call: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """Return a function that does the same and counts as a part of a stage."""

        def measured(*arguments: Any) -> Any:
            begin, processor = self._enter(), time.thread_time()
            try:
                return call(*arguments)
            finally:
                self._leave(stage, begin, time.thread_time() - processor)

        return measured

    def _enter(self) -> float:
        with self._lock:
            self.opened()
            now = time.perf_counter()
            if not self._active:
                self._active_since = now
            self._active += 1
        return now

    def _leave(self, stage: str, begin: float, processor: float) -> None:
        with self._lock:
            now = time.perf_counter()
            self._active -= 1
            self._busy += now - self._active_since
            self._active_since = now
            self._measured += processor
            before = self._spent.get(stage, Spent(0, 0, 0))
            self._spent[stage] = Spent(before.seconds + now - begin, before.processor + processor, before.calls + 1)
            if stage not in AFTERWARDS:
                self._last = now, time.process_time(), self._busy, self._measured

    def stages(self) -> dict[str, Spent]:
        """Return what each stage took until now, those without a call left out.

        ``answer`` is all that came after the last packet, and ``other`` what came before, when no stage ran.
        """
        self.opened()
        assert self._opened is not None
        now, total = time.perf_counter(), time.process_time()
        opened, processor = self._opened
        last, used, busy, measured = self._last or (opened, processor, 0.0, 0.0)
        found = {
            START: Spent(opened - self._began, processor),
            **self._spent,
            ANSWER: Spent(now - last, total - used),
            OTHER: Spent(max(0.0, last - opened - busy), max(0.0, used - processor - measured)),
        }
        order = [*STAGES, *(name for name in found if name not in STAGES)]
        return {name: found[name] for name in order if name in found}

    def totals(self) -> Totals:
        """Return what the run took until now."""
        return Totals(time.perf_counter() - self._began, time.process_time(), self.packets, _peak())


class TimedStream:
    """A stream whose reads are a stage."""

    def __init__(self, stream: Any, timings: Timings, stage: str) -> None:
        self._stream = stream
        self.readinto: Callable[[Any], int | None] = timings.timed(stream.readinto, stage)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_asked: Timings | None = None
"""The run's timings, if it was asked for them: kernels and streams are made in many places, on several threads."""


@contextmanager
def timing() -> Iterator[Timings]:
    """Measure what is done meanwhile with kernels and streams that are made meanwhile."""
    global _asked
    timings = _asked = Timings()
    try:
        yield timings
    finally:
        _asked = None


def asked() -> Timings | None:
    """Return the timings of this run, if it is measured."""
    return _asked


def timed_kernel(call: Callable[..., int], name: str) -> Callable[..., int]:
    """Return a kernel, timed if the run is measured."""
    return call if _asked is None else _asked.timed(call, OF_KERNELS.get(name, name))


def timed_stream(stream: Any, stage: str = READ) -> Any:
    """Return a stream, timed if the run is measured."""
    return stream if _asked is None else TimedStream(stream, _asked, stage)


def _since_start() -> float:
    """Return for how many seconds this process has run: Linux tells it to 10 ms, elsewhere it is the processor time."""
    used = time.process_time()
    try:
        with open("/proc/self/stat", "rb") as file:
            # The name of the program, in brackets, may hold anything; field 22 is the time of the start.
            began = int(file.read().rpartition(b")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return max(used, time.clock_gettime(time.CLOCK_BOOTTIME) - began)
    except (OSError, ValueError, IndexError, AttributeError):
        return used


def _peak() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
