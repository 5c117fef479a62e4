"""Which end closed a connection first, and whose RST ended it."""

from __future__ import annotations

import numpy as np

from ..rows import Rows
from . import tables as c
from .sides import Sides
from .states import State

CLOSERS = ("client", "server", "both", None)
"""Which end closed first; both: each sent its FIN before that of the other arrived. None: no end has closed."""
RESETTERS = ("client", "server", None)
"""Whose RST ended the connection; None: no RST did."""

FIRST = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.TIME_WAIT)
"""States of an end that sent its FIN before it had that of its peer."""


def closers(of: Sides) -> Rows:
    """Return the index into CLOSERS of each connection."""
    # A closed end keeps its last state before that: TIME_WAIT, LAST_ACK, or what a RST ended.
    client, server = (
        np.isin(np.where(side["state"] == State.CLOSED, side["before"], side["state"]), FIRST)
        for side in (of.client, of.server)
    )
    which = np.where(client & server, CLOSERS.index("both"), np.where(client, 0, 1))
    return np.where(client | server, which, CLOSERS.index(None))


def resetters(of: Sides) -> Rows:
    """Return the index into RESETTERS of each connection. A RST that answers the SYN counts as the server's."""
    by_0, by_1 = (of.notes & note != 0 for note in (c.NOTE_RESET_BY_0, c.NOTE_RESET_BY_1))
    by_client, by_server = np.where(of.turned, by_1, by_0), np.where(of.turned, by_0, by_1)
    by_server = by_server | (of.notes & c.NOTE_REFUSED != 0)
    return np.where(by_client, 0, np.where(by_server, 1, RESETTERS.index(None)))
