"""Closing: connections that one end never closed, and which end closes first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..rows import Rows
from ..tcp.states import State
from ..wording.counts import Count
from .finding import Finding, Severity
from .groups import labels, largest
from .scope import about, lasting, span
from .situation import Situation

LEFT_OPEN = 5 * SECOND
"""So long an endpoint is in CLOSE_WAIT, and sends nothing, before that is pointed at: programs close within
milliseconds of reading the end of file, and those that send on after it do so without long pauses."""
IN_COMPANY = SECOND
"""So long where another of the same host is LEFT_OPEN."""
LONG_OPEN = 60 * SECOND
"""From here on it is a problem on a server: so long Linux keeps the other end in FIN_WAIT_2 where its program is gone.
Of a client it is one with MANY_OPEN of them: pools of idle connections notice late that a server has closed."""
MANY_OPEN = 10

TALLIED = 10
"""Closed connections of one server from which it is worth saying who closed them first."""


def left_in_close_wait(s: Situation) -> Iterator[Finding]:
    """Point at hosts that do not close what their peers closed, as the acknowledged FIN of the peer proves."""
    ends, since, quiet = _waiting(s)
    whole, _, long = (ends, since, quiet) if s.whole is s else _waiting(s.whole)
    left = np.isin(labels(*s.host(ends)), labels(*s.whole.host(whole[long >= LEFT_OPEN])))
    ends, since = ends[left], since[left]
    for group in largest(*s.host(ends)):
        own = ends[group.rows]
        ages = s.age(since[group.rows])
        serves = np.any(own == s.server[own >> 1])
        bad = ages.max() >= LONG_OPEN and (serves or len(own) >= MANY_OPEN)
        yield about(
            s, "close-wait-left", Severity.PROBLEM if bad else Severity.WARNING, own, group,
            packets=s.detail("packet", own),
            when=span(since[group.rows]),
            age=lasting(ages),
            servers=s.sockets(s.server[own >> 1]),
        )  # fmt: skip


def _waiting(s: Situation) -> tuple[Rows, Rows, Rows]:
    """Return the endpoints in CLOSE_WAIT for IN_COMPANY or longer, since when, and how long they have been quiet."""
    ends = np.flatnonzero(s.state == State.CLOSE_WAIT)
    ends = ends[(s.state[ends ^ 1] == State.FIN_WAIT_2) & (s.packets[ends ^ 1] > 0) & (s.packets[ends] > 0)]
    since = s.detail("since", ends)
    quiet = s.age(np.maximum(since, s.detail("data", ends)))
    long = quiet >= IN_COMPANY
    return ends[long], since[long], quiet[long]


def closed_first(s: Situation) -> Iterator[Finding]:
    """Tell of each server how many of its connections were closed first by the client, and by itself."""
    # A closed endpoint's last state is kept: TIME_WAIT, LAST_ACK, or what a RST ended.
    last = np.where(s.state == State.CLOSED, s.before, s.state)
    first = np.isin(last, (State.FIN_WAIT_1, State.FIN_WAIT_2, State.TIME_WAIT))
    second = np.isin(last, (State.CLOSE_WAIT, State.LAST_ACK))
    by_client = first[s.client] & second[s.server]
    by_server = first[s.server] & second[s.client]
    both = ~by_client & ~by_server & first[s.client] & first[s.server]
    numbers = np.flatnonzero(by_client | by_server | both)
    for group in largest(*s.address(s.server[numbers]), least=TALLIED):
        chosen = numbers[group.rows]
        yield about(
            s, "closed-first", Severity.NOTE, s.server[chosen], group,
            by_client=Count(np.count_nonzero(by_client[chosen])),
            by_server=Count(np.count_nonzero(by_server[chosen])),
            both=Count(np.count_nonzero(both[chosen])),
            also=["both"] if both[chosen].any() else [],
        )  # fmt: skip
