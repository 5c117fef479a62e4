"""Lay a table out for the text kernel: once for JSON, for CSV, and for tables that people read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..compiled import Kernels
from ..naming import safe
from ..views.table import ADDRESS, DURATION, ENDPOINT_ADDRESS, NUMBER_OR_NOTHING, WORD, Cells, Column
from .text import LONGEST

ROOM = 1 << 18
"""Bytes of text written at a time."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a cell begins with that spreadsheets take for a formula: also full-width, and also behind blanks."""

Spell = Callable[[Column, Any], str]


class Layout:
    """How rows become text: what stands before each value, between rows, and how words are spelled."""

    def __init__(self, columns: tuple[Column, ...], before: list[str], after: str, spell: Spell, nothing: str) -> None:
        literals = bytearray()
        self._words = [0, 0, 0, 0]

        def put(text: str) -> tuple[int, int]:
            start = len(literals)
            literals.extend(text.encode())
            return start, len(literals)

        self._words[2:4] = put(nothing)
        self._columns: list[int] = []
        self._offsets: list[tuple[int, int]] = []
        self.longest = len(after.encode())
        cell = 0
        for column, lead in zip(columns, before, strict=True):
            self._columns += [column.kind, cell, *put(lead)]
            self.longest += len(lead.encode()) + LONGEST
            if column.kind == WORD:
                self._offsets.append((cell, len(self._words) // 2))
                spelled = [spell(column, word) for word in column.words]
                for word in spelled:
                    self._words += put(word)
                self.longest += max((len(word.encode()) for word in spelled), default=0)
            cell += column.width
        self._columns += put(after)
        self._literals = np.frombuffer(bytes(literals) or b" ", dtype=np.uint8).copy()
        self._width = cell

    def write(self, batch: Cells, kernels: Kernels) -> Iterator[bytes]:
        """Yield the text of a batch in pieces of a quarter megabyte."""
        flat = batch.copy()
        for cell, offset in self._offsets:
            flat[:, cell] += offset
        count = len(flat)
        flat = flat.reshape(-1)
        columns = np.array(self._columns, dtype=np.int64)
        words = np.array(self._words, dtype=np.int64)
        out = np.empty(min(ROOM, count * self.longest) + self.longest, dtype=np.uint8)
        done = 0
        while done < count:
            size = kernels.write_rows(flat, self._width, done, count, columns, self._literals, words, out, self.longest)
            done += int(words[0])
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


def cell_layout(columns: tuple[Column, ...]) -> Layout:
    """Lay rows out for tables: values apart by tabs, rows by newlines."""
    before = ["" if index == 0 else "\t" for index in range(len(columns))]

    def spell(column: Column, word: Any) -> str:
        if isinstance(word, bool):
            return "yes" if word else "no"
        return column.nothing if word is None else safe(str(word))

    nothing = next((column.nothing for column in columns if column.kind in (NUMBER_OR_NOTHING, DURATION)), "")
    return Layout(columns, before, "\n", spell, nothing)


def _json_word(column: Column, word: Any) -> str:
    # JSON lets the control character DEL be; a terminal need not.
    return json.dumps(word).replace("\x7f", "\\u007f")


def _plain_word(column: Column, word: Any) -> str:
    if word is None:
        return ""
    if isinstance(word, bool):
        return "true" if word else "false"
    text = safe(str(word))
    if text.lstrip().startswith(FORMULA):
        # A spreadsheet would run it (OWASP, CSV injection); behind an apostrophe it is text.
        text = "'" + text
    # Some spreadsheets take a semicolon for the end of a cell, and what follows for another that may be a formula.
    return '"' + text.replace('"', '""') + '"' if any(one in text for one in ',;"\r\n') else text
