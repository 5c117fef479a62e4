"""The value of an option that is a list with commas."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from ..messages import Message
from .errors import QueryError, Unfit

LONGEST = 10_000
"""Characters that a list can have."""

Read = TypeVar("Read")


def read_list(source: str, text: str, read: Callable[[str], Read]) -> list[Read]:
    """Return what ``read`` (which raises Unfit) makes of each word of a list; raises QueryError."""
    if len(text) > LONGEST:
        raise QueryError(source, text, LONGEST, 1, Message("the list is longer than {most:,} characters", most=LONGEST))
    found = []
    for match in re.finditer(r"(?:^|,)([^,]*)", text):
        word = match[1].strip()
        at = match.start(1) + len(match[1]) - len(match[1].lstrip()) if word else match.start(1)
        if not word:
            raise QueryError(source, text, at, len(match[1]), Message("a word is missing"))
        try:
            found.append(read(word))
        except Unfit as unfit:
            raise QueryError(source, text, at, len(word), unfit.reason, unfit.hint) from None
    return found
