"""How far apart two clocks are, and how fast they drift apart, from packets that both captures have.

A packet is captured at its receiver after its sender. So each packet of one direction bounds the difference of the
clocks from above, and each of the other one from below. The line in the middle, where both bounds are furthest from
it, is the estimate; half of what is left between them is its uncertainty. That the fastest packets take as long one way
as the other is an assumption: packets cannot tell it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..rows import Rows

BINS = 512
"""Parts of the time, of which only the fastest packet of each direction counts."""
STEEPEST = 2e-3
"""Drift that is considered at most: real clocks drift by 1e-4, while they are set by 5e-4."""
STEPS = 90
"""Of a search that narrows by a third each."""


class Clock(NamedTuple):
    """What the second clock shows: ``time + offset + drift * (time - since)`` at a time of the first one."""

    since: int
    offset: int
    """ns by which the second clock is ahead at the time ``since``."""
    drift: float = 0.0
    uncertainty: int | None = None
    """ns by which the offset may be wrong either way; None: packets of one direction alone do not tell."""
    drift_uncertainty: float | None = None
    straight: bool = True
    """Some line fits all packets; otherwise a clock was set meanwhile."""
    given: bool = False
    """Somebody said so."""

    def first(self, times: Rows) -> Rows:
        """Return times of the second clock as the first one shows them."""
        ahead = times - self.since - self.offset
        return self.since + ahead - np.rint(ahead * (self.drift / (1 + self.drift))).astype(np.int64)

    def ahead(self, time: int) -> int:
        """Return by how many ns the second clock is ahead at a time of the first one."""
        return self.offset + round(self.drift * (time - self.since))


def estimated(times: Rows, differences: Rows, towards_second: Rows) -> Clock:
    """Return the clock that fits packets, at least one.

    ``times``: by the first clock; ``differences``: second minus first; ``towards_second``: which way each went.
    """
    since, base = int(times.min()), int(np.median(differences))
    x, y = (times - since).astype(np.float64), (differences - base).astype(np.float64)
    above = _extremes(x[towards_second], y[towards_second])
    below = _extremes(x[~towards_second], -y[~towards_second])
    below = below[0], -below[1]
    if not len(above[0]) or not len(below[0]):
        only = above if len(above[0]) else below
        bound = only[1].min() if len(above[0]) else only[1].max()
        return Clock(since, base + round(bound))

    def bounds(drift: float) -> tuple[float, float]:
        return float((below[1] - drift * below[0]).max()), float((above[1] - drift * above[0]).min())

    def room(drift: float) -> float:
        low, high = bounds(drift)
        return high - low

    drift = _highest(room)
    most = room(drift)
    # What leaves half of the room is as good as anything else.
    slowest, fastest = (_where_half(room, drift, end, most) for end in (-STEEPEST, STEEPEST))
    if slowest <= 0 <= fastest:
        drift = 0.0
    low, high = bounds(drift)
    return Clock(
        since,
        base + round((low + high) / 2),
        drift,
        round(abs(high - low) / 2),
        max(fastest - drift, drift - slowest),
        straight=most >= 0,
    )


def _extremes(x: Rows, y: Rows) -> tuple[Rows, Rows]:
    """Return the point with the least y of each part of the time."""
    if len(x) <= BINS:
        return x, y
    part = np.minimum((x * (BINS / (x.max() + 1))).astype(np.int64), BINS - 1)
    order = np.lexsort((y, part))
    _, at = np.unique(part[order], return_index=True)
    return x[order[at]], y[order[at]]


def _highest(room: object) -> float:
    """Return where a concave function is highest."""
    assert callable(room)
    low, high = -STEEPEST, STEEPEST
    for _ in range(STEPS):
        one, other = low + (high - low) / 3, high - (high - low) / 3
        low, high = (one, high) if room(one) < room(other) else (low, other)
    return (low + high) / 2


def _where_half(room: object, best: float, end: float, most: float) -> float:
    """Return where a concave function falls to half of its height, between its highest place and an end."""
    assert callable(room)
    inside, outside = best, end
    if most <= 0:
        return best
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if room(middle) >= most / 2 else (inside, middle)
    return inside
