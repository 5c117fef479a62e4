"""What each endpoint sent last: a request, or just a short record of TLS, such as its farewell."""

from __future__ import annotations

import numpy as np

from ..compaction import kept_of
from ..rows import Rows
from ..sources.reader import Batch

SHORT = 64
"""Bytes of a TLS record that hold no more than an alert (close_notify), or HTTP/2's housekeeping."""
RECORDS = 20, 24
"""The types of TLS records (RFC 8446 §5.1), and the major version behind them."""
VERSION = 3


class LastData:
    """Of each endpoint whether the last data that it sent is a short record of TLS; a part of ``FramesSeen``."""

    def __init__(self) -> None:
        self._short = np.zeros(0, dtype=bool)

    def watch(self, batch: Batch, segments: Rows) -> tuple[Rows, Rows]:
        """Return which segments have data, and whether that is a short record of TLS."""
        rows = np.flatnonzero((segments["flags"] >= 0) & (segments["length"] > 0))
        length, at = segments["length"][rows], segments["payload"][rows].astype(np.int64)
        data = batch.data
        there = (at >= 0) & (at + 1 < len(data)) & (length > 1) & (length <= SHORT)
        at = np.where(there, at, 0)
        short = there.copy()
        if there.any():
            kind = data[at]
            short &= (kind >= RECORDS[0]) & (kind < RECORDS[1]) & (data[np.minimum(at + 1, len(data) - 1)] == VERSION)
        return rows, short

    def tracked(self, segments: Rows, seen: tuple[Rows, Rows]) -> None:
        """Note it of the endpoints that sent them."""
        rows, short = seen
        ends = segments["endpoint"][rows]
        ends, short = ends[ends >= 0], short[ends >= 0]
        if not len(ends):
            return
        if ends.max() >= len(self._short):
            larger = np.zeros(max(2 * len(self._short), int(ends.max()) + 1), dtype=bool)
            larger[: len(self._short)] = self._short
            self._short = larger
        # Of several segments of one endpoint the last counts.
        self._short[ends] = short

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which let connections go."""
        self._short = kept_of(self._short, kept)

    def is_short(self, endpoints: Rows) -> Rows:
        """Tell of each endpoint (by its row in the tracker's tables) whether what it sent last is such a record."""
        known = endpoints < len(self._short)
        return np.append(self._short, False)[np.where(known, endpoints, len(self._short))]
