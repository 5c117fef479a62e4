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
    estimate: Clock
    """The same as packets tell it, whatever somebody said."""
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
    near = _near(reads, of, of_ends, times, differences)
    clock = None
    estimate = Clock(reads[0].start, 0)
    if len(times):
        clock = estimate = estimated(times, differences, (of_ends & 1) == near[of_ends >> 1])
    if given is not None:
        since = int(times.min()) if len(times) else reads[0].start
        clock = Clock(since, given, uncertainty=0, drift_uncertainty=0.0, given=True)
    return Places(near, clock, estimate, len(times), len(times) > 1 and not differences.any())


def _near(reads: tuple[Read, Read], of: Joined, ends: Rows, times: Rows, differences: Rows) -> Rows:
    """Return the side of each connection that the first capture was taken at.

    Packets from there come to the second capture later than those to there went through it, whatever its clock shows.
    Packets of both directions one after the other are compared, so that drift does not count. Where a host is, it is
    for all of its connections.
    """
    count = len(of.turned)
    order = np.lexsort((times, ends >> 1))
    ends, differences = ends[order], differences[order]
    turns = np.flatnonzero((ends[1:] ^ ends[:-1]) == 1)
    later = differences[turns + 1] - differences[turns]
    votes = np.sign(np.where(ends[turns] & 1 == 1, later, -later))
    told = np.zeros(count, dtype=np.int64)
    np.add.at(told, ends[turns] >> 1, votes)
    told = np.sign(told)
    # Where the first capture does not have a connection, the second one's addresses stand for it.
    second = of.rows[0] < 0
    sides = []
    for side in (0, 1):
        one, other = (of.places(reads, which, np.full(count, side)) for which in (0, 1))
        sides.append(np.stack([np.where(second, b, a) for a, b in zip(one[:2], other[:2], strict=True)], axis=1))
    _, host = np.unique(np.concatenate(sides), axis=0, return_inverse=True)
    host = host.reshape(2, count)
    here = np.zeros(2 * count + 1, dtype=np.int64)
    for side in (0, 1):
        np.add.at(here, host[side], told * (1 - 2 * side))
    score = np.sign(here[host[0]]) - np.sign(here[host[1]])
    score = np.where(score == 0, told, score)
    # Nothing tells: whoever names two captures, names the client's first.
    near: Rows = np.where(score == 0, of.client, (score < 0).astype(np.int64))
    return near
