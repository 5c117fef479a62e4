"""The colours of the screen: every text has a contrast of 3:1 or more to its background, also in the chosen row."""

from __future__ import annotations

from typing import NamedTuple

from rich.style import Style

from ..table import ALARM, CAUTION, LEFT, LIVE, MOVING, OVER, PLAIN, WAITING


class Palette(NamedTuple):
    """Colours as #rrggbb. ``tones``: by tone (``table.PLAIN`` …)."""

    background: str
    bar: str
    """Background of bars."""
    chosen: str
    """Background of the chosen row."""
    text: str
    faint: str
    accent: str
    tones: dict[int, str]

    def style(self, tone: int = PLAIN, *, chosen: bool = False, bold: bool = False) -> Style:
        """Return the style of a text."""
        strong = bold or tone in (ALARM, CAUTION)
        return Style(color=self.tones[tone], bgcolor=self.chosen if chosen else self.background, bold=strong)


DARK = Palette(
    background="#101418",
    bar="#1e2630",
    chosen="#2b3f58",
    text="#e4e8ec",
    faint="#9aa5b1",
    accent="#7cc4ff",
    tones={
        PLAIN: "#e4e8ec",
        LIVE: "#6fdc8c",
        WAITING: "#6fd7e6",
        MOVING: "#ffd75f",
        LEFT: "#ff9ff3",
        OVER: "#a3adb8",
        ALARM: "#ff8a80",
        CAUTION: "#ffb454",
    },
)
LIGHT = Palette(
    background="#ffffff",
    bar="#e8edf2",
    chosen="#cfe2f8",
    text="#1a1f24",
    faint="#59636e",
    accent="#004f99",
    tones={
        PLAIN: "#1a1f24",
        LIVE: "#006b34",
        WAITING: "#005f73",
        MOVING: "#7a4b00",
        LEFT: "#86198f",
        OVER: "#59636e",
        ALARM: "#b00020",
        CAUTION: "#8a3b00",
    },
)
