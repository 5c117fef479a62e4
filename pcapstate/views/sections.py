"""A section of an answer: a table with its name and heading."""

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
    """Text that people get instead of the table."""
    notes: tuple[str, ...] = ()
    """Notes under the table."""
    form: Form | None = None
    """A system's exact form, if that is asked for; then its text stands alone."""


def marked(section: Section, at: int | None, named: bool) -> Table:
    """Return a section's table for programs; where there are several, moment and name come first."""
    first = []
    if at is not None:
        first.append((Column("at", "At", TIME), at))
    if named:
        first.append((Column("table", "Table", WORD, (section.name,)), 0))
    return beside(section.table, first, first=True) if first else section.table
