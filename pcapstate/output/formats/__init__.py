"""The formats of tables, one file each. A new format is a new file here that defines FORMAT; nothing else names it."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module

from ...kernels.running import Kernels
from ...table import Table
from ..for_people import table_for_people
from ..screen import Screen
from .format import Format

PEOPLE = "table"
"""The format for people; all others are for programs."""


def _found() -> Iterator[Format]:
    for module in pkgutil.iter_modules(__path__):
        if found := getattr(import_module(f"{__name__}.{module.name}"), "FORMAT", None):
            yield found


PROGRAMS = {one.name: one for one in sorted(_found(), key=lambda one: one.place)}
"""The formats for programs, by name."""
FORMATS = (PEOPLE, *(one.name for one in PROGRAMS.values() if not one.command))
"""The formats of all tables."""
OWN = {one.name: one.command for one in PROGRAMS.values() if one.command}
"""The formats that only one command has, and which."""
SUFFIXES = {suffix: one.name for one in PROGRAMS.values() for suffix in one.suffixes if not one.command}
"""The formats that suffixes of files stand for."""


def formats_of(command: str) -> tuple[str, ...]:
    """Return the formats that a command with tables has."""
    return (*FORMATS, *(name for name, owner in OWN.items() if owner == command))


def render(
    table: Table, format: str, kernels: Kernels, growing: bool = False, screen: Screen | None = None
) -> Iterator[bytes]:
    """Yield the text of a table in a format; ``growing``: rows still come, so each batch goes out at once.

    ``screen``: the terminal that a table for people is to fit, if any.
    """
    if format == PEOPLE:
        return table_for_people(table, kernels, growing, screen)
    return render_all([table], format, kernels)


def render_all(tables: Iterable[Table], format: str, kernels: Kernels) -> Iterator[bytes]:
    """Yield the text of consecutive tables in a format for programs."""
    writer = PROGRAMS[format].writer(kernels)
    for table in tables:
        yield from writer.more(table)
    yield from writer.end()
