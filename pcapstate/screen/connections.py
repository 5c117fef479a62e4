"""The table: a line for each row in view, and nothing for all others, so that a hundred thousand rows scroll."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..kernels.running import Kernels
from ..output.widths import display_width
from ..views.netstat import Wording
from ..wording.languages import translate
from .board import View, Wish
from .cells import FRESH, MARK, Cell, Plan, plan, texts
from .palette import Palette

Key = tuple[int, int]
"""What a row is known by at every moment: connection and side; or (-1, place) without a connection."""


class ConnectionTable(ScrollView, can_focus=True):
    """Rows of a view, one of which is chosen."""

    BINDINGS = [  # noqa: RUF012 (Textual wants a list)
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("g", "move(-1_000_000_000)", show=False),
        Binding("G,shift+g", "move(1_000_000_000)", show=False),
    ]

    class Opened(Message):
        """A row was clicked twice."""

    class Sorted(Message):
        """A title was clicked; ``sort``: one of ``board.SORTS``."""

        def __init__(self, sort: str) -> None:
            super().__init__()
            self.sort = sort

    def __init__(self, palette: Palette, wording: Wording, kernels: Kernels) -> None:
        super().__init__(id="connections")
        self._palette, self._wording, self._kernels = palette, wording, kernels
        self._view: View | None = None
        self._wish = Wish()
        self._chosen = 0
        self._key: Key | None = None
        self._cached: tuple[int, int, list[dict[str, Cell]], list[int]] | None = None
        self._addresses = 0

    # --- what is shown

    def show(self, view: View, wish: Wish) -> None:
        """Show another view; the chosen row stays chosen, and stays where it is on the screen."""
        before = self._chosen
        self._view, self._wish, self._cached = view, wish, None
        count = len(view.rows)
        if self._key is not None and count:
            self._chosen = self._place(self._key)
        self._chosen = min(max(self._chosen, 0), max(count - 1, 0))
        self._remember()
        self.virtual_size = Size(self.size.width, count + 1)
        if self._chosen != before and count:
            self.scroll_to(y=self.scroll_offset.y + self._chosen - before, animate=False, immediate=True)
        self.refresh()

    def on_resize(self) -> None:
        """Draw anew for another size."""
        self._cached = None
        if self._view is not None:
            self.virtual_size = Size(self.size.width, len(self._view.rows) + 1)
        self.refresh()

    @property
    def connection(self) -> tuple[int, int] | None:
        """The row of the chosen connection in the table, and its number; None: no connection is chosen."""
        if self._view is None or not len(self._view.rows):
            return None
        one = self._view.rows.some(slice(self._chosen, self._chosen + 1))
        row = int(one.row[0])
        return None if row < 0 else (row, int(one.connection[0]))

    def _place(self, key: Key) -> int:
        """Return where the row with a key is now; where it is no more, where it was."""
        assert self._view is not None
        rows = self._view.rows
        if key[0] < 0:
            found = np.flatnonzero(rows.endpoint < 0)
            return int(found[0]) if len(found) else self._chosen
        found = np.flatnonzero((rows.connection == key[0]) & (rows.endpoint & 1 == key[1]))
        return int(found[0]) if len(found) else self._chosen

    def _remember(self) -> None:
        assert self._view is not None
        if len(self._view.rows):
            one = self._view.rows.some(slice(self._chosen, self._chosen + 1))
            self._key = int(one.connection[0]), int(one.endpoint[0]) & 1
        # An empty table chooses nothing; what was chosen may come back.

    # --- moving

    def action_move(self, by: int) -> None:
        """Choose another row."""
        if self._view is None or not len(self._view.rows):
            return
        self._chosen = min(max(self._chosen + by, 0), len(self._view.rows) - 1)
        self._remember()
        self._into_view()

    def action_page(self, pages: int) -> None:
        """Choose a row a screenful away."""
        self.action_move(pages * max(self.size.height - 2, 1))

    def _into_view(self) -> None:
        top, height = round(self.scroll_offset.y), self.size.height - 1
        if self._chosen < top:
            self.scroll_to(y=self._chosen, animate=False, immediate=True)
        elif self._chosen >= top + height:
            self.scroll_to(y=self._chosen - height + 1, animate=False, immediate=True)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose the row that is clicked, or sort by the title that is."""
        if event.y == 0:
            fitting = self._plan()
            for column, start, width in zip(fitting.columns, fitting.starts(), fitting.widths, strict=True):
                if start <= event.x < start + width and column.sort:
                    self.post_message(self.Sorted(column.sort))
            return
        at = round(self.scroll_offset.y) + event.y - 1
        if self._view is not None and at < len(self._view.rows):
            self._chosen = at
            self._remember()
            self.refresh()
            if event.chain == 2:
                self.post_message(self.Opened())

    # --- drawing

    def _plan(self) -> Plan:
        return plan(self.size.width - 1, self._wish.both, self._addresses, self._wording.manner.lang)

    def render_line(self, y: int) -> Strip:
        """Draw a line of the window: the titles, or a row."""
        width = self.size.width
        if self._view is None:
            return Strip.blank(width, Style(bgcolor=self._palette.background))
        if y == 0:
            return self._titles(width)
        at = round(self.scroll_offset.y) + y - 1
        if at >= len(self._view.rows):
            return Strip.blank(width, Style(bgcolor=self._palette.background))
        first, _, cells, ages = self._window()
        return self._row(cells[at - first], ages[at - first], at == self._chosen, width)

    def _window(self) -> tuple[int, int, list[dict[str, Cell]], list[int]]:
        """Return the cells of the rows in view."""
        assert self._view is not None
        first = round(self.scroll_offset.y)
        count = min(self.size.height, len(self._view.rows) - first)
        if self._cached is None or self._cached[:2] != (first, count):
            wording = self._wording._replace(names=self._wish.names)
            found, ages = texts(self._view, slice(first, first + count), wording, self._kernels)
            self._cached = first, count, found, ages.tolist()
            longest = max((display_width(row[name].text) for row in found for name in ("local", "foreign")), default=0)
            if longest > self._addresses:
                # Columns only become wider, so that they do not jump while one scrolls.
                self._addresses = longest
                self.call_after_refresh(self.refresh)
        return self._cached

    def _titles(self, width: int) -> Strip:
        fitting, lang = self._plan(), self._wording.manner.lang
        style = Style(color=self._palette.text, bgcolor=self._palette.bar, bold=True)
        parts = [" " * (len(MARK) + 1)]
        for at, column in enumerate(fitting.columns):
            title = translate(column.title, lang)
            if column.sort and column.sort == self._wish.sort:
                title += "^" if self._wish.reverse else "v"
            parts += [fitting.fitted(at, title), " "]
        return Strip([Segment("".join(parts), style)]).adjust_cell_length(width, style)

    def _row(self, cells: dict[str, Cell], age: int, chosen: bool, width: int) -> Strip:
        fitting, palette = self._plan(), self._palette
        fresh = 0 <= age < FRESH
        parts = [Segment((MARK if fresh else " ") + " ", palette.style(chosen=chosen, bold=True))]
        for at, column in enumerate(fitting.columns):
            cell = cells[column.name]
            bold = fresh and column.name == "state"
            style = palette.style(cell.tone, chosen=chosen, bold=bold)
            if bold and age < FRESH // 3:
                style += Style(reverse=True)
            parts += [Segment(fitting.fitted(at, cell.text), style), Segment(" ", palette.style(chosen=chosen))]
        return Strip(parts).adjust_cell_length(width, palette.style(chosen=chosen))
