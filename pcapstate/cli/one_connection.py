"""The one connection that a command is about: the one named, or the one with the most to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import click
import numpy as np

from .. import memory
from ..capture import Watcher
from ..errors import CallError
from ..ladder.gathering import Gathered, gathered, most_telling
from ..messages import Message
from ..query.options import SelectionOptions
from ..tcp.outcomes import NAMES, outcomes
from ..tcp.sides import sides_of
from ..wording.languages import translate
from .choice import ConnectionChoice
from .options import SourceOptions
from .session import Session

OTHERS = 9
"""Of so many connections the others are named."""


class OneConnection(NamedTuple):
    """A connection with its packets."""

    gathered: Gathered
    reading: Session
    """The reading that kept its packets, at its end."""
    among: int
    """How many connections there were to choose from; 1: it was named."""
    others: tuple[tuple[int, str], ...]
    """Numbers and outcomes of the first ones of these, without it."""

    def say_others(self, text: str, lang: str) -> None:
        """Say a line on stderr, if there were several: a text with the fields ``number`` and ``count``."""
        if self.among == 1:
            return
        self.reading.say(text, number=self.gathered.number, count=self.among)
        told = [f"{number} ({translate(outcome, lang)})" for number, outcome in self.others]
        more = self.among - 1 - len(told)
        line = "others: {others}, and {more:,} more (pcapstate connections)" if more else "others: {others}"
        self.reading.say(line, others=", ".join(told), more=more)


def one_connection(
    source: SourceOptions, number: int | None, filter: str | None, utc: bool, lang: str
) -> OneConnection:
    """Read a capture for the connection with a number, or the most telling one. Raises UsageError, ClickException."""
    if "-" in source.captures:
        raise click.UsageError("the capture is read twice: give a file, not standard input")
    if number is not None and filter is not None:
        raise click.UsageError("--connection and --filter exclude each other")
    choice = ConnectionChoice(SelectionOptions((), (), (), filter), (), utc, source.memory)
    gathering = choice.gathered
    first = Session(
        source,
        details=gathering.details,
        watchers=gathering.watchers,
        followers=[gathering.moved],
        each=memory.CHOSEN + gathering.bytes_each,
        beside=gathering.bytes_beside,
        utc=utc,
        lang=lang,
    )
    first.read()
    if first.interrupted:
        # Half a reading chooses nothing.
        raise click.Abort
    table = first.capture.table
    among, others = 1, list[tuple[int, str]]()
    if number is None:
        rows = choice.rows(first)
        if not len(rows):
            first.finish()
            if choice.chooses and table.count:
                raise click.ClickException(
                    Message("no connection matches; there are {count:,} without the filter", count=table.count)
                )
            raise click.ClickException("the capture has no TCP connection")
        number = int(table.numbers(np.array([most_telling(table, rows)]))[0])
        among = len(rows)
        names = [NAMES[one] for one in outcomes(sides_of(table, rows[:OTHERS])).tolist()]
        numbers = table.numbers(rows[:OTHERS]).tolist()
        others = [(one, name) for one, name in zip(numbers, names, strict=True) if one != number][: OTHERS - 1]
    second: list[Session] = []

    def again(watchers: Sequence[Watcher]) -> Session:
        session = Session(source, each=memory.CHOSEN, watchers=lambda _: watchers, utc=utc, lang=lang)
        second.append(session)
        return session

    try:
        found = gathered(first, again, number)
    except CallError as error:
        raise click.UsageError(str(error)) from None
    return OneConnection(found, second[0], among, tuple(others))
