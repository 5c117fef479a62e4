"""Opening: SYNs that nobody answers, ports that refuse, handshakes that are never completed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.states import State
from ..wording.counts import Count
from ..wording.times import duration
from .finding import Finding, Severity, share
from .groups import distinct, largest
from .scope import about, lasting, span
from .situation import Situation

GIVEN_UP = 3 * SECOND
"""A SYN that is so old, or was sent again twice, counts as unanswered: no network takes so long."""
TRIES = 2
REPEATED = 900_000_000
"""A SYN-ACK that comes so long after the first SYN answers one that was sent again: TCP waits a second for that."""
LATE_LEAST, LATE_SHARE = 3, 0.05
"""So many connections of a server, and that share of all that it answered, make late SYN-ACKs worth pointing at."""


def given_up(s: Situation, numbers: Rows) -> Rows:
    """Tell of each of these connections whether its SYN has waited long enough to be called unanswered."""
    client = s.client[numbers]
    old = s.age(s.first(client)) >= GIVEN_UP
    return old | (s.endpoint("retransmissions", client) >= TRIES)


def unanswered(s: Situation) -> Iterator[Finding]:
    """Point at servers from which nothing comes back: filtered, down, or not there."""
    numbers = np.flatnonzero(s.went("unanswered") & ~s.explained)
    numbers = numbers[given_up(s, numbers)]
    server = s.server[numbers]
    for group in largest(*s.address(server)):
        chosen, ends = numbers[group.rows], server[group.rows]
        client = s.client[chosen]
        tried = s.first(client)
        also, instead, ago = [], "", 0
        if group.groups == 1:
            if heard := s.heard(ends[0], port=True):
                also, ago = ["answered before"], max(int(tried.min()) - heard, 0)
            if s.heard(ends[0], port=False) >= int(tried.min()):
                instead = "host is up"
        yield about(
            s, "unanswered", Severity.WARNING, ends, group,
            packets=s.shown(client),
            when=span(tried, s.detail("opening", client)),
            clients=s.hosts(client),
            syns=Count(s.detail("syns", client).sum()),
            waited=lasting(s.age(tried)),
            ago=duration(ago),
            also=also,
            instead=instead,
        )  # fmt: skip


def refused(s: Situation) -> Iterator[Finding]:
    """Point at ports that a RST says to be closed."""
    numbers = np.flatnonzero(s.went("refused") & ~s.explained)
    server = s.server[numbers]
    for group in largest(*s.address(server)):
        chosen, ends = numbers[group.rows], server[group.rows]
        also = []
        if group.groups == 1 and (s.whole.completed & s.to_server(ends[0])).any():
            also.append("others accepted")
        yield about(
            s, "refused", Severity.WARNING, ends, group,
            packets=s.shown(s.client[chosen]),
            when=span(s.detail("since", s.client[chosen])),
            clients=s.hosts(s.client[chosen]),
            also=also,
        )  # fmt: skip


def unreachable(s: Situation) -> Iterator[Finding]:
    """Point at servers to which there is no way, as ICMP errors say."""
    numbers = np.flatnonzero(s.went("unreachable") & ~s.explained)
    server = s.server[numbers]
    for group in largest(*s.address(server)):
        chosen = s.client[numbers[group.rows]]
        yield about(
            s, "unreachable", Severity.WARNING, server[group.rows], group,
            packets=s.shown(chosen),
            when=span(s.detail("since", chosen)),
            clients=s.hosts(chosen),
        )  # fmt: skip


def never_completed(s: Situation) -> Iterator[Finding]:
    """Point at handshakes whose SYN-ACK the client never answers."""
    began = (s.state[s.server] == State.SYN_RECEIVED) & (s.state[s.client] == State.SYN_SENT)
    asked = (s.known[s.client] & c.KNOWN_SENT_SYN != 0) & (s.known[s.server] & c.KNOWN_SENT_SYN_ACK != 0)
    numbers = np.flatnonzero(began & asked & ~s.explained)
    server = s.server[numbers]
    waited = s.age(s.first(server))
    chosen = (waited >= GIVEN_UP) | (s.endpoint("retransmissions", server) >= TRIES)
    numbers, server, waited = numbers[chosen], server[chosen], waited[chosen]
    for group in largest(*s.address(server)):
        yield about(
            s, "never-completed", Severity.WARNING, server[group.rows], group,
            packets=s.shown(server[group.rows]),
            when=span(s.first(server[group.rows]), s.detail("opening", server[group.rows])),
            clients=s.hosts(s.client[numbers[group.rows]]),
            waited=lasting(waited[group.rows]),
        )  # fmt: skip


def answered_late(s: Situation) -> Iterator[Finding]:
    """Point at servers that answer SYNs only once they are sent again."""
    answered = (s.known[s.client] & c.KNOWN_SENT_SYN != 0) & (s.known[s.server] & c.KNOWN_SENT_SYN_ACK != 0)
    numbers = np.flatnonzero(answered & ~s.explained)
    server, client = s.server[numbers], s.client[numbers]
    delay = s.first(server) - s.first(client)
    late = (delay >= REPEATED) & (s.detail("opening", client) - s.first(client) >= REPEATED)
    if not late.any():
        return
    for group in largest(*s.address(server)):
        slow = group.rows[late[group.rows]]
        if len(slow) < LATE_LEAST or len(slow) < LATE_SHARE * len(group.rows):
            continue
        yield about(
            s, "answered-late", Severity.WARNING, server[slow], group,
            packets=s.shown(client[slow]),
            when=span(s.first(client[slow]), s.first(server[slow])),
            share=share(len(slow), len(group.rows)),
            answered=Count(len(group.rows)),
            delay=lasting(delay[slow]),
            clients=Count(distinct(*s.host(client[slow]))),
        )  # fmt: skip
