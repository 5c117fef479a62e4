"""Ephemeral ports: how many of a client's are held by TIME_WAIT, and how soon they are used again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..tcp.states import State
from ..wording.counts import Count
from .finding import Finding, Severity, share
from .groups import different, grouped
from .scope import about, lasting, span
from .situation import Situation

LINUX = 32_768, 60_999
"""The ephemeral ports of Linux by default (ip_local_port_range)."""
WINDOWS = 49_152, 65_535
"""Those of Windows, macOS and the BSDs by default, as IANA has them (RFC 6335 §6)."""
WIDEST = 1_024, 65_535
"""As many as somebody may allow."""

RANGES = WINDOWS, LINUX, WIDEST, (0, 65_535)

SHARES = ((0.75, Severity.PROBLEM), (0.5, Severity.WARNING), (0.25, Severity.NOTE))
"""Held by TIME_WAIT, of the smallest of these ranges that has all of the client's ports seen there."""
REUSED = 10
"""Ports of a client that went from TIME_WAIT into a new connection from which that is no chance."""


def size(ports: tuple[int, int]) -> int:
    """Return how many ports a range has."""
    return ports[1] - ports[0] + 1


def time_wait_ports(s: Situation) -> Iterator[Finding]:
    """Point at clients whose ports towards one server are held by TIME_WAIT: new connections will find none."""
    ends = s.client[s.state[s.client] == State.TIME_WAIT]
    least = int(size(WINDOWS) * SHARES[-1][0])
    if len(ends) < least:
        return
    for group in grouped(*s.host(ends), *s.address(ends ^ 1), least=least):
        own = ends[group.rows]
        ports = different(s.address(own)[2])
        within = next(one for one in RANGES if one[0] <= ports[0] and ports[-1] <= one[1])
        severity = next((one for part, one in SHARES if len(ports) >= part * size(within)), None)
        if severity is None:
            continue
        since = s.detail("since", own)
        seconds = int(since.max() - since.min()) / SECOND
        yield about(
            s, "time-wait-ports", severity, own, group,
            packets=s.detail("packet", own),
            when=span(since),
            server=s.socket(own[0] ^ 1),
            ports=Count(len(ports)),
            lowest=str(ports[0]),
            highest=str(ports[-1]),
            of_linux=share(len(ports), size(LINUX)),
            of_windows=share(len(ports), size(WINDOWS)),
            linux=Count(size(LINUX)),
            windows=Count(size(WINDOWS)),
            rate=Count(len(own) / max(seconds, 1)),
            also=["rate"] if seconds >= 1 else [],
        )  # fmt: skip


def ports_reused(s: Situation) -> Iterator[Finding]:
    """Point at clients that take ports again whose TIME_WAIT, at either end, was not over."""
    before = s.table.extras["previous"]
    numbers = np.flatnonzero(before)
    old = before[numbers] - 1
    ends, ended = s.client[numbers], s.client[old]
    same = [one == other for one, other in zip(s.address(ends), s.address(ended), strict=True)]
    begun = s.first(ends)
    # What ended the TIME_WAIT is of the new connection: the timer would have been earlier.
    waiting = [(s.before[one] == State.TIME_WAIT) & (s.detail("since", one) >= begun) for one in (ended, ended ^ 1)]
    chosen = np.all(same, axis=0) & (begun > 0) & (waiting[0] | waiting[1])
    ends, ended, begun = ends[chosen], ended[chosen], begun[chosen]
    for group in grouped(*s.host(ends), *s.address(ends ^ 1), least=REUSED):
        own = ends[group.rows]
        last = np.maximum(s.endpoint("last", ended[group.rows]), s.endpoint("last", ended[group.rows] ^ 1))
        yield about(
            s, "ports-reused", Severity.WARNING, own, group,
            packets=s.detail("packet", own),
            when=span(begun[group.rows]),
            server=s.socket(own[0] ^ 1),
            ports=Count(len(different(s.address(own)[2]))),
            rested=lasting(np.maximum(begun[group.rows] - last, 0)),
        )  # fmt: skip
