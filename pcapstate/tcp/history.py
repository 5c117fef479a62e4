"""All transitions of a capture, kept until its end shows which assumptions held."""

from __future__ import annotations

import numpy as np

from ..compaction import endpoints_after
from ..rows import Rows
from .tables import TRANSITION

BLOCK_ROWS = 1 << 16
"""Transitions that are stored together."""
FEWEST_TRANSITIONS = 2 * BLOCK_ROWS
"""Transitions that must fit: with less, connections would be evicted all the time."""
TRANSITION_BYTES = 96
"""Bytes that a transition takes at most: kept, and then settled."""


class History:
    """The transitions of the connections in a table, which evicts connections where there are more than ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.full = False
        """There are more than ``most``; the table clears it once it has evicted connections."""
        self._blocks: list[Rows] = []
        self._used = BLOCK_ROWS

    def add(self, batch: Rows) -> None:
        """Add transitions (TRANSITION), which are copied."""
        done = 0
        while done < len(batch):
            if self._used == BLOCK_ROWS:
                self._blocks.append(np.empty(BLOCK_ROWS, dtype=TRANSITION))
                self._used = 0
            some = batch[done : done + BLOCK_ROWS - self._used]
            self._blocks[-1][self._used : self._used + len(some)] = some
            self._used += len(some)
            done += len(some)
        if len(self._blocks) * BLOCK_ROWS > self._most:
            self.full = True

    def moved(self, kept: Rows) -> None:
        """Follow the table after an eviction: its row n is the former row ``kept[n]``."""
        blocks, used = self._blocks, self._used
        self._blocks, self._used = [], BLOCK_ROWS
        for number in range(len(blocks)):
            block = blocks[number] if number < len(blocks) - 1 else blocks[number][:used]
            blocks[number] = block[:0]
            block["endpoint"] = endpoints_after(kept, block["endpoint"])
            self.add(block[block["endpoint"] >= 0])

    def take(self) -> Rows:
        """Return all transitions in one array; none are kept any more, nor added."""
        count = len(self._blocks) * BLOCK_ROWS + self._used - BLOCK_ROWS
        rows = np.empty(count, dtype=TRANSITION)
        for start in range(0, count, BLOCK_ROWS):
            block = self._blocks.pop(0)
            rows[start : start + BLOCK_ROWS] = block[: count - start]
        self._used = BLOCK_ROWS
        return rows
