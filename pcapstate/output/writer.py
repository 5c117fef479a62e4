"""Lay a table out for the text kernel: once for JSON, for CSV, and for tables that people read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..escaping import safe
from ..kernels.running import Kernels
from ..table import ADDRESS, CLOCK, DURATION, ENDPOINT_ADDRESS, NUMBER_OR_NOTHING, PLAIN, SOCKET, WORD, Cells, Column
from .colours import painted
from .text import LONGEST, WORDS
from .widths import display_width

ROOM = 1 << 18
"""Bytes of text written at a time."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a cell begins with that spreadsheets take for a formula: also full-width, and also behind blanks."""

Spell = Callable[[Column, Any], str]


class Layout:
    """How rows become text: what stands before each value and after a row, and how words are spelled.

    ``widths``: of columns whose texts are filled up with blanks; ``right``: which of these are flush right. ``widest``
    tells how wide the text of each column was so far. ``colour``: words have the colours of their tones. ``blanks``:
    those at the end of a row stay.
    """

    def __init__(
        self,
        columns: tuple[Column, ...],
        before: list[str],
        after: str,
        spell: Spell,
        nothing: str,
        widths: Sequence[int] = (),
        right: Sequence[bool] = (),
        colour: bool = False,
        blanks: bool = False,
    ) -> None:
        literals = bytearray()
        words = [0, 0, 0]

        def put(text: str) -> tuple[int, int]:
            start = len(literals)
            literals.extend(text.encode())
            return start, len(literals)

        def put_word(text: str, tone: int = PLAIN) -> int:
            words.extend((*put(painted(text, tone)), display_width(text)))
            return len(literals) - words[-3]

        put_word(nothing)
        told: list[int] = []
        self._offsets: list[tuple[int, int]] = []
        self.longest = len(after.encode()) + sum(widths)
        cell = 0
        for index, (column, lead) in enumerate(zip(columns, before, strict=True)):
            told += (column.kind, cell, *put(lead))
            told += (widths[index], right[index]) if widths else (0, 0)
            told += (*put(column.before_port), column.brackets)
            self.longest += len(lead.encode()) + len(column.before_port.encode()) + LONGEST
            if column.kind in (WORD, CLOCK, SOCKET):
                cells = (cell + 3, cell + 4) if column.kind == SOCKET else (cell,)
                self._offsets += [(one, len(words) // WORDS) for one in cells]
                tones = column.tones if colour and column.tones else (PLAIN,) * len(column.words)
                sizes = [put_word(spell(column, word), tone) for word, tone in zip(column.words, tones, strict=True)]
                self.longest += len(cells) * max(sizes, default=0)
            cell += column.width
        told += (*put(after), bool(widths) and not blanks)
        texts = np.frombuffer(bytes(literals) or b" ", dtype=np.uint8)
        self._told_once = np.array(told, dtype=np.int64), texts, np.array(words, dtype=np.int64)
        self._width = cell
        self._told = np.zeros(1 + len(columns), dtype=np.int64)

    @property
    def widest(self) -> Cells:
        """How many columns of a terminal the text of each column took at most, of what was written."""
        return self._told[1:]

    def write(self, batch: Cells, kernels: Kernels) -> Iterator[bytes]:
        """Yield the text of a batch in pieces of a quarter megabyte."""
        flat = batch.copy()
        for cell, offset in self._offsets:
            flat[:, cell] += np.where(flat[:, cell] < 0, 0, offset)
        count = len(flat)
        flat = flat.reshape(-1)
        out = np.empty(min(ROOM, count * self.longest) + self.longest, dtype=np.uint8)
        done = 0
        while done < count:
            size = kernels.write_rows(flat, self._width, done, count, *self._told_once, out, self.longest, self._told)
            done += int(self._told[0])
            yield out[:size].tobytes()


def json_layout(columns: tuple[Column, ...], after: str) -> Layout:
    """Lay rows out as JSON objects; ``after`` follows each."""
    before = []
    quote = ""
    for index, column in enumerate(columns):
        lead = quote + ("{" if index == 0 else ", ") + json.dumps(column.name) + ": "
        quote = '"' if column.kind in (ADDRESS, ENDPOINT_ADDRESS) else ""
        before.append(lead + quote)
    return Layout(columns, before, quote + "}" + after, _json_word, "null")


def csv_layout(columns: tuple[Column, ...]) -> Layout:
    """Lay rows out as CSV lines (RFC 4180)."""
    before = ["" if index == 0 else "," for index in range(len(columns))]
    return Layout(columns, before, "\r\n", _plain_word, "")


def tsv_layout(columns: tuple[Column, ...]) -> Layout:
    """Lay rows out as lines with tabs between the values, which have neither tabs nor line breaks."""
    before = ["" if index == 0 else "\t" for index in range(len(columns))]
    return Layout(columns, before, "\n", _unquoted_word, "")


def cell_layout(columns: tuple[Column, ...]) -> Layout:
    """Lay rows out for tables: values apart by tabs, rows by newlines."""
    before = ["" if index == 0 else "\t" for index in range(len(columns))]
    return Layout(columns, before, "\n", shown_word, _nothing(columns))


def aligned_layout(
    columns: tuple[Column, ...],
    widths: Sequence[int],
    right: Sequence[bool],
    indent: int = 2,
    gap: int = 2,
    colour: bool = False,
) -> Layout:
    """Lay rows out in columns of these widths, as ``alignment`` does: ``indent`` blanks, ``gap`` blanks between
    columns, none at a row's end."""
    before = [" " * (indent if index == 0 else gap) for index in range(len(columns))]
    return Layout(columns, before, "\n", shown_word, _nothing(columns), widths, right, colour)


def fixed_layout(
    columns: tuple[Column, ...], before: list[str], widths: Sequence[int], right: Sequence[bool], blanks: bool
) -> Layout:
    """Lay rows out in columns of these widths, each behind a text of its own; ``blanks``: also at a row's end."""
    return Layout(columns, before, "\n", shown_word, _nothing(columns), widths, right, blanks=blanks)


def _nothing(columns: tuple[Column, ...]) -> str:
    return next((column.nothing for column in columns if column.kind in (NUMBER_OR_NOTHING, DURATION)), "")


def shown_word(column: Column, word: Any) -> str:
    """Return a word as people see it, before it is cut or coloured."""
    if isinstance(word, bool):
        return "yes" if word else "no"
    return column.nothing if word is None else safe(str(word)).strip()


def _json_word(column: Column, word: Any) -> str:
    # JSON lets the control character DEL be; a terminal need not.
    return json.dumps(word).replace("\x7f", "\\u007f")


def _unquoted_word(column: Column, word: Any) -> str:
    if word is None:
        return ""
    if isinstance(word, bool):
        return "true" if word else "false"
    text = safe(str(word))
    # A spreadsheet would run it (OWASP, CSV injection); behind an apostrophe it is text.
    return "'" + text if text.lstrip().startswith(FORMULA) else text


def _plain_word(column: Column, word: Any) -> str:
    text = _unquoted_word(column, word)
    # Some spreadsheets take a semicolon for the end of a cell, and what follows for another that may be a formula.
    return '"' + text.replace('"', '""') + '"' if any(one in text for one in ',;"\r\n') else text
