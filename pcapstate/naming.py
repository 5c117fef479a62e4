"""How names from outside are written: nothing from a capture or a path reaches a terminal unescaped."""

from __future__ import annotations

import re
import unicodedata

WIDEST = 40
"""Characters of a word of the command line that an error shows at most."""
_HARMLESS_CATEGORIES = ("L", "M", "N", "P", "S", "Zs")


def safe(text: str) -> str:
    """Return the text with control, format, bidi and unassigned characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if unicodedata.category(one).startswith(_HARMLESS_CATEGORIES) else _escaped(one) for one in text)


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
