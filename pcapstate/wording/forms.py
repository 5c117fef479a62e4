"""How netstat of Windows, Linux and macOS lays its table out, to the blank: what scripts count on.

Sources: netstat of Windows 10; netstat.c and inet_pr.c of net-tools 2.10; inet.c of Apple's network_cmds. An address
that is longer than its column makes its row longer, as with -W of Linux and -W of macOS; nothing is cut off.
"""

from __future__ import annotations

from typing import NamedTuple

from .styles import LINUX, MACOS, WINDOWS, Style


class Cell(NamedTuple):
    """How a column is laid out: what stands before it, how wide it is at least, whether numbers are flush right."""

    before: str
    width: int
    right: bool = False


class Form(NamedTuple):
    """The layout of one system's table."""

    heading: str
    """A template with the field ``heading``: the line, and the empty lines around it."""
    cells: dict[str, Cell]
    """Of each column that the table may have."""
    blanks: bool
    """Rows are filled up with blanks to their last column's width."""
    grouped: bool
    """Rows stand by protocol and family; else in any order."""
    servers: str = ""
    """The heading of ports that listen alone, where it is another one."""


FORMS = {
    WINDOWS.name: Form(
        heading="\n{heading}\n\n",
        cells={
            "proto": Cell("  ", 5),
            "local": Cell("  ", 21),
            "foreign": Cell("  ", 21),
            "state": Cell("  ", 14),
            "pid": Cell("  ", 0),
            "program": Cell("\n ", 0),
        },
        blanks=False,
        grouped=True,
    ),
    LINUX.name: Form(
        heading="{heading}\n",
        cells={
            "proto": Cell("", 5),
            "recv_queue": Cell(" ", 6, right=True),
            "send_queue": Cell(" ", 6, right=True),
            "local": Cell(" ", 23),
            "foreign": Cell(" ", 23),
            "state": Cell(" ", 11),
            "process": Cell(" ", 20),
        },
        blanks=True,
        grouped=True,
        servers="Active Internet connections (only servers)",
    ),
    MACOS.name: Form(
        heading="{heading}\n",
        cells={
            "proto": Cell("", 5),
            "recv_queue": Cell(" ", 6, right=True),
            "send_queue": Cell(" ", 6, right=True),
            "local": Cell("  ", 22),
            "foreign": Cell(" ", 22),
            "state": Cell(" ", 11),
            "pid": Cell(" ", 6, right=True),
            "program": Cell(" ", 0),
        },
        blanks=True,
        grouped=False,
    ),
}
"""The forms by the names of their styles; RFC 9293 has none."""


def form_of(style: Style) -> Form | None:
    """Return the form of a style's table, or None where no system prints it so."""
    return FORMS.get(style.name)
