"""The frames in which connections begin: what shows an attempt once the tracker has given it up."""

from __future__ import annotations

import numpy as np

from ..decode.segment import ACK, SYN
from ..rows import Rows

ROOM = 1 << 12
"""Connections there is room for at first."""


class FirstSyns:
    """The frame of each connection's first SYN; a part of ``FramesSeen``."""

    def __init__(self) -> None:
        self._frames = np.zeros(ROOM, dtype=np.int64)

    def tracked(self, segments: Rows) -> None:
        """Note the SYNs among segments that the tracker has followed."""
        flags = np.ascontiguousarray(segments["flags"])
        rows = np.flatnonzero((flags & (SYN | ACK) == SYN) & (flags >= 0))
        rows = rows[segments["endpoint"][rows] >= 0]
        if not len(rows):
            return
        connections = segments["endpoint"][rows] >> 1
        if (most := int(connections.max())) >= len(self._frames):
            larger = np.zeros(max(2 * len(self._frames), most + 1), dtype=np.int64)
            larger[: len(self._frames)] = self._frames
            self._frames = larger
        # Of several SYNs of one connection the first counts.
        rows, connections = rows[::-1], connections[::-1]
        new = self._frames[connections] == 0
        self._frames[connections[new]] = segments["number"][rows[new]]

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which let connections go."""
        self._frames = self._frames[kept[: np.searchsorted(kept, len(self._frames))]]

    def of(self, connections: Rows) -> Rows:
        """Return the frames for connections (by their row in the tracker's tables); 0 where there is none."""
        known = connections < len(self._frames)
        return np.where(known, np.append(self._frames, 0)[np.where(known, connections, len(self._frames))], 0)
