"""Opening: SYNs that nobody answers, ports that refuse, handshakes that are never completed, queues that are full."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..tcp import contracts as c
from ..tcp.states import State
from .concerned import about, lasting
from .finding import Count, Finding, Severity, share
from .groups import distinct, largest
from .situation import Rows, Situation

GIVEN_UP = 3 * SECOND
"""A SYN that is so old, or was sent again twice, counts as unanswered: no network takes so long."""
TRIES = 2
REPEATED = 900_000_000
"""A SYN-ACK that comes so long after the first SYN answers one that was sent again: TCP waits a second for that."""
LATE_LEAST, LATE_SHARE = 3, 0.05
"""So many connections of a server, and that share of all that it answered, make late SYN-ACKs worth pointing at."""
FULL_MANY = 5
"""Connections whose ACKs are dropped from which it is a problem also where none had anything to send."""


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
        also = []
        if group.groups == 1 and (s.completed & s.to_server(ends[0])).any():
            also.append("others answered")
        yield about(
            s, "unanswered", Severity.WARNING, ends, group,
            packets=s.detail("packet", client),
            clients=s.hosts(client),
            syns=Count(s.detail("syns", client).sum()),
            waited=lasting(s.age(s.first(client))),
            also=also,
        )  # fmt: skip


def refused(s: Situation) -> Iterator[Finding]:
    """Point at ports that a RST says to be closed."""
    numbers = np.flatnonzero(s.went("refused") & ~s.explained)
    server = s.server[numbers]
    for group in largest(*s.address(server)):
        chosen, ends = numbers[group.rows], server[group.rows]
        also = []
        if group.groups == 1 and (s.completed & s.to_server(ends[0])).any():
            also.append("others accepted")
        yield about(
            s, "refused", Severity.WARNING, ends, group,
            packets=s.detail("packet", s.client[chosen]),
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
            packets=s.detail("packet", chosen),
            clients=s.hosts(chosen),
        )  # fmt: skip


def never_completed(s: Situation) -> Iterator[Finding]:
    """Point at handshakes whose SYN-ACK the client never answers."""
    began = (s.state[s.server] == State.SYN_RECEIVED) & (s.state[s.client] == State.SYN_SENT)
    asked = (s.known[s.client] & c.SENT_SYN != 0) & (s.known[s.server] & c.SENT_SYN_ACK != 0)
    numbers = np.flatnonzero(began & asked & ~s.explained)
    server = s.server[numbers]
    waited = s.age(s.first(server))
    chosen = (waited >= GIVEN_UP) | (s.endpoint("retransmissions", server) >= TRIES)
    numbers, server, waited = numbers[chosen], server[chosen], waited[chosen]
    for group in largest(*s.address(server)):
        yield about(
            s, "never-completed", Severity.WARNING, server[group.rows], group,
            packets=s.detail("packet", server[group.rows]),
            clients=s.hosts(s.client[numbers[group.rows]]),
            waited=lasting(waited[group.rows]),
        )  # fmt: skip


def queue_full(s: Situation) -> Iterator[Finding]:
    """Point at servers that drop the ACKs which complete handshakes: twice at least, so no loss explains it."""
    numbers = np.flatnonzero(s.notes & c.ACKS_DROPPED != 0)
    server = s.server[numbers]
    for group in largest(*s.address(server)):
        chosen, ends = numbers[group.rows], server[group.rows]
        left = s.state[ends] == State.SYN_RECEIVED
        waiting = np.count_nonzero(left)
        spoke = np.count_nonzero(s.endpoint("bytes", s.client[chosen[left]]))
        bad = spoke > 0 or len(ends) >= FULL_MANY
        yield about(
            s, "queue-full", Severity.PROBLEM if bad else Severity.WARNING, ends, group,
            packets=s.trouble("again", ends),
            spoke=Count(spoke),
            waiting=Count(waiting),
            clients=s.hosts(s.client[chosen]),
            also=[*(["waiting"] if waiting else []), "data ignored" if spoke else "perhaps deferred"],
        )  # fmt: skip


def answered_late(s: Situation) -> Iterator[Finding]:
    """Point at servers that answer SYNs only once they are sent again."""
    answered = (s.known[s.client] & c.SENT_SYN != 0) & (s.known[s.server] & c.SENT_SYN_ACK != 0)
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
            packets=s.detail("packet", client[slow]),
            share=share(len(slow), len(group.rows)),
            answered=Count(len(group.rows)),
            delay=lasting(delay[slow]),
            clients=Count(distinct(*s.host(client[slow]))),
        )  # fmt: skip
