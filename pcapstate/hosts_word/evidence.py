"""What the whole capture has to say of single connections: before a moment, at it, and after it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..addresses import Address
from ..names.book import whole
from ..rows import Rows, among, unique
from ..table import slices
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.machine import TABLE, Certainty, Event
from ..tcp.perspective import Perspective, is_there
from ..tcp.settling import certainties, in_time
from ..tcp.sides import where
from ..tcp.states import State

Ends = tuple[Address, int, Address, int]
"""Local address and port, foreign address and port."""
SLICE = 1 << 16
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1"))


class Change(NamedTuple):
    """A transition of an endpoint."""

    time: int
    packet: int | None
    before: State
    after: State
    certainty: Certainty
    event: Event


class End(NamedTuple):
    """An endpoint of a connection, as far as the capture goes."""

    row: int
    """2 * connection + side, in the table."""
    connection: int
    first: int
    """Time of the connection's first packet."""
    own_packets: int
    peer_packets: int
    own_last: int
    peer_last: int
    unseen: int
    """Bytes of either side that are in no packet, though they were acknowledged, or that a hole has."""
    gap: int | None
    """The packet that shows that, if one does."""
    repeats: int
    """The peer's retransmissions and keep-alives."""
    repeated: int | None
    """The last of them."""
    begins: bool
    """Its SYN is in the capture."""
    changes: Sequence[Change]

    def at(self, moment: int) -> Change | None:
        """Return the last transition by a moment."""
        return next((one for one in reversed(self.changes) if one.time <= moment), None)


class Evidence:
    """The capture, read to its end. ``rows``: all transitions (TRANSITION); ``asked``: addresses that it may have.

    ``start``: time of its first packet; ``drops``: packets that it reports as dropped; ``filters``: the capture filter
    of each of its interfaces, empty where none is told.
    """

    def __init__(
        self,
        table: FlowTable,
        rows: Rows,
        start: int,
        drops: int = 0,
        filters: Sequence[str] = (),
        asked: Iterable[Address] = (),
    ) -> None:
        self._table = table
        rows = in_time(rows)
        order = np.argsort(rows["endpoint"], kind="stable")
        self._rows = rows[order]
        self._certainties = certainties(self._rows, False)
        self.start, self.drops, self.filters = start, drops, filters
        self._numbers = table.numbers(np.arange(len(table.connections)))
        self._addresses = self._of(asked)
        self.has_loopback = is_there(table, Perspective(LOOPBACK, "", ""))
        """Whether a connection of the capture has a loopback address."""

    def _of(self, asked: Iterable[Address]) -> frozenset[Address]:
        """Return which of some addresses a connection of the capture has."""
        wanted = sorted(set(asked))
        if not wanted:
            return frozenset()
        keys = whole(*np.array(wanted, dtype=np.int64).T)
        order = np.argsort(keys)
        found = np.zeros(len(wanted), dtype=bool)
        for part in slices(2 * len(self._table.connections), SLICE):
            there = unique(whole(*where(self._table, np.arange(part.start, part.stop))[:2]))
            found[order] |= among(keys[order], there)
        return frozenset(one for one, known in zip(wanted, found.tolist(), strict=True) if known)

    def has(self, address: Address) -> bool:
        """Tell whether a connection of the capture has one of the addresses that are asked for."""
        return address in self._addresses

    def end_of(self, connection: int, side: int) -> End | None:
        """Return an endpoint by its connection's number; None where it was evicted."""
        at = int(np.searchsorted(self._numbers, connection))
        if at >= len(self._numbers) or self._numbers[at] != connection:
            return None
        return self._end(2 * at + side)

    def ends(self, wanted: Iterable[Ends]) -> dict[Ends, list[End]]:
        """Return the endpoints between these addresses and ports, in the order of their connections."""
        keys = set(wanted)
        found: dict[Ends, list[End]] = {}
        ports = np.array(sorted({one[1] << 16 | one[3] for one in keys}), dtype=np.int64)
        for part in slices(2 * len(self._table.connections) if keys else 0, SLICE):
            numbers = np.arange(part.start, part.stop)
            own, other = where(self._table, numbers), where(self._table, numbers ^ 1)
            some = np.isin(own[2].astype(np.int64) << 16 | other[2], ports)
            columns = [numbers[some], *(half[some] for half in (*own, *other))]
            for row, high, low, port, *rest in zip(*(column.tolist() for column in columns), strict=True):
                key = ((high, low), port, (rest[0], rest[1]), rest[2])
                if key in keys:
                    found.setdefault(key, []).append(self._end(row))
        return found

    def _end(self, row: int) -> End:
        table = self._table
        own, peer = table.endpoints[row], table.endpoints[row ^ 1]
        firsts = [int(one["first"]) for one in (own, peer) if one["packets"]]
        unseen = repeated = gap = 0
        if table.troubles is not None:
            troubles = [table.troubles[one] for one in (row, row ^ 1)]
            unseen = sum(int(one["unseen"]) + int(one["missing"]) for one in troubles)
            gap = max(int(one["gap"]) for one in troubles)
            repeated = int(troubles[1]["again"])
        return End(
            row,
            int(self._numbers[row >> 1]),
            min(firsts, default=0),
            int(own["packets"]),
            int(peer["packets"]),
            int(own["last"]),
            int(peer["last"]),
            unseen,
            gap or None,
            int(peer["retransmissions"]),
            repeated or None,
            bool((int(own["known"]) | int(peer["known"])) & (c.KNOWN_SENT_SYN | c.KNOWN_SENT_SYN_ACK)),
            self._changes(row),
        )

    def _changes(self, row: int) -> list[Change]:
        first, last = (int(np.searchsorted(self._rows["endpoint"], row, side)) for side in ("left", "right"))
        return [
            Change(
                int(one["time"]),
                int(one["packet"]) or None,
                State(int(one["from"])),
                State(int(one["to"])),
                Certainty(int(certainty)),
                TABLE[int(one["row"])].event,
            )
            for one, certainty in zip(self._rows[first:last], self._certainties[first:last], strict=True)
        ]


def reachable(start: State) -> frozenset[State]:
    """Return the states that an endpoint gets to from a state, without a RST and without a new connection."""
    found, left = {start}, [start]
    while left:
        state = left.pop()
        for row in TABLE if state is start or state is not State.CLOSED else ():
            further = row.next
            if state in row.states and further is not None and row.event in FORWARD and further not in found:
                found.add(further)
                left.append(further)
    return frozenset(found - {start})


FORWARD = frozenset(
    (
        *(Event.SENT_ACK, Event.SENT_ACK_OF_FIN, Event.SENT_FIN),
        *(Event.GOT_SYN_ACK, Event.GOT_ACK_OF_SYN, Event.GOT_ACK, Event.GOT_FIN, Event.GOT_ACK_OF_FIN),
    )
)
"""The events of a connection that opens and closes."""
