"""The states of TCP explained: a row for each, for programs, and blocks of text for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..table import WORD, Column, Table, cells, single
from ..tcp.states import State
from ..wording.languages import translate
from ..wording.meanings import meaning
from ..wording.styles import STYLES, Style

Block = tuple[str, list[tuple[str, str]]]

TITLES = {
    "state": "State",
    "shown": "Shown",
    "meaning": "Meaning",
    "normal": "Normally",
    "piling_up": "Piling up",
}


def view(states: Sequence[State], language: str, style: Style) -> Table:
    """Return a row for each state; ``state`` is the name that all commands give to programs, ``shown`` the style's."""
    told = [(state.name, style.states[state], *meaning(state, language, style)) for state in states]
    columns, values = [], {}
    for name, texts in zip(TITLES, zip(*told, strict=True), strict=True):
        words = tuple(dict.fromkeys(texts))
        columns.append(Column(name, TITLES[name], WORD, words))
        values[name] = np.array([words.index(text) for text in texts])
    return single(tuple(columns), cells(tuple(columns), len(told), **values))


def view_for_people(states: Sequence[State], language: str, style: Style) -> list[Block]:
    """Return what there is to say about each state: its name in the style, then labels and texts."""
    blocks = []
    for state in states:
        told = meaning(state, language, style)._asdict()
        spellings = _other_spellings(state, style)
        texts = [(translate(TITLES[name], language), text) for name, text in told.items()]
        if spellings:
            texts.insert(0, (translate("Also spelled", language), spellings))
        blocks.append((style.states[state], texts))
    return blocks


def _other_spellings(state: State, style: Style) -> str:
    """Return the spellings of the other styles that differ, with the systems that have them."""
    systems: dict[str, list[str]] = {}
    for other in STYLES.values():
        if other.states[state] != style.states[state]:
            systems.setdefault(other.states[state], []).append(other.system)
    return ", ".join(f"{spelling} ({', '.join(names)})" for spelling, names in systems.items())
