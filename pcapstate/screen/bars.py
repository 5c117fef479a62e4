"""The lines above and below the table: what is read, how many connections are in each state, and where in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from ..output.shortening import cut
from ..output.widths import display_width
from ..rows import Rows
from ..table import CAUTION
from ..tcp.states import State
from ..views.reading_aids import STATE_TONES
from .palette import Palette

BLOCKS = " ▁▂▃▄▅▆▇█"


def spark(values: Sequence[int], width: int) -> str:
    """Return a line of bars, one for each of the last values, as high as they are beside the highest."""
    last = list(values)[-width:]
    most = max(last, default=0)
    if not most:
        return ""
    return "".join(BLOCKS[-(-one * (len(BLOCKS) - 1) // most)] for one in last)


class Heading(Widget):
    """A line with a text on the left and one on the right; ``alarm``: something was lost."""

    left: reactive[str] = reactive("")
    right: reactive[str] = reactive("")
    alarm: reactive[str] = reactive("")

    def __init__(self, palette: Palette, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width, palette = self.size.width, self._palette
        style = Style(color=palette.text, bgcolor=palette.bar)
        right = f" {self.right} " if self.right else " "
        alarm = f" {self.alarm} " if self.alarm else ""
        left = cut(f" {self.left}", max(width - display_width(right) - display_width(alarm), 8))
        blank = max(width - sum(map(display_width, (left, right, alarm))), 0)
        parts = [
            Segment(left, style + Style(bold=True)),
            Segment(" " * blank, style),
            Segment(alarm, Style(color=palette.tones[CAUTION], bgcolor=palette.bar, bold=True)),
            Segment(right, style),
        ]
        return Strip(parts).adjust_cell_length(width, style)


class StatesStrip(Widget):
    """The states with their counts; a click on one, or its digit, shows only the rows in it."""

    class Chosen(Message):
        """A state was clicked."""

        def __init__(self, state: State) -> None:
            super().__init__()
            self.state = state

    def __init__(self, palette: Palette, names: Sequence[str]) -> None:
        super().__init__(id="states")
        self._palette, self._names = palette, names
        self._counts: dict[State, int] = {}
        self._only: frozenset[State] = frozenset()
        self._places: list[tuple[int, int, State]] = []

    def show(self, counts: dict[State, int], only: frozenset[State]) -> None:
        """Show other counts; ``only``: the states whose rows are shown, empty: all."""
        self._counts, self._only = counts, only
        self.refresh()

    @property
    def states(self) -> list[State]:
        """The states in the strip, in order: the digits 1 to 9 stand for the first ones."""
        order = sorted(State, key=lambda one: (one == State.UNKNOWN, one))
        return [state for state in order if self._counts.get(state) or state in self._only]

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width, palette = self.size.width, self._palette
        plain = Style(color=palette.faint, bgcolor=palette.background)
        parts = [Segment(" ", plain)]
        at = 1
        self._places = []
        for number, state in enumerate(self.states, 1):
            digit = f"{number}:" if number < 10 else ""
            text = f"{digit}{self._names[state]} {self._counts.get(state, 0):,}"
            shown = not self._only or state in self._only
            style = palette.style(STATE_TONES[state], bold=shown) if shown else plain
            if self._only and shown:
                style += Style(reverse=True)
            parts += [Segment(text, style), Segment("  ", plain)]
            self._places.append((at, at + display_width(text), state))
            at += display_width(text) + 2
        return Strip(parts).adjust_cell_length(width, plain)

    def on_click(self, event: events.Click) -> None:
        """Tell which state is clicked."""
        for start, end, state in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(state))


class TimeLine(Widget):
    """The time of the capture from left to right, with bars where states change; a click moves to that time."""

    class Moved(Message):
        """A place was clicked: 0 is the beginning, 1 the end."""

        def __init__(self, place: float) -> None:
            super().__init__()
            self.place = place

    def __init__(self, palette: Palette) -> None:
        super().__init__(id="timeline")
        self._palette = palette
        self._texts = "", ""
        self._place = 1.0
        self._changes: Rows = np.zeros(0, dtype=np.int64)
        self._span = 0, 0

    def show(self, span: tuple[int, int], moment: int, changes: Rows, texts: tuple[str, str]) -> None:
        """Show a moment within a span of time (ns since the epoch); ``changes``: times; ``texts``: of both ends."""
        self._span, self._changes, self._texts = span, changes, texts
        self._place = (moment - span[0]) / max(span[1] - span[0], 1)
        self.refresh()

    def _track(self) -> tuple[int, int]:
        """Return where the line begins, and how long it is."""
        first, last = (display_width(text) for text in self._texts)
        return first + 2, max(self.size.width - first - last - 4, 1)

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        palette, (_, length) = self._palette, self._track()
        style = Style(color=palette.faint, bgcolor=palette.bar)
        offsets = (self._changes - self._span[0]) / max(self._span[1] - self._span[0], 1)
        counts = np.bincount(np.clip(offsets * length, 0, length - 1).astype(int), minlength=length)
        heights = np.ceil(np.sqrt(counts / max(int(counts.max()), 1)) * (len(BLOCKS) - 1)).astype(int)
        bars = "".join(BLOCKS[height] for height in heights)
        at = min(max(round(self._place * (length - 1)), 0), length - 1)
        parts = [
            Segment(f" {self._texts[0]} ", style),
            Segment(bars[:at], Style(color=palette.accent, bgcolor=palette.bar)),
            Segment("┃", Style(color=palette.background, bgcolor=palette.text, bold=True)),
            Segment(bars[at + 1 :], style),
            Segment(f" {self._texts[1]} ", style),
        ]
        return Strip(parts).adjust_cell_length(self.size.width, style)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move to the time that is clicked, and follow the mouse."""
        self.capture_mouse()
        self._tell(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while its button is down."""
        if self.app.mouse_captured is self:
            self._tell(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of the mouse."""
        self.release_mouse()

    def _tell(self, x: int) -> None:
        start, length = self._track()
        self.post_message(self.Moved(min(max((x - start) / max(length - 1, 1), 0.0), 1.0)))
