"""What a picture of states over time shows: a band for each state, each with a scale of its own, and one for all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..messages import Message
from ..rows import Rows
from ..tcp.states import State
from ..views.reading_aids import Manner
from ..views.states_over_time import OverTime
from ..wording.languages import told, translate

TITLE = "Connections by state over time"
SIDES = {"client": "states of clients", "server": "states of servers", "both": "states of both ends"}
"""Whose states they are, where they are not those of hosts."""


class Band(NamedTuple):
    """A state, or all states together."""

    name: str
    state: State | None
    """None: all of them."""
    most: int
    """The largest number of connections at any moment."""
    values: Rows
    """The largest number within the time of each column."""


class Picture(NamedTuple):
    """A picture, whatever it is drawn with."""

    over_time: OverTime
    states: tuple[State, ...]
    how: Manner
    whose: str
    """Whose states they are: a text, or a message with its fields."""

    def said(self, text: str) -> str:
        """Return a text, or a message, in the language of the picture."""
        return told(text, self.how.lang)

    @property
    def title(self) -> str:
        """What the picture shows."""
        return self.said(TITLE)

    @property
    def subtitles(self) -> tuple[str, str]:
        """Whose states they are, and when."""
        first, last = (self.how.times.moment(time) for time in (self.over_time.start, self.over_time.end))
        return self.said(self.whose), translate("{first} to {last}", self.how.lang).format(first=first, last=last)

    def name(self, state: State) -> str:
        """Return a state as the style spells it."""
        return self.how.style.states[state]

    def edges(self, columns: int) -> Rows:
        """Return where each of some columns begins, and where the last one ends."""
        start, end = self.over_time.start, self.over_time.end
        found: Rows = start + np.round(np.linspace(0, end - start, columns + 1)).astype(np.int64)
        return found

    def bands(self, columns: int) -> list[Band]:
        """Return a band for all states, where there are several, and one for each."""
        edges = self.edges(columns)
        found = [self._band(self.name(state), state, edges) for state in self.states]
        if len(found) > 1:
            found.insert(0, self._band(self.said("all"), None, edges))
        return found

    def _band(self, name: str, state: State | None, edges: Rows) -> Band:
        steps = self.over_time.of(self.states if state is None else (state,))
        values = steps.largest(edges)
        return Band(name, state, int(values.max()), values)

    def stacked(self, columns: int) -> Rows:
        """Return the number in each state (a row for each) when all together are most within the time of each column.

        So they add up to the values of the band of all.
        """
        moments = self.over_time.of(self.states).highest(self.edges(columns))
        return np.array([self.over_time.of((state,)).at(moments) for state in self.states])

    def described(self) -> str:
        """Return in a sentence what the picture shows, for those who do not see it."""
        named = ", ".join(f"{self.name(state)} {self.over_time.most((state,)):,}" for state in self.states)
        return self.said(Message("The largest number of connections in each state: {states}", states=named or "-"))
