"""Marks on an axis: round times on the clock, or since the start, and round numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..moments import DAY, HOUR, MINUTE, SECOND, moment_of
from ..wording.times import TimeFormat, duration

MICROSECOND = 1_000
STEPS = (
    *(factor * 10**power for power in range(3, 10) for factor in (1, 2, 5)),
    *(10 * SECOND, 15 * SECOND, 30 * SECOND),
    *(number * MINUTE for number in (1, 2, 5, 10, 15, 30)),
    *(number * HOUR for number in (1, 2, 3, 6, 12)),
    *(number * DAY for number in (1, 2, 7, 14, 28, 91, 182, 364, 1820, 3640, 18_200, 36_400)),
)
"""What can lie between two marks, in ns."""
DATE, MONTH_AND_DAY, TIME_OF_DAY, MINUTES = slice(0, 10), slice(5, 10), slice(11, 19), slice(11, 16)
"""Parts of a time as ``TimeFormat`` writes it."""


class Tick(NamedTuple):
    """A mark: where it is, and what stands beside it."""

    time: int
    text: str


def ticks(start: int, end: int, how: TimeFormat, fit: Callable[[int, int], bool]) -> list[Tick]:
    """Return marks from a time to another, as many as fit.

    ``fit`` is told what lies between two marks (ns), and how long the longest text is.
    """
    zero = how.start if how.relative else -_offset(start, how.utc)
    for step in STEPS:
        first = zero + -(-(start - zero) // step) * step
        # Texts of a step are about as long as each other; only what may fit is written out.
        if fit(step, len(_text(first, step, how))):
            found = [Tick(time, _text(time, step, how)) for time in range(first, end + 1, step)]
            if fit(step, max((len(one.text) for one in found), default=0)):
                return found
    return []


def _offset(time: int, utc: bool) -> int:
    """Return how far the clock is ahead of UTC at a time, in ns."""
    ahead = moment_of(time, utc).utcoffset()
    return 0 if ahead is None else round(ahead.total_seconds()) * SECOND


def _text(time: int, step: int, how: TimeFormat) -> str:
    digits = next(number for number in range(7) if step % (SECOND // 10**number) == 0)
    if how.relative:
        since = time - how.start
        if abs(since) >= MINUTE and not digits:
            return duration(abs(since)) if since >= 0 else f"-{duration(-since)}"
        return f"{since / SECOND:.{digits}f}s"
    written = how.short(time)
    if step >= 182 * DAY:
        return written[DATE]
    if step >= DAY or (step >= MINUTE and written[TIME_OF_DAY] == "00:00:00"):
        return written[MONTH_AND_DAY]
    if step >= MINUTE:
        return written[MINUTES]
    return written[TIME_OF_DAY] + (written[19 : 20 + digits] if digits else "")


def numbers(most: int, wanted: int) -> Iterator[int]:
    """Yield round whole numbers from 0 up to ``most``, about as many as are wanted."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if most // (factor * power) <= wanted:
                yield from range(0, most + 1, factor * power)
                return
        power *= 10
