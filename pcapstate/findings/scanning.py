"""Scans: one host that tries many ports or many hosts in vain is one finding, and not a thousand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..rows import Rows
from ..tcp import tables as c
from ..tcp.states import State
from ..wording.counts import Count
from ..wording.times import duration
from .finding import Finding, Severity, Text
from .groups import different, distinct, labels, largest, sizes, spread
from .opening import given_up
from .scope import about, span
from .situation import Situation, listed

PORTS = 15
"""Ports of one host that were tried in vain: no program has so many wrong ones."""
TARGETS = 15
"""Hosts that were tried in vain on one port."""
MIXED = 30
"""Hosts and ports that were tried in vain where neither is the same: scans look so, and programs that seek peers."""
YOUNG_TARGETS, YOUNG_SHARE = 50, 0.1
"""So many hosts tried on one port, and at most that share of them answering, need no waiting for late answers."""
PORTS_NAMED = 10
"""Ports that a text names."""
PROBE_PACKETS = 3
"""Packets of a connection without SYN and without data that may be a probe."""


def scans(s: Situation) -> Iterator[Finding]:
    """Point at hosts that scan; what they tried is explained with that."""
    tried = _tried(s)
    tried = tried.some(sizes(labels(*s.host(s.opener[tried.numbers]))) >= min(PORTS, TARGETS, MIXED))
    for kind, rule in (("port-scan", _of_ports), ("host-scan", _of_hosts), ("mixed-scan", _of_many)):
        tried = tried.some(~s.explained[tried.numbers])
        if len(tried.numbers):
            yield from _scans(s, kind, tried.some(rule(s, tried)))


class Tried(NamedTuple):
    """Connections that came to nothing, and what became of each."""

    numbers: Rows
    refused: Rows
    unanswered: Rows
    probed: Rows  # no more than a probe without SYN
    opened: Rows  # answered, and reset or left by the client: a SYN scan found an open port

    def some(self, rows: Rows) -> Tried:
        """Return some of them."""
        return Tried(*(one[rows] for one in self))


def _tried(s: Situation) -> Tried:
    refused, unanswered, probed = s.went("refused"), s.went("unanswered"), _probes(s)
    answered = (
        (s.known[s.server] & c.KNOWN_SENT_SYN_ACK != 0) & (s.known[s.client] & c.KNOWN_SENT_SYN != 0) & ~s.completed
    )
    left = (s.state[s.server] == State.SYN_RECEIVED) & (s.state[s.client] == State.SYN_SENT)
    opened = answered & (s.went("reset by client") | left)
    numbers = np.flatnonzero((refused | unanswered | probed | opened) & ~s.explained)
    return Tried(numbers, *(one[numbers] for one in (refused, unanswered, probed, opened)))


def _of_ports(s: Situation, tried: Tried) -> Rows:
    """Tell which belong to a scan of a host's ports."""
    source, target = s.host(s.opener[tried.numbers]), s.address(s.opener[tried.numbers] ^ 1)
    pairs = labels(*source, *target[:2])
    failed = np.flatnonzero(~tried.opened)
    many = spread((pairs[failed],), (target[2][failed],)) >= PORTS
    return np.isin(pairs, pairs[failed[many]])


def _of_hosts(s: Situation, tried: Tried) -> Rows:
    """Tell which belong to a scan of many hosts for one port."""
    source, target = s.host(s.opener[tried.numbers]), s.address(s.opener[tried.numbers] ^ 1)
    ports = labels(*source, target[2])
    out = np.zeros(len(ports), dtype=bool)
    settled = np.flatnonzero(tried.refused | (tried.unanswered & given_up(s, tried.numbers)))
    out[settled] = spread((ports[settled],), (target[0][settled], target[1][settled])) >= TARGETS
    young = np.flatnonzero((tried.refused | tried.unanswered) & ~out)
    young = young[spread((ports[young],), (target[0][young], target[1][young])) >= YOUNG_TARGETS]
    if len(young):
        done = s.opener[s.completed]
        answering = np.sort(labels(*s.host(done), s.address(done ^ 1)[2]))
        answers = np.searchsorted(answering, ports[young], "right") - np.searchsorted(answering, ports[young])
        out[young] = answers <= YOUNG_SHARE * sizes(ports[young])
    return out


def _of_many(s: Situation, tried: Tried) -> Rows:
    """Tell which belong to attempts at many hosts and ports."""
    out = np.zeros(len(tried.numbers), dtype=bool)
    settled = np.flatnonzero(tried.refused | (tried.unanswered & given_up(s, tried.numbers)))
    ends = s.opener[tried.numbers[settled]]
    out[settled] = spread(s.host(ends), s.address(ends ^ 1)) >= MIXED
    return out


def _probes(s: Situation) -> Rows:
    """Tell of each connection whether it is no more than a probe without SYN: with no flags, with FIN or ACK alone."""
    known = s.known[s.client] | s.known[s.server]
    packets = s.packets[s.client].astype(np.int64) + s.packets[s.server]
    small = np.flatnonzero((known & (c.KNOWN_SENT_SYN | c.KNOWN_SENT_SYN_ACK) == 0) & (packets <= PROBE_PACKETS))
    opener = s.opener[small]
    data = s.endpoint("bytes", opener) + s.endpoint("bytes", opener ^ 1)
    answered = s.detail("resets", opener ^ 1) > 0
    nothing = s.state[opener] == State.UNKNOWN
    found = np.zeros(s.count, dtype=bool)
    found[small] = (data == 0) & (s.packets[opener] > s.detail("resets", opener)) & (answered | nothing)
    return found


def _scans(s: Situation, kind: str, tried: Tried) -> Iterator[Finding]:
    s.explained[tried.numbers] = True
    for group in largest(*s.host(s.opener[tried.numbers])):
        some = tried.some(group.rows)
        source = s.opener[some.numbers]
        first = s.first(source)
        found = _numbers(s.address(source[some.opened] ^ 1)[2])
        # Each port that was tried counts once, however often it was tried; in a scan of hosts each host.
        target = s.host(source ^ 1) if kind == "host-scan" else s.address(source ^ 1)
        keys = labels(*target)
        refused = different(keys[some.refused])
        unanswered = different(keys[some.unanswered])
        yield about(
            s, kind, Severity.WARNING, source, group,
            packets=s.shown(source),
            when=span(first, s.last(source)),
            target=s.hosts(source ^ 1),
            targets=Count(distinct(*s.host(source ^ 1))),
            ports=Count(distinct(*target) if kind == "port-scan" else len(different(s.address(source ^ 1)[2]))),
            port=_numbers(s.address(source ^ 1)[2]),
            pairs=Count(distinct(*target)),
            refused=Count(len(refused)),
            unanswered=Count(np.count_nonzero(~np.isin(unanswered, refused))),
            found=found,
            span=duration(int(first.max() - first.min())),
            also=["open"] if found else [],
        )  # fmt: skip


def _numbers(ports: Rows) -> str | Text:
    """Name ports in ascending order, as far as a text has room."""
    all_ = different(ports)
    return listed([str(one) for one in all_[:PORTS_NAMED]], len(all_))
