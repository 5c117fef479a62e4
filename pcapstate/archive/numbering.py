"""The numbers that connections have in a dataset, for those whose packets are tracked again."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.running import Kernels
from ..rows import Rows
from ..sources.reader import Batch
from ..tcp.flow_table import FlowTable
from .archive import Archive
from .keys import Keys


class Numbering:
    """A watcher that gives connections the numbers which the dataset has for them, by the packets they began with.

    Of one that began with a packet which was dropped, the 4-tuple tells.
    """

    datagrams = False

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        options = archive.manifest.options
        self._keys = Keys(Kernels(), np.array(options.numbers), options.bits)
        self._table: FlowTable | None = None
        self._first = self._ids = self._numbers = np.zeros(0, dtype=np.int64)
        self._older: dict[int, int] = {}
        """The numbers of connections that began with packets which were dropped, by key."""

    def begin(self, table: FlowTable, found: dict[str, Rows]) -> None:
        """Take the table, and the numbers of connections."""
        self._table = table
        if found and len(found["connection"]):
            first = self._archive.numbered(np.asarray(found["capture"]), np.asarray(found["frame"]))
            order = np.argsort(first)
            self._first, self._ids = first[order], np.asarray(found["connection"])[order]
            older = np.flatnonzero(first == 0)
            self._older = dict(zip(found["key"][older].tolist(), found["connection"][older].tolist(), strict=True))

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Look at nothing: there are no frames."""

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which let connections go."""
        self._numbers = self._numbers[kept]

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Number the connections that began among segments which were followed."""
        assert self._table is not None
        known, count = len(self._numbers), len(self._table.connections)
        if count == known or not len(self._ids):
            return
        rows = segments["endpoint"].astype(np.int64) >> 1
        new = np.flatnonzero((rows >= known) & (segments["flags"] >= 0))
        which, at = np.unique(rows[new], return_index=True)
        numbers = np.zeros(count - known, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._first, segments["number"][new[at]]), len(self._ids) - 1)
        numbers[which - known] = self._ids[place]
        if self._older:
            other = which[self._first[place] != segments["number"][new[at]]]
            keys = self._keys.of_connections(self._table.connections[other], self._table.extras[other])
            for row, key in zip((other - known).tolist(), keys.tolist(), strict=True):
                numbers[row] = self._older.get(key, numbers[row])
        self._numbers = np.concatenate([self._numbers, numbers])
        self._table.number(self._numbers)
