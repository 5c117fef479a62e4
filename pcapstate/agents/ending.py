"""Who ended a connection, and how: the first FIN, RST or other end in its transitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..rows import Rows
from ..tcp.machine import TABLE, Event
from ..tcp.states import State

FIN, RST, REFUSED, ICMP, GAVE_UP, REPLACED = "FIN", "RST", "RST to SYN", "ICMP", "gave up", "new connection"
HOW = (FIN, RST, REFUSED, ICMP, GAVE_UP, REPLACED)
"""How an end of a connection can end it."""
NOBODY = -1
"""The packets do not tell which end it was."""

_OF_SENDER = {
    Event.SENT_RST: RST,
    Event.SENT_RST_IN_ANSWER: RST,
    Event.SENT_REFUSAL: REFUSED,
    Event.SENT_NEW_SYN: REPLACED,
    Event.SENT_NEW_SYN_ACK: REPLACED,
    Event.GAVE_UP: GAVE_UP,
}
"""Events of an end that it ends the connection by itself, where it enters CLOSED."""
_OF_PEER = {Event.GOT_RST: RST, Event.GOT_RST_TO_SYN: REFUSED}
"""Events by which the other end ended it."""
_OF_NOBODY = {Event.GOT_UNREACHABLE: ICMP, Event.GOT_ICMP_ERROR: ICMP}
_CLOSING = (State.FIN_WAIT_1, State.LAST_ACK, State.CLOSING)
"""States that an end enters as it sends its FIN."""


class End(NamedTuple):
    """An end of a connection that ended it."""

    at: int
    """The place of the transition that shows it."""
    side: int
    """0 is the client, 1 the server; NOBODY."""
    how: str


def ends(rows: Rows, turned: bool) -> Sequence[End]:
    """Return how the ends of a connection ended it, the first one first: at most one for each side.

    ``rows``: its transitions (TRANSITION), settled, in order; ``turned``: endpoint 1 is the client.
    """
    found: list[End] = []
    for at, row in enumerate(rows):
        one = _end(row, int(row["endpoint"]) & 1 ^ turned, at)
        # A packet that ends both ends is one event; an end that closes and then aborts has ended at first.
        if one is None or any(other.side == one.side for other in found):
            continue
        if one.side == NOBODY and found:
            continue
        found.append(one)
    return found


def _end(row: Rows, side: int, at: int) -> End | None:
    event, before, after = TABLE[int(row["row"])].event, int(row["from"]), int(row["to"])
    if after == State.CLOSED:
        if event in _OF_SENDER:
            return End(at, side, _OF_SENDER[event])
        if event in _OF_PEER:
            return End(at, 1 - side, _OF_PEER[event])
        if event in _OF_NOBODY:
            return End(at, NOBODY, _OF_NOBODY[event])
    if after in _CLOSING and before not in _CLOSING:
        return End(at, side, FIN)
    if after == State.CLOSE_WAIT and before != State.LAST_ACK:
        return End(at, 1 - side, FIN)
    if after == State.UNKNOWN and event in (Event.SENT_FIN_UNSURE, Event.GOT_FIN_UNSURE):
        return End(at, NOBODY, FIN)
    return None
