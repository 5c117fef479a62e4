"""Columns of numbers as text that a page can hold: gzip, then base64, which has no character that HTML knows.

The bytes are the length of a JSON text (u4), that text, and the columns, each at a multiple of eight bytes. The text
has ``columns``: of each its name, type, number of values, and where it begins behind the text. All is little-endian.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np

from ..rows import Rows

WHOLE = ((1 << 8, "u1"), (1 << 16, "u2"), (1 << 32, "u4"))
"""The smallest type that holds numbers below a bound; others are doubles."""
ALIGNED = 8
LEVEL = 6
"""Of gzip: more takes twice the time for two parts in a hundred."""


class Packed:
    """Columns by name, and other values that JSON holds."""

    def __init__(self) -> None:
        self._columns: dict[str, Rows] = {}
        self.values: dict[str, Any] = {}

    def add(self, name: str, column: Any) -> None:
        """Add a column: whole numbers from 0 on in as few bytes as they need, all others as doubles."""
        given = np.asarray(column)
        self._columns[name] = given.astype(_type(given))

    def text(self) -> str:
        """Return all as text."""
        described, parts, at = [], [], 0
        for name, column in self._columns.items():
            raw = column.tobytes()
            described.append([name, column.dtype.str.lstrip("|<"), len(column), at])
            parts += [raw, bytes(-len(raw) % ALIGNED)]
            at += len(raw) + -len(raw) % ALIGNED
        said = json.dumps({**self.values, "columns": described}, ensure_ascii=False, separators=(",", ":")).encode()
        # The columns begin at a multiple, too: four bytes of length stand before the text.
        said += b" " * (-(len(said) + 4) % ALIGNED)
        whole = b"".join([len(said).to_bytes(4, "little"), said, *parts])
        return base64.b64encode(gzip.compress(whole, LEVEL, mtime=0)).decode("ascii")


def _type(given: Rows) -> str:
    if given.dtype.kind in "bui" and (not len(given) or given.min() >= 0):
        most = int(given.max(initial=0))
        for bound, name in WHOLE:
            if most < bound:
                return f"<{name}"
    return "<f8"
