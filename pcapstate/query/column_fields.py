"""Columns of tables as fields of filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..table import ADDRESS, DURATION, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Column
from ..tcp.states import STATES
from .fields import Field, Kind

ReadTime = Callable[[str], int]
"""Reads a time, as users write it, into ns since the epoch."""

KINDS = {
    NUMBER: Kind.NUMBER,
    NUMBER_OR_NOTHING: Kind.NUMBER,
    DURATION: Kind.DURATION,
    ADDRESS: Kind.ADDRESS,
}


def plain_fields(columns: Iterable[Column], read: ReadTime) -> dict[str, Field]:
    """Return the fields that columns are by themselves: all but those with address and port in one."""
    found = {}
    for column in columns:
        if column.kind == TIME:
            found[column.name] = Field(Kind.TIME, (column.name,), read=read)
        elif column.kind in KINDS:
            found[column.name] = Field(KINDS[column.kind], (column.name,))
        elif column.kind == WORD and column.words[: len(STATES)] == STATES:
            found[column.name] = Field(Kind.STATE, (column.name,), column.words)  # type: ignore[arg-type]
        elif column.kind == WORD and column.words[:2] == (False, True):
            found[column.name] = Field(Kind.FLAG, (column.name,))
        elif column.kind == WORD:
            words = column.words
            kind = Kind.TEXT if words == (None,) else Kind.WORD
            found[column.name] = Field(kind, (column.name,), () if kind is Kind.TEXT else words)  # type: ignore[arg-type]
    return found
