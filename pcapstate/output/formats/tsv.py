"""TSV (text/tab-separated-values), for cut, sort and awk: CSV with tabs, without quotes.

No value has a tab or a line break: they are escaped as all control characters are.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...table import Table
from ..writer import tsv_layout
from .format import Format, Writer


class TsvWriter(Writer):
    """The names of the columns come once."""

    _named = False

    def more(self, table: Table) -> Iterator[bytes]:
        """Yield the text of a further table."""
        if not self._named:
            self._named = True
            yield ("\t".join(column.name for column in table.columns) + "\n").encode()
        yield from self._rows(table, tsv_layout)


FORMAT = Format("tsv", 4, (".tsv", ".tab"), TsvWriter, one_table=True)
