"""What each endpoint sent last: a request, or just a short record of TLS, such as its farewell."""

from __future__ import annotations

import numpy as np

from ..compaction import kept_of
from ..rows import Rows


class LastData:
    """Of each endpoint whether the last data that it sent is a short record of TLS; a part of ``FramesSeen``."""

    def __init__(self) -> None:
        self._short = np.zeros(0, dtype=bool)

    def tracked(self, segments: Rows, seen: tuple[Rows, Rows]) -> None:
        """Note it of the endpoints that sent them; ``seen``: which segments have data, and of which it is a record."""
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
