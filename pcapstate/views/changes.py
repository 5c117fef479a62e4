"""What changed between two tables of netstat: rows that are new, in another state, or gone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .endpoints import Rows
from .netstat import NO_STATE, Netstat

SAME, NEW, CHANGED, GONE = range(4)
CHANGES = (None, "new", "changed", "gone")
"""How programs read a change."""


class Changes(NamedTuple):
    """One entry a row: what became of it, and its state before (NO_STATE where it had none)."""

    kind: Rows
    was: Rows


def compare(rows: Netstat, before: Netstat | None) -> Changes:
    """Tell what changed since ``before``; rows that are gone are put behind those of ``rows``, as they were."""
    if before is None:
        return Changes(np.zeros(len(rows), dtype=np.int64), np.full(len(rows), NO_STATE))
    old = {key: index for index, key in enumerate(_keys(before))}
    kind, was = [], []
    for key, state in zip(_keys(rows), rows.state.tolist(), strict=True):
        place = old.pop(key, None)
        previous = NO_STATE if place is None else int(before.state[place])
        kind.append(NEW if place is None else SAME if previous == state else CHANGED)
        was.append(previous if kind[-1] == CHANGED else NO_STATE)
    gone = sorted(old.values())
    rows.keep(np.concatenate([rows.rows, before.rows[gone]]))
    kind += [GONE] * len(gone)
    was += before.state[gone].tolist()
    return Changes(np.array(kind, dtype=np.int64), np.array(was, dtype=np.int64))


def _keys(rows: Netstat) -> list[tuple[int, ...]]:
    """Return what a row is known by: its endpoint, or the port that has no connection."""
    parts = [rows.proto, np.maximum(rows.endpoint, -1), *rows.local]
    return list(zip(*(part.tolist() for part in parts), strict=True))
