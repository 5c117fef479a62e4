"""Connections that a RST ended: in the middle of a request or an answer, or with nothing under way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..moments import SECOND
from ..rows import Rows
from ..tcp import tables as c
from ..wording.counts import Count
from .finding import Finding, Severity, Text
from .groups import Group, distinct, labels, largest, sizes
from .resets import FORGOT, resetting
from .scope import about, lasting, span
from .situation import Situation

WAITED = 100_000_000
"""Nanoseconds: a client whose RST comes sooner behind its own data did not wait for an answer to it."""
SHORTLY = SECOND
"""A RST that comes sooner behind the last data of the server may have cut its answer off: idle connections are closed
later."""
MANY, SHARE = 10, 0.1
"""Requests of one server that it cut off, and their share of all its connections, from which that is a problem."""
FEW = 3
"""Connections with one server from which their resets have a finding of their own; and requests that clients gave up
from which that is worth a look: now and then somebody presses a button twice."""


class Resets(NamedTuple):
    """Connections that a RST ended, an element each."""

    rows: Rows
    ended: Rows  # the time of the RST, ns since the epoch
    by_server: Rows
    quiet: Rows  # ns since the last data of either end; -1 where there was none
    closing: Rows  # one end had sent its FIN
    cut: Rows  # a request had no answer yet
    answering: Rows  # the server had sent data just before

    def some(self, chosen: Rows) -> Resets:
        """Return some of them."""
        return Resets(*(one[chosen] for one in self))


def in_request(s: Situation) -> Iterator[Finding]:
    """Point at servers whose connections were reset while a request had no answer."""
    found = _resets(s)
    yield from _cut_off(s, found.some(found.cut), s.server[found.rows[~found.cut]])


def in_answer(s: Situation) -> Iterator[Finding]:
    """Point at servers whose connections were reset right behind data of the server."""
    found = _resets(s)
    found = found.some(found.answering)
    s.explained[found.rows] = True
    keys = labels(*s.address(s.server[found.rows]))
    for own, servers in _by_servers(s, found, (sizes(keys) >= FEW) | np.isin(keys, keys[found.by_server])):
        severity = Severity.WARNING if own.by_server.any() else Severity.NOTE
        yield about(
            s, "reset-in-answer", severity, s.server[own.rows], Group(own.rows, servers),
            packets=_packets(s, own),
            when=span(own.ended),
            **_facts(s, own),
            quiet=usually(own.quiet, lasting),
        )  # fmt: skip


def to_close(s: Situation) -> Iterator[Finding]:
    """Tell of the other connections that a RST ended: who sent it, how often, after how much."""
    found = _resets(s)
    keys = labels(*s.address(s.server[found.rows]))
    for own, servers in _by_servers(s, found, sizes(keys) >= FEW):
        yield _with_nothing_under_way(s, own, servers)


def _by_servers(s: Situation, found: Resets, alone: Rows) -> Iterator[tuple[Resets, int]]:
    """Yield resets by server, and of how many servers they are: those that are not ``alone`` are together."""
    servers = s.server[found.rows]
    for group in largest(*s.address(servers[alone])):
        yield found.some(np.flatnonzero(alone)[group.rows]), group.groups
    if not alone.all():
        yield found.some(~alone), distinct(*s.address(servers[~alone]))


def _resets(s: Situation) -> Resets:
    ends = resetting(s)
    ends = ends[(s.trouble("silence", ends) < FORGOT) & ~s.explained[ends >> 1]]
    rows = ends >> 1
    client, server = s.client[rows], s.server[rows]
    ended = np.maximum(s.detail("since", ends), s.detail("since", ends ^ 1))
    asked, answered = s.detail("data", client), s.detail("data", server)
    latest = np.maximum(asked, answered)
    quiet = np.where(latest > 0, np.maximum(ended - latest, 0), -1)
    closing = (s.known[client] | s.known[server]) & c.KNOWN_SENT_FIN != 0
    by_server = ends == server
    waiting = (asked > answered) & ~closing & ~s.seen.last_data.is_short(s.original(client))
    answering = (answered >= asked) & (answered > 0) & ~closing & (quiet < SHORTLY)
    return Resets(rows, ended, by_server, quiet, closing, waiting & (by_server | (quiet >= WAITED)), answering)


def _cut_off(s: Situation, found: Resets, servers: Rows) -> Iterator[Finding]:
    """``servers``: of the connections that were reset otherwise."""
    s.explained[found.rows] = True
    for group in largest(*s.address(s.server[found.rows])):
        own = found.some(group.rows)
        ends = s.server[own.rows]
        ports = labels(*s.address(ends))
        whole = np.count_nonzero(np.isin(labels(*s.whole.address(s.whole.server)), ports))
        by_server, by_client = own.some(own.by_server), own.some(~own.by_server)
        lost = np.count_nonzero(s.trouble("cut", s.client[own.rows]))
        others = np.count_nonzero(np.isin(labels(*s.address(servers)), ports))
        also = [
            *(["by server"] if len(by_server.rows) else []),
            *(["by client"] if len(by_client.rows) else []),
            *(["not acknowledged"] if lost else []),
            *(["others"] if others else []),
        ]
        severity = Severity.WARNING if len(by_server.rows) or len(own.rows) >= FEW else Severity.NOTE
        most = sizes(labels(*s.address(s.server[by_server.rows]))).max(initial=0)
        if most >= MANY and len(by_server.rows) >= SHARE * whole:
            severity = Severity.PROBLEM
        yield about(
            s, "reset-in-request", severity, ends, group,
            packets=_packets(s, own),
            when=span(own.ended),
            **_facts(s, own),
            all=Count(whole),
            server_waited=usually(by_server.quiet, lasting) if len(by_server.rows) else "",
            client_waited=usually(by_client.quiet, lasting) if len(by_client.rows) else "",
            lost=Count(lost),
            others=Count(others),
            also=also,
        )  # fmt: skip


def _with_nothing_under_way(s: Situation, own: Resets, servers: int) -> Finding:
    """Tell of resets with nothing under way."""
    idle = own.quiet[~own.closing & (own.quiet >= 0)]
    opened = (s.known[2 * own.rows] | s.known[2 * own.rows + 1]) & (c.KNOWN_SENT_SYN | c.KNOWN_SENT_SYN_ACK) != 0
    empty = np.count_nonzero(~own.closing & (own.quiet < 0) & opened)
    closing = np.count_nonzero(own.closing)
    also = [
        *(["idle"] if len(idle) else []),
        *(["empty"] if empty else []),
        *(["closing"] if closing else []),
    ]
    return about(
        s, "reset-to-close", Severity.NOTE, s.server[own.rows], Group(own.rows, servers),
        packets=_packets(s, own),
        when=span(own.ended),
        **_facts(s, own),
        idle=Count(len(idle)),
        quiet=usually(idle, lasting) if len(idle) else "",
        empty=Count(empty),
        closing=Count(closing),
        also=also,
    )  # fmt: skip


def _packets(s: Situation, own: Resets) -> Rows:
    return s.trouble("reset", np.where(own.by_server, s.server[own.rows], s.client[own.rows]))


def _facts(s: Situation, own: Resets) -> dict[str, Any]:
    return {
        "by_server": Count(np.count_nonzero(own.by_server)),
        "by_client": Count(np.count_nonzero(~own.by_server)),
        "sent": usually(s.endpoint("bytes", s.client[own.rows]), amount),
        "received": usually(s.endpoint("bytes", s.server[own.rows]), amount),
        "clients": s.hosts(s.client[own.rows]),
    }


def amount(numbers: Rows) -> str | Text:
    """Return a number, or of several the least and the most."""
    least, most = Count(numbers.min()), Count(numbers.max())
    if least == most:
        return f"{least}"
    return Text("{shortest} to {longest}", {"shortest": least, "longest": most})


def usually(numbers: Rows, told: Any) -> str | Text:
    """Return numbers as ``told`` does, with the median where they differ."""
    around = told(numbers)
    if numbers.min() == numbers.max() or len(numbers) < FEW:
        return around
    middle = np.sort(numbers)[len(numbers) // 2 : len(numbers) // 2 + 1]
    return Text("{range} (median {middle})", {"range": around, "middle": told(middle)})
