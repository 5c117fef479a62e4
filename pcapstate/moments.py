"""Moments of a capture as people name them: ``12.5``, ``1m30s``, ``#417``, ``14:05``. Times are ns since the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from .errors import MomentError
from .escaping import quoted
from .messages import Message

SECOND = 1_000_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
DURATIONS = {
    "ns": 1,
    "us": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": MINUTE,
    "min": MINUTE,
    "h": HOUR,
    "d": DAY,
}
"""Units of durations (their case does not count) in ns."""
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
    grain: int = 1  # ns: how exactly a clock time is named

    def within(self, start: int) -> bool:
        """Tell whether a capture that begins at ``start`` begins in the minute, second … that a clock time names."""
        return self.kind in (CLOCK, DAY_TIME) and 0 <= start - self.time(start, None) < self.grain

    def time(self, start: int, end: int | None) -> int:
        """Return the time that is meant in a capture from ``start`` to ``end`` (which only END needs).

        Raises MomentError where the end is needed and not known, as of a pipe.
        """
        if self.kind == START:
            return start + self.value
        if self.kind == END:
            if end is None:
                raise MomentError(
                    Message("{text} counts from the end, which is not known before all is read", text=self.text)
                )
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
            # A capture that passes midnight: the first such time in it, that of the minute or second it begins in, too.
            if found >= start - start % SECOND or found + self.grain > start:
                break
        return found


def moment_of(time: int, utc: bool) -> datetime:
    """Return a time as a datetime in local time or UTC, to the second."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=time // SECOND)
    return moment if utc else moment.astimezone()


NUMBER = re.compile(r"([+-]?)(\d{1,18})(?:\.(\d{0,30}))?s?", re.ASCII)
_PART = rf"([0-9]{{1,9}})(?:\.([0-9]{{0,30}}))?\s*({'|'.join(DURATIONS)})(?![^\W\d])"
PART = re.compile(_PART, re.IGNORECASE)
PARTS = re.compile(rf"([+-]?)((?:\s*{_PART}){{1,9}})", re.IGNORECASE)
PACKET_NUMBER = re.compile(r"#(\d{1,18})", re.ASCII)
_CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)?"
_HALF = r"\s*([AaPp])\.?[Mm]\.?"
ZONE = r"\s*(Z|UTC|[+-]\d\d:?\d\d)?"
TIME_OF_DAY = re.compile(rf"{_CLOCK}(?:{_HALF})?{ZONE}", re.ASCII)
HOUR_OF_DAY = re.compile(rf"(\d{{1,2}})()()(){_HALF}{ZONE}", re.ASCII)
DATE = re.compile(rf"(\d{{4}})-(\d\d?)-(\d\d?)(?:[T ]+{_CLOCK}(?:{_HALF})?)?{ZONE}", re.ASCII)


def parse_moment(text: str, utc: bool = False) -> Moment:
    """Read a moment: ``12.5``, ``-3``, ``1m30s``, ``#417``, ``14:05:10.5``, ``10:49 PM``, ``2023-11-14 22:13+01:00``
    or ``@1700000000.5`` (since the epoch).

    Raises MomentError. ``utc``: clock times without a zone are UTC, not local.
    """
    given = text.strip()
    if match := PACKET_NUMBER.fullmatch(given):
        if int(match[1]) > 0:
            return Moment(PACKET, int(match[1]), given, utc)
    elif match := NUMBER.fullmatch(given.removeprefix("@")):
        sign, whole, fraction = match.groups()
        value = int(whole) * SECOND + _fraction(fraction)
        if given.startswith("@") or (not sign and int(whole) >= EPOCH_FROM):
            if not sign and value < LATEST:
                return Moment(CLOCK, value, given, utc, grain=_grain("1", fraction))
        elif value < 2**61:
            return Moment(END if sign == "-" else START, value, given, utc)
    elif match := PARTS.fullmatch(given):
        value = sum(_part(*part) for part in PART.findall(match[2]))
        if value < 2**61:
            return Moment(END if match[1] == "-" else START, value, given, utc)
    elif match := TIME_OF_DAY.fullmatch(given) or HOUR_OF_DAY.fullmatch(given):
        hour, minute, second = (int(part or 0) for part in match.groups()[:3])
        hour = _of_24(hour, match[5])
        if hour < 24 and minute < 60 and second < 60:
            value = (hour * 3600 + minute * 60 + second) * SECOND + _fraction(match[4])
            grain = _grain(match[3], match[4]) if match[2] else HOUR
            return Moment(DAY_TIME, value, given, utc, _zone(match[6], text), grain)
    elif match := DATE.fullmatch(given):
        grain = _grain(match[6], match[7]) if match[4] else DAY
        return Moment(CLOCK, _dated(match, utc, given), given, utc, grain=grain)
    raise MomentError(
        Message(
            "{text} is no moment: give seconds since the start (12.5, 1m30s), before the end (-3), "
            "a clock time (14:05:10 or 2023-11-14 22:13:20Z), or a packet (#417)",
            text=quoted(text),
        )
    )


def _fraction(digits: str | None) -> int:
    return int((digits or "0")[:9].ljust(9, "0"))


def _part(whole: str, fraction: str, unit: str) -> int:
    size = DURATIONS[unit.casefold()]
    return int(whole) * size + _fraction(fraction) * size // SECOND


def _grain(seconds: str | None, fraction: str | None) -> int:
    """Return how exact a time is that names seconds and digits behind them, or not even seconds."""
    return MINUTE if seconds is None else SECOND // 10 ** min(len(fraction or ""), 9)


def _of_24(hour: int, half: str | None) -> int:
    """Return an hour of a half of the day ("a" or "p", if told) as one of 0 to 23; 24 where there is no such hour."""
    if half is None:
        return hour
    return hour % 12 + (12 if half in "Pp" else 0) if 1 <= hour <= 12 else 24


def _zone(text: str | None, whole: str) -> timezone | None:
    """Return the zone of an offset from UTC; RFC 3339 has them below a day."""
    if text is None or text in ("Z", "UTC"):
        return None if text is None else UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise MomentError(Message("{whole} is no moment: there is no time zone {text}", whole=quoted(whole), text=text))
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _dated(match: re.Match[str], utc: bool, text: str) -> int:
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    zone = _zone(match[9], text)
    hour = _of_24(hour, match[8])
    try:
        moment = datetime(year, month, day, hour, minute, second)
        if zone is None:
            moment = moment.replace(tzinfo=UTC) if utc else moment.astimezone()
        else:
            moment = moment.replace(tzinfo=zone)
        value = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) * SECOND
    except (ValueError, OverflowError) as error:
        raise MomentError(
            Message("{text} is no moment: {error}", text=quoted(text), error=Message(str(error)))
        ) from None
    if abs(value) >= LATEST:
        raise MomentError(Message("{text} is no moment that a capture can have", text=quoted(text)))
    return value + _fraction(match[7])


def written(time: int, utc: bool = False) -> str:
    """Return a time as text: date, time of day with microseconds, and its offset from UTC."""
    moment = moment_of(time, utc)
    zone = "Z" if utc else f"{moment:%z}"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{time % SECOND // 1000:06d}{zone}"
