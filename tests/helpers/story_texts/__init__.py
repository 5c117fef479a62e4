"""The stories that several tests play: one situation each, in the language of ``stories``; a family in each file."""

from __future__ import annotations

from pcapstate.tcp.states import State
from tests.helpers.story_texts import captures, closing, numbers, opening, resets
from tests.helpers.story_texts.beginnings import OPEN, TALK

__all__ = ["NAMES", "OPEN", "STORIES", "SUPPORTED", "TALK"]

_FAMILIES = (opening, closing, resets, numbers, captures)

STORIES = {name: story for family in _FAMILIES for name, story in family.STORIES.items()}
NAMES = list(STORIES)

SUPPORTED: dict[tuple[str, int], tuple[State, ...]] = {
    key: states for family in _FAMILIES for key, states in family.SUPPORTED.items()
}
"""States that are right without the packet of that number, though the whole story does not pass them."""
