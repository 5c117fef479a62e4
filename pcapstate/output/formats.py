"""The formats of tables: table, json, jsonl, csv."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..compiled import Kernels
from ..views.table import NUMBER, NUMBER_OR_NOTHING, Table
from .writer import cell_layout, csv_layout, json_layout

FORMATS = ("table", "json", "jsonl", "csv")


def render(table: Table, format: str, kernels: Kernels, growing: bool = False) -> Iterator[bytes]:
    """Yield the text of a table in a format; ``growing``: rows still come, so each batch is given out at once."""
    return {"table": _table, "json": _json, "jsonl": _jsonl, "csv": _csv}[format](table, kernels, growing)


def _jsonl(table: Table, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    layout = json_layout(table.columns, "\n")
    for batch in table.batches:
        yield from layout.write(batch, kernels)


def _json(table: Table, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    layout = json_layout(table.columns, ",\n")
    pieces = itertools.chain.from_iterable(layout.write(batch, kernels) for batch in table.batches)
    yield b"["
    held = b"\n"
    for piece in pieces:
        yield held
        held = piece
    yield held.removesuffix(b",\n") if held != b"\n" else b""
    yield b"\n]\n" if held != b"\n" else b"]\n"


def _csv(table: Table, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    yield (",".join(column.name for column in table.columns) + "\r\n").encode()
    layout = csv_layout(table.columns)
    for batch in table.batches:
        yield from layout.write(batch, kernels)


def _table(table: Table, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    layout = cell_layout(table.columns)
    titles = [column.title for column in table.columns]
    right = [column.kind in (NUMBER, NUMBER_OR_NOTHING) for column in table.columns]

    def rows_of(batch: object) -> list[list[str]]:
        text = b"".join(layout.write(batch, kernels)).decode()  # type: ignore[arg-type]
        rows = [line.split("\t") for line in text.splitlines()]
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
    widths = [len(title) for title in titles]
    first = True
    for batch in table.batches:
        rows = rows_of(batch)
        widths = [max([width, *(len(row[i]) for row in rows)]) for i, width in enumerate(widths)]
        lines = ([titles] if first else []) + rows
        first = False
        for row in lines:
            cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
            yield ("  " + "  ".join(cells).rstrip() + "\n").encode()


def aligned(titles: list[str], rows: list[list[str]], right: list[bool]) -> bytes:
    """Return a table in columns, as netstat prints one: titles, then rows, indented by two."""
    from tabulate import tabulate

    align = ["right" if one else "left" for one in right]
    text = tabulate([titles, *rows], tablefmt="plain", colalign=align, disable_numparse=True)
    return "".join(f"  {line.rstrip()}\n" for line in text.splitlines()).encode()
