"""Queues of listeners that are full: a server drops the ACKs that complete handshakes, or SYNs at once."""

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
from .groups import different, labels, largest, sizes
from .opening import given_up
from .scope import about, lasting, span
from .situation import Situation

FULL_MANY = 5
"""Connections whose ACKs, or SYNs, are dropped from which it is a problem."""
ALIVE = 60 * SECOND
"""A port that was heard of so shortly before a SYN, or after it, is taken to have been there."""
NONE = np.int64(-1)


def syns_dropped(s: Situation) -> Iterator[Finding]:
    """Point at ports that are there and do not answer some SYNs: as Linux does where the accept queue is full."""
    numbers = np.flatnonzero(s.went("unanswered") & ~s.explained)
    numbers = numbers[given_up(s, numbers)]
    if not len(numbers):
        return
    before, after = _heard(s, numbers)
    alive = np.any([(gap != NONE) & (gap <= ALIVE) for gap in (before, after)], axis=0)
    numbers, before, after = numbers[alive], before[alive], after[alive]
    s.explained[numbers] = True
    full = labels(*s.whole.address(s.whole.server[s.whole.notes & c.NOTE_ACKS_DROPPED != 0]))
    for group in largest(*s.address(s.server[numbers])):
        chosen, known = numbers[group.rows], before[group.rows][before[group.rows] != NONE]
        later = after[group.rows][after[group.rows] != NONE]
        client, ends = s.client[chosen], s.server[chosen]
        tried, many = s.first(client), sizes(labels(*s.address(ends))).max()
        also = [*(["before"] if len(known) else []), *(["after"] if len(later) else [])]
        if group.groups == 1:
            if np.isin(labels(*s.address(ends[:1])), full)[0]:
                also.append("acks, too")
            elif not _answered(s, ends[0], client):
                also.append("other clients")
            if s.heard(ends[0], port=False) < tried.min():
                also.append("nothing since")
        yield about(
            s, "syns-dropped", Severity.PROBLEM if many >= FULL_MANY else Severity.WARNING, ends, group,
            packets=s.shown(client),
            when=span(tried, s.detail("opening", client)),
            clients=s.hosts(client),
            syns=Count(s.detail("syns", client).sum()),
            waited=lasting(s.age(tried)),
            before=duration(int(known.min())) if len(known) else "",
            after=duration(int(later.min())) if len(later) else "",
            also=also,
        )  # fmt: skip


def _heard(s: Situation, numbers: Rows) -> tuple[Rows, Rows]:
    """Return how long before the SYN of each connection its server's port sent something, and how long after (ns).

    NONE where it did not.
    """
    whole = s.whole
    answering = np.flatnonzero(whole.packets[whole.server] > 0)
    ends = whole.server[answering]
    tried = s.first(s.client[numbers])
    wanted = labels(*s.address(s.server[numbers]))
    ports = labels(*whole.address(ends))
    there = np.isin(ports, wanted)
    ends, ports = ends[there], ports[there]
    # In the order of ports and times, what was heard stands between the SYNs.
    times = np.concatenate([whole.first(ends), whole.last(ends), tried])
    keys = np.concatenate([ports, ports, wanted])
    asked = np.arange(len(times)) >= 2 * len(ends)
    order = np.lexsort((asked, times, keys))
    places = np.arange(len(order))
    heard = ~asked[order]
    earlier = np.maximum.accumulate(np.where(heard, places, NONE))
    later = np.minimum.accumulate(np.where(heard, places, len(order))[::-1])[::-1]
    out = []
    for near, sign in ((earlier, 1), (later, -1)):
        found = order[np.clip(near, 0, len(order) - 1)]
        same = (near >= 0) & (near < len(order)) & (keys[found] == keys[order])
        gap = np.where(same, sign * (times[order] - times[found]), NONE)
        mine = np.empty(len(order), dtype=np.int64)
        mine[order] = gap
        out.append(mine[2 * len(ends) :])
    return out[0], out[1]


def _answered(s: Situation, server: int, clients: Rows) -> bool:
    """Tell whether a port has answered one of these clients, on another connection."""
    whole = s.whole
    done = np.flatnonzero(s.to_server(server) & (whole.known[whole.server] & c.KNOWN_SENT_SYN_ACK != 0))
    return bool(np.isin(different(labels(*s.host(clients))), labels(*whole.host(whole.client[done]))).any())


def queue_full(s: Situation) -> Iterator[Finding]:
    """Point at servers that drop the ACKs which complete handshakes: twice at least, so no loss explains it."""
    numbers = np.flatnonzero(s.notes & c.NOTE_ACKS_DROPPED != 0)
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
            when=span(s.first(ends), s.detail("opening", ends)),
            spoke=Count(spoke),
            waiting=Count(waiting),
            clients=s.hosts(s.client[chosen]),
            also=[*(["waiting"] if waiting else []), "data ignored" if spoke else "perhaps deferred"],
        )  # fmt: skip
