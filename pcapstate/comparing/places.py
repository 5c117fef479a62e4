"""Which end of a connection each capture was taken at, and how far the clocks are apart: packets that both have say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..rows import Rows
from .clocks import Clock, estimated
from .matching import sent_once
from .pairing import Joined, Read


class Places(NamedTuple):
    """What is known of where and when captures were taken."""

    near: Rows
    """Of each connection the side at which the first capture was taken."""
    clock: Clock | None
    """Of the second capture; None: no packet is in both."""
    common: int
    """Packets from which that is known."""
    same: bool
    """Every packet has the same time in both: it is one capture, given twice."""


def places(reads: tuple[Read, Read], of: Joined, ends: tuple[Rows, Rows], given: int | None) -> Places:
    """Return where captures were taken; ``ends``: of their packets (``Joined.ends``), ``given``: the offset, ns."""
    both = [np.flatnonzero(one >= 0) for one in ends]
    shared = (of.rows[0] >= 0) & (of.rows[1] >= 0)
    both = [rows[shared[one[rows] >> 1]] for rows, one in zip(both, ends, strict=True)]
    at, other = sent_once(
        (reads[0].packets[both[0]], ends[0][both[0]]),
        (reads[1].packets[both[1]], ends[1][both[1]]),
    )
    one, two = both[0][at], both[1][other]
    of_ends, times = ends[0][one], reads[0].packets["time"][one]
    differences = reads[1].packets["time"][two] - times
    near = _near(reads, of, of_ends, differences)
    clock = None
    if len(times):
        clock = estimated(times, differences, (of_ends & 1) == near[of_ends >> 1])
    if given is not None:
        since = int(times.min()) if len(times) else reads[0].start
        clock = Clock(since, given, uncertainty=0, drift_uncertainty=0.0, given=True)
    return Places(near, clock, len(times), len(times) > 1 and not differences.any())


def _near(reads: tuple[Read, Read], of: Joined, ends: Rows, differences: Rows) -> Rows:
    """Return the side of each connection that the first capture was taken at.

    Packets from there come to the second capture later than those to there went through it, whatever its clock shows.
    Hosts of which some connections tell this are where they are for all.
    """
    count = len(of.turned)
    order = np.lexsort((differences, ends))
    ends, differences = ends[order], differences[order]
    starts = np.flatnonzero(np.diff(ends, prepend=-1))
    counts = np.diff(np.append(starts, len(ends)))
    middle = np.zeros(2 * count, dtype=np.int64)
    known = np.zeros(2 * count, dtype=bool)
    # The fastest of each direction are the least disturbed.
    middle[ends[starts]] = differences[starts + (counts - 1) // 2]
    known[ends[starts]] = True
    both = known[0::2] & known[1::2]
    sign = np.where(both, np.sign(middle[0::2] - middle[1::2]), 0)
    here: dict[tuple[int, int], int] = {}
    places = [of.places(reads, 0, np.full(count, side)) for side in (0, 1)]
    second = of.rows[0] < 0
    by_second = [of.places(reads, 1, np.full(count, side)) for side in (0, 1)]
    hosts = [
        [
            (int(high), int(low))
            for high, low in zip(np.where(second, b[0], a[0]), np.where(second, b[1], a[1]), strict=True)
        ]
        for a, b in zip(places, by_second, strict=True)
    ]
    for row in np.flatnonzero(sign):
        for side in (0, 1):
            place = hosts[side][row]
            here[place] = here.get(place, 0) + int(sign[row] * (1 - 2 * side))
    near = np.where(sign > 0, 0, 1)
    for row in np.flatnonzero(sign == 0):
        score = here.get(hosts[0][row], 0) - here.get(hosts[1][row], 0)
        # Nothing tells: whoever names two captures, names the client's first.
        near[row] = int(of.client[row]) if score == 0 else int(score < 0)
    return near.astype(np.int64)
