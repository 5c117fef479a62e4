"""Rows of the table as texts: only those that are in view are worked out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..kernels.running import Kernels
from ..output.shortening import cut, cut_address
from ..output.widths import display_width
from ..output.writer import cell_layout
from ..rows import Rows
from ..sockets.rows import SocketRows
from ..table import PLAIN
from ..views.netstat import Wording, for_people
from ..views.reading_aids import STATE_TONES
from ..wording.languages import translate
from .board import View

MARK = "*"
"""Marks what has changed of late, for those who see no colours."""
FRESH = 3 * 10**9
"""Nanoseconds for which a change of state is marked."""
GAP = 1
SHORTEST_ADDRESS = len("255.255.255.255:65535")
LONGEST_ADDRESS = len("[2001:db8:1234:5678:9abc:def0:1234:5678]:65535")


class Shown(NamedTuple):
    """A column of the screen: by what it is sorted, its title, its least width, whether it is flush right."""

    name: str
    sort: str
    title: str
    width: int
    right: bool = False
    rank: int = 0
    """Where the screen is too narrow, the highest go first."""


COLUMNS = (
    Shown("proto", "", "Proto", 5, rank=5),
    Shown("local", "local_address", "Local Address", SHORTEST_ADDRESS),
    Shown("foreign", "foreign_address", "Foreign Address", SHORTEST_ADDRESS),
    Shown("state", "state", "State", 12),
    Shown("foreign_state", "", "Foreign State", 13),
    Shown("age", "age", "Age", 9, right=True, rank=1),
    Shown("rate", "rate", "Rate", 9, right=True, rank=2),
    Shown("retransmissions", "retransmissions", "Retrans", 7, right=True, rank=3),
    Shown("rtt", "rtt", "RTT", 9, right=True, rank=4),
    Shown("program", "", "Program", 16, rank=6),
)
FROM_VIEW = tuple(column.name for column in COLUMNS if column.name != "rate")


class Cell(NamedTuple):
    """A text of a row with its tone."""

    text: str
    tone: int = PLAIN


def rate_text(octets: int) -> str:
    """Return bytes a second in at most nine columns; nothing where there are none."""
    if octets <= 0:
        return ""
    for unit in ("B/s", "kB/s", "MB/s", "GB/s"):
        if octets < 1000 or unit == "GB/s":
            break
        octets /= 1000  # type: ignore[assignment]
    return f"{octets:.0f} {unit}" if unit == "B/s" or octets >= 100 else f"{octets:.1f} {unit}"


class Plan(NamedTuple):
    """Which columns are shown, and how wide each is."""

    columns: tuple[Shown, ...]
    widths: tuple[int, ...]

    def fitted(self, at: int, text: str) -> str:
        """Return a text as wide as a column."""
        column, width = self.columns[at], self.widths[at]
        if display_width(text) > width:
            text = cut_address(text, width, ":") if column.name in ("local", "foreign") else cut(text, width)
        blanks = " " * (width - display_width(text))
        return blanks + text if column.right else text + blanks

    def starts(self) -> list[int]:
        """Return where each column begins."""
        found, at = [], len(MARK) + 1
        for width in self.widths:
            found.append(at)
            at += width + GAP
        return found


def plan(width: int, both: bool, addresses: int, lang: str) -> Plan:
    """Return the columns that fit into a width; ``addresses``: the columns that the longest address seen takes."""
    chosen = [column for column in COLUMNS if both or column.name != "foreign_state"]

    def least(column: Shown) -> int:
        return max(column.width, min(display_width(translate(column.title, lang)), 12))

    def taken() -> int:
        return len(MARK) + 1 + sum(least(one) + GAP for one in chosen) - GAP

    while taken() > width and any(one.rank for one in chosen):
        chosen.remove(max(chosen, key=lambda one: one.rank))
    widths = [least(one) for one in chosen]
    spare = max(width - taken(), 0)
    wanted = min(addresses, LONGEST_ADDRESS)
    for name in ("foreign", "local"):
        at = next(at for at, one in enumerate(chosen) if one.name == name)
        given = min(max(wanted - widths[at], 0), spare if name == "local" else (spare + 1) // 2)
        widths[at] += given
        spare -= given
    if chosen[-1].name == "program":
        widths[-1] += min(spare, 40)
    return Plan(tuple(chosen), tuple(widths))


def texts(view: View, part: slice, wording: Wording, kernels: Kernels) -> tuple[list[dict[str, Cell]], Rows]:
    """Return the cells of some rows by the name of their column, and the age of each row's state (ns, or below 0)."""
    rows = view.rows.alone(part)
    if not len(rows):
        return [], np.zeros(0, dtype=np.int64)
    found: list[dict[str, Cell]] = [{} for _ in range(len(rows))]
    with view.lock:
        batches = list(for_people(rows, FROM_VIEW, view.annotations, wording).batches)
    for batch in batches:
        lines = b"".join(cell_layout(batch.columns).write(batch.cells, kernels)).decode().split("\n")
        for row, line in zip(found, lines, strict=False):
            row.update(zip(FROM_VIEW, map(Cell, line.split("\t")), strict=True))
    for row, rate, tones in zip(found, view.rate(rows).tolist(), _tones(rows), strict=True):
        row["rate"] = Cell(rate_text(rate))
        for name, tone in zip(("state", "foreign_state"), tones, strict=True):
            row[name] = Cell(row[name].text, tone)
    return found, rows.values("age")


def _tones(rows: SocketRows) -> Sequence[tuple[int, int]]:
    tones = (*STATE_TONES, PLAIN)
    both = zip(rows.state.tolist(), rows.values("foreign_state").tolist(), strict=True)
    return [(tones[one], tones[other]) for one, other in both]
