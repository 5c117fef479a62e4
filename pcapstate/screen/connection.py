"""A single connection on the whole screen: the path of both ends, its counters, and the ladder of its packets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Footer

from ..ladder.drawing import Ladder, Line, Run
from ..ladder.steps import Steps
from ..output.shortening import cut
from ..output.widths import display_width
from ..tcp.machine import TABLE
from ..tcp.states import State
from ..views.reading_aids import STATE_TONES, Manner
from ..wording.languages import translate
from ..wording.styles import shown_states
from .bars import Heading
from .connection_story import NOTHING, ConnectionStory
from .palette import Palette


class Lines(ScrollView, can_focus=True):
    """Lines above a ladder, and the ladder, each drawn when it is in view."""

    def __init__(self, palette: Palette, draw: Callable[[int], tuple[list[Line], Ladder]], id: str) -> None:
        super().__init__(id=id)
        self._palette, self._draw = palette, draw
        self._head: list[Line] = []
        self._ladder: Sequence[Line] = ()

    def on_resize(self) -> None:
        """Draw anew for the width."""
        self.redraw()

    def redraw(self) -> None:
        """Take what there is to draw now."""
        self._head, self._ladder = self._draw(max(self.size.width - 2, 40))
        self.virtual_size = Size(self.size.width, len(self._head) + len(self._ladder))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line of the window."""
        width, blank = self.size.width, Style(bgcolor=self._palette.background)
        at = y + round(self.scroll_offset.y)
        if at < len(self._head):
            line = self._head[at]
        elif at < len(self._head) + len(self._ladder):
            line = (Run(" "), *self._ladder[at - len(self._head)])
        else:
            return Strip.blank(width, blank)
        parts = [Segment(run.text, self._palette.style(run.tone)) for run in line]
        return Strip(parts).adjust_cell_length(width, blank)


KEYS = (("escape,q,enter", "app.close", "Back"), ("w", "app.write", "Write"), ("c", "app.copy", "Copy filter"))
"""Keys, their actions, and their words in the footer."""


class ConnectionScreen(Screen[None]):
    """One connection; packets of it may still come."""

    CSS = """
    ConnectionScreen { layout: vertical; }
    Heading { height: 1; }
    #ladder { height: 1fr; overflow-x: hidden; }
    """

    def __init__(self, palette: Palette, how: Manner, story: ConnectionStory) -> None:
        super().__init__()
        self._palette, self._how, self._story = palette, how, story
        self._about = story.now() or NOTHING
        for key, action, word in KEYS:
            self._bindings.bind(key, action, translate(word, how.lang))

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Heading(self._palette, "title")
        yield Lines(self._palette, self._draw, "ladder")
        yield Footer()

    def on_mount(self) -> None:
        """Fill in what is known."""
        self._tell()
        self.query_one(Lines).focus()
        self.set_interval(1, self._again)

    def _again(self) -> None:
        if self._story.complete:
            return
        about = self._story.now()
        if about is not None and len(about.steps) != len(self._about.steps):
            self._about = about
            self._tell()
            self.query_one(Lines).redraw()

    def _tell(self) -> None:
        self.query_one("#title", Heading).left = self._about.title

    def _draw(self, width: int) -> tuple[list[Line], Ladder]:
        head: list[Line] = [(Run(cut(f" {line}", width)),) for line in self._about.lines]
        return [*head, (), *self._paths(width), ()], Ladder(self._about.steps, width - 1, self._how)

    def _paths(self, width: int) -> list[Line]:
        """Return the states that each end went through, with the packet of each step."""
        names, found = shown_states(self._how.style), []
        for side, role in enumerate(("client", "server")):
            title = f" {translate(role, self._how.lang)}: "
            line, taken = [Run(title)], display_width(title)
            first = _first(self._about.steps, side)
            line.append(Run(names[first], STATE_TONES[first]))
            taken += display_width(names[first])
            for at, changes in self._about.steps.changes.items():
                number = int(self._about.steps.rows["number"][at])
                for change in changes:
                    if change.side != side:
                        continue
                    by = f"#{number}" if number else translate(TABLE[change.row].cause, self._how.lang)
                    arrow, name = f" ─{by}→ ", names[change.after]
                    if taken + display_width(arrow) + display_width(name) > width:
                        found.append(tuple(line))
                        line, taken = [Run(" " * display_width(title))], display_width(title)
                    line += [Run(arrow), Run(name, STATE_TONES[change.after])]
                    taken += display_width(arrow) + display_width(name)
            found.append(tuple(line))
        return found


def _first(given: Steps, side: int) -> State:
    """Return the first state of an end that is known."""
    for changes in given.changes.values():
        for change in changes:
            if change.side == side:
                return change.before
    return given[0].after[side] if given else State.UNKNOWN
