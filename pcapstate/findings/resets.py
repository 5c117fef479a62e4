"""Resets: what they cut off, and those that tell that one end does not know the connection any more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..rows import Rows
from ..tcp import tables as c
from ..wording.counts import Count
from .finding import Finding, Severity
from .groups import largest
from .scope import about, lasting, span
from .situation import Situation

LITTLE = 64
"""Bytes of a connection that may be no more than TLS's farewell (a close_notify alert), which nobody waits for."""
FORGOT = 10 * SECOND
"""So long an endpoint had sent nothing before it answered with a RST: restarts and forgetful firewalls take longer,
programs that end a connection with a RST on purpose do so sooner."""


def half_open(s: Situation) -> Iterator[Finding]:
    """Point at hosts that answer data or a keep-alive with a RST without ACK, though they never closed."""
    ends = resetting(s)
    silence = s.trouble("silence", ends)
    ends, silence = ends[silence >= FORGOT], silence[silence >= FORGOT]
    for group in largest(*s.host(ends)):
        own = ends[group.rows]
        yield about(
            s, "half-open", Severity.PROBLEM, own, group,
            packets=s.trouble("reset", own),
            when=span(s.detail("since", own)),
            peers=s.sockets(own ^ 1),
            silence=lasting(silence[group.rows]),
        )  # fmt: skip


def lost_data(s: Situation) -> Iterator[Finding]:
    """Point at hosts whose RST came while data was not acknowledged yet."""
    ends = resetting(s)
    ends = ends[(s.trouble("silence", ends) < FORGOT) & ~s.explained[ends >> 1]]
    own, theirs = s.trouble("cut", ends), s.trouble("cut", ends ^ 1)
    # Who has closed does not want what still comes; and a little of it is the farewell of TLS as a rule.
    closed = s.known[ends] & c.KNOWN_SENT_FIN != 0
    theirs = np.where(closed & (theirs <= LITTLE), 0, theirs)
    lost = own + theirs > 0
    s.explained[ends[lost] >> 1] = True
    for late in (False, True):
        # Data that came behind a close is a finding of its own.
        chosen = lost & (late == (closed & (own == 0)))
        yield from _lost(s, ends[chosen], own[chosen], theirs[chosen], late)


def _lost(s: Situation, ends: Rows, own: Rows, theirs: Rows, late: bool) -> Iterator[Finding]:
    for group in largest(*s.host(ends)):
        resetter = ends[group.rows]
        little = (own + theirs)[group.rows].max() <= LITTLE
        yield about(
            s, "reset-lost-data", Severity.NOTE if little or late else Severity.WARNING, resetter, group,
            packets=s.trouble("reset", resetter),
            when=span(np.maximum(s.detail("since", resetter), s.detail("since", resetter ^ 1))),
            peers=s.sockets(resetter ^ 1),
            own=Count(own[group.rows].sum()),
            theirs=Count(theirs[group.rows].sum()),
            also=[
                *(name for name, bytes_ in (("own", own), ("theirs", theirs)) if bytes_[group.rows].any()),
                *(["little"] if little else []),
                *(["late"] if late else []),
            ],
        )  # fmt: skip


def resetting(s: Situation) -> Rows:
    """Return the endpoints whose RST ended their connection."""
    reset = np.flatnonzero(s.notes & (c.NOTE_RESET_BY_0 | c.NOTE_RESET_BY_1))
    return 2 * reset + (s.notes[reset] & c.NOTE_RESET_BY_1 != 0)
