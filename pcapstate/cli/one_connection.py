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
from ..query.options import SelectionOptions
from .choice import ConnectionChoice
from .options import SourceOptions
from .session import Session


class OneConnection(NamedTuple):
    """A connection with its packets."""

    gathered: Gathered
    reading: Session
    """The reading that kept its packets, at its end."""
    among: int
    """How many connections there were to choose from; 1: it was named."""


def one_connection(
    source: SourceOptions, number: int | None, filter: str | None, utc: bool, lang: str
) -> OneConnection:
    """Read a capture for the connection with a number, or the most telling one. Raises UsageError, ClickException."""
    if "-" in source.captures:
        raise click.UsageError("the capture is read twice: give a file, not standard input")
    if number is not None and filter is not None:
        raise click.UsageError("--connection and --filter exclude each other")
    choice = ConnectionChoice(SelectionOptions((), (), (), filter), (), utc)
    first = Session(source, each=memory.CHOSEN, utc=utc, lang=lang)
    first.read()
    if first.interrupted:
        # Half a reading chooses nothing.
        raise click.Abort
    table = first.capture.table
    among = 1
    if number is None:
        rows = choice.rows(first)
        if not len(rows):
            first.finish()
            if choice.chooses and table.count:
                raise click.ClickException(f"no connection matches; there are {table.count:,} without the filter")
            raise click.ClickException("the capture has no TCP connection")
        number = int(table.numbers(np.array([most_telling(table, rows)]))[0])
        among = len(rows)
    second: list[Session] = []

    def again(watchers: Sequence[Watcher]) -> Session:
        session = Session(source, each=memory.CHOSEN, watchers=lambda _: watchers, utc=utc, lang=lang)
        second.append(session)
        return session

    try:
        found = gathered(first, again, number)
    except CallError as error:
        raise click.UsageError(str(error)) from None
    return OneConnection(found, second[0], among)
