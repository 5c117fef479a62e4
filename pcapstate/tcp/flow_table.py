"""All connections of a capture so far: the tables the tracker's kernels work on, and their growth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..compiled import Kernels
from . import contracts as c

Rows = np.ndarray[Any, Any]

TWO_MSL = 60.0
"""Seconds that TIME_WAIT lasts by default: as Linux has it (RFC 9293 says four minutes)."""

RESERVED = 1 << 19
"""Connections there is room for at first. np.zeros takes memory only as rows are written, so this costs nothing."""


class FlowTable:
    """Follows segments in order and keeps every connection; what it keeps does not depend on the capture's length.

    ``two_msl``: seconds that TIME_WAIT lasts. ``record``: give out transitions (else only the states are kept).
    ``details``: keep DETAIL and TROUBLE rows, too.
    """

    def __init__(self, kernels: Kernels, two_msl: float = TWO_MSL, record: bool = True, details: bool = False) -> None:
        self._kernels = kernels
        self._connections = np.zeros(RESERVED, dtype=c.CONNECTION)
        self._extras = np.zeros(RESERVED, dtype=c.EXTRA)
        self._islands = np.zeros(2 * RESERVED, dtype=np.uint32)
        self._endpoints = np.zeros(2 * RESERVED, dtype=c.ENDPOINT)
        self._details = np.zeros(2 * RESERVED if details else 0, dtype=c.DETAIL)
        self._troubles = np.zeros(2 * RESERVED if details else 0, dtype=c.TROUBLE)
        self._slots = np.zeros(1024, dtype=np.int32)
        self._timers = np.zeros(1024, dtype=c.TIMER)
        self._transitions = np.zeros(16_384 if record else 0, dtype=c.TRANSITION)
        self._memory = np.zeros(c.MEMORY_SIZE, dtype=np.int64)
        self._memory[c.CLOCK] = np.iinfo(np.int64).min
        self._memory[c.TWO_MSL] = round(two_msl * 1e9)
        self._memory[c.RECORD] = record
        self._memory[c.DETAILS] = details
        keys = np.frombuffer(os.urandom(4 * 7), dtype=np.uint32) >> 1 | 1
        self._memory[c.KEYS :] = keys

    @property
    def connections(self) -> Rows:
        """The rows of all connections, CONNECTION."""
        return self._connections[: self._memory[c.CONNECTIONS]]

    @property
    def extras(self) -> Rows:
        """The rows of what few connections have, EXTRA."""
        return self._extras[: self._memory[c.CONNECTIONS]]

    @property
    def endpoints(self) -> Rows:
        """The rows of all endpoints, ENDPOINT: two a connection."""
        return self._endpoints[: 2 * self._memory[c.CONNECTIONS]]

    @property
    def details(self) -> Rows | None:
        """The rows of DETAIL, one an endpoint, where they are kept."""
        return self._details[: 2 * self._memory[c.CONNECTIONS]] if self._memory[c.DETAILS] else None

    @property
    def troubles(self) -> Rows | None:
        """The rows of TROUBLE, one an endpoint, where those of DETAIL are kept."""
        return self._troubles[: 2 * self._memory[c.CONNECTIONS]] if self._memory[c.DETAILS] else None

    @property
    def clock(self) -> int:
        """The time of the last packet, ns since the epoch."""
        return int(self._memory[c.CLOCK])

    def follow(self, segments: Rows, count: int) -> Iterator[Rows]:
        """Follow ``segments[:count]``; yield the transitions they cause, in batches that the next one overwrites."""
        self._make_room(count)
        done = 0
        while done < count:
            done = self._kernels.track(
                segments,
                done,
                count,
                self._connections,
                self._extras,
                self._islands,
                self._endpoints,
                self._details,
                self._slots,
                self._timers,
                self._transitions,
                self._memory,
                self._troubles,
            )
            yield from self._taken()

    def pass_time(self, clock: int) -> Iterator[Rows]:
        """Let time pass until ``clock`` (ns since the epoch); yield the transitions of timers that run out."""
        self._memory[c.CLOCK] = clock
        done = 0
        while not done:
            done = self._kernels.pass_time(
                self._connections,
                self._extras,
                self._islands,
                self._endpoints,
                self._details,
                self._timers,
                self._transitions,
                self._memory,
                self._troubles,
            )
            yield from self._taken()

    def _taken(self) -> Iterator[Rows]:
        count = int(self._memory[c.TRANSITIONS])
        if count:
            self._memory[c.TRANSITIONS] = 0
            yield self._transitions[:count]

    def _make_room(self, count: int) -> None:
        used = int(self._memory[c.CONNECTIONS])
        needed = used + count
        if needed > len(self._connections):
            size = max(needed, 2 * len(self._connections))
            self._connections = _grown(self._connections, used, size)
            self._extras = _grown(self._extras, used, size)
            self._islands = _grown(self._islands, 2 * used, 2 * size)
            self._endpoints = _grown(self._endpoints, 2 * used, 2 * size)
            if self._memory[c.DETAILS]:
                self._details = _grown(self._details, 2 * used, 2 * size)
                self._troubles = _grown(self._troubles, 2 * used, 2 * size)
        if 2 * needed > len(self._slots):
            size = len(self._slots)
            while size < 2 * needed:
                size *= 2
            self._slots = np.zeros(size, dtype=np.int32)
            self._kernels.rehash(self._connections, self._extras, used, self._slots, self._memory)
        head, tail = int(self._memory[c.TIMER_HEAD]), int(self._memory[c.TIMER_TAIL])
        if tail - head + 4 * count > len(self._timers):
            size = len(self._timers)
            while size < tail - head + 4 * count:
                size *= 2
            kept = self._timers[np.arange(head, tail) & (len(self._timers) - 1)]
            self._timers = np.zeros(size, dtype=c.TIMER)
            self._timers[: len(kept)] = kept
            self._memory[c.TIMER_HEAD], self._memory[c.TIMER_TAIL] = 0, len(kept)


def _grown(rows: Rows, used: int, size: int) -> Rows:
    larger = np.zeros(size, dtype=rows.dtype)
    if rows[:used].view(np.uint8).any():
        larger[:used] = rows[:used]
    return larger
