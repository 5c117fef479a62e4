"""States by name, in whatever spelling: LISTENING, listen, SYN_RECV, syn-received, FinWait1, ESTAB."""

from __future__ import annotations

import difflib
from functools import cache

from ..tcp.states import State
from .styles import STYLES

ALSO = {"ESTAB": State.ESTABLISHED}
"""Spellings that none of the styles has: that of ss."""

LONGEST = 40
"""Characters of a name that count; no spelling has as many."""


def state_named(text: str) -> State | None:
    """Return the state of a name in any spelling, or None. Case, hyphens, underscores and blanks do not matter."""
    return _spellings().get(_plain(text))


def nearest_state(text: str) -> State | None:
    """Return the state whose spelling is nearest to a text, or None where none is near."""
    near = difflib.get_close_matches(_plain(text), _spellings(), n=1)
    return _spellings()[near[0]] if near else None


def _plain(text: str) -> str:
    return "".join(one for one in text[:LONGEST].upper() if one.isalnum())


@cache
def _spellings() -> dict[str, State]:
    found = {_plain(state.name): state for state in State}
    for style in STYLES.values():
        found.update({_plain(spelling): state for state, spelling in style.states.items()})
    return {**found, **ALSO}
