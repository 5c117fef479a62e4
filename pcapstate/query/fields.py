"""What a filter can ask about: fields, their kinds, and the operators that fit each kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ..tcp.states import State

"""A time that there is not, as in ``views.table``."""


class Kind(Enum):
    """What the cells of a field's columns mean (integers of any width, where nothing else is said)."""

    NUMBER = "number"
    DURATION = "duration"
    """Nanoseconds."""
    TIME = "time"
    """Nanoseconds since the epoch, or NEVER."""
    PORT = "port"
    STATE = "state"
    """An index into ``tcp.states.State``."""
    WORD = "word"
    """An index into the field's words."""
    TEXT = "text"
    """An array of str and None, or a pair: the words (str or None), and an array of indices into them."""
    ADDRESS = "address"
    """A tuple of two arrays, the high and the low bits of an IPv6 or IPv4-mapped address; more arrays do not count."""
    FLAG = "flag"
    """Booleans, or 0 and 1; below 0 is nothing."""


IN_ORDER = ("=", "!=", "<", "<=", ">", ">=", "in", "not in")
LIKE = ("~", "!~", "contains", "not contains")
OPERATORS = {
    Kind.NUMBER: IN_ORDER,
    Kind.DURATION: IN_ORDER,
    Kind.TIME: IN_ORDER,
    Kind.PORT: IN_ORDER,
    Kind.STATE: ("=", "!=", "in", "not in", *LIKE),
    Kind.WORD: ("=", "!=", "in", "not in", *LIKE),
    Kind.TEXT: ("=", "!=", "in", "not in", *LIKE),
    Kind.ADDRESS: ("=", "!=", "in", "not in"),
    Kind.FLAG: ("=", "!="),
}


@dataclass(frozen=True)
class Field:
    """A field: its kind, and the names of the columns that have its values (several: any of them is meant)."""

    kind: Kind
    columns: tuple[str, ...]
    words: tuple[str | None, ...] = ()
    """For WORD: the texts that cells index into; None is nothing. A STATE has those of RFC 9293."""
    read: Callable[[str], int] | None = None
    """For TIME: turns text into ns since the epoch; raises ValueError or PcapstateError with one line."""
    signed: bool = False
    """For NUMBER and DURATION: numbers below 0 are values; else they are nothing. NEVER always is."""
    exact: bool = False
    """For TEXT: case counts."""
    meaning: str = ""
    """One line for people."""

    def __post_init__(self) -> None:
        if self.kind is Kind.STATE:
            object.__setattr__(self, "words", tuple(state.name for state in State))
        if (
            not self.columns
            or (self.kind is Kind.WORD and not self.words)
            or (self.kind is Kind.TIME and not self.read)
        ):
            raise ValueError(f"a field of kind {self.kind.value} lacks columns, words or the function that reads it")


def as_name(text: str) -> str:
    """Return the one spelling of a field's or column's name: case does not count, and ``-`` is ``_``."""
    return text.casefold().replace("-", "_")


def as_text(field: Field, text: str) -> str:
    """Return a text as values of a field of kind TEXT are compared to it."""
    return text if field.exact else text.casefold()


def as_word(text: str) -> str:
    """Return the one spelling of a word from a fixed list: neither case nor spaces, ``-`` and ``_`` count."""
    return re.sub(r"[-_\s]+", "", text).casefold()
