"""JSON Lines: an object for each row, one a line."""

from __future__ import annotations

from collections.abc import Iterator

from ...table import Table
from ..writer import json_layout
from .format import Format, Writer


class JsonLinesWriter(Writer):
    """Rows of all tables are lines alike."""

    def more(self, table: Table) -> Iterator[bytes]:
        """Yield the text of a further table."""
        return self._rows(table, lambda columns: json_layout(columns, "\n"))


FORMAT = Format("jsonl", 2, (".jsonl", ".ndjson"), JsonLinesWriter)
