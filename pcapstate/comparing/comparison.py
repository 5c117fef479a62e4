"""Two captures that were read, compared: connections, packets, clocks, pairs of states."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import NothingInCommon
from ..rows import Rows
from .clocks import Clock
from .fates import Fates, Side, fates
from .pairing import Joined, Read, joined
from .pairs import Pairs, events, pairs
from .places import Places, places


class Comparison(NamedTuple):
    """What came of it. Connections are those in which both hosts can have had a part."""

    reads: tuple[Read, Read]
    joined: Joined
    places: Places
    clock: Clock
    spans: tuple[tuple[int, int], tuple[int, int]]
    """When each capture begins and ends, by the first clock."""
    shown: Rows
    """The connections (of ``joined``) that are between the hosts of both captures, in order."""
    others: tuple[int, int]
    """Connections that either capture has with other hosts."""
    fates: Fates
    events: Rows
    """EVENT."""
    pairs: Pairs


def compare(first: Read, second: Read, offset: int | None = None) -> Comparison:
    """Compare two captures; ``offset``: by how many ns the second clock is ahead. Raises NothingInCommon."""
    reads = (first, second)
    of = joined(first, second)
    ends = of.ends(0, first.packets["end"]), of.ends(1, second.packets["end"])
    at = places(reads, of, ends, offset)
    if at.clock is None or not ((of.rows[0] >= 0) & (of.rows[1] >= 0)).any():
        raise NothingInCommon("the captures have no packet in common, so there is nothing to compare")
    if at.same and len(first.packets) == len(second.packets):
        raise NothingInCommon("both captures are the same: every packet has the same time in both")
    clock = at.clock
    begin, end = (int(clock.first(np.array([time]))[0]) for time in (second.start, second.end))
    spans = (first.start, first.end), (begin, end)
    shown, others = _between(reads, of, at.near)
    chosen = np.zeros(len(of.turned), dtype=bool)
    chosen[shown] = True
    sent, got = _sides(reads, ends, at.near, clock, chosen)
    told = events(of, at.near, reads, clock, sent, got)
    told = told[chosen[told["end"] >> 1]]
    found = fates(sent, got, spans)
    return Comparison(
        reads, of, at, clock, spans, shown, others, found, told, pairs(of, at.near, told, found.talking(), spans)
    )


def _between(reads: tuple[Read, Read], of: Joined, near: Rows) -> tuple[Rows, tuple[int, int]]:
    """Return connections that both captures have, or that one has between hosts of both; and how many others."""
    count = len(of.turned)
    both = (of.rows[0] >= 0) & (of.rows[1] >= 0)
    chosen = both.copy()
    others = []
    for which in (0, 1):
        # Of a connection that only this capture has, the far end is a host at which the other one was taken.
        far = near ^ 1 if which == 0 else near
        high, low, _ = of.places(reads, which, far)
        known = {(int(a), int(b)) for a, b in zip(high[both], low[both], strict=True)}
        if which == 1:
            # Where an address was translated, other hosts are behind it, too.
            own = of.places(reads, 0, far)
            known -= {
                (int(high[row]), int(low[row])) for row in np.flatnonzero(both & ((own[0] != high) | (own[1] != low)))
            }
        alone = np.flatnonzero((of.rows[which] >= 0) & ~both)
        ours = np.array([(int(high[row]), int(low[row])) in known for row in alone], dtype=bool)
        chosen[alone[ours]] = True
        others.append(int(np.count_nonzero(~ours)))
    return np.flatnonzero(chosen[:count]), (others[0], others[1])


def _sides(
    reads: tuple[Read, Read], ends: tuple[Rows, Rows], near: Rows, clock: Clock, chosen: Rows
) -> tuple[Side, Side]:
    """Return what was sent, and what was received, as captured on the sender's and on the receiver's side."""
    parts: tuple[list[Side], list[Side]] = ([], [])
    for which, (read, of) in enumerate(zip(reads, ends, strict=True)):
        rows = np.flatnonzero((of >= 0) & chosen[np.maximum(of, 0) >> 1])
        packets, of = read.packets[rows], of[rows]
        if which:
            packets["time"] = clock.first(packets["time"])
        here = (of & 1 == near[of >> 1]) != bool(which)
        for part, some in zip(parts, (here, ~here), strict=True):
            part.append(Side(packets[some], of[some], np.full(int(some.sum()), bool(which))))
    sent, got = (_in_order(one) for one in parts)
    return sent, got


def _in_order(parts: list[Side]) -> Side:
    packets, ends, second = (np.concatenate(one) for one in zip(*parts, strict=True))
    order = np.argsort(packets["time"], kind="stable")
    return Side(packets[order], ends[order], second[order])
