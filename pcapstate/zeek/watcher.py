"""Gather connections in Zeek's terms beside the tracker, where they are asked for."""

from __future__ import annotations

import numpy as np

from ..compaction import move_up
from ..kernels.running import Kernels
from ..rows import Rows, aligned
from ..sources.reader import Batch
from ..tcp.flow_table import RESERVED, FlowTable
from .tables import BLOCKS, END, LETTERS, STORY

BYTES_EACH = STORY.itemsize + 2 * END.itemsize + LETTERS + 2 * 2 * BLOCKS * 8
"""Bytes that a connection takes at most."""


class Stories:
    """A watcher (``capture.Watcher``) that follows each connection as Zeek does.

    ``follow`` gives it the tracker's table. Rows of ``stories`` (STORY), ``ends`` (END, two each) and ``letters`` (a
    line each) are those of the table's connections. ``checksums``: packets with a wrong one are left out.
    """

    datagrams = False

    def __init__(self, checksums: bool = False, kernels: Kernels | None = None) -> None:
        self._checksums = checksums
        self._kernels = kernels or Kernels()
        self._room = self._used = 0
        self._table: FlowTable | None = None
        self._stories, self._ends = aligned(0, STORY), aligned(0, END)
        self._blocks, self._letters = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)

    def follow(self, table: FlowTable) -> None:
        """Follow the connections of a table, which gets these stories."""
        self._table = table
        table.stories = self

    @property
    def stories(self) -> Rows:
        """The rows of STORY."""
        self._make_room()
        return self._stories[: self._count]

    @property
    def ends(self) -> Rows:
        """The rows of END."""
        self._make_room()
        return self._ends[: 2 * self._count]

    @property
    def letters(self) -> Rows:
        """The letters, a line for each connection."""
        self._make_room()
        return self._letters.reshape(-1, LETTERS)[: self._count]

    @property
    def _count(self) -> int:
        assert self._table is not None
        return len(self._table.connections)

    def watch(self, batch: Batch, segments: Rows) -> Rows:
        """Look at the headers and checksums of a batch."""
        found = np.empty(len(segments), dtype=np.int32)
        self._kernels.check_packets(batch.data, batch.frames, segments, found, self._checksums)
        return found

    def tracked(self, segments: Rows, seen: Rows) -> None:
        """Add segments to their connections."""
        assert self._table is not None
        self._make_room()
        self._used = self._count
        self._kernels.add_history(segments, seen, self._stories, self._ends, self._blocks, self._letters)

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which let connections go."""
        if not self._used:
            return
        kept = kept[: np.searchsorted(kept, self._used)]
        for rows, ends in ((self._stories, 1), (self._ends, 2)):
            move_up(rows[: ends * self._used], kept, ends)
        for plain, width in ((self._blocks, 4 * BLOCKS), (self._letters, LETTERS)):
            lines = plain.reshape(-1, width)[: self._used]
            move_up(lines.view(np.int64), kept)
        self._used = len(kept)

    def _make_room(self) -> None:
        """Make room for all connections. Rows that were never written take no memory."""
        needed = self._count
        if needed <= self._room:
            return
        room = max(needed, 2 * self._room, RESERVED)
        for name, each in (("_stories", 1), ("_ends", 2), ("_blocks", 4 * BLOCKS), ("_letters", LETTERS)):
            smaller = getattr(self, name)
            larger = aligned(each * room, smaller.dtype)
            larger[: len(smaller)] = smaller
            setattr(self, name, larger)
        self._room = room
