"""A ladder in lines of text: an arrow for each packet between the states of both ends after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, overload

from ..decode.segment import ACK, CWR, ECE, FIN, PSH, RST, SEGMENT_ICMP, SYN, URG
from ..decode.syn_options import HAS_FAST_OPEN, HAS_SACK, HAS_TIMESTAMPS, MSS_AT, SHIFT
from ..output.shortening import cut
from ..output.widths import display_width
from ..table import ALARM, CAUTION, PLAIN
from ..tcp.machine import TABLE
from ..tcp.states import State
from ..views.reading_aids import STATE_TONES, Manner
from ..wording.languages import translate
from ..wording.styles import shown_states
from .steps import NO_PACKET, Step, Steps

FLAGS = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"), (URG, "URG"), (ECE, "ECE"), (CWR, "CWR"))
OPTIONS = ((HAS_SACK, "sack"), (HAS_TIMESTAMPS, "ts"), (HAS_FAST_OPEN, "fast open"))
STATE_WIDTH = len("SYN_RECEIVED ")
NARROWEST = 20
"""Columns of an arrow at least."""
PAUSE_WIDTH = len("+12.3ms ")
ROOM_FOR_PAUSES = 48
"""Columns of an arrow from which on the time since the packet before stands in a column of its own."""


class Run(NamedTuple):
    """A piece of a line with one tone (``table.PLAIN`` …)."""

    text: str
    tone: int = PLAIN


Line = tuple[Run, ...]


class Signs(NamedTuple):
    """What arrows and lifelines are drawn with."""

    line: str = "─"
    right: str = "▶"
    left: str = "◀"
    wait: str = "·"
    lost: str = "✗"
    micro: str = "µs"


SIGNS, ASCII_SIGNS = Signs(), Signs("-", ">", "<", ".", "x", "us")


def flags_text(flags: int) -> str:
    """Return the names of a segment's flags."""
    return "ICMP" if flags == SEGMENT_ICMP else " ".join(name for bit, name in FLAGS if flags & bit) or "-"


def segment_text(step: Step, lang: str) -> str:
    """Return what stands on the arrow of a packet: flags, relative numbers, payload bytes."""
    if step.flags == SEGMENT_ICMP:
        return translate("ICMP error", lang)
    parts = [flags_text(step.flags), f"seq {step.seq}"]
    if step.flags & ACK:
        parts.append(f"ack {step.ack}")
    if step.length:
        parts.append(f"len {step.length}")
    if step.flags & SYN or step.window == 0:
        parts.append(f"win {step.window}")
    if step.copy:
        parts.append(translate("(duplicate)", lang))
    elif step.again:
        parts.append(translate("(retransmission)", lang))
    elif step.gap:
        parts.append(translate("({count} bytes missing)", lang).format(count=step.gap))
    return " ".join(parts)


def options_of(options: int) -> list[str]:
    """Return the options of a SYN (``SEGMENT``) in short, the more telling first."""
    parts = [f"mss {options >> MSS_AT}"] if options >> MSS_AT else []
    if options & SHIFT:
        parts.append(f"ws {1 << (options & SHIFT) - 1}")
    parts += [word for bit, word in OPTIONS if options & bit]
    return parts


def cause_text(step: Step, lang: str) -> str:
    """Return what caused the changes of a step without a packet."""
    causes = dict.fromkeys(translate(TABLE[one.row].cause, lang) for one in step.changes)
    return ", ".join(causes) if step.number == 0 else f"#{step.number}: {', '.join(causes)}"


class Ladder(Sequence[Line]):
    """A line for each step, ``width`` columns wide; each is worked out when it is asked for.

    ``start``: the time from which times count (ns since the epoch; None: of the first step).
    """

    def __init__(self, given: Steps, width: int, how: Manner, signs: Signs = SIGNS, start: int | None = None) -> None:
        self._steps, self._how, self._signs = given, how, signs
        times = given.rows["time"]
        self._start = int(times[0]) if start is None and len(given) else start or 0
        self._states = shown_states(how.style)
        self._number_width = len(f"#{given.rows['number'].max(initial=0)}") if len(given) else 0
        extremes = (int(times.min()), int(times.max())) if len(given) else ()
        self._time_width = max((len(_seconds(time - self._start)) for time in extremes), default=0)
        self._room = max(width - self._number_width - self._time_width - 2 * STATE_WIDTH - 4, NARROWEST)
        self._pause_width = PAUSE_WIDTH if self._room - PAUSE_WIDTH >= ROOM_FOR_PAUSES else 0
        self._room -= self._pause_width

    def _head(self, at: int, step: Step) -> str:
        number = f"#{step.number}" if step.number else ""
        head = f"{number:>{self._number_width}} {_seconds(step.time - self._start):>{self._time_width}} "
        if self._pause_width:
            pause = _pause(step.time - int(self._steps.rows["time"][at - 1]), self._signs.micro) if at else ""
            head += f"{pause:>{PAUSE_WIDTH - 1}} "
        return head

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        step = self._steps[at]
        one, other = (
            _state(self._states, step.before[side], step.after[side], _arrives(step, side), side) for side in (0, 1)
        )
        arrow = _arrow(step, self._room, self._how.lang, self._signs)
        return Run(self._head(at, step)), one, Run(" "), arrow, Run(" "), other


def _arrives(step: Step, side: int) -> bool:
    return any(one.side == side for one in step.changes)


def _state(states: Sequence[str], before: State, after: State, changed: bool, side: int) -> Run:
    """Return the state of an end after a step: a mark tells that it has changed."""
    text = states[after]
    mark = "*" if changed and before != after else " "
    text = f"{text}{mark}".rjust(STATE_WIDTH) if side == 0 else f"{mark}{text}".ljust(STATE_WIDTH)
    return Run(text, STATE_TONES[after])


def _seconds(time: int) -> str:
    return f"{time / 1e9:.6f}"


def _pause(time: int, micro: str) -> str:
    """Return the time since the step before, in three digits."""
    sign, time = "-" if time < 0 else "+", abs(time)
    for unit, size in (("s", 10**9), ("ms", 10**6)):
        # What rounds up to 1,000 of the smaller unit belongs here.
        if time >= size * 0.9995:
            return f"{sign}{_digits(time / size)}{unit}"
    return f"{sign}{time / 1000:.0f}{micro}"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def _arrow(step: Step, room: int, lang: str, signs: Signs) -> Run:
    if step.flags == NO_PACKET:
        text = f" {cause_text(step, lang)} "
        return Run(_filled(text, room, signs.wait, signs.wait, signs.wait))
    text = f" {segment_text(step, lang)} "
    for option in options_of(step.options):
        if display_width(text) + len(option) + 1 > room - 4:
            break
        text += f"{option} "
    alarm = (step.flags & RST and step.flags >= 0) or step.lost
    tone = ALARM if alarm else CAUTION if step.again or step.copy or step.gap else PLAIN
    right, left = (signs.lost, signs.lost) if step.lost else (signs.right, signs.left)
    ends = (signs.line, right) if step.side == 0 else (left, signs.line)
    return Run(_filled(text, room, signs.line, *ends), tone)


def _filled(text: str, room: int, line: str, first: str, last: str) -> str:
    text = cut(text, room - 4)
    blank = room - display_width(text) - 2
    return first + line * (blank // 2) + text + line * (blank - blank // 2) + last
