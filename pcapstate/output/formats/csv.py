"""CSV (RFC 4180): a line with the names of the columns, then one for each row."""

from __future__ import annotations

from collections.abc import Iterator

from ...table import Table
from ..writer import csv_layout
from .format import Format, Writer


class CsvWriter(Writer):
    """The names of the columns come once."""

    _named = False

    def more(self, table: Table) -> Iterator[bytes]:
        """Yield the text of a further table."""
        if not self._named:
            self._named = True
            yield (",".join(column.name for column in table.columns) + "\r\n").encode()
        yield from self._rows(table, csv_layout)


FORMAT = Format("csv", 3, (".csv",), CsvWriter, one_table=True)
