"""The help of the screen: every key, and what the marks mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ..output.widths import display_width
from .palette import Palette


class HelpScreen(ModalScreen[None]):
    """A list of keys with what each does; any of a few keys closes it."""

    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll { width: 78; max-width: 96%; height: auto; max-height: 96%; padding: 1 2; }
    HelpScreen Static { width: 1fr; }
    """
    BINDINGS = [("escape,q,question_mark,enter,f1", "dismiss", "")]  # noqa: RUF012 (Textual wants a list)

    def __init__(self, palette: Palette, title: str, keys: Sequence[tuple[str, str]], notes: Sequence[str]) -> None:
        super().__init__()
        self._palette, self._title, self._keys, self._notes = palette, title, keys, notes

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        width = max((display_width(key) for key, _ in self._keys), default=0)
        text = Text(f"{self._title}\n\n", Style(bold=True, color=self._palette.text))
        for key, meaning in self._keys:
            text.append(f"{key}{' ' * (width - display_width(key))}", Style(color=self._palette.accent, bold=True))
            text.append(f"  {meaning}\n", Style(color=self._palette.text, bold=False))
        for note in self._notes:
            text.append(f"\n{note}", Style(color=self._palette.faint, bold=False))
        with VerticalScroll() as box:
            box.styles.background = self._palette.bar
            box.styles.border = ("round", self._palette.accent)
            yield Static(text)
