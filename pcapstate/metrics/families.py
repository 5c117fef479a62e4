"""The numbers under the names that Prometheus shows, with what each means.

``system_network_connections`` is OpenTelemetry's ``system.network.connections`` as Prometheus spells it, with its
attributes ``protocol`` and ``state``. Each label has few values, whatever is captured.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .. import __version__
from ..tcp.machine import TABLE
from ..tcp.states import State
from .meter import HOSTS, ROLES, Numbers

GAUGE, COUNTER = "gauge", "counter"
Labels = tuple[tuple[str, str], ...]


class Family(NamedTuple):
    """A metric: its name (without ``_total``), and a value for each set of labels."""

    name: str
    kind: str
    help: str
    samples: list[tuple[Labels, int | float]]


def families(numbers: Numbers) -> Iterator[Family]:
    """Yield the metrics of these numbers, always in the same order."""
    about = (
        ("kernels", "compiled" if numbers.compiled else "plain"),
        ("python", platform.python_version()),
        ("version", __version__),
    )
    yield Family("pcapstate_build_info", GAUGE, "The program, and how its kernels run; always 1.", [(about, 1)])
    source = (("name", numbers.source),)
    yield Family("pcapstate_source_info", GAUGE, "What is captured on, or followed; always 1.", [(source, 1)])
    if numbers.clock is not None:
        help = "The time up to which packets were followed, in seconds since the epoch."
        yield Family("pcapstate_capture_time_seconds", GAUGE, help, [((), numbers.clock / 1e9)])
    yield Family(
        "system_network_connections",
        GAUGE,
        "Ends of connections that are not CLOSED, by state, role in the connection and group of hosts:"
        " local (addresses of the interface), private, public. A connection has two ends.",
        [
            ((("protocol", "tcp"), ("state", state.name.lower()), ("role", role), ("host", host)), count)
            for state in State
            if state is not State.CLOSED
            for role, of_role in zip(ROLES, numbers.open_ends[state].tolist(), strict=True)
            for host, count in zip(HOSTS, of_role, strict=True)
        ],
    )
    yield _counter("pcapstate_connections", "Connections found so far.", numbers.connections)
    yield Family(
        "pcapstate_kept_connections",
        GAUGE,
        "Connections in memory, with those that have ended.",
        [((), numbers.kept)],
    )
    yield Family(
        "pcapstate_transitions",
        COUNTER,
        "Changes of state of either end, corrections included.",
        [
            ((("from", before.name.lower()), ("to", after.name.lower())), int(numbers.transitions[before, after]))
            for before in State
            for after in State
            if POSSIBLE[before, after] or numbers.transitions[before, after]
        ],
    )
    yield Family(
        "pcapstate_resets",
        COUNTER,
        "Ends that a RST of their peer closed, by their role.",
        [((("role", role),), count) for role, count in zip(ROLES, numbers.resets.tolist(), strict=True)],
    )
    yield _counter("pcapstate_refusals", "SYNs that a RST answered.", numbers.refusals)
    yield _counter("pcapstate_retransmissions", "Retransmitted segments.", numbers.retransmissions)
    yield _counter("pcapstate_packets", "Packets read, of all protocols.", numbers.packets)
    yield _counter("pcapstate_bytes", "Bytes of these packets on the wire.", numbers.octets)
    if numbers.dropped is not None:
        yield _counter("pcapstate_dropped_packets", "Packets dropped by the capture.", numbers.dropped)
    yield Family(
        "pcapstate_evicted_connections",
        COUNTER,
        "Connections evicted to stay within the memory limit, by kind.",
        [((("kind", kind.removeprefix("in ").lower()),), count) for kind, count in numbers.evicted.items()],
    )


def _counter(name: str, help: str, value: int) -> Family:
    return Family(name, COUNTER, help, [((), value)])


def _possible() -> np.ndarray:
    found = np.zeros((len(State), len(State)), dtype=bool)
    for row in TABLE:
        if row.next is not None:
            found[list(row.states), row.next] = True
    return found


POSSIBLE = _possible()
"""Whether one state can follow another; a counter that is there from the start shows its first increase."""
