"""How many columns of a terminal a text takes."""

from __future__ import annotations


def display_width(text: str) -> int:
    """Return the columns that a text takes: two for an East Asian wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    width = wcswidth(text)
    return width if width >= 0 else len(text)  # below 0: it has control characters
