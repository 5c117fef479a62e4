"""Tables in columns of fixed widths, as one system's netstat prints them."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernels.running import Kernels
from ..table import Column, Table
from ..wording.forms import Form
from .widths import display_width
from .writer import Layout, fixed_layout


def fixed(table: Table, form: Form, kernels: Kernels) -> Iterator[bytes]:
    """Yield the text of a table in a form that has all of its columns."""
    yield _head(table.columns, form)
    for batch in table.batches:
        yield from _layout(batch.columns, form).write(batch.cells, kernels)


def _head(columns: tuple[Column, ...], form: Form) -> bytes:
    line = ""
    for column in columns:
        cell = form.cells[column.name]
        if not cell.before.startswith("\n"):
            # Titles are flush left above numbers, too.
            line += cell.before + column.title + " " * (cell.width - display_width(column.title))
    return f"{line if form.blanks else line.rstrip()}\n".encode()


def _layout(columns: tuple[Column, ...], form: Form) -> Layout:
    cells = [form.cells[column.name] for column in columns]
    return fixed_layout(
        columns, [one.before for one in cells], [one.width for one in cells], [one.right for one in cells], form.blanks
    )
