"""What is counted while a capture grows, for another thread that asks at any time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..addresses import parse_network, within
from ..capture import Capture
from ..rows import Rows
from ..sockets.ends import clients, without_socket
from ..sources.reader import Batch
from ..tcp import tables as c
from ..tcp.eviction import EVICTION_ORDER
from ..tcp.flow_table import FlowTable
from ..tcp.machine import TABLE, Event
from ..tcp.sides import where
from ..tcp.states import State

ROLES = ("client", "server")
HOSTS = ("local", "private", "public")
"""Groups of hosts: this one, those of addresses that no router of the Internet passes on, all others."""
PRIVATE = tuple(
    map(
        parse_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
            *("fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)
FRESH = 1.0
"""Seconds for which numbers serve all who ask, so that nobody slows the tracker down by asking often."""
PATIENCE = 2.0
"""Seconds to wait for the tracker; then the last numbers have to do."""

RESET_ROWS = np.array([row.event == Event.GOT_RST for row in TABLE])
REFUSED_ROWS = np.array([row.event == Event.GOT_RST_TO_SYN for row in TABLE])


class Numbers(NamedTuple):
    """The numbers of one moment. Counts never fall, except those of what is there now: ``open_ends`` and ``kept``."""

    source: str
    compiled: bool
    """Kernels run compiled."""
    clock: int | None
    """The time up to which packets were followed, ns since the epoch; None before a packet."""
    open_ends: Rows
    """How many ends of connections have a socket, by state, role (ROLES) and group of hosts (HOSTS)."""
    kept: int
    """Connections in memory, with those that have ended."""
    connections: int
    transitions: Rows
    """By the state before and the state after."""
    resets: Rows
    """Ends that a RST from their peer closed, by role."""
    refusals: int
    retransmissions: int
    evicted: dict[str, int]
    packets: int
    octets: int
    dropped: int | None
    """Packets that were dropped; None where nobody counts them."""


class Meter:
    """Counts what a capture's tracker does: one of its watchers, and entered (``during``) while its tables change.

    ``local``: addresses and networks of this host, as text (none: the addresses of the interfaces). Until ``attach``
    has told what it counts, there are no numbers.
    """

    datagrams = False

    def __init__(self, local: Sequence[str] = ()) -> None:
        self._local = tuple(map(parse_network, local))
        self._follows_addresses = not local
        self._addresses: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._capture: Capture | None = None
        self._transitions = np.zeros((len(State), len(State)), dtype=np.int64)
        self._resets = np.zeros(len(ROLES), dtype=np.int64)
        self._refusals = self._packets = self._octets = 0
        self._taken: Numbers | None = None
        self._taken_at = 0.0

    def attach(self, capture: Capture) -> None:
        """Take the capture that is counted."""
        self._capture = capture
        self._ask_addresses()
        self._taken = self._take(capture)

    # --- the thread that reads

    def watch(self, batch: Batch, segments: Rows) -> tuple[int, int]:
        """Return how many packets a batch has, and how many bytes on the wire."""
        return len(batch.frames), int(batch.frames["length"].sum(dtype=np.int64))

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Count them, now that the tracker has followed them."""
        with self._lock:
            self._packets += seen[0]
            self._octets += seen[1]
            self._ask_addresses()

    def _ask_addresses(self) -> None:
        """Bring the addresses of this host up to date: an interface may get others."""
        addresses = getattr(self._capture.source, "addresses", ()) if self._capture and self._follows_addresses else ()
        if addresses != self._addresses:
            self._addresses, self._local = addresses, tuple(map(parse_network, addresses))

    @contextmanager
    def during(self, undisturbed: AbstractContextManager[None]) -> Iterator[None]:
        """Let nobody look while the tables change, then count the transitions; ``undisturbed``: entered around it."""
        with undisturbed, self._lock:
            yield
            if self._capture is not None and len(rows := self._capture.table.untaken):
                self._count(rows, self._capture.table)

    def _count(self, rows: Rows, table: FlowTable) -> None:
        pairs = rows["from"].astype(np.int64) * len(State) + rows["to"]
        self._transitions += np.bincount(pairs, minlength=len(State) ** 2).reshape(self._transitions.shape)
        self._refusals += int(np.count_nonzero(REFUSED_ROWS[rows["row"]]))
        ends = rows["endpoint"][RESET_ROWS[rows["row"]]]
        if len(ends):
            turned = table.connections["notes"][ends >> 1] & c.NOTE_CLIENT_IS_1 != 0
            self._resets += np.bincount((ends & 1 == 1) != turned, minlength=len(ROLES))

    # --- any other thread

    def numbers(self) -> Numbers:
        """Return the numbers of now, at most FRESH seconds old; older ones where reading stands still half-way."""
        capture = self._capture
        assert capture is not None, "nothing is counted yet"
        assert self._taken is not None
        if time.monotonic() - self._taken_at >= FRESH and self._lock.acquire(timeout=PATIENCE):
            try:
                self._taken = self._take(capture)
                self._taken_at = time.monotonic()
            finally:
                self._lock.release()
        return self._taken

    def _take(self, capture: Capture) -> Numbers:
        table = capture.table
        return Numbers(
            source=capture.source.name,
            compiled=capture.source.kernels.compiled,
            clock=None if capture.start is None else capture.clock,
            open_ends=self._open_ends(table),
            kept=len(table.connections),
            connections=table.count,
            transitions=self._transitions.copy(),
            resets=self._resets.copy(),
            refusals=self._refusals,
            retransmissions=table.retransmissions,
            evicted=dict(zip(EVICTION_ORDER, table.evicted.tolist(), strict=True)),
            packets=self._packets,
            octets=self._octets,
            dropped=capture.source.drops,
        )

    def _open_ends(self, table: FlowTable) -> Rows:
        shape = (len(State), len(ROLES), len(HOSTS))
        counts = np.zeros(np.prod(shape), dtype=np.int64)
        for client, notes in clients(table):
            for role, ends in enumerate((client, client ^ 1)):
                # Of two connections on one 4-tuple the old one has the socket until the new SYN is answered.
                there = (table.endpoints["state"][ends] != State.CLOSED) & (notes & c.NOTE_BESIDE == 0)
                some = ends[there]
                some = some[~without_socket(table, some)]
                if role == 1:
                    some = some[~_is_own_peer(table, some)]
                states = table.endpoints["state"][some].astype(np.int64)
                places = (states * len(ROLES) + role) * len(HOSTS) + self._groups(*where(table, some)[:2])
                counts += np.bincount(places, minlength=len(counts))
        return counts.reshape(shape)

    def _groups(self, high: Rows, low: Rows) -> Rows:
        groups = np.where(within(high, low, PRIVATE), HOSTS.index("private"), HOSTS.index("public"))
        return np.where(within(high, low, self._local), HOSTS.index("local"), groups)


def _is_own_peer(table: FlowTable, ends: Rows) -> Rows:
    """Tell of endpoints whether each is connected to itself: one socket with two ends."""
    ports = table.connections[ends >> 1]
    own = ports["port_0"] == ports["port_1"]
    # Hardly any have the same port at both ends.
    some = ends[own]
    pairs = zip(where(table, some), where(table, some ^ 1), strict=True)
    own[own] = np.logical_and.reduce([one == other for one, other in pairs])
    return own
