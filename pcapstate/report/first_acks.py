"""When each end first acknowledged something: from then on a silent peer is known to have a socket."""

from __future__ import annotations

import numpy as np

from ..compaction import kept_of
from ..decode.segment import ACK, RST
from ..rows import Rows
from ..sources.reader import Batch

ROOM = 1 << 12
"""Endpoints there is room for at first."""


class FirstAcks:
    """A watcher that keeps the time of each endpoint's first ACK."""

    datagrams = False

    def __init__(self) -> None:
        self._times = np.zeros(ROOM, dtype=np.int64)

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Look at nothing: the tracker finds the connection of a packet."""

    def tracked(self, segments: Rows, seen: None) -> None:
        """Note the ACKs among segments that the tracker has followed."""
        flags = segments["flags"]
        rows = np.flatnonzero((flags >= 0) & (flags & (ACK | RST) == ACK) & (segments["endpoint"] >= 0))
        if not len(rows):
            return
        ends = segments["endpoint"][rows]
        if (most := int(ends.max())) >= len(self._times):
            larger = np.zeros(max(2 * len(self._times), most + 1), dtype=np.int64)
            larger[: len(self._times)] = self._times
            self._times = larger
        new = self._times[ends] == 0
        # Of several ACKs of one endpoint the first counts.
        self._times[ends[new][::-1]] = segments["time"][rows[new]][::-1]

    def moved(self, kept: Rows) -> None:
        """Follow the tracker's compaction after it evicted connections."""
        self._times = kept_of(self._times, kept)

    def of(self, ends: Rows) -> Rows:
        """Return the times for endpoints, ns since the epoch; 0 where there is none."""
        return np.append(self._times, 0)[np.minimum(ends, len(self._times))]
