"""Figures of a report over all connections: how many were in each state, how long, and which hosts have most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..addresses import address
from ..moments import DAY, HOUR, MINUTE, SECOND
from ..rows import Rows
from ..table import slices
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.outcomes import NAMES, outcomes
from ..tcp.round_trips import UNKNOWN, round_trips
from ..tcp.settling import Judged
from ..tcp.sides import sides, where
from ..tcp.states import State
from ..views.connections import Connections
from ..views.states_over_time import NOWHERE, OPEN, counted_ends, state_changes

BINS = 1_000
"""Pieces of time in which changes are counted where not all are in the report."""
SCALE = (
    *(unit * number for unit in (1_000, 1_000_000) for number in (1, 3, 10, 30, 100, 300)),
    *(SECOND * number for number in (1, 3, 10, 30)),
    *(MINUTE, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 12 * HOUR, DAY),
)
"""Where the bars of a histogram begin, in ns; the first one begins at 0."""
TALKERS = 12
"""Hosts that are listed."""


class Bar(NamedTuple):
    """A bar of a histogram: durations from ``start`` (included) to ``end``, in ns (0: no end), and their number."""

    start: int
    end: int
    number: int


class Histogram(NamedTuple):
    """How many durations there are of which length, and three of them."""

    bars: tuple[Bar, ...]
    number: int
    median: int
    ninth: int
    """Nine of ten are no longer."""
    longest: int


def histogram(durations: Rows) -> Histogram | None:
    """Return the histogram of durations (ns); None without any."""
    if not len(durations):
        return None
    places = np.searchsorted(SCALE, durations, side="right")
    counts = np.bincount(places, minlength=len(SCALE) + 1).tolist()
    edges = (0, *SCALE, 0)
    first, last = int(places.min()), int(places.max())
    bars = tuple(Bar(edges[at], edges[at + 1], counts[at]) for at in range(first, last + 1))
    ordered = np.sort(durations)
    median, ninth = (int(ordered[min(int(len(ordered) * part), len(ordered) - 1)]) for part in (0.5, 0.9))
    return Histogram(bars, len(ordered), median, ninth, int(ordered[-1]))


def handshakes(table: FlowTable) -> Rows:
    """Return how long handshakes took, from the client's last SYN to its ACK of the SYN-ACK, where both are known."""
    assert table.details is not None
    notes = table.connections["notes"]
    clients = 2 * np.arange(len(notes)) + (notes & c.NOTE_CLIENT_IS_1 != 0)
    found = round_trips(table.details, clients)
    return found[found != UNKNOWN]


def durations(table: FlowTable) -> Rows:
    """Return how long connections lasted, from the first packet to the last."""
    found = [np.zeros(0, dtype=np.int64)]
    for part in slices(len(table.connections)):
        some = Connections(table, np.arange(part.start, part.stop)).value("duration")
        found.append(some[some >= 0])
    return np.concatenate(found)


def outcomes_of_all(table: FlowTable) -> Rows:
    """Return the outcome of each connection (index into ``tcp.outcomes.NAMES``)."""
    found = [np.zeros(0, dtype=np.uint8)]
    found += [outcomes(sides(table, part.start, part.stop)).astype(np.uint8) for part in slices(len(table.connections))]
    return np.concatenate(found)


class Stays(NamedTuple):
    """How long ends were in states: a row for each stay."""

    state: Rows
    duration: Rows
    """Nanoseconds, up to the moment of the report where it goes on."""


def stays(judged: Judged, moment: int) -> Stays:
    """Return the stays of all ends in the states of ``OPEN``."""
    rows = judged.rows[judged.held]
    rows = rows[np.argsort(rows["endpoint"], kind="stable")]
    until = np.append(rows["time"][1:], moment)
    ended = np.append(rows["endpoint"][1:] != rows["endpoint"][:-1], True) if len(rows) else np.zeros(0, dtype=bool)
    until = np.where(ended, moment, until[: len(rows)])
    counted = np.isin(rows["to"], OPEN)
    return Stays(rows["to"][counted], np.maximum(until - rows["time"], 0)[counted])


def in_bins(table: FlowTable, judged: Judged, start: int, end: int) -> Iterator[tuple[str, Rows]]:
    """Yield columns of the changes of all connections, counted in pieces of time: what enters and leaves which state.

    They are ``count_time``, ``count_side`` (0: the client), ``count_state`` and ``count_change``, in the order of time.
    """
    rows = judged.rows[judged.held]
    width = max((end - start) // BINS, 1)
    counts = np.zeros((BINS + 1, 2, len(State)), dtype=np.int64)
    for side, name in enumerate(("client", "server")):
        changes = state_changes(rows, counted_ends(table, name))
        bins = np.clip((changes.time - start) // width, 0, BINS)
        again = changes.left != NOWHERE
        np.add.at(counts[:, side], (bins, changes.to), 1)
        np.subtract.at(counts[:, side], (bins[again], changes.left[again]), 1)
    at, sides, states = np.nonzero(counts)
    yield "count_time", at * width
    yield "count_side", sides
    yield "count_state", states
    # Columns of whole numbers have none below 0.
    yield "count_change", counts[at, sides, states].astype(np.float64)


class Talker(NamedTuple):
    """A host: its connections, its bytes in both directions, and how many of its ends are in which state."""

    host: str
    connections: int
    sent: int
    received: int
    states: dict[State, int]


def talkers(table: FlowTable) -> list[Talker]:
    """Return the hosts with the most connections."""
    ends = np.arange(2 * len(table.connections))
    if not len(ends):
        return []
    high, low, _ = where(table, ends)
    known, which = np.unique(np.stack([high, low], axis=1), axis=0, return_inverse=True)
    which = which.reshape(-1)
    counts = np.bincount(which)
    found = []
    endpoints = table.endpoints[: len(ends)]
    octets = endpoints["bytes"].astype(np.float64)
    sent, received = (np.bincount(which, weights=octets[ends ^ other]) for other in (0, 1))
    for host in np.argsort(-counts, kind="stable")[:TALKERS].tolist():
        states = np.bincount(endpoints["state"][which == host], minlength=len(State)).tolist()
        name = str(address(*known[host].tolist()))
        numbers = {State(state): count for state, count in enumerate(states) if count}
        found.append(Talker(name, int(counts[host]), int(sent[host]), int(received[host]), numbers))
    return found


def outcome_counts(table: FlowTable) -> list[tuple[str, int]]:
    """Return how often there is each outcome, the most frequent first."""
    counts = np.bincount(outcomes_of_all(table), minlength=len(NAMES)).tolist()
    return sorted(((name, count) for name, count in zip(NAMES, counts, strict=True) if count), key=lambda one: -one[1])
