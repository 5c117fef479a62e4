"""The states of RFC 9293 §3.3.2, and how they are written for people."""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """The state of one endpoint; CLOSED means that it has no connection, UNKNOWN that the packets do not tell."""

    UNKNOWN = 0
    CLOSED = 1
    LISTEN = 2
    SYN_SENT = 3
    SYN_RECEIVED = 4
    ESTABLISHED = 5
    FIN_WAIT_1 = 6
    FIN_WAIT_2 = 7
    CLOSE_WAIT = 8
    CLOSING = 9
    LAST_ACK = 10
    TIME_WAIT = 11


STATES = tuple(state.name for state in State)
"""The words of a column of states, for programs; behind them there may be one for no state."""

SHOWN = {State.LISTEN: "LISTENING"}
"""Where Windows' netstat spells a state differently from the RFC."""


def shown(state: State) -> str:
    """Return a state as Windows' netstat spells it."""
    return SHOWN.get(state, state.name)
