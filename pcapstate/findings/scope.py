"""From endpoints to a finding about them: whom it concerns, which connections show it, how to look at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..rows import Rows
from ..wording.counts import Count
from ..wording.times import duration
from .filters import of_connections
from .finding import Finding, Severity, Text, first_of
from .groups import Group, different
from .situation import Situation

Span = tuple[int | None, int | None]
"""Two times, ns since the epoch; None where there is none."""


def about(
    s: Situation,
    kind: str,
    severity: Severity,
    ends: Rows,
    group: Group,
    *,
    packets: Rows | None = None,
    when: Span | None = None,
    also: Sequence[str] = (),
    instead: str = "",
    **fields: Any,
) -> Finding:
    """Return a finding about a group of endpoints and their connections; ``packets``: the frames that show it.

    ``when``: from when until when it was; unless told, while there are packets of the connections. The texts get
    ``host``, ``where`` (its address with the port) and ``count``, besides ``fields``.
    """
    shown = np.zeros(0, dtype=np.int64) if packets is None else different(packets[packets > 0])
    rows = different(ends >> 1)
    connections, count = first_of(s.table.numbers(rows)), len(rows)
    first, last = s.during(rows) if when is None else when
    if group.groups == 1:
        one = ends[0]
        host = s.host_name(one)
        whom: dict[str, Any] = {"host": host, "where": s.socket(one)}
    else:
        host = None
        many = {"others": Count(group.groups)}
        whom = {"host": Text("{others} other hosts", many), "where": Text("{others} other servers", many)}
    selecting = of_connections(s, rows)
    return Finding(
        kind, severity, {**whom, "count": Count(count), **fields}, host, also, count, connections, len(shown),
        first_of(shown), selecting.text, selecting.selected, first, last, instead,
    )  # fmt: skip


def span(*times: Rows) -> Span:
    """Return the first and the last of times (ns since the epoch; 0: none)."""
    known = [some[some > 0] for some in times]
    first = [int(some.min()) for some in known if len(some)]
    last = [int(some.max()) for some in known if len(some)]
    return (min(first), max(last)) if first else (None, None)


def lasting(times: Rows) -> str | Text:
    """Return how long something lasted, or for several the shortest and the longest."""
    shortest, longest = duration(int(times.min())), duration(int(times.max()))
    if shortest == longest:
        return longest
    return Text("{shortest} to {longest}", {"shortest": shortest, "longest": longest})
