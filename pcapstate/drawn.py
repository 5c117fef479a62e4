"""Answers of the library that draw themselves: states over time, and the ladder of a connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

from .ladder.drawing import SIGNS
from .ladder.drawing import Ladder as Lines
from .ladder.explaining import Part, parts
from .ladder.gathering import Gathered
from .ladder.sentences import Sentences
from .ladder.table import table_of
from .ladder.text import WIDTH, Drawing
from .moments import SECOND
from .objects import StateCount, Step, records
from .plot.picture import Picture
from .rows import Rows
from .tcp.states import State
from .views.reading_aids import Manner
from .views.states_over_time import OverTime, view
from .wording.languages import translate
from .wording.styles import RFC
from .wording.times import TimeFormat, duration

STYLE = RFC._replace(states={state: state.name for state in State})
"""States as the library names them."""


class StatesOverTime(Sequence[StateCount]):
    """How many ends of connections are in each state over time; ``print`` and notebooks draw it."""

    def __init__(self, over_time: OverTime, states: tuple[State, ...], whose: str, at: Rows | None) -> None:
        self._over_time, self._states, self._whose, self._at = over_time, states, whose, at

    @cached_property
    def _rows(self) -> list[StateCount]:
        return [StateCount(**one) for one in records(view(self._over_time, self._states, self._at))]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> StateCount: ...

    @overload
    def __getitem__(self, place: slice) -> list[StateCount]: ...

    def __getitem__(self, place: int | slice) -> StateCount | list[StateCount]:
        return self._rows[place]

    def _picture(self, lang: str, utc: bool) -> Picture:
        return Picture(self._over_time, self._states, Manner(STYLE, lang, TimeFormat(utc)), self._whose)

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int | None = None, *, lang: str = "en", utc: bool = True) -> str:
        """Return the picture of ``pcapstate plot`` in lines of ``width`` columns."""
        from .plot.text import WIDTH as USUAL
        from .plot.text import drawn

        return drawn(self._picture(lang, utc), USUAL if width is None else width)

    def svg(self, *, lang: str = "en", utc: bool = True) -> str:
        """Return the picture as an SVG document."""
        from .plot.svg import drawn

        return drawn(self._picture(lang, utc))

    def png(self, *, lang: str = "en", utc: bool = True) -> bytes:
        """Return the picture as a PNG file. Raises CallError without Pillow."""
        from .plot.png import Pen

        return Pen(lang).drawn(self._picture(lang, utc))

    def _repr_html_(self) -> str:
        from .notebooks import picture

        return picture(self.svg(), self._picture("en", True).described())


class Ladder(Sequence[Step]):
    """A connection packet by packet, with the states of both ends; ``print`` and notebooks draw it."""

    def __init__(self, gathered: Gathered, wait: float, ended: bool, lang: str) -> None:
        self.connection = gathered.number
        """Its number (tcp.stream)."""
        self.client, self.server = gathered.ends
        self._steps, self._wait, self._ended = gathered.steps(), duration(round(wait * SECOND)), ended
        self._how = Manner(STYLE, lang, TimeFormat(utc=True))

    @cached_property
    def _rows(self) -> list[Step]:
        return [Step(**one) for one in records(table_of(self._steps))]

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, place: int) -> Step: ...

    @overload
    def __getitem__(self, place: slice) -> list[Step]: ...

    def __getitem__(self, place: int | slice) -> Step | list[Step]:
        return self._rows[place]

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = WIDTH) -> str:
        """Return what ``pcapstate explain`` prints, in lines of ``width`` columns."""
        drawing = Drawing(self.connection, (self.client, self.server), self._steps, self._how, width)
        return b"".join(drawing.pieces(parts(self._steps, self._wait), self._ended)).decode()

    def _repr_html_(self) -> str:
        from .notebooks import html_of_ladder

        sentences = Sentences(self._how)

        def told(part: Part) -> Iterator[str]:
            if part.fold is not None:
                yield f"… {sentences.fold(part.fold)}"
            yield from map(sentences.sentence, part.said)

        heading = translate("connection {number}", self._how.lang).format(number=self.connection)
        lines = Lines(self._steps, WIDTH, self._how, SIGNS)
        found = list(parts(self._steps, self._wait))
        return html_of_ladder(heading, (self.client, self.server), found, lines.__getitem__, told)
