"""The flow of data: what is sent again, and receivers that do not take it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..tcp import tables as c
from ..tcp.states import State
from ..wording.counts import Count
from .finding import Finding, Severity, share
from .groups import LARGEST, Group, labels, largest
from .scope import about, lasting, span
from .situation import Situation

AGAIN, AGAIN_SHARE = 10, 0.03
"""Segments that one host sent to another again, and their share of all that it sent there, from which that is worth
pointing at: below, TCP copes without anybody noticing."""
STORM, STORM_SHARE = 50, 0.1
"""And from which it is a problem."""

CLOSED, LONG_CLOSED = SECOND, 10 * SECOND
"""So long a window stays zero before that is pointed at, and before it is a problem: a busy program empties its buffer
within milliseconds."""


def sent_again(s: Situation) -> Iterator[Finding]:
    """Point at pairs of hosts between which much is sent again."""
    ends = s.busy
    ends = ends[(s.packets[ends] > 0) & (s.packets[ends ^ 1] > 0) & ~s.explained[ends >> 1]]
    again = s.endpoint("retransmissions", ends)
    if again.sum() < AGAIN:
        return
    pairs = np.unique(labels(*s.host(ends), *s.host(ends ^ 1)), return_inverse=True)[1]
    totals, sent = np.bincount(pairs, again), np.bincount(pairs, s.packets[ends])
    lossy = np.flatnonzero((totals >= AGAIN) & (totals >= AGAIN_SHARE * sent))
    lossy = lossy[np.argsort(-totals[lossy], kind="stable")]
    for part in [lossy[place : place + 1] for place in range(min(LARGEST, len(lossy)))] + [lossy[LARGEST:]]:
        if not len(part):
            continue
        total, all_ = int(totals[part].sum()), int(sent[part].sum())
        rows = np.flatnonzero(np.isin(pairs, part) & (again > 0))
        storm = total >= STORM and total >= STORM_SHARE * all_
        yield about(
            s, "sent-again", Severity.PROBLEM if storm else Severity.WARNING, ends[rows], Group(rows, len(part)),
            packets=s.trouble("again", ends[rows]),
            peers=s.hosts(ends[rows] ^ 1),
            again=Count(total),
            sent=Count(all_),
            share=share(total, all_),
        )  # fmt: skip


def zero_windows(s: Situation) -> Iterator[Finding]:
    """Point at hosts that let nothing be sent to them for long: their program does not read."""
    ends = s.busy
    ends = ends[(s.known[ends] & c.KNOWN_SPOKE != 0) & (s.detail("closed_windows", ends) > 0)]
    since = s.detail("closed_since", ends)
    # A window stays zero until now, or until the connection ended.
    over = np.isin(s.state[ends], (State.CLOSED, State.TIME_WAIT))
    until = np.where(over, np.maximum(s.last(ends), s.last(ends ^ 1)), s.moment)
    now = np.where(since > 0, np.maximum(until - since, 0), 0)
    before = s.trouble("closed_longest", ends)
    longest = np.maximum(now, before)
    packets = np.where(now >= before, s.trouble("closing", ends), s.trouble("closed_at", ends))
    still = (since > 0) & ~over
    chosen = longest >= CLOSED
    ends, longest, packets, still = ends[chosen], longest[chosen], packets[chosen], still[chosen]
    # Of windows that are open again only how long they were zero is known, not when.
    since, until = np.where(now >= before, since, 0)[chosen], until[chosen]
    for group in largest(*s.host(ends)):
        own = ends[group.rows]
        long = longest[group.rows].max() >= LONG_CLOSED
        times = s.detail("closed_windows", own)
        yield about(
            s, "zero-window", Severity.PROBLEM if long else Severity.WARNING, own, group,
            packets=packets[group.rows],
            when=span(since[group.rows], until[group.rows]) if since[group.rows].all() else None,
            peers=s.sockets(own ^ 1),
            times=Count(times.sum()),
            longest=lasting(longest[group.rows]),
            still=Count(np.count_nonzero(still[group.rows])),
            also=["still"] if still[group.rows].any() else [],
        )  # fmt: skip
