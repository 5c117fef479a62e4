"""Columns for people: states as a system spells them, times on the clock, titles and words translated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..moments import SECOND
from ..table import DURATION, LEFT, LIVE, MOVING, NEVER, OVER, PLAIN, TIME, WAITING, WORD, Batch, Column, Table
from ..tcp.states import STATES, State
from ..wording.languages import told, translate
from ..wording.styles import Style, shown_states
from ..wording.times import TimeFormat, duration

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


VOCABULARY = frozenset(
    (
        *("outcome", "endpoint", "role", "cause", "certainty", "client_guessed", "handshake_seen"),
        *("counter", "stated", "gateway", "loopback", "evidence"),
    )
)
"""The columns with a fixed vocabulary; words of all others may come from a capture."""


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
            # Texts have microseconds; relative times are rounded after the start is subtracted.
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
    """Yield times, which ascend, as text; the slow part, up to the second, is written once for each second."""
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


def translated(table: Table, language: str) -> Table:
    """Return a table with titles and vocabulary in a language of ``wording.languages.LANGUAGES``."""
    columns = in_language(table.columns, language)
    return Table(columns, [Batch(columns, batch.cells) for batch in table.batches])


def in_language(columns: Sequence[Column], language: str) -> tuple[Column, ...]:
    """Return columns with titles and vocabulary in a language."""
    return tuple(_column(one, language) for one in columns)


def _column(column: Column, language: str) -> Column:
    column = column._replace(title=translate(column.title, language))
    if column.kind == WORD and column.name in VOCABULARY:
        column = column._replace(words=tuple(_word(word, language) for word in column.words))
    return column


def _word(word: str | bool | None, language: str) -> str | bool | None:
    if isinstance(word, bool):
        return translate("yes" if word else "no", language)
    return None if word is None else told(word, language)
