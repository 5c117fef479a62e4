"""The options --sort and --columns: in which order rows come, and which columns are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..escaping import quoted
from ..messages import Message
from .errors import Unfit, all_known, did_you_mean
from .fields import as_name
from .lists import read_list


class SortKey(NamedTuple):
    """A column to sort by."""

    column: str
    descending: bool


def sort_order(text: str, columns: Iterable[str], source: str = "--sort") -> tuple[SortKey, ...]:
    """Return the columns that a text such as ``-age,port`` sorts by, first key first; raises QueryError.

    ``-`` before a name: the largest first.
    """
    choose = _chooser(columns)

    def read(word: str) -> SortKey:
        return SortKey(choose(word.removeprefix("-").removeprefix("+").strip()), word.startswith("-"))

    return tuple(read_list(source, text, read))


def select_columns(text: str, columns: Iterable[str], source: str = "--columns") -> tuple[str, ...]:
    """Return the columns that a text such as ``state,age`` names, in its order; raises QueryError."""
    return tuple(read_list(source, text, _chooser(columns)))


def _chooser(columns: Iterable[str]) -> Callable[[str], str]:
    """Return a function that finds a column by its name, each one once; it raises Unfit."""
    known = {as_name(column): column for column in columns}
    chosen: set[str] = set()

    def choose(word: str) -> str:
        column = known.get(as_name(word))
        if column is None:
            raise Unfit(
                Message("there is no column {word}", word=quoted(word)),
                did_you_mean(as_name(word), known.values(), all_known(known.values())),
            )
        if column in chosen:
            raise Unfit(Message("the column {column} is named twice", column=column))
        chosen.add(column)
        return column

    return choose
