"""How times are written for people: local time, as Wireshark does; UTC; or seconds since the start."""

from __future__ import annotations

from typing import NamedTuple

from ..moments import SECOND, written

SHORT = len("2023-11-14 22:13:20.000000")
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


class TimeFormat(NamedTuple):
    """A way of writing times. ``start``: of the capture, ns since the epoch, where times are relative."""

    utc: bool = False
    relative: bool = False
    start: int = 0

    def moment(self, time: int) -> str:
        """Return a time in full: date, time of day with microseconds, offset from UTC; or seconds since the start."""
        if self.relative:
            return seconds(time - self.start)
        return written(time, self.utc)

    def short(self, time: int) -> str:
        """Return a time for a column: as ``moment``, without the offset."""
        if self.relative:
            return seconds(time - self.start)
        return written(time, self.utc)[:SHORT]


def seconds(time: int) -> str:
    """Return nanoseconds as seconds with six decimals."""
    sign = "-" if time < 0 else ""
    return f"{sign}{abs(time) // SECOND}.{abs(time) % SECOND // 1000:06d}"


def duration(time: int) -> str:
    """Return a duration with the precision that people read it with: 0.000481s, 12.5s, 3min 20s, 2h 5min, 4d 1h."""
    if time < 60 * SECOND:
        digits = 6 if time < SECOND else 3
        return f"{seconds(time)[: digits - 6 or None]}s"
    whole = time // SECOND
    parts: list[str] = []
    for size, unit in UNITS:
        if whole >= size or parts:
            parts.append(f"{whole // size}{unit}")
            whole %= size
    return " ".join([*parts, f"{whole}s"][:2])
