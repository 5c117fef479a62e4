"""How names from outside are written: nothing from a capture or a path reaches a terminal unescaped."""

from __future__ import annotations

import re
import unicodedata

WIDEST = 40
"""Characters of a word of the command line that an error shows at most."""
_HARMLESS_CATEGORIES = ("L", "M", "N", "P", "S", "Zs")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\ufffc\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""What shows nothing: Default_Ignorable_Code_Point of Unicode, and what looks like a blank but is none."""
MOST_MARKS = 4
"""Marks on a character that are no more than writing needs (UTS #39, 5.4); more cover the lines above."""


def safe(text: str) -> str:
    """Return the text with control, format, bidi, unassigned and invisible characters written as escapes.

    So are marks that have no character to stand on, or too many of them.
    """
    if text.isascii() and text.isprintable():
        return text
    found = []
    marks = MOST_MARKS
    for one in text:
        category = unicodedata.category(one)
        if category.startswith("M"):
            marks += 1
            harmless = marks <= MOST_MARKS
        else:
            # A mark would combine with a blank, and with the blanks between columns.
            marks = MOST_MARKS if category == "Zs" else 0
            harmless = category.startswith(_HARMLESS_CATEGORIES)
        found.append(one if harmless and not _INVISIBLE.match(one) else _escaped(one))
    return "".join(found)


def _escaped(one: str) -> str:
    if "\udc80" <= one <= "\udcff":
        # A byte of a path that is no text (os.fsdecode).
        return f"\\x{ord(one) - 0xDC00:02x}"
    return one.encode("unicode_escape", "replace").decode()


def abridged(text: str) -> str:
    """Return a text from outside as an error shows it: harmless, on one line, cut where it is long."""
    text = safe(re.sub(r"\s", " ", text[: WIDEST + 1]))
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def quoted(text: str) -> str:
    """Return a text from outside as an error names it: ``abridged``, in quotes."""
    return f'"{abridged(text)}"'
