"""The line in which a filter is typed: words are completed, and mistakes are pointed at while one types."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from ..table import CAUTION
from .palette import Palette

LAST_WORD = re.compile(r"[A-Za-z_][\w-]*$")


class Words(Suggester):
    """Completes the last word of a filter."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._words = words

    async def get_suggestion(self, value: str) -> str | None:
        """Return the text with its last word completed, if that is the beginning of a known one."""
        found = LAST_WORD.search(value)
        if found is None:
            return None
        begun = found.group()
        for word in self._words:
            if word.casefold().startswith(begun.casefold()) and len(word) > len(begun):
                return value + word[len(begun) :]
        return None


class FilterLine(Vertical):
    """A field for the filter above a line for what is wrong with it; hidden until it is ``opened``."""

    BINDINGS = [  # noqa: RUF012 (Textual wants a list)
        Binding("escape", "leave", show=False),
        Binding("tab", "complete", show=False, priority=True),
    ]

    class Given(Message):
        """A filter was typed, which is valid; empty: none."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Nothing was typed."""

    def __init__(self, palette: Palette, words: Sequence[str], check: Callable[[str], str], hint: str) -> None:
        super().__init__(id="filter")
        self._palette, self._words, self._check, self._hint = palette, words, check, hint

    def compose(self) -> ComposeResult:
        """Lay the two lines out."""
        yield Input(placeholder=self._hint, suggester=Words(self._words), compact=True, select_on_focus=False)
        yield Static("")

    def open(self, text: str) -> None:
        """Show the field with a text to change."""
        self.display = True
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)
        field.focus()

    def _tell(self, problem: str) -> None:
        self.query_one(Static).update(Text(problem, Style(color=self._palette.tones[CAUTION]), no_wrap=True))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is wrong so far."""
        self._tell(self._check(event.value) if event.value else "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the filter out, if it is valid."""
        event.stop()
        problem = self._check(event.value) if event.value.strip() else ""
        self._tell(problem)
        if not problem:
            self.post_message(self.Given(event.value.strip()))

    def action_complete(self) -> None:
        """Complete the last word."""
        self.query_one(Input).action_cursor_right()

    def action_leave(self) -> None:
        """Leave the filter as it was."""
        self.post_message(self.Left())
