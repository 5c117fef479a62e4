"""The formats of tables: table, json, jsonl, csv."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ..compiled import Kernels
from ..views.table import NUMBER, NUMBER_OR_NOTHING, Table
from .alignment import aligned, in_columns, widest
from .writer import cell_layout, csv_layout, json_layout

FORMATS = ("table", "json", "jsonl", "csv")


def render(table: Table, format: str, kernels: Kernels, growing: bool = False) -> Iterator[bytes]:
    """Yield the text of a table in a format; ``growing``: rows still come, so each batch is given out at once."""
    if format == "table":
        return _table(table, kernels, growing)
    return render_all([table], format, kernels)


def render_all(tables: Iterable[Table], format: str, kernels: Kernels) -> Iterator[bytes]:
    """Yield the text of tables one behind the other in a format for programs.

    Their rows make one array, or one run of lines. ``csv`` names the fields once, so they are to be the same.
    """
    return {"json": _json, "jsonl": _jsonl, "csv": _csv}[format](tables, kernels)


def _jsonl(tables: Iterable[Table], kernels: Kernels) -> Iterator[bytes]:
    for table in tables:
        layout = json_layout(table.columns, "\n")
        for batch in table.batches:
            yield from layout.write(batch, kernels)


def _json(tables: Iterable[Table], kernels: Kernels) -> Iterator[bytes]:
    yield b"["
    held = b"\n"
    for table in tables:
        layout = json_layout(table.columns, ",\n")
        for piece in itertools.chain.from_iterable(layout.write(batch, kernels) for batch in table.batches):
            yield held
            held = piece
    yield held.removesuffix(b",\n") if held != b"\n" else b""
    yield b"\n]\n" if held != b"\n" else b"]\n"


def _csv(tables: Iterable[Table], kernels: Kernels) -> Iterator[bytes]:
    for number, table in enumerate(tables):
        if number == 0:
            yield (",".join(column.name for column in table.columns) + "\r\n").encode()
        layout = csv_layout(table.columns)
        for batch in table.batches:
            yield from layout.write(batch, kernels)


def _table(table: Table, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    layout = cell_layout(table.columns)
    titles = [column.title for column in table.columns]
    right = [column.right or column.kind in (NUMBER, NUMBER_OR_NOTHING) for column in table.columns]

    def rows_of(batch: object) -> list[list[str]]:
        text = b"".join(layout.write(batch, kernels)).decode()  # type: ignore[arg-type]
        rows = [line.split("\t") for line in text.split("\n")[:-1]]
        for index, column in enumerate(table.columns):
            if column.rename is not None:
                for row in rows:
                    row[index] = column.rename(row[index])
        return rows

    if not growing:
        rows = [row for batch in table.batches for row in rows_of(batch)]
        yield aligned(titles, rows, right)
        return
    # Rows of a growing table go out as they come, in columns as wide as any so far.
    lines = [titles]
    widths = [0] * len(titles)
    for batch in table.batches:
        lines += rows_of(batch)
        widths = widest(lines, widths)
        yield in_columns(lines, widths, right)
        lines = []
