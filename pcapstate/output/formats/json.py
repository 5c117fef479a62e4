"""JSON: one array, an object for each row."""

from __future__ import annotations

from collections.abc import Iterator

from ...table import Table
from ..writer import json_layout
from .format import Format, Writer

BETWEEN = ",\n"


class JsonWriter(Writer):
    """What stands before a row is written with it, so that a reader has each table as soon as it is there."""

    _before = b"[\n"

    def more(self, table: Table) -> Iterator[bytes]:
        """Yield the text of a further table."""
        for piece in self._rows(table, lambda columns: json_layout(columns, BETWEEN)):
            yield self._before + piece.removesuffix(BETWEEN.encode())
            self._before = BETWEEN.encode()

    def end(self) -> Iterator[bytes]:
        """Yield the end of the array."""
        yield b"\n]\n" if self._before == BETWEEN.encode() else b"[]\n"


FORMAT = Format("json", 1, (".json",), JsonWriter)
