"""Changes between two tables of netstat: rows that are new, in another state, or gone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..rows import Rows
from .rows import NO_STATE, SocketRows

SAME, NEW, CHANGED, GONE = range(4)
CHANGES = (None, "new", "changed", "gone")
"""The words of a change for programs."""


class Changes(NamedTuple):
    """One entry a row: what became of it, and its former state (or NO_STATE)."""

    kind: Rows
    was: Rows


def compare(rows: SocketRows, before: SocketRows | None) -> Changes:
    """Return what changed since ``before``; rows that are gone are appended to ``rows``, in their former state."""
    kind = np.full(len(rows), SAME, dtype=np.uint8)
    was = np.full(len(rows), NO_STATE, dtype=np.uint8)
    if before is None:
        return Changes(kind, was)
    places = _places(rows, before)
    there = places >= 0
    was[there] = before.state[places[there]]
    kind[there & (was != rows.state)] = CHANGED
    kind[~there] = NEW
    was[kind != CHANGED] = NO_STATE
    gone = np.ones(len(before), dtype=bool)
    gone[places[there]] = False
    rows.append(before, np.flatnonzero(gone))
    more = int(np.count_nonzero(gone))
    return Changes(
        np.concatenate([kind, np.full(more, GONE, dtype=np.uint8)]),
        np.concatenate([was, before.state[gone]]),
    )


def _places(rows: SocketRows, before: SocketRows) -> Rows:
    """Return the former index of each row, or -1; rows are identified by endpoint, or by port without one."""
    places = np.full(len(rows), -1, dtype=np.int32)
    old, new = before.endpoint, rows.endpoint
    order = np.argsort(old, kind="stable").astype(np.int32)
    at = np.searchsorted(old, new, sorter=order)
    at[at == len(old)] = 0
    if len(old):
        same = (old[order[at]] == new) & (new >= 0)
        places[same] = order[at[same]]
    free = {key: int(place) for key, place in zip(_ports(before), np.flatnonzero(old < 0), strict=True)}
    for row, key in zip(np.flatnonzero(new < 0).tolist(), _ports(rows), strict=True):
        places[row] = free.get(key, -1)
    return places


def _ports(rows: SocketRows) -> list[tuple[int, ...]]:
    """Return protocol, address and port of the rows that have no endpoint."""
    free = rows.some(rows.endpoint < 0)
    return list(zip(*(part.tolist() for part in (free.proto, *free.local)), strict=True))
