"""The diagram in 80 columns of plain text, and below it what makes each arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..escaping import safe
from ..output.paragraphs import wrapped
from ..output.widths import display_width
from ..tcp.machine import TABLE
from ..tcp.states import State
from .figure import END, SIDES, Box, Move, Picture, boxes, figure

S = State
WIDTH, HEIGHT = 80, 19
BOX = 16
"""Columns of a state."""
LEFT, MIDDLE, RIGHT = 2, 32, 62
PLACES = {
    Box(S.LISTEN): (LEFT, 0),
    Box(S.CLOSED): (MIDDLE, 0),
    Box(S.SYN_RECEIVED): (LEFT, 4),
    Box(S.SYN_SENT): (RIGHT, 4),
    Box(S.ESTABLISHED): (MIDDLE, 6),
    Box(S.FIN_WAIT_1): (LEFT, 10),
    Box(S.CLOSE_WAIT): (RIGHT, 10),
    Box(S.FIN_WAIT_2): (LEFT, 14),
    Box(S.CLOSING): (MIDDLE, 14),
    Box(S.LAST_ACK): (RIGHT, 14),
    Box(S.TIME_WAIT): (MIDDLE, 18),
    END: (RIGHT, 18),
}
"""The left end of each state."""


class Route(NamedTuple):
    """The corners of an arrow, and where its label has its middle."""

    corners: tuple[tuple[int, int], ...]
    label: tuple[int, int]


ROUTES = {
    (S.CLOSED, S.SYN_SENT): Route(((48, 0), (73, 0), (73, 3)), (60, 0)),
    (S.SYN_SENT, S.CLOSED): Route(((66, 3), (66, 2), (40, 2), (40, 1)), (53, 2)),
    (S.LISTEN, S.SYN_RECEIVED): Route(((9, 1), (9, 3)), (9, 2)),
    (S.SYN_SENT, S.SYN_RECEIVED): Route(((61, 4), (18, 4)), (39, 4)),
    (S.SYN_SENT, S.ESTABLISHED): Route(((69, 5), (69, 6), (48, 6)), (58, 6)),
    (S.SYN_RECEIVED, S.ESTABLISHED): Route(((13, 5), (13, 6), (31, 6)), (22, 6)),
    (S.SYN_RECEIVED, S.FIN_WAIT_1): Route(((5, 5), (5, 9)), (5, 7)),
    (S.ESTABLISHED, S.FIN_WAIT_1): Route(((36, 7), (36, 8), (13, 8), (13, 9)), (24, 8)),
    (S.ESTABLISHED, S.CLOSE_WAIT): Route(((43, 7), (43, 8), (69, 8), (69, 9)), (56, 8)),
    (S.FIN_WAIT_1, S.CLOSING): Route(((18, 10), (39, 10), (39, 13)), (28, 10)),
    (S.FIN_WAIT_1, S.FIN_WAIT_2): Route(((9, 11), (9, 13)), (9, 12)),
    (S.CLOSE_WAIT, S.LAST_ACK): Route(((69, 11), (69, 13)), (69, 12)),
    (S.FIN_WAIT_2, S.TIME_WAIT): Route(((9, 15), (9, 18), (31, 18)), (20, 18)),
    (S.CLOSING, S.TIME_WAIT): Route(((39, 15), (39, 17)), (39, 16)),
    (S.LAST_ACK, S.CLOSED): Route(((69, 15), (69, 17)), (69, 16)),
    (S.TIME_WAIT, S.CLOSED): Route(((48, 18), (61, 18)), (54, 18)),
}
"""How the arrows of the figure run."""

LINES, FAINT = ("-", "|"), (".", ":")
"""How arrows are drawn, across and down; and those that a connection did not take."""
STATE_WIDTH = len("SYN_RECEIVED")
CAUSES_AT_LEAST = 20


class Canvas:
    """A page of characters."""

    def __init__(self) -> None:
        self._rows = [[" "] * WIDTH for _ in range(HEIGHT)]

    def write(self, x: int, y: int, text: str) -> None:
        """Write a text from a place on."""
        x = max(min(x, WIDTH - len(text)), 0)
        self._rows[y][x : x + len(text)] = text[:WIDTH]

    def draw(self, corners: Sequence[tuple[int, int]], signs: tuple[str, str]) -> None:
        """Draw an arrow along its corners."""
        for (x, y), (to_x, to_y) in pairwise(corners):
            across = y == to_y
            for at in range(abs(to_x - x) + abs(to_y - y) + 1):
                here = (x + at * (1 if to_x > x else -1), y) if across else (x, y + at * (1 if to_y > y else -1))
                self.write(*here, "+" if here in corners[1:-1] else signs[0] if across else signs[1])
            head = (">" if to_x > x else "<") if across else ("v" if to_y > y else "^")
            if (to_x, to_y) == corners[-1]:
                self.write(to_x, to_y, head)

    @property
    def text(self) -> str:
        """What is on the page."""
        return "".join("".join(row).rstrip() + "\n" for row in self._rows)


def drawn(picture: Picture) -> str:
    """Return the diagram and its list."""
    told = _whole(picture) if picture.connection is None else _path(picture)
    return _art(picture) + "\n" + "".join(f"{safe(line.rstrip())}\n" for line in told)


def _art(picture: Picture) -> str:
    canvas = Canvas()
    arrows = [arrow for arrow in picture.arrows if arrow.rows]
    for number, arrow in sorted(enumerate(arrows, 1), key=lambda one: bool(one[1].moves)):
        route = ROUTES[arrow.start.state, arrow.end.state]
        faint = picture.connection is not None and not arrow.moves
        canvas.draw(route.corners, FAINT if faint else LINES)
        said = _numbers(arrow.moves) if picture.connection else f"({number})"
        if said:
            canvas.write(route.label[0] - len(said) // 2, route.label[1], said)
    for box, (x, y) in PLACES.items():
        canvas.write(x, y, f"[{picture.name(box.state):^{BOX - 2}}]")
    return canvas.text


def _numbers(moves: Sequence[Move]) -> str:
    """Return the first packet with which each end took an arrow, and how often it did so again."""
    found = []
    for side, role in enumerate(SIDES):
        own = [move for move in moves if move.side == side]
        if own:
            again = f"+{len(own) - 1}" if len(own) > 1 else ""
            found.append(f"{role[0]}{own[0].text}{again}")
    return " ".join(found)


def _whole(picture: Picture) -> Iterator[str]:
    for number, arrow in enumerate(picture.arrows, 1):
        causes = "; ".join(f"{one.cause} ({picture.said(one.certainty.word)})" for one in picture.labels(arrow))
        yield from _line(picture, f"({number})", 4, arrow.start.state, arrow.end.state, causes)


def _path(picture: Picture) -> Iterator[str]:
    assert picture.connection is not None
    one, known, beyond = picture.connection, figure(), False
    yield picture.title
    margin = max((len(move.text) for move in one.moves), default=0) + 1
    for side, role in enumerate(SIDES):
        yield ""
        yield f"{role[0]}  {picture.said(role)} {one.ends[side]}"
        for move in one.moves:
            if move.side == side:
                off = boxes(move.before, move.after) not in known
                beyond |= off
                lead = f"{'*' if off else ' '}{move.text}"
                yield from _line(picture, lead, margin, move.before, move.after, picture.said(TABLE[move.row].cause))
        yield " " * (margin + 2) + picture.said("at the end: {state}").format(state=picture.name(one.last[side]))
    if beyond:
        yield ""
        yield picture.said("* no arrow above: a RST, a timeout, a gap in the capture, a revised assumption")


def _line(picture: Picture, lead: str, margin: int, before: State, after: State, causes: str) -> Iterator[str]:
    states = f"{picture.name(before):<{STATE_WIDTH}} -> {picture.name(after):<{STATE_WIDTH}}"
    head = f"{lead:<{margin}}  {states}  "
    for line in wrapped(causes, max(WIDTH - 1 - display_width(head), CAUSES_AT_LEAST)):
        yield head + line
        head = " " * len(head)
