"""The keys of the screen, and what each does."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """A key, or several, as the help lists them."""

    shown: str
    name: str
    """As Textual names it; empty: ``OTHER_KEYS`` has it."""
    action: str
    word: str
    """In the footer; empty: it is not there."""
    meaning: str


KEYS = (
    Key("/", "slash", "filter", "Filter", "filter rows, as netstat --filter; Tab completes"),
    Key("s S", "s", "sort", "Sort", "sort by the next column; reverse the order"),
    Key("1…9 0", "", "", "", "only this state of the strip; all states"),
    Key("t", "t", "show('ended')", "Ended", "also connections that have ended"),
    Key("l", "l", "show('listening')", "", "also listening ports"),
    Key("b", "b", "show('both')", "Both", "the states of both ends"),
    Key("n", "n", "show('names')", "", "names of hosts and ports, or numbers"),
    Key("← →", "", "", "", "back and forward in time; with Shift, 10 times as far"),
    Key(", .", "", "", "", "to the previous change of state; to the next one"),
    Key("Home End", "", "", "", "to the beginning; to the end, or to now"),
    Key("p", "p", "play", "Play", "play at 1, 10 or 100 times the speed"),
    Key("Space", "space", "pause", "Pause", "pause the screen, not the capture; resume"),
    Key("↑ ↓ g G", "", "", "", "select a row; the first; the last"),
    Key("Enter", "enter", "open", "Open", "show the connection packet by packet"),
    Key("c", "c", "copy", "", "copy a Wireshark filter for the connection"),
    Key("w", "w", "write", "", "write the packets of the connection to a file"),
    Key("?", "question_mark", "help", "Help", "this help"),
    Key("q", "q", "quit", "Quit", "quit"),
)
"""What the help lists."""

OTHER_KEYS = (
    ("S,shift+s", "reverse"),
    ("left", "step(-1)"),
    ("right", "step(1)"),
    ("shift+left", "step(-10)"),
    ("shift+right", "step(10)"),
    ("comma", "change(-1)"),
    ("full_stop", "change(1)"),
    ("home", "first"),
    ("end", "last"),
    ("escape", "clear"),
    ("0", "only(-1)"),
    *((str(digit), f"only({digit - 1})") for digit in range(1, 10)),
)
"""Keys and their actions that the help lists together with others, or not at all."""

OF_TABLE = frozenset(
    action.partition("(")[0]
    for action in (*(one.action for one in KEYS), *(action for _, action in OTHER_KEYS))
    if action not in ("quit", "write", "copy")
)
"""Actions that only the table has."""
