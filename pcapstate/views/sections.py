"""One answer of several: a table with its name and heading."""

from __future__ import annotations

from typing import NamedTuple

from ..table import TIME, WORD, Column, Table, beside
from ..wording.forms import Form


class Section(NamedTuple):
    """A table with the name that programs know it by, and a heading for people."""

    name: str
    heading: str
    table: Table
    text: str = ""
    """What people get instead of the table, where it is not one."""
    notes: tuple[str, ...] = ()
    """What people are to know beside it."""
    form: Form | None = None
    """The form in which a system prints it, where that is asked for; its text then stands alone."""


def marked(section: Section, at: int | None, named: bool) -> Table:
    """Return a section's table for programs, with its moment and its name in front where there are several."""
    first = []
    if at is not None:
        first.append((Column("at", "At", TIME), at))
    if named:
        first.append((Column("table", "Table", WORD, (section.name,)), 0))
    return beside(section.table, first, first=True) if first else section.table
