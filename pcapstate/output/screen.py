"""The terminal that output goes to, if it is one: its width, its colours, and what found no room on it."""

from __future__ import annotations

import os
import sys

from .colours import wanted
from .paragraphs import wrapped
from .whole_files import is_terminal


class Screen:
    """A terminal of so many columns, of as many as it has at each moment where none are told."""

    def __init__(self, columns: int | None = None, colour: bool = False) -> None:
        self._columns, self.colour = columns, colour
        self.left_out: dict[str, None] = {}
        """The titles of the columns of tables that found no room, in the order in which they were left out."""

    @property
    def columns(self) -> int:
        """How many columns it has now."""
        import shutil

        return self._columns or shutil.get_terminal_size().columns

    def lines(self, text: str, indent: int = 0) -> str:
        """Return a text in lines that fit, each behind so many blanks."""
        lines = (line for one in text.split("\n") for line in wrapped(one, self.columns - indent) or [""])
        return "\n".join(" " * indent + line for line in lines)


def screen() -> Screen | None:
    """Return the terminal that output goes to; None where it goes to a file or a pipe, which have any width."""
    return Screen(colour=wanted()) if is_terminal() else None


def message(text: str) -> str:
    """Return a message for stderr, in lines that fit where it is a terminal."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return text
    return Screen(columns).lines(text) if columns else text
