"""Which connections are evicted when there is no room for more: embryonic ones first, open ones last."""

from __future__ import annotations

import numpy as np

from ..rows import Rows
from .states import State
from .tables import KNOWN_SENT_FIN

EVICTION_ORDER = ("embryonic", "closed", "in TIME_WAIT", "closing", "open")
"""The kinds of connections in the order of eviction; within a kind, those silent longest go first."""
KIND_EMBRYONIC, KIND_CLOSED, KIND_WAITING, KIND_CLOSING, KIND_OPEN = range(len(EVICTION_ORDER))

KIND_OF_STATE = np.full(len(State), KIND_EMBRYONIC, dtype=np.uint8)
"""The kind of connection that an endpoint's state stands for; of both endpoints the higher one counts."""
KIND_OF_STATE[State.CLOSED] = KIND_CLOSED
KIND_OF_STATE[State.TIME_WAIT] = KIND_WAITING
for _state in (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK):
    KIND_OF_STATE[_state] = KIND_CLOSING
KIND_OF_STATE[State.ESTABLISHED] = KIND_OPEN

CONNECTIONS_TOGETHER = 1 << 16
"""Connections looked at together, to save memory."""


def choose_evicted(endpoints: Rows, previous: Rows, wanted: int) -> tuple[Rows, Rows]:
    """Choose at least ``wanted`` connections to evict: a bool for each, and how many there are of each kind.

    ``endpoints``: rows of ENDPOINT, two a connection; ``previous``: as in EXTRA. A connection goes together with those
    before it on its 4-tuple: its next packets would be taken for theirs.
    """
    count = len(endpoints) // 2
    kinds = np.empty(count, dtype=np.uint8)
    last = np.empty(count, dtype=np.int64)
    for start in range(0, count, CONNECTIONS_TOGETHER):
        rows = endpoints[2 * start : 2 * (start + CONNECTIONS_TOGETHER)]
        kind = KIND_OF_STATE[rows["state"]]
        kind[(kind == KIND_EMBRYONIC) & (rows["known"] & KNOWN_SENT_FIN != 0)] = KIND_CLOSING
        kinds[start : start + CONNECTIONS_TOGETHER] = np.maximum(kind[0::2], kind[1::2])
        last[start : start + CONNECTIONS_TOGETHER] = np.maximum(rows["last"][0::2], rows["last"][1::2])
    going = np.zeros(count, dtype=bool)
    for kind in range(len(EVICTION_ORDER)):
        rows = np.flatnonzero(kinds == kind)
        if len(rows) > wanted:
            rows = rows[np.argpartition(last[rows], wanted)[:wanted]]
        going[rows] = True
        wanted -= len(rows)
        if wanted <= 0:
            break
    # Numbers of earlier connections are smaller, so one pass from the last one on finds all.
    for row in np.flatnonzero(previous)[::-1]:
        if going[row]:
            going[int(previous[row]) - 1] = True
    return going, np.bincount(kinds[going], minlength=len(EVICTION_ORDER))
