"""The letters of a connection's history, as they are added: upper case for side 0 until they are shown."""

from __future__ import annotations

from typing import Any

from ..kernels.source import i64, inner, rare
from .tables import CUT, IS_TRIMMED, LETTERS, LOWER


@rare
def add(story: Any, letters: Any, number: int, side: int, letter: int) -> None:
    """Add a letter; the last one that there is room for says that others are left out."""
    count = i64(story["letters"])
    if count == LETTERS:
        story["bits"] = i64(story["bits"]) | IS_TRIMMED
        letters[LETTERS * number + count - 1] = CUT
        return
    letters[LETTERS * number + count] = letter + LOWER * side
    story["letters"] = count + 1


@inner
def add_once(story: Any, letters: Any, number: int, side: int, one: Any, seen: int, letter: int) -> bool:
    """Add a letter that an end has once; return whether it had it before."""
    if i64(one["seen"]) & seen != 0:
        return True
    one["seen"] = i64(one["seen"]) | seen
    add(story, letters, number, side, letter)
    return False


@rare
def add_scaled(story: Any, letters: Any, number: int, side: int, letter: int, count: int) -> None:
    """Add a letter that counts by orders of magnitude: for the 1st, the 10th, the 100th."""
    while count % 10 == 0:
        count //= 10
    if count == 1:
        add(story, letters, number, side, letter)
