"""Keys of connections: by them the segments of all captures are shared out among tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.segment import SEGMENT
from ..kernels.running import Kernels
from ..kernels.source import entry
from ..rows import Rows
from ..tcp.lookup import KEY, tuple_key
from ..tcp.tables import CELL_KEYS
from ..tcp.tracker import is_followed

KEYS = 8
"""Random odd numbers below 2**30 that a dataset keeps, so that nobody can prepare many connections with one key."""
KEY_BITS = KEY.bit_length()


@entry(SEGMENT, np.int64, np.int64)
def find_keys(segments: Any, cells: Any, keys: Any) -> int:
    """Write the key of each row's 4-tuple, the same in both directions, or -1 of a row without a segment.

    ``cells``: as of the tracker, of which only the keys of its hash table count. Virtual networks do not count. Return
    how many segments there are.
    """
    found = 0
    for index in range(len(segments)):
        one = segments[index]
        keys[index] = -1
        if is_followed(one):
            source = one["source_high"], one["source_low"], one["source_port"]
            target = one["target_high"], one["target_low"], one["target_port"]
            keys[index] = tuple_key((*source, *target), 0, cells)
            found += 1
    return found


class Keys:
    """Finds keys (31 bits) with the numbers of a dataset; the upper ``bits`` bits of a key are its bucket."""

    def __init__(self, kernels: Kernels, numbers: Rows, bits: int) -> None:
        self._kernels = kernels
        self._cells = np.zeros(CELL_KEYS + KEYS, dtype=np.int64)
        self._cells[CELL_KEYS:] = numbers
        self.shift = KEY_BITS - bits

    def of_segments(self, segments: Rows) -> Rows:
        """Return the keys of rows of SEGMENT, -1 where there is no segment."""
        keys = np.empty(len(segments), dtype=np.int64)
        self._kernels.find_keys(segments, self._cells, keys)
        return keys

    def of_connections(self, connections: Rows, extras: Rows) -> Rows:
        """Return the keys of connections (CONNECTION, EXTRA)."""
        rows = np.zeros(len(connections), dtype=SEGMENT)
        for end, side in (("source", 0), ("target", 1)):
            rows[f"{end}_low"], rows[f"{end}_high"] = connections[f"low_{side}"], extras[f"high_{side}"]
            rows[f"{end}_port"] = connections[f"port_{side}"]
        return self.of_segments(rows)

    def buckets(self, keys: Rows) -> Rows:
        """Return the buckets of keys."""
        return keys >> self.shift
