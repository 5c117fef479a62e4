"""From endpoints to a finding about them: whom it concerns, which connections show it, how to look at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..views.perspective import address
from ..wording.times import duration
from .finding import Count, Finding, Severity, Text, first_of
from .groups import Group, different
from .situation import Rows, Situation

FILTERED = 8
"""Connections that a display filter names one by one; beyond that it names the host."""


def about(
    s: Situation,
    kind: str,
    severity: Severity,
    ends: Rows,
    group: Group,
    *,
    packets: Rows | None = None,
    also: Sequence[str] = (),
    **fields: Any,
) -> Finding:
    """Return a finding about a group of endpoints and their connections; ``packets``: the frames that show it.

    The texts get ``host``, ``where`` (its address with the port) and ``count``, besides ``fields``.
    """
    shown = np.zeros(0, dtype=np.int64) if packets is None else different(packets[packets > 0])
    numbers = different(ends >> 1)
    connections, count = first_of(s.table.numbers(numbers)), len(numbers)
    if group.groups == 1:
        one = ends[0]
        host = s.host_name(one)
        whom: dict[str, Any] = {"host": host, "where": s.socket(one)}
    else:
        host = None
        many = {"others": Count(group.groups)}
        whom = {"host": Text("{others} other hosts", many), "where": Text("{others} other servers", many)}
    return Finding(
        kind,
        severity,
        {**whom, "count": Count(count), **fields},
        host,
        also,
        count,
        connections,
        len(shown),
        first_of(shown),
        of_streams(connections) if count <= FILTERED or host is None else of_host(s, ends[0]),
    )


def of_streams(connections: Sequence[int]) -> str:
    """Return a display filter for connections."""
    if len(connections) == 1:
        return f"tcp.stream == {connections[0]}"
    return f"tcp.stream in {{{', '.join(map(str, connections))}}}" if connections else ""


def of_frames(numbers: Sequence[int]) -> str:
    """Return a display filter for frames."""
    if len(numbers) == 1:
        return f"frame.number == {numbers[0]}"
    return f"frame.number in {{{', '.join(map(str, numbers))}}}" if numbers else ""


def of_host(s: Situation, endpoint: Any) -> str:
    """Return a display filter for the host of an endpoint."""
    high, low = s.host(np.array([endpoint]))
    host = address(int(high[0]), int(low[0]))
    return f"{'ip' if host.version == 4 else 'ipv6'}.addr == {host}"


def lasting(times: Rows) -> str | Text:
    """Return how long something lasted, or for several the shortest and the longest."""
    shortest, longest = duration(int(times.min())), duration(int(times.max()))
    if shortest == longest:
        return longest
    return Text("{shortest} to {longest}", {"shortest": shortest, "longest": longest})
