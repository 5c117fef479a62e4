"""The formats of tables: table, json, jsonl, csv."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..kernels.running import Kernels
from ..table import NUMBER, NUMBER_OR_NOTHING, Batch, Column, Table
from . import alignment
from .alignment import Columns, aligned
from .fitting import drawn
from .screen import Screen
from .writer import Layout, cell_layout, csv_layout, json_layout

FORMATS = ("table", "json", "jsonl", "csv")


def render(
    table: Table, format: str, kernels: Kernels, growing: bool = False, screen: Screen | None = None
) -> Iterator[bytes]:
    """Yield the text of a table in a format; ``growing``: rows still come, so each batch is given out at once.

    ``screen``: the terminal that a ``table`` is to fit, if any.
    """
    if format == "table":
        return _table(table, kernels, growing) if screen is None else drawn(table, screen, kernels, growing)
    return render_all([table], format, kernels)


def render_all(tables: Iterable[Table], format: str, kernels: Kernels) -> Iterator[bytes]:
    """Yield the text of tables one behind the other in a format for programs.

    Their rows make one array, or one run of lines. ``csv`` names the fields once, so they are to be the same.
    """
    return {"json": _json, "jsonl": _jsonl, "csv": _csv}[format](tables, kernels)


def _jsonl(tables: Iterable[Table], kernels: Kernels) -> Iterator[bytes]:
    for table in tables:
        yield from _written(table, lambda columns: json_layout(columns, "\n"), kernels)


def _json(tables: Iterable[Table], kernels: Kernels) -> Iterator[bytes]:
    yield b"["
    held = b"\n"
    for table in tables:
        for piece in _written(table, lambda columns: json_layout(columns, ",\n"), kernels):
            yield held
            held = piece
    yield held.removesuffix(b",\n") if held != b"\n" else b""
    yield b"\n]\n" if held != b"\n" else b"]\n"


def _csv(tables: Iterable[Table], kernels: Kernels) -> Iterator[bytes]:
    for number, table in enumerate(tables):
        if number == 0:
            yield (",".join(column.name for column in table.columns) + "\r\n").encode()
        yield from _written(table, csv_layout, kernels)


def _written(table: Table, layout_of: Callable[[tuple[Column, ...]], Layout], kernels: Kernels) -> Iterator[bytes]:
    columns, layout = table.columns, layout_of(table.columns)
    for batch in table.batches:
        if batch.columns is not columns:
            columns, layout = batch.columns, layout_of(batch.columns)
        yield from layout.write(batch.cells, kernels)


def _table(table: Table, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    titles = [column.title for column in table.columns]
    right = [column.right or column.kind in (NUMBER, NUMBER_OR_NOTHING) for column in table.columns]
    columns = Columns(titles, right, kernels)
    if growing:
        # Rows go out as they come, in columns as wide as any so far.
        for number, batch in enumerate(table.batches):
            columns.widen([batch])
            if number == 0:
                yield columns.head()
            yield from columns.lines([batch])
        return
    batches = iter(table.batches)
    held, count = [], 0
    for batch in batches:
        held.append(batch)
        count += len(batch.cells)
        if count > alignment.FEW:
            break
    else:
        yield aligned(titles, [row for batch in held for row in _rows(batch, kernels)], right)
        return
    # What can be gone through again is, first for the widths, so that no row is kept.
    again = table.batches if batches is not table.batches else [*held, *batches]
    del held, batch
    columns.widen(again)
    yield columns.head()
    yield from columns.lines(again)


def _rows(batch: Batch, kernels: Kernels) -> list[list[str]]:
    text = b"".join(cell_layout(batch.columns).write(batch.cells, kernels)).decode()
    return [line.split("\t") for line in text.split("\n")[:-1]]
