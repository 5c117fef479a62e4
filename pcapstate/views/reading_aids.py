"""How a column is made readable for people: states as a system spells them, times on the clock, titles translated."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..tcp.states import State
from ..wording.styles import Style, shown_states
from ..wording.times import TimeFormat, duration
from .table import DURATION, NEVER, TIME, WORD, Column, worded

STATES = tuple(state.name for state in State)
"""The words of a column of states, for programs; behind them there may be one for nothing."""


class Manner(NamedTuple):
    """How tables are written for people."""

    style: Style
    lang: str
    times: TimeFormat


def readable(column: Column, values: Any, manner: Manner) -> tuple[Column, Any]:
    """Return a column and its values as people read them; ``values`` may be None where only words are to be spelled."""
    if column.kind == WORD and column.words[: len(STATES)] == STATES:
        return column._replace(words=(*shown_states(manner.style), *column.words[len(STATES) :])), values
    if column.kind in (TIME, DURATION) and values is not None:
        write = manner.times.short if column.kind == TIME else duration
        texts = [
            None if time == NEVER or (column.kind == DURATION and time < 0) else write(time) for time in values.tolist()
        ]
        words, indices = worded(texts)
        return column._replace(kind=WORD, words=words, right=True), indices
    return column, values
