"""What a language consists of. Each one is a folder named by its code that defines LANGUAGE; nothing else names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..tcp.states import State


class Meaning(NamedTuple):
    """What there is to say about a state. ``{CLOSE_WAIT}`` and the like stand for states, spelled as the style does."""

    meaning: str
    normal: str
    piling_up: str


class Language(NamedTuple):
    """A language; whatever it leaves out stays English."""

    catalog: Mapping[str, str]
    """The text for each English one."""
    meanings: Mapping[State, Meaning]
    """The meanings of the states."""
    separator: str = " "
    """What stands between sentences."""
