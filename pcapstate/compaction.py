"""Rows of tables that move up when others are evicted; ``kept``: the former rows that are left, ascending."""

from __future__ import annotations

import numpy as np

from .rows import Rows

ROWS_TOGETHER = 1 << 16
"""Rows moved together, to save memory."""


def move_up(rows: Rows, kept: Rows, ends: int = 1) -> None:
    """Move what is kept of a table to its front and clear the rest; each of ``kept`` stands for ``ends`` rows.

    A row is a multiple of eight bytes.
    """
    # As plain numbers, which NumPy copies many times faster than structures.
    whole = rows.view(np.int64).reshape(len(rows), -1)
    for start in range(0, len(kept), ROWS_TOGETHER):
        chosen = kept[start : start + ROWS_TOGETHER]
        first, count = int(chosen[0]), len(chosen)
        if int(chosen[-1]) - first == count - 1:
            # What came together goes together, as in a flood: one piece, which is copied much faster.
            values = whole[ends * first : ends * (first + count)]
        else:
            values = whole[endpoints_of(chosen) if ends == 2 else chosen]
        _write(whole[ends * start : ends * (start + count)], values)
    for start in range(ends * len(kept), len(rows), ROWS_TOGETHER):
        _write(whole[start : start + ROWS_TOGETHER], 0)


def _write(to: Rows, values: Rows | int) -> None:
    """Write values, but no zeros over zeros, since what was never written takes no memory."""
    if np.any(values) or to.any():
        to[:] = values


def endpoints_of(kept: Rows) -> Rows:
    """Return the endpoints, two each, of connections."""
    return np.stack([2 * kept, 2 * kept + 1], axis=1).reshape(-1)


def endpoints_after(kept: Rows, endpoints: Rows) -> Rows:
    """Return the new endpoints (2 * row + side) once only ``kept`` is left; -1 for evicted ones and for -1."""
    row = np.searchsorted(kept, endpoints >> 1)
    there = np.append(kept, -1)[row] == endpoints >> 1
    return np.where(there & (endpoints >= 0), 2 * row + (endpoints & 1), -1)


def kept_of(values: Rows, kept: Rows) -> Rows:
    """Return what is left of an array with a value for each endpoint, except perhaps the last ones."""
    ends = endpoints_of(kept)
    return values[ends[: np.searchsorted(ends, len(values))]]
