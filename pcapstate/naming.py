"""How names from outside are written: nothing from a capture or a path reaches a terminal unescaped."""

from __future__ import annotations

import unicodedata

_HARMLESS_CATEGORIES = ("L", "M", "N", "P", "S", "Zs")


def safe(text: str) -> str:
    """Return the text with control, format, bidi and unassigned characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one
        if unicodedata.category(one).startswith(_HARMLESS_CATEGORIES)
        else one.encode("unicode_escape", "replace").decode()
        for one in text
    )
