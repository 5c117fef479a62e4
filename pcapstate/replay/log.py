"""The tracked packets, in chapters: each begins with a checkpoint, from which its packets can be tracked again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..decode.segment import SEGMENT
from ..rows import Rows
from ..sources.reader import Batch
from ..tcp.checkpoint import Checkpoint, merged
from ..tcp.flow_table import FlowTable
from ..tcp.tables import TRANSITION
from .packed import Packed, PackedCheckpoint, pack_checkpoint, packed, unpack_checkpoint, unpacked

CHAPTER = 1 << 15
"""Packets after which another chapter begins: so many are tracked again in a few milliseconds."""

Stored = Packed | tuple[Rows, ...]
"""Rows in a row: packed, or in pieces while more may follow."""


class Chapter(NamedTuple):
    """Packets in a row, and what the table held before them."""

    checkpoint: Checkpoint | PackedCheckpoint
    """Of what changed in the chapter before, or of the whole table."""
    epoch: int
    """Rows of the table have kept their meaning since the first chapter of the same epoch."""
    start: int
    """The latest time that the table had reached before it, ns since the epoch."""
    stored: Stored = ()
    """Its packets (SEGMENT) with their endpoints."""
    changes: Stored = ()
    """The transitions (TRANSITION) in it."""
    times: tuple[Rows, ...] = ()
    """The times of its transitions."""

    @property
    def segments(self) -> Rows:
        """Its packets (SEGMENT), in an array that can be changed."""
        return _whole(self.stored, SEGMENT)

    @property
    def transitions(self) -> Rows:
        """Its transitions (TRANSITION)."""
        return _whole(self.changes, TRANSITION)

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        parts = (one.size if isinstance(one, Packed) else sum(part.nbytes for part in one) for one in self[3:])
        return self.checkpoint.size + sum(parts)

    def closed(self) -> Chapter:
        """Return this chapter, to which nothing is added any more."""
        return self._replace(
            stored=packed(self.segments), changes=packed(self.transitions), times=(self.transitions["time"].copy(),)
        )


def _whole(stored: Stored, kind: np.dtype[Any]) -> Rows:
    if isinstance(stored, Packed):
        return unpacked(stored)
    return np.concatenate(stored) if stored else np.zeros(0, dtype=kind)


class PacketLog:
    """A watcher that keeps all packets that the tracker follows, in ``most`` bytes: beyond, the oldest are dropped.

    ``attach`` gives it the table. Its driver calls ``changed`` with the table's transitions. Another thread may read
    ``chapters`` meanwhile.
    """

    datagrams = False

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._lock = threading.Lock()
        self._chapters: list[Chapter] = []
        self._table: FlowTable | None = None
        self._pieces: list[Rows] = []
        self._changes: list[Rows] = []
        self._count = self._reached = 0
        self.dropped = 0
        """Chapters that were dropped."""
        self.clock = 0
        """The time of the table, ns since the epoch; 0 before a packet."""

    def attach(self, table: FlowTable) -> None:
        """Take the table that tracks the packets, and is still empty."""
        self._table = table
        self._chapters.append(Chapter(pack_checkpoint(table.checkpoint()), 0, 0))

    def chapters(self) -> tuple[int, Sequence[Chapter]]:
        """Return the number of the first chapter that is left, and all chapters from it on."""
        with self._lock:
            return self.dropped, [*self._chapters[:-1], self._open()]

    def change_times(self) -> Rows:
        """Return the times of all transitions so far, ns since the epoch, ascending."""
        times = [one for chapter in self.chapters()[1] for one in chapter.times]
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *times]))

    def time_of(self, number: int) -> int | None:
        """Return the time of the last packet up to a frame's number; None where there is none."""
        for chapter in reversed(self.chapters()[1]):
            segments = chapter.segments
            before = segments["time"][segments["number"] <= number]
            if len(before):
                return int(before[-1])
        return None

    def _open(self) -> Chapter:
        """Return the last chapter with what has been added so far."""
        stored, changes = tuple(self._pieces), tuple(self._changes)
        return self._chapters[-1]._replace(stored=stored, changes=changes, times=tuple(one["time"] for one in changes))

    @property
    def start(self) -> int:
        """The time from which on there are packets, ns since the epoch; 0 unless some were dropped."""
        with self._lock:
            return self._chapters[0].start

    # --- what is written

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Look at nothing: packets are kept once they are tracked."""

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Keep the packets that concern a connection."""
        assert self._table is not None
        some = segments[segments["endpoint"] >= 0]
        clock = self._table.clock
        with self._lock:
            if len(some):
                self._pieces.append(some)
                self._count += len(some)
                self._reached = max(self._reached, int(some["time"].max()))
            if clock > 0:
                self.clock, self._reached = clock, max(self._reached, clock)
        if self._count >= CHAPTER:
            self._close(whole=False)

    def changed(self, transitions: Rows) -> None:
        """Keep transitions (TRANSITION) of the table."""
        if len(transitions):
            with self._lock:
                self._changes.append(transitions.copy())

    def moved(self, kept: Rows) -> None:
        """Begin another chapter: the rows of the table have changed their meaning."""
        self._close(whole=True)

    def _close(self, whole: bool) -> None:
        """End the last chapter and begin another one."""
        assert self._table is not None
        last = self._open().closed()
        touched = [piece["endpoint"] >> 1 for piece in (*self._pieces, *self._changes)]
        rows = None if whole else np.concatenate([np.zeros(0, dtype=np.int32), *touched])
        checkpoint = pack_checkpoint(self._table.checkpoint(rows))
        with self._lock:
            self._chapters[-1] = last
            self._chapters.append(Chapter(checkpoint, last.epoch + whole, self._reached))
            self._pieces, self._changes, self._count = [], [], 0
            self._size += last.size
            while self._size > self._most and len(self._chapters) > 2:
                self._drop()

    def _drop(self) -> None:
        first, second = self._chapters[:2]
        together = merged(unpack_checkpoint(first.checkpoint), unpack_checkpoint(second.checkpoint))
        self._size -= first.size + second.checkpoint.size - together.size
        self._chapters[:2] = [second._replace(checkpoint=together)]
        self.dropped += 1
