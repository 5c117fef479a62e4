"""Columns for people: states as a system spells them, times on the clock, titles and words translated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..moments import SECOND
from ..rows import Rows, different
from ..table import CLOCK, DURATION, LEFT, LIVE, MOVING, NEVER, OVER, PLAIN, TIME, WAITING, WORD, Batch, Column, Table
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
        *("closed_by", "reset_by"),
        *("counter", "stated", "gateway", "loopback", "evidence"),
        *("pair", "client_known", "server_known", "fate", "sender", "changed", "reordered", "translated"),
        *("client_capture", "client_packet_in", "server_packet_in"),
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
    if column.kind == TIME:
        words, *parts = _clock(values, manner.times)
        dated = not manner.times.relative
        return column._replace(kind=CLOCK, words=words, right=True, dated=dated), tuple(parts)
    if column.kind == DURATION:
        if not manner.times.relative:
            # Texts have microseconds; relative times are rounded after the start is subtracted.
            values = np.where(values < 0, values, values // 1000 * 1000)
        known, indices = different(values)
        texts = [None if time < 0 else duration(time) for time in known.tolist()]
        return column._replace(kind=WORD, words=tuple(texts) or (None,), right=True), indices
    return column, values


def _clock(times: Rows, how: TimeFormat) -> tuple[tuple[str | None, ...], Rows, Rows]:
    """Return times as CLOCK has them: the text of each second, the slow part, is written once.

    The words, then the word and the microseconds of each time.
    """
    never = times == NEVER
    since = np.where(never, 0, times) - (how.start if how.relative else 0)
    # Relative times can be before the start: they are written with a sign, so they count from it.
    before = (since < 0) & how.relative
    since = np.where(before, -since, since)
    second = since // SECOND
    known, indices = different(np.where(never, -1, 2 * (second - second.min(initial=0)) + before))
    first = int(second.min(initial=0))
    words = []
    for one in known.tolist():
        time = (first + one // 2) * SECOND
        if how.relative:
            time = how.start + (-time - 1 if one % 2 else time)
        words.append(None if one < 0 else how.short(time)[: -len("000000")])
    return tuple(words) or (None,), indices, np.where(never, -1, since % SECOND // 1000)


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
