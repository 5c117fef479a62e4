"""How far both ends are before each step of a connection: what they sent, what they acknowledged, a closed window."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..decode.segment import ACK, FIN, RST, SYN
from ..rows import Rows

NONE_YET = -(1 << 62)
"""In place of a number, where no packet has told one."""


class Numbers(NamedTuple):
    """Relative numbers of each step; with a row for each side: what its packets before the step show."""

    behind: Rows
    """The number behind the segment: a SYN and a FIN take one."""
    acked: Rows
    """The highest acknowledgment number."""
    highest: Rows
    """The number behind the highest one that was sent."""
    window: Rows
    """The last window, as in the header; of a SYN none counts. -1: none yet."""


def numbers(rows: Rows) -> Numbers:
    """Return the numbers of some steps (STEP). Copies, RSTs and ICMP errors show nothing."""
    flags = rows["flags"].copy()
    counts = (flags >= 0) & (flags & RST == 0) & ~rows["copy"]
    acks = counts & (flags & ACK != 0)
    behind = rows["seq"] + np.where(flags >= 0, rows["length"] + (flags & SYN != 0) + (flags & FIN != 0), 0)
    acked, highest, window = (np.zeros((2, len(rows)), dtype="i8") for _ in range(3))
    for side in (0, 1):
        of = rows["side"] == side
        acked[side] = _highest(np.where(acks & of, rows["ack"], NONE_YET))
        highest[side] = _highest(np.where(counts & of, behind, NONE_YET))
        window[side] = _last(rows["window"], acks & of & (flags & SYN == 0))
    return Numbers(behind, acked, highest, window)


def _highest(values: Rows) -> Rows:
    """Return the highest value before each place."""
    return np.concatenate([[NONE_YET], np.maximum.accumulate(values)])[: len(values)]


def _last(values: Rows, counts: Rows) -> Rows:
    """Return the last value that counts before each place; -1 before the first."""
    places = np.maximum.accumulate(np.where(counts, np.arange(len(values)), -1))
    places = np.concatenate([[-1], places])[: len(values)]
    return np.where(places < 0, -1, values[places].astype(np.int64))
