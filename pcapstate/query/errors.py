"""What is wrong with a filter, or a list of columns, and where: one line that points at the place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import PcapstateError
from ..escaping import WIDEST, abridged, safe
from ..messages import Message

AROUND = 24
"""Characters of the text that are shown on either side of the place."""
NEAREST = 3
LISTED = 24
"""So many known words are listed where none is near; names of fields and columns always are (``all_known``)."""
PAIRS = (("client_", "server_"), ("local_", "foreign_"), ("sent_", "received_"))
"""What names of both ends, or both ways, begin with."""


class QueryError(PcapstateError):
    """A text of the command line that cannot be understood, or that does not fit the rows it is about.

    ``source``: the option it came from; ``position`` (characters, from 0) and ``length`` say where in ``text`` it is
    wrong, ``reason`` says what is wrong.
    """

    def __init__(self, source: str, text: str, position: int, length: int, reason: str, hint: str = "") -> None:
        at, at_end = "at character {number}", "at the end"
        place = Message(at, number=position + 1) if position < len(text) else Message(at_end)
        where = _snippet(text, position, length)
        said = Message(
            "{source}: {reason} {place}{hint}: {where}",
            source=source,
            reason=Message(reason),
            place=place,
            hint=hint,
            where=where,
        )
        super().__init__(said)
        self.source = source
        self.text = text
        self.position = position
        self.length = length
        self.reason = reason


class Unfit(Exception):
    """A value that does not fit what it is compared with; ``hint`` goes behind the place in the error."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = Message(" ({hint})", hint=hint) if hint else ""


def did_you_mean(text: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return what to say of an unknown word: the nearest known ones, or ``otherwise``, or all of them if few."""
    import difflib

    names = list(dict.fromkeys(known))
    given = text[:WIDEST].casefold()
    folded = {name.casefold(): name for name in names}
    starting = [name for key, name in folded.items() if len(given) > 1 and key.startswith(given)]
    close = [folded[key] for key in difflib.get_close_matches(given, folded, NEAREST, 0.6)]
    having = [name for key, name in folded.items() if len(given) > 2 and given in key]
    near = list(dict.fromkeys([*starting, *close, *having]))[:NEAREST]
    if near:
        return Message("did you mean {words}?", words=listed(near))
    if otherwise or len(names) > LISTED:
        return otherwise
    return Message("known: {words}", words=", ".join(names))


def all_known(names: Iterable[str]) -> str:
    """Return the hint that lists all names; those of two ends are one: client_/server_port."""
    left = list(dict.fromkeys(names))
    for one, other in PAIRS:
        for name in [name for name in left if name.startswith(one)]:
            rest = name.removeprefix(one)
            if other + rest in left:
                left[left.index(name)] = f"{one}/{other}{rest}"
                left.remove(other + rest)
    return Message("known: {words}", words=", ".join(left))


def listed(words: list[str]) -> str:
    """Return words as a choice in a sentence."""
    if len(words) == 1:
        return words[0]
    first = words[0] if len(words) == 2 else Message("{first}, {then}", first=words[0], then=", ".join(words[1:-1]))
    return Message("{words} or {last}", words=first, last=words[-1])


def _snippet(text: str, position: int, length: int) -> str:
    before, after = text[:position], text[position + length :]
    if len(before) > AROUND:
        before = "… " + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + " …"
    before, after = (safe(re.sub(r"\s", " ", part)) for part in (before, after))
    return f"{before}»{abridged(text[position : position + length])}«{after}"
