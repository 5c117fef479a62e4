"""Moments of a capture as people name them: ``12.5``, ``-3``, ``#417``, ``14:05:10``. Times are ns since the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from .errors import MomentError

SECOND = 1_000_000_000
EPOCH_FROM = 1_000_000_000
"""A plain number from here on is seconds since the epoch (2001), and no offset into a capture of 31 years."""
LATEST = 2**62
"""Beyond it (the year 2116) captures have no times (``sources.framing``)."""

START, END, CLOCK, DAY_TIME, PACKET = range(5)


class Moment(NamedTuple):
    """A moment as somebody names it: its kind (START …), and a number in that kind's unit."""

    kind: int
    value: int  # ns since the start, ns before the end, ns since the epoch, ns since midnight, or a packet number
    text: str
    utc: bool = False  # clock times without a zone are UTC
    zone: timezone | None = None  # of a time of day

    def time(self, start: int, end: int | None) -> int:
        """Return the time that is meant in a capture from ``start`` to ``end`` (which only END needs).

        Raises MomentError where the end is needed and not known, as of a pipe.
        """
        if self.kind == START:
            return start + self.value
        if self.kind == END:
            if end is None:
                raise MomentError(f"{self.text} counts from the end, which is not known before all is read")
            return end - self.value
        if self.kind == DAY_TIME:
            return self._on_the_day_of(start)
        return self.value

    def _on_the_day_of(self, start: int) -> int:
        first = moment_of(start, self.utc)
        if self.zone is not None:
            first = first.astimezone(self.zone)
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in (midnight, midnight + timedelta(days=1)):
            wall = (day + timedelta(seconds=self.value // SECOND)).replace(fold=first.fold)
            found = (
                round((wall if self.utc or self.zone else wall.replace(tzinfo=None).astimezone()).timestamp()) * SECOND
            )
            found += self.value % SECOND
            # A capture that passes midnight: the first such time in it.
            if found >= start - start % SECOND:
                break
        return found


def moment_of(time: int, utc: bool) -> datetime:
    """Return a time as a datetime in local time or UTC, to the second."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=time // SECOND)
    return moment if utc else moment.astimezone()


NUMBER = re.compile(r"([+-]?)(\d{1,18})(?:\.(\d*))?s?", re.ASCII)
ZONE = r"\s*(Z|UTC|[+-]\d\d:?\d\d)?"
TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?" + ZONE, re.ASCII)
DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?" + ZONE, re.ASCII)


def parse_moment(text: str, utc: bool = False) -> Moment:
    """Read a moment: ``12.5``, ``-3``, ``#417``, ``14:05:10.5``, ``2023-11-14 22:13:20+01:00``, ``@1700000000.5``.

    Raises MomentError. ``utc``: clock times without a zone are UTC, not local.
    """
    given = text.strip()
    if given.startswith("#"):
        if given[1:].isascii() and given[1:].isdigit() and 0 < int(given[1:20]) < LATEST:
            return Moment(PACKET, int(given[1:20]), given, utc)
    elif match := NUMBER.fullmatch(given.removeprefix("@")):
        sign, whole, fraction = match.groups()
        value = int(whole) * SECOND + _fraction(fraction)
        if given.startswith("@") or (not sign and int(whole) >= EPOCH_FROM):
            if not sign and value < LATEST:
                return Moment(CLOCK, value, given, utc)
        elif value < 2**61:
            return Moment(END if sign == "-" else START, value, given, utc)
    elif match := TIME_OF_DAY.fullmatch(given):
        hour, minute, second = (int(part or 0) for part in match.groups()[:3])
        if hour < 24 and minute < 60 and second < 60:
            value = (hour * 3600 + minute * 60 + second) * SECOND + _fraction(match[4])
            return Moment(DAY_TIME, value, given, utc, _zone(match[5], text))
    elif match := DATE.fullmatch(given):
        return Moment(CLOCK, _dated(match, utc, given), given, utc)
    raise MomentError(
        f"{text!r} is no moment: give seconds since the start (12.5), before the end (-3), "
        "a clock time (14:05:10 or 2023-11-14 22:13:20Z), or a packet (#417)"
    )


def _fraction(digits: str | None) -> int:
    return int((digits or "0")[:9].ljust(9, "0"))


def _zone(text: str | None, whole: str) -> timezone | None:
    """Return the zone of an offset from UTC; RFC 3339 has them below a day."""
    if text is None or text in ("Z", "UTC"):
        return None if text is None else UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise MomentError(f"{whole!r} is no moment: there is no time zone {text}")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _dated(match: re.Match[str], utc: bool, text: str) -> int:
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    zone = _zone(match[8], text)
    try:
        moment = datetime(year, month, day, hour, minute, second)
        if zone is None:
            moment = moment.replace(tzinfo=UTC) if utc else moment.astimezone()
        else:
            moment = moment.replace(tzinfo=zone)
        value = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) * SECOND
    except (ValueError, OverflowError) as error:
        raise MomentError(f"{text!r} is no moment: {error}") from None
    if abs(value) >= LATEST:
        raise MomentError(f"{text!r} is no moment that a capture can have")
    return value + _fraction(match[7])


def written(time: int, utc: bool = False) -> str:
    """Return a time as text: date, time of day with microseconds, and its offset from UTC."""
    moment = moment_of(time, utc)
    zone = "Z" if utc else f"{moment:%z}"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{time % SECOND // 1000:06d}{zone}"
