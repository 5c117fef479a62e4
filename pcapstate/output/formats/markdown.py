"""Markdown: a table for tickets, notes and pull requests, with the columns of CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...table import NUMBER, NUMBER_OR_NOTHING, Table
from ..writer import cell_layout
from .format import Format, Writer

MARKUP = re.compile(r"[\\`*{}\[\]<>#|~!&@]|\b_|_\b")
"""What GitHub, GitLab and Jira read as markup. A name in a capture is chosen by whoever sent it."""


class MarkdownWriter(Writer):
    """All rows are one table, whose columns are as wide as any of their texts: it is written at the end."""

    _names: tuple[str, ...] = ()
    _right: tuple[bool, ...] = ()

    def more(self, table: Table) -> Iterator[bytes]:
        """Keep the rows of a further table."""
        if not self._names:
            self._names = tuple(column.name for column in table.columns)
            self._right = tuple(column.kind in (NUMBER, NUMBER_OR_NOTHING) for column in table.columns)
            self._lines: list[bytes] = []
        for piece in self._rows(table, cell_layout):
            self._lines += piece.splitlines()
        return iter(())

    def end(self) -> Iterator[bytes]:
        """Yield the table."""
        # Start-up: tabulate imports email, csv and html, and only this format needs it.
        from tabulate import tabulate

        rows = [[_escaped(cell) for cell in line.decode().split("\t")] for line in self._lines]
        align = ["right" if right else "left" for right in self._right]
        text = tabulate(
            rows, list(self._names), tablefmt="pipe", colalign=align if rows else None, disable_numparse=True
        )
        yield (text + "\n").encode()


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\g<0>", text)


FORMAT = Format("markdown", 5, (".md", ".markdown"), MarkdownWriter, one_table=True)
