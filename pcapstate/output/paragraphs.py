"""Text in lines of a terminal's width, in English and in languages written without blanks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from .widths import display_width

WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
"""Characters that a line may break between: two columns wide, and written without blanks."""
OPENING = r"(\[{「『【〈《（"
CLOSING = r")\]},.;:!?、。，．：；！？」』】〉》）ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
UNITS = rf"\s+|[{OPENING}]*(?:[^\s{WIDE}]*[^\s{WIDE}{OPENING}]|[{WIDE}])[{CLOSING}]*|\S"
"""What a line never breaks within: a word, or a wide character with the marks that must not end or begin a line."""

NARROWEST, WIDEST = 30, 100
"""Columns that lines take at least, and at most: longer ones are hard to read."""


@cache
def units() -> re.Pattern[str]:
    """Return the pattern of such units; compiling it takes longer than a small capture."""
    return re.compile(UNITS)


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` columns; a word that is longer has a line of its own."""
    lines: list[str] = []
    line = ""
    for unit in units().findall(text):
        if line and display_width(line + unit.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        if line or not unit.isspace():
            line += unit
    return [*lines, line.rstrip()] if line else lines


def definitions(entries: Iterable[tuple[str, Sequence[tuple[str, str]]]], width: int) -> str:
    """Return terms and what there is to say about each: label and text, the texts side by side with their labels."""
    entries = list(entries)
    width = min(max(width, NARROWEST), WIDEST)
    margin = max((display_width(label) for _, texts in entries for label, _ in texts), default=0) + 4
    blocks = []
    for term, texts in entries:
        block = [term]
        for label, text in texts:
            lead = "  " + label + " " * (margin - 2 - display_width(label))
            for line in wrapped(text, width - margin):
                block.append(lead + line)
                lead = " " * margin
        blocks.append("\n".join(block) + "\n")
    return "\n".join(blocks)
