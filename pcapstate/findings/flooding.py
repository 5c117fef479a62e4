"""SYN floods: many handshakes with one host that nobody means to complete."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..moments import SECOND
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.states import State
from ..wording.counts import Count
from ..wording.times import duration
from .finding import Finding, Severity
from .groups import Group, different, distinct, grouped
from .scope import about, span
from .situation import Situation

LEAST, MANY = 10, 100
"""Unfinished handshakes with one host that may be a flood, and that are one beyond doubt."""
ADDRESSES = 10
"""From so many different addresses they come, or MANY of them are old enough to tell a flood from a program that tries
again and again."""
ROUND_TRIP = SECOND
"""So old a SYN must be where the host completes other handshakes: the ACK would have come by then."""
WOULD_REPEAT = 3 * SECOND
"""So old, a SYN of a real client would have been sent again."""
REPEATED = 0.2
"""The share that are sent again above which the clients are real."""
HOSTS = 20
"""Hosts that are looked at, those with the most unfinished handshakes first."""


def syn_floods(s: Situation) -> Iterator[Finding]:
    """Point at hosts with many handshakes that neither were completed nor would be, as by forged addresses."""
    alone = (s.known[s.client] & (c.KNOWN_SENT_SYN | c.KNOWN_SENT_ACK) == c.KNOWN_SENT_SYN) & (
        s.state[s.client] == State.SYN_SENT
    )
    pending = s.went("unanswered") | (s.state[s.server] == State.SYN_RECEIVED)
    numbers = np.flatnonzero(alone & pending & ~s.explained)
    for place, group in enumerate(grouped(*s.host(s.server[numbers]), least=LEAST)):
        if place == HOSTS:
            break
        to_host = s.to_server(s.server[numbers[group.rows[0]]], port=False)
        completed = int(np.count_nonzero(s.whole.completed & to_host))
        chosen = _unfinished(s, numbers[group.rows], completed)
        if len(chosen) >= max(LEAST, completed):
            s.explained[chosen] = True
            yield _flood(s, chosen)


def _unfinished(s: Situation, numbers: Rows, completed: int) -> Rows:
    """Return those of one host's unfinished handshakes that belong to a flood; none where it is no flood."""
    client = s.client[numbers]
    ages = s.age(s.first(client))
    answered = s.known[s.server[numbers]] & c.KNOWN_SENT_SYN_ACK != 0
    none = numbers[:0]
    if completed:
        # A busy host always has some whose ACK is still under way.
        numbers, client, ages = (one[ages >= ROUND_TRIP] for one in (numbers, client, ages))
    elif not answered.any() and len(numbers) < MANY:
        return none
    judged = client[ages >= WOULD_REPEAT]
    if len(numbers) and distinct(*s.host(client)) < ADDRESSES and len(judged) < MANY:
        return none
    if np.count_nonzero(s.endpoint("retransmissions", judged)) > REPEATED * len(judged):
        return none
    return numbers


def _flood(s: Situation, numbers: Rows) -> Finding:
    client, server = s.client[numbers], s.server[numbers]
    first = s.first(client)
    ports = s.address(server)[2]
    answered = np.count_nonzero(s.known[server] & c.KNOWN_SENT_SYN_ACK)
    return about(
        s, "syn-flood", Severity.PROBLEM if len(numbers) >= MANY else Severity.WARNING, server, Group(numbers),
        packets=s.shown(client),
        when=span(first, s.detail("opening", client)),
        where=s.sockets(server),
        ports=Count(len(different(ports))),
        addresses=Count(distinct(*s.host(client))),
        span=duration(int(first.max() - first.min())),
        answered=Count(answered),
        also=["answered"] if answered else ["unanswered"],
    )  # fmt: skip
