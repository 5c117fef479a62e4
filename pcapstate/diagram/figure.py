"""The arrows of RFC 9293's figure 5, as far as the table of transitions has them, and the moves of a connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..tcp.machine import CERTAINTY, TABLE, Certainty, Event
from ..tcp.states import State
from ..wording.languages import translate
from ..wording.styles import Style

if TYPE_CHECKING:
    from ..ladder.changes import Changes

S, E_ = State, Event

FIGURE = frozenset(
    {
        *(E_.SENT_SYN, E_.SENT_SYN_ACK, E_.SENT_ACK, E_.GOT_ACK_OF_SYN, E_.GOT_SYN_ACK, E_.GOT_RST_TO_SYN),
        *(E_.SENT_FIN, E_.GOT_FIN, E_.SENT_ACK_OF_FIN, E_.GOT_ACK_OF_FIN, E_.TIME_WAIT_OVER),
    }
)
"""Events of an endpoint's whole life. All others are for gaps, contradictions and aborts; their arrows would hide the
rest, and are drawn where a connection takes them."""
NOT_IN_FIGURE = frozenset(
    {
        *((S.CLOSED, E_.SENT_SYN_ACK), (S.SYN_RECEIVED, E_.SENT_ACK), (S.UNKNOWN, E_.SENT_ACK)),
        *((S.SYN_RECEIVED, E_.GOT_FIN), (S.SYN_RECEIVED, E_.SENT_ACK_OF_FIN)),
    }
)
"""States in which these events stand for a packet that is not in the capture, or for two steps at once."""
SIDES = ("client", "server")
MOST_NUMBERS = 4
"""Packets that are named at an arrow at most, for each end and cause."""


class Box(NamedTuple):
    """A box of the diagram. CLOSED has two: where connections begin, and where they end."""

    state: State
    end: bool = False


END = Box(S.CLOSED, end=True)
OPENING = (S.LISTEN, S.SYN_SENT, S.SYN_RECEIVED)
"""States that an attempt goes back to the first box of CLOSED from."""


class Move(NamedTuple):
    """A transition of one end of a connection."""

    side: int
    """0: the client, 1: the server."""
    number: int
    """Of the packet; 0: a timer."""
    before: State
    after: State
    row: int
    """Index into ``machine.TABLE``."""

    @property
    def text(self) -> str:
        """The number of the packet, as tables for people have it; empty for a timer."""
        return f"#{self.number}" if self.number else ""


class Arrow(NamedTuple):
    """An arrow between two boxes."""

    start: Box
    end: Box
    rows: tuple[int, ...]
    """Indices into ``machine.TABLE``; none where only a connection makes the arrow."""
    moves: tuple[Move, ...] = ()

    @property
    def ends(self) -> tuple[Box, Box]:
        """Where it starts and ends."""
        return self.start, self.end


class Label(NamedTuple):
    """A line at an arrow: the cause of a transition, and of which end with which packets."""

    cause: str
    certainty: Certainty
    side: int | None = None
    numbers: tuple[str, ...] = ()


class Connection(NamedTuple):
    """What is drawn of a connection."""

    number: int
    ends: tuple[str, str]
    """The sockets of client and server."""
    moves: tuple[Move, ...]
    last: tuple[State, State]
    """The states of client and server at the end."""


class Picture(NamedTuple):
    """What is drawn: the figure, perhaps a connection, and how it is spelled."""

    style: Style
    lang: str
    connection: Connection | None = None

    def name(self, state: State) -> str:
        """Return a state as the style spells it."""
        return self.style.states[state]

    def said(self, text: str) -> str:
        """Return an English text in the language."""
        return translate(text, self.lang)

    @property
    def title(self) -> str:
        """Which connection is drawn."""
        return "" if self.connection is None else self.said("connection {number}").format(number=self.connection.number)

    @property
    def arrows(self) -> tuple[Arrow, ...]:
        """The arrows of the figure, and behind them those that only the connection makes."""
        moves = () if self.connection is None else self.connection.moves
        return with_moves(moves)

    def labels(self, arrow: Arrow) -> list[Label]:
        """Return what stands at an arrow: who took it, or else what would."""
        if not arrow.moves:
            return [Label(self.said(TABLE[row].cause), CERTAINTY[TABLE[row].event]) for row in arrow.rows]
        numbers: dict[tuple[int, int], list[str]] = {}
        for move in arrow.moves:
            numbers.setdefault((move.side, move.row), []).append(move.text)
        return [
            Label(self.said(TABLE[row].cause), CERTAINTY[TABLE[row].event], side, _first(found))
            for (side, row), found in numbers.items()
        ]


def _first(numbers: Sequence[str]) -> tuple[str, ...]:
    known = [one for one in numbers if one]
    return (*known[:MOST_NUMBERS], *(["…"] if len(known) > MOST_NUMBERS else []))


def figure() -> dict[tuple[Box, Box], tuple[int, ...]]:
    """Return the arrows of the figure: their ends, and the rows of the table on each."""
    found: dict[tuple[Box, Box], tuple[int, ...]] = {}
    for number, row in enumerate(TABLE):
        if row.event not in FIGURE or row.next is None:
            continue
        for state in row.states:
            if (state, row.event) not in NOT_IN_FIGURE:
                ends = boxes(state, row.next)
                found[ends] = (*found.get(ends, ()), number)
    return found


def boxes(before: State, after: State) -> tuple[Box, Box]:
    """Return the boxes that a transition leads from and to."""
    return (
        Box(before, end=before is S.CLOSED and after not in OPENING),
        Box(after, end=after is S.CLOSED and before not in OPENING),
    )


def with_moves(moves: Iterable[Move]) -> tuple[Arrow, ...]:
    """Return the arrows of the figure with the moves along them, and behind them those that only moves make."""
    arrows = {ends: Arrow(*ends, rows) for ends, rows in figure().items()}
    for move in moves:
        ends = boxes(move.before, move.after)
        arrow = arrows.get(ends, Arrow(*ends, ()))
        arrows[ends] = arrow._replace(moves=(*arrow.moves, move))
    return tuple(arrows.values())


def connection(number: int, ends: tuple[str, str], changes: Changes) -> Connection:
    """Return what is drawn of a connection."""
    moves = (Move(one.side, packet, one.before, one.after, one.row) for packet, one in changes.each)
    return Connection(number, ends, tuple(moves), changes.last)


def last_boxes(one: Connection) -> tuple[Box, Box]:
    """Return the boxes in which the client and the server are at the end."""
    found = [Box(state) for state in one.last]
    for move in one.moves:
        found[move.side] = boxes(move.before, move.after)[1]
    return found[0], found[1]
