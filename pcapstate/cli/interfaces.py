"""``pcapstate interfaces``: what can be captured on."""

from __future__ import annotations

import click
import numpy as np

from ..kernels.running import Kernels
from ..output.formats import FORMATS, PEOPLE, render
from ..output.screen import message, screen
from ..output.whole_files import out
from ..sources.interface_list import interfaces as found
from ..sources.interface_list import missing_privilege
from ..table import WORD, Column, Table, cells, single
from .options import output_option


@click.command()
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default=PEOPLE, show_default=True, help="Output format."
)
@output_option
def interfaces(format_: str) -> None:
    """List the interfaces for -i, with their state and addresses.

    A line on stderr says which privilege is missing, if one is, and how to get it.

    \b
    Examples:
      pcapstate interfaces
      pcapstate interfaces --format json
    """
    kernels = Kernels()
    for piece in render(view(), format_, kernels, screen=screen() if format_ == PEOPLE else None):
        out().write(piece)
    out().flush()
    if missing := missing_privilege():
        click.echo(message(f"pcapstate: {missing}"), err=True)


def view() -> Table:
    """Return a row for each interface."""
    rows = [
        (one.name, "up" if one.up else "down", ", ".join(one.addresses) or None, one.mac, one.loopback)
        for one in found()
    ]
    titles = {"name": "Name", "state": "State", "addresses": "Addresses", "mac": "MAC Address", "loopback": "Loopback"}
    columns, values = [], {}
    for index, (name, title) in enumerate(titles.items()):
        words = tuple(dict.fromkeys(row[index] for row in rows))
        columns.append(Column(name, title, WORD, words))
        values[name] = np.array([words.index(row[index]) for row in rows], dtype=np.int64)
    return single(tuple(columns), cells(tuple(columns), len(rows), **values))
