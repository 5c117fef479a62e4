"""``pcapstate interfaces``: what can be captured on."""

from __future__ import annotations

import click
import numpy as np

from ..kernels.running import Kernels
from ..output.formats import PEOPLE, render
from ..output.screen import screen
from ..output.whole_files import out
from ..sources.interface_list import interfaces as found
from ..sources.interface_list import missing_privilege
from ..table import WORD, Column, Table, cells, single
from ..views.reading_aids import translated
from ..wording.languages import ENGLISH, translate
from .format_choice import format_option
from .options import output_option
from .spoken import HEADINGS, lang_option, say

COLUMNS = (
    Column("name", "Name", WORD),
    Column("state", "State", WORD),
    Column("addresses", "IP Addresses", WORD),
    Column("mac", "MAC Address", WORD),
    Column("loopback", "Loopback", WORD),
)
UP, DOWN = "up", "down"


@click.command()
@format_option("format_")
@lang_option(help=HEADINGS)
@output_option
def interfaces(format_: str, lang: str) -> None:
    """List the interfaces for -i, with their state and addresses.

    A line on stderr says which privilege is missing, if one is, and how to get it.

    \b
    Examples:
      pcapstate interfaces
      pcapstate interfaces --format json
    """
    kernels = Kernels()
    people = format_ == PEOPLE
    table = translated(view(lang), lang) if people else view()
    for piece in render(table, format_, kernels, screen=screen() if people else None):
        out().write(piece)
    out().flush()
    if missing := missing_privilege():
        say(missing, lang)


def view(lang: str = ENGLISH) -> Table:
    """Return a row for each interface."""
    rows = [
        (one.name, translate(UP if one.up else DOWN, lang), ", ".join(one.addresses) or None, one.mac, one.loopback)
        for one in found()
    ]
    columns, values = [], {}
    for index, column in enumerate(COLUMNS):
        words = tuple(dict.fromkeys(row[index] for row in rows))
        columns.append(column._replace(words=words))
        values[column.name] = np.array([words.index(row[index]) for row in rows], dtype=np.int64)
    return single(tuple(columns), cells(tuple(columns), len(rows), **values))
