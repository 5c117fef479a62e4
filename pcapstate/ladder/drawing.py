"""A ladder in lines of text: an arrow for each packet between the states of both ends after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, overload

from ..decode.segment import ACK, CWR, ECE, FIN, PSH, RST, SEGMENT_ICMP, SYN, URG
from ..output.shortening import cut
from ..output.widths import display_width
from ..table import ALARM, CAUTION, PLAIN
from ..tcp.machine import TABLE
from ..tcp.states import State
from ..views.reading_aids import STATE_TONES, Manner
from ..wording.languages import translate
from ..wording.styles import shown_states
from .steps import NO_PACKET, Step

FLAGS = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"), (URG, "URG"), (ECE, "ECE"), (CWR, "CWR"))
STATE_WIDTH = len("SYN_RECEIVED ")
NARROWEST = 20
"""Columns of an arrow at least."""


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


SIGNS, ASCII_SIGNS = Signs(), Signs("-", ">", "<", ".")


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


def cause_text(step: Step, lang: str) -> str:
    """Return what caused the changes of a step without a packet."""
    causes = dict.fromkeys(translate(TABLE[one.row].cause, lang) for one in step.changes)
    return ", ".join(causes) if step.number == 0 else f"#{step.number}: {', '.join(causes)}"


class Ladder(Sequence[Line]):
    """A line for each step, ``width`` columns wide; each is worked out when it is asked for.

    ``start``: the time from which times count (ns since the epoch; None: of the first step).
    """

    def __init__(
        self, given: Sequence[Step], width: int, how: Manner, signs: Signs = SIGNS, start: int | None = None
    ) -> None:
        self._steps, self._how, self._signs = given, how, signs
        self._start = given[0].time if start is None and given else start or 0
        self._states = shown_states(how.style)
        self._number_width = max((len(f"#{step.number}") for step in given), default=0)
        self._time_width = max((len(self._time(step)) for step in (*given[:1], *given[-1:])), default=0)
        self._room = max(width - self._number_width - self._time_width - 2 * STATE_WIDTH - 4, NARROWEST)

    def _time(self, step: Step) -> str:
        return f"{(step.time - self._start) / 1e9:.6f}"

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        step = self._steps[at]
        number = f"#{step.number}" if step.number else ""
        head = f"{number:>{self._number_width}} {self._time(step):>{self._time_width}} "
        one, other = (
            _state(self._states, step.before[side], step.after[side], _arrives(step, side), side) for side in (0, 1)
        )
        return Run(head), one, Run(" "), _arrow(step, self._room, self._how.lang, self._signs), Run(" "), other


def _arrives(step: Step, side: int) -> bool:
    return any(one.side == side for one in step.changes)


def _state(states: Sequence[str], before: State, after: State, changed: bool, side: int) -> Run:
    """Return the state of an end after a step: a mark tells that it has changed."""
    text = states[after]
    mark = "*" if changed and before != after else " "
    text = f"{text}{mark}".rjust(STATE_WIDTH) if side == 0 else f"{mark}{text}".ljust(STATE_WIDTH)
    return Run(text, STATE_TONES[after])


def _arrow(step: Step, room: int, lang: str, signs: Signs) -> Run:
    if step.flags == NO_PACKET:
        text = f" {cause_text(step, lang)} "
        return Run(_filled(text, room, signs.wait, signs.wait, signs.wait))
    text = f" {segment_text(step, lang)} "
    tone = ALARM if step.flags & RST and step.flags >= 0 else CAUTION if step.again or step.copy or step.gap else PLAIN
    ends = (signs.line, signs.right) if step.side == 0 else (signs.left, signs.line)
    return Run(_filled(text, room, signs.line, *ends), tone)


def _filled(text: str, room: int, line: str, first: str, last: str) -> str:
    text = cut(text, room - 4)
    blank = room - display_width(text) - 2
    return first + line * (blank // 2) + text + line * (blank - blank // 2) + last
