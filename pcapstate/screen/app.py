"""The screen as a whole: which moment is shown, what each key does, and when it is drawn anew."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from textual import events
from textual.app import App, ComposeResult
from textual.theme import Theme
from textual.widgets import Footer, Static

from ..errors import MomentError
from ..messages import Message
from ..moments import PACKET, SECOND, Moment
from ..query.errors import QueryError
from ..rows import Rows
from ..sockets import columns as known
from ..tcp.states import State
from ..views.netstat import Wording
from ..views.reading_aids import Manner
from ..wording.counts import Count
from ..wording.languages import told, translate
from ..wording.styles import shown_states
from ..wording.times import duration
from .bars import Heading, StatesStrip, TimeLine, spark
from .board import SORTS, Board, View, Wish
from .cells import rate_text
from .connection import ConnectionScreen
from .connection_story import ConnectionStory
from .connections import ConnectionTable
from .feed import Feed
from .filter_line import FilterLine
from .help import HelpScreen
from .keys import KEYS, OF_TABLE, OTHER_KEYS
from .palette import Palette

SPEEDS = (1, 10, 100)
FRAME = 0.1
"""Seconds between two pictures while time is played."""
LEAST_COLUMNS, LEAST_LINES = 60, 12
TIME_OF_DAY = len("12:00:00.000")
SLOWEST = 0.5
"""Share of the time that drawing may take: where it takes longer, it is done less often."""


class Settings(NamedTuple):
    """How the screen begins."""

    name: str
    """Of the interface or capture."""
    manner: Manner
    palette: Palette
    interval: float
    """Seconds between two pictures while packets come."""
    at: Moment | None
    """The moment at which it begins; None: the end."""
    wish: Wish
    write: Callable[[int], str]
    """Writes the packets of the connection with a number to a file, and returns the line that tells of it."""


class PcapstateApp(App[None]):
    """The table of a moment, and ways to other moments."""

    TITLE = "pcapstate"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; }
    #heading, #whose, #states, #timeline { height: 1; }
    #connections { height: 1fr; overflow-x: hidden; }
    #filter { height: 2; display: none; }
    #filter Input { height: 1; border: none; padding: 0 1; }
    #filter Static { height: 1; padding: 0 1; }
    #small { display: none; height: 1fr; content-align: center middle; }
    """

    def __init__(self, board: Board, feed: Feed, settings: Settings) -> None:
        super().__init__()
        self._board, self.feed, self._settings = board, feed, settings
        self._lang = settings.manner.lang
        self._wish, self._at = settings.wish, settings.at
        self._moment: int | None = None
        self._speed = 0
        self._played = 0.0
        self._view: View | None = None
        self._remark = ""
        self._drawn = self._took = 0.0
        self._rates: list[int] = []
        self._changes: Rows = np.zeros(0, dtype=np.int64)
        palette, manner = settings.palette, settings.manner
        self.heading, self.whose = Heading(palette, "heading"), Heading(palette, "whose")
        self.strip = StatesStrip(palette, shown_states(manner.style))
        kernels = feed.reading.capture.source.kernels
        self.table = ConnectionTable(palette, Wording(manner, names=False, full_names=True), kernels)
        self.notice = Static("", id="small")
        words = (*known.COLUMNS, "host", "port", "name", *(state.name for state in State), "and", "or", "not", "in")
        self.filter_line = FilterLine(palette, words, self._problem, "state = CLOSE_WAIT and age > 60s")
        self.time_line = TimeLine(palette)
        for key in KEYS:
            if key.name:
                word = translate(key.word, self._lang) if key.word else ""
                self.bind(key.name, key.action, description=word, show=bool(word))
        for names, action in OTHER_KEYS:
            self.bind(names, action, show=False)

    # --- layout

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield from (self.heading, self.whose, self.strip, self.table, self.notice, self.filter_line, self.time_line)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to read, and to draw."""
        palette = self._settings.palette
        dark = sum(bytes.fromhex(palette.background[1:])) < 3 * 128
        theme = Theme(
            "pcapstate",
            primary=palette.accent,
            foreground=palette.text,
            background=palette.background,
            surface=palette.background,
            panel=palette.bar,
            dark=dark,
            variables={"footer-key-foreground": palette.accent, "footer-description-foreground": palette.text},
        )
        self.register_theme(theme)
        self.theme = "pcapstate"
        self.table.focus()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            # Elsewhere, and in other threads, there is no such handler.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        self.feed.start()
        self.set_interval(min(self._settings.interval, 0.5), self._tick)
        self.set_interval(FRAME, self._play)
        self.set_interval(1, self._count)
        self._draw()

    def hear(self, text: str) -> None:
        """Show a remark about the reading; its thread may call this."""
        self._remark = text

    def action_help_quit(self) -> None:
        """Quit at Ctrl-C, as every command does."""
        self.exit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell whether an action makes sense on the screen that is in front."""
        return len(self.screen_stack) <= 1 or action not in OF_TABLE

    def on_resize(self, event: events.Resize) -> None:
        """Say so where the terminal is too small for a table."""
        small = event.size.width < LEAST_COLUMNS or event.size.height < LEAST_LINES
        text = translate("the terminal is too small; {columns} x {lines} is the least", self._lang)
        self.notice.update(text.format(columns=LEAST_COLUMNS, lines=LEAST_LINES))
        self.notice.display = small
        for one in (self.table, self.strip, self.whose, self.time_line):
            one.display = not small

    # --- time

    @property
    def now(self) -> int:
        """The latest moment, ns since the epoch; 0 before a packet."""
        reading = self.feed.reading
        return reading.moment if self.feed.ended else reading.capture.clock or 0

    @property
    def _span(self) -> tuple[int, int]:
        start = max(self.feed.reading.start, self._board.log.start)
        return start, max(self.now, start)

    @property
    def _live(self) -> bool:
        return self.feed.reading.origin.growing and not self.feed.ended

    def _to(self, moment: int | None) -> None:
        """Show a moment; at or after the last one, the latest from then on."""
        start, now = self._span
        self._moment = None if moment is None or moment >= now else max(moment, start)
        self._draw()

    @property
    def _notch(self) -> int:
        """How far a key moves, ns: a second where packets come, else about a hundredth of the capture."""
        if self._live:
            return SECOND
        start, now = self._span
        wanted = max((now - start) // 100, 1_000_000)
        power = 10 ** (len(str(wanted)) - 1)
        return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted)

    def action_step(self, notches: int) -> None:
        """Move back or on in time."""
        self._speed = 0
        at = self.now if self._moment is None else self._moment
        self._to(at + notches * self._notch)

    def action_change(self, by: int) -> None:
        """Move to the change of state before or after."""
        self._speed = 0
        times = self._board.log.change_times()
        at = self.now if self._moment is None else self._moment
        place = int(np.searchsorted(times, at, side="right" if by > 0 else "left")) - (by < 0)
        if 0 <= place < len(times):
            self._to(int(times[place]))

    def on_time_line_moved(self, event: TimeLine.Moved) -> None:
        """Move to a place that was clicked on the line of time."""
        self._speed = 0
        start, now = self._span
        self._to(start + round(event.place * (now - start)))

    def action_first(self) -> None:
        """Move to the beginning."""
        self._speed = 0
        self._to(self._span[0])

    def action_last(self) -> None:
        """Move to now."""
        self._speed = 0
        self._to(None)

    def action_pause(self) -> None:
        """Stop the picture, or let it go on."""
        if self._speed:
            self._speed = 0
        elif self._live:
            self._to(self.now - 1 if self._moment is None else None)
        elif self._moment is not None:
            self._speed, self._played = 1, time.monotonic()
        self._head()

    def action_play(self) -> None:
        """Play, faster each time; after the fastest, stop."""
        if self._moment is None:
            self._to(self._span[0])
        self._speed = next((speed for speed in SPEEDS if speed > self._speed), 0)
        self._played = time.monotonic()
        self._head()

    def _play(self) -> None:
        if not self._speed or self._moment is None:
            return
        passed, self._played = time.monotonic() - self._played, time.monotonic()
        at = self._moment + round(passed * self._speed * SECOND)
        if at >= self.now:
            self._speed = 0
        self._to(at)

    def _time_of(self, at: Moment) -> int | None:
        """Return the time of a moment; where the capture does not have it, say so, and return None."""
        start, now = self._span
        try:
            if at.kind != PACKET:
                return min(max(at.time(start, now), start), now)
        except MomentError as error:
            self.notify(told(str(error), self._lang), severity="warning")
            return None
        if at.value > self.feed.reading.capture.frames:
            text = translate("there is no packet {text}", self._lang).format(text=at.text)
            self.notify(text, severity="warning")
            return None
        return self._board.log.time_of(at.value)

    # --- rows

    def action_filter(self) -> None:
        """Open the line for the filter."""
        self.filter_line.open(self._wish.filter)

    def on_filter_line_given(self, event: FilterLine.Given) -> None:
        """Apply a filter."""
        self._close_filter()
        self._want(filter=event.text)

    def on_filter_line_left(self) -> None:
        """Leave the filter as it was."""
        self._close_filter()

    def _close_filter(self) -> None:
        self.filter_line.display = False
        self.table.focus()

    def _problem(self, text: str) -> str:
        try:
            self._board.selection(self._wish._replace(filter=text))
        except QueryError as error:
            return told(str(error), self._lang).removeprefix("--filter: ")
        return ""

    def action_clear(self) -> None:
        """Show all rows again."""
        self._want(filter="", states=frozenset())

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._want(sort=SORTS[(SORTS.index(self._wish.sort) + 1) % len(SORTS)], reverse=False)

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._want(reverse=not self._wish.reverse)

    def on_connection_table_sorted(self, event: ConnectionTable.Sorted) -> None:
        """Sort by a title that was clicked; by the same again: the other way round."""
        same = event.sort == self._wish.sort
        self._want(sort=event.sort, reverse=same and not self._wish.reverse)

    def action_show(self, what: str) -> None:
        """Show some rows or columns, or show them no more."""
        self._want(**{what: not getattr(self._wish, what)})

    def action_only(self, place: int) -> None:
        """Show only rows in a state of the strip; below 0: in all states."""
        states = self.strip.states
        if place < 0:
            self._want(states=frozenset())
        elif place < len(states):
            self._choose(states[place])

    def on_states_strip_chosen(self, event: StatesStrip.Chosen) -> None:
        """Show only rows in a state that was clicked."""
        self._choose(event.state)

    def _choose(self, state: State) -> None:
        only = frozenset((state,))
        self._want(states=frozenset() if self._wish.states == only else only)

    def _want(self, **wishes: object) -> None:
        self._wish = self._wish._replace(**wishes)  # type: ignore[arg-type]
        self._draw()

    # --- a connection

    def on_connection_table_opened(self) -> None:
        """Open a connection that was clicked twice."""
        self.action_open()

    def action_open(self) -> None:
        """Show a connection packet by packet."""
        chosen = self.table.connection
        if chosen is not None:
            known = ConnectionStory(self._board, self.feed, chosen[1], self._lang)
            self.push_screen(ConnectionScreen(self._settings.palette, self._settings.manner, known))

    def action_close(self) -> None:
        """Leave the connection."""
        self.pop_screen()

    def action_copy(self) -> None:
        """Copy a display filter for the connection."""
        chosen = self.table.connection
        if chosen is not None:
            text = f"tcp.stream == {chosen[1]}"
            self.copy_to_clipboard(text)
            self.notify(translate("copied: {text}", self._lang).format(text=text))

    def action_write(self) -> None:
        """Write the packets of the connection to a file."""
        chosen = self.table.connection
        if chosen is not None:
            self.run_worker(lambda: self._write(chosen[1]), thread=True, exclusive=True, group="write")

    def _write(self, number: int) -> None:
        text = self._settings.write(number)
        self.call_from_thread(self.notify, text)

    def action_help(self) -> None:
        """Show what each key does."""
        lang = self._lang
        keys = [(key.shown, translate(key.meaning, lang)) for key in KEYS]
        notes = [
            translate("A row with * has changed its state in the last 3 seconds.", lang),
            translate("With the mouse: click a state, a column title or the time line; double-click a row.", lang),
        ]
        self.push_screen(HelpScreen(self._settings.palette, translate("Keys", lang), keys, notes))

    # --- drawing

    def _tick(self) -> None:
        # What takes long is done less often.
        if time.monotonic() - self._drawn < max(self._settings.interval, self._took / SLOWEST) - 0.05:
            return
        if self._moment is None:
            self._draw()
        else:
            self._head()

    def draw_all(self) -> None:
        """Draw everything anew, now."""
        self._count()
        self._draw()

    def _count(self) -> None:
        self._rates = self.feed.sample()
        self._changes = self._board.log.change_times()

    def _draw(self) -> None:
        began = time.monotonic()
        if self._at is not None and self.feed.ended:
            # What --at means is known only now.
            self._moment, self._at = self._time_of(self._at), None
        moment = self.now if self._moment is None else self._moment
        self._view = self._board.at(moment, self._wish)
        self.table.show(self._view, self._wish)
        self.strip.show(self._view.counts, self._wish.states)
        self._drawn = time.monotonic()
        self._took = self._drawn - began
        self._head()

    def _head(self) -> None:
        settings, view = self._settings, self._view
        assert view is not None
        start, now = self._span
        heading, whose = self.heading, self.whose
        at = now if self._moment is None else self._moment
        heading.left = f"{settings.name}  {self._clock(at)}  {self._where_in_time(at, now)}"
        heading.right = self._traffic()
        heading.alarm = self._lost()
        why = told(Message(view.whose.why, host=view.whose.host), self._lang)
        found = translate("{shown:row|rows}", self._lang).format(shown=Count(len(view.rows)))
        chosen = self._wish.filter and f"  {translate('filter', self._lang)}: {self._wish.filter}"
        whose.left = f"{found}{chosen}"
        whose.right = why
        texts = self._clock(start)[-TIME_OF_DAY:], self._clock(now)[-TIME_OF_DAY:]
        self.time_line.show((start, now), at, self._changes, texts)

    def _clock(self, moment: int) -> str:
        return self._settings.manner.times.short(moment)[:-3] if moment else "-"

    def _where_in_time(self, at: int, now: int) -> str:
        if self._speed:
            return f"▶ {self._speed}x"
        if self._moment is None:
            return translate("now" if self._live else "end", self._lang)
        ago = translate("{time} before the end", self._lang)
        if self._live:
            ago = translate("{time} ago", self._lang)
        return ago.format(time=duration(max(now - at, 0)))

    def _traffic(self) -> str:
        feed = self.feed
        if feed.ended:
            return translate("{count:packet|packets}", self._lang).format(count=Count(feed.reading.capture.frames))
        if not self._live:
            size = feed.reading.capture.source.size
            if size:
                return translate("reading: {share} %", self._lang).format(share=100 * feed.position // size)
        last = self._rates[-1] if self._rates else 0
        text = translate("{packets:,} packets/s", self._lang).format(packets=last)
        return f"{spark(self._rates, 20)} {text} {rate_text(feed.bytes_a_second)}".strip()

    def _lost(self) -> str:
        feed, lang = self.feed, self._lang
        if feed.failure:
            return told(feed.failure, lang)
        parts = [self._remark] if self._remark and self._live else []
        if drops := feed.reading.capture.source.drops:
            parts.append(translate("{count:packet|packets} dropped", lang).format(count=Count(drops)))
        if damages := feed.reading.capture.damages:
            parts.append(told(str(damages[0]), lang))
        if self._board.log.dropped:
            since = self._clock(self._board.log.start)
            parts.append(translate("history begins at {time}", lang).format(time=since[-TIME_OF_DAY:]))
        return "; ".join(parts)
