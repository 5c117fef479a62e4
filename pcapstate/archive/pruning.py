"""From filters to conditions on the table of connections: what they surely leave out is not read.

The answer itself is still chosen by the filter. A condition holds for each connection that can be in it, at whatever
moment, so only what never changes is looked at: addresses, ports, the number, and when a connection began.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..addresses import HALF, IPV4_MAPPED, Network, parse_network
from ..query.expression import And, Condition, Expression, Or
from ..query.matching import Networks, Ranges

ADDRESSES = frozenset(("client_address", "server_address", "local_address", "foreign_address"))
PORTS = frozenset(("client_port", "server_port", "local_port", "foreign_port"))
MOST_SPANS = 64
"""Ranges that a condition has at most."""


def of_expression(expression: Expression | None) -> str:
    """Return the condition of a filter, in SQL; empty: it leaves nothing out for sure."""
    if isinstance(expression, And):
        return " AND ".join(f"({one})" for one in map(of_expression, expression.parts) if one)
    if isinstance(expression, Or):
        parts = [of_expression(one) for one in expression.parts]
        return " OR ".join(f"({one})" for one in parts) if all(parts) else ""
    if isinstance(expression, Condition) and not expression.negated:
        return _of_condition(expression)
    return ""


def _of_condition(condition: Condition) -> str:
    columns, test = frozenset(condition.columns), condition.test
    if isinstance(test, Networks) and columns <= ADDRESSES:
        return of_networks(test.networks)
    if not isinstance(test, Ranges) or not 0 < len(test.spans) <= MOST_SPANS:
        return ""
    if columns <= PORTS:
        return _in(test, "client_port", "server_port")
    if columns == {"connection"}:
        return _in(test, "connection")
    if columns == {"opened"}:
        return _in(test, "opened_ns")
    if columns == {"time"}:
        # A transition comes after the connection began.
        return f"opened_ns <= {test.spans[-1][1]}"
    return ""


def _in(test: Ranges, *columns: str) -> str:
    return " OR ".join(f"{column} BETWEEN {low} AND {high}" for column in columns for low, high in test.spans)


def of_networks(networks: Sequence[Network]) -> str:
    """Return the condition that either end is in any of some networks; empty: any address is."""
    parts = []
    for network in networks:
        low, high = int(network.network_address), int(network.broadcast_address)
        if network.version == 4:
            low, high = IPV4_MAPPED | low, IPV4_MAPPED | high
        elif network.prefixlen == 0:
            return ""
        halves = []
        for name, shift in (("high", 64), ("low", 0)):
            ends = [_signed(one >> shift & HALF) for one in (low, high)]
            if ends[0] == ends[1]:
                halves.append((name, f"= {ends[0]}"))
            elif ends[0] < ends[1]:
                halves.append((name, f"BETWEEN {ends[0]} AND {ends[1]}"))
        parts += [" AND ".join(f"{name}_{side} {test}" for name, test in halves) for side in (0, 1)]
    return " OR ".join(f"({one})" for one in parts)


def of_local(local: Sequence[str]) -> str:
    """Return the condition that either end is one of some hosts or networks. Raises ValueError."""
    return of_networks([parse_network(one) for one in local])


def _signed(half: int) -> int:
    return half - (half >> 63 << 64)
