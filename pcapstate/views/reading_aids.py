"""How a column is made readable for people: states as a system spells them, times on the clock, titles translated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..moments import SECOND
from ..table import DURATION, LEFT, LIVE, MOVING, NEVER, OVER, PLAIN, TIME, WAITING, WORD, Column
from ..tcp.states import State
from ..wording.styles import Style, shown_states
from ..wording.times import TimeFormat, duration

STATES = tuple(state.name for state in State)
"""The words of a column of states, for programs; behind them there may be one for nothing."""

STATE_TONES = tuple(
    {
        State.ESTABLISHED: LIVE,
        State.LISTEN: WAITING,
        State.CLOSE_WAIT: LEFT,
        State.TIME_WAIT: OVER,
        State.CLOSED: OVER,
        State.UNKNOWN: OVER,
    }.get(state, MOVING)
    for state in State
)


class Manner(NamedTuple):
    """How tables are written for people."""

    style: Style
    lang: str
    times: TimeFormat


def readable(column: Column, values: Any, manner: Manner) -> tuple[Column, Any]:
    """Return a column and its values as people read them."""
    if column.kind == WORD and column.words[: len(STATES)] == STATES:
        others = column.words[len(STATES) :]
        tones = (*STATE_TONES, *(PLAIN for _ in others))
        return column._replace(words=(*shown_states(manner.style), *others), tones=tones), values
    if column.kind in (TIME, DURATION):
        if not manner.times.relative:
            # No text has more than microseconds; what is relative is rounded from the start on.
            values = np.where(values < 0, values, values // 1000 * 1000)
        known, indices = np.unique(values, return_inverse=True)
        if column.kind == TIME:
            texts = [*_times(known.tolist(), manner.times)]
        else:
            texts = [None if time < 0 else duration(time) for time in known.tolist()]
        dated = column.kind == TIME and not manner.times.relative
        return column._replace(kind=WORD, words=tuple(texts) or (None,), right=True, dated=dated), indices
    return column, values


def _times(times: list[int], how: TimeFormat) -> Iterator[str | None]:
    """Yield times as text, in ascending order; the date and what else costs time is written once a second."""
    last, text = None, ""
    for time in times:
        if time == NEVER:
            yield None
        elif how.relative:
            yield how.short(time)
        else:
            if time // SECOND != last:
                last = time // SECOND
                text = how.short(last * SECOND).removesuffix("000000")
            yield f"{text}{time % SECOND // 1000:06d}"
