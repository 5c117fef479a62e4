"""Silence: connections on which one end sends again and again, and the other answers nothing any more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..tcp import tables as c
from ..tcp.outcomes import R1
from ..tcp.states import State
from ..wording.counts import Count
from .finding import Finding, Severity
from .groups import largest
from .scope import about, lasting, span
from .situation import Situation

PROBES = 3
"""Keep-alives or window probes without an answer, as many as retransmissions are needed (R1)."""
QUIET = SECOND
"""So long, at least, nothing came back."""
OPEN = (State.ESTABLISHED, State.FIN_WAIT_1, State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.FIN_WAIT_2)


def fell_silent(s: Situation) -> Iterator[Finding]:
    """Point at hosts that do not answer any more on connections that were open."""
    ends = s.busy
    ends = ends[(s.packets[ends ^ 1] > 0) & (s.packets[ends] > 0)]
    gave_up = np.where(ends & 1 == 1, c.NOTE_RESET_BY_1, c.NOTE_RESET_BY_0)
    ends = ends[np.isin(s.state[ends], OPEN) | (s.notes[ends >> 1] & gave_up != 0)]
    repeats = s.known[ends] >> c.KNOWN_TRIES_SHIFT
    heard = s.endpoint("last", ends ^ 1)
    probes = np.where(s.trouble("probed", ends) >= heard, s.trouble("probes", ends), 0)
    last = s.endpoint("last", ends)
    chosen = ((repeats >= R1) | (probes >= PROBES)) & (last - heard >= QUIET)
    ends, repeats, probes, heard = ends[chosen], repeats[chosen], probes[chosen], heard[chosen]
    s.explained[ends >> 1] = True
    for group in largest(*s.host(ends ^ 1)):
        silent, tried = ends[group.rows] ^ 1, group.rows
        told = (("repeats", repeats), ("probes", probes))
        yield about(
            s, "fell-silent", Severity.PROBLEM, silent, group,
            packets=s.trouble("again", silent ^ 1),
            when=span(heard[tried], s.last(silent ^ 1)),
            peers=s.sockets(silent ^ 1),
            repeats=Count(repeats[tried].sum()),
            probes=Count(probes[tried].sum()),
            silence=lasting(s.age(heard[tried])),
            also=[name for name, number in told if number[tried].any()],
        )  # fmt: skip
