"""What the rules look at: all connections as they are at one moment, and what is known of the capture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..addresses import address, socket_text
from ..errors import CaptureDamaged
from ..rows import Rows
from ..table import slices
from ..tcp import tables as c
from ..tcp.outcomes import NAMES, outcomes
from ..tcp.sides import Flows, sides, where
from ..tcp.states import State
from ..wording.counts import Count
from .finding import Text
from .frames_seen import FramesSeen
from .groups import most_frequent
from .subset import SomeFlows

Address = tuple[Rows, Rows, Rows]
"""High and low halves, and port."""

SLICE = 1 << 16
"""Connections that are looked at together where whole rows are copied: so few that they stay in the cache."""
BUSY = 3
"""Packets of a connection from which more can have gone wrong than that nobody answered."""
GIVEN_UP_IN = (State.SYN_SENT, State.SYN_RECEIVED, State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)
"""States that end where the retransmission that was due does not come."""
NAMED = 3
"""Hosts, servers or ports that a text names; of the others it says how many they are."""


class Situation:
    """Connections as arrays, an element each, and endpoints, two elements a connection (``2 * connection + side``).

    ``moment``: the time that the table is about, ns since the epoch. ``drops``: packets that the capturing system says
    it lost, None where it says nothing. ``chosen``: the rows of the connections to look at, ascending; all unless told.
    The table must have been kept with details.
    """

    def __init__(
        self,
        table: Flows,
        moment: int,
        seen: FramesSeen,
        skipped: Rows,
        damages: Sequence[CaptureDamaged] = (),
        drops: int | None = None,
        chosen: Rows | None = None,
    ) -> None:
        self.whole = self if chosen is None else Situation(table, moment, seen, skipped, damages, drops)
        """The same of all connections, whichever were chosen: what the others did explains these."""
        if chosen is not None:
            table = SomeFlows(table, chosen)
        self._chosen = chosen
        details, troubles = table.details, table.troubles
        if details is None or troubles is None:
            raise ValueError("findings need the details of endpoints")
        self.table, self.details, self.troubles = table, details, troubles
        self.moment, self.seen, self.skipped, self.damages, self.drops = moment, seen, skipped, damages, drops
        self.count = len(table.connections)
        # Contiguous copies of what most rules look at.
        self.state = table.endpoints["state"].copy()
        self.before = np.ascontiguousarray(table.endpoints["before"])
        self.known = np.ascontiguousarray(table.endpoints["known"])
        # What a host gave up by a timer that no packet shows is looked at as it was until then.
        gone = (self.state == State.CLOSED) & (details["packet"] == 0) & np.isin(self.before, GIVEN_UP_IN)
        self.state[gone] = self.before[gone]
        self.packets = np.ascontiguousarray(table.endpoints["packets"])
        self.notes = np.ascontiguousarray(table.connections["notes"])
        self.client = np.arange(0, 2 * self.count, 2, dtype=np.int32)
        self.client += self.notes & c.NOTE_CLIENT_IS_1 != 0
        """The client's endpoint of each connection."""
        self.server = self.client ^ 1
        self.explained = np.zeros(self.count, dtype=bool)
        """Connections whose failure a rule has pointed at: rules that come later leave them alone."""

    # --- of connections

    @cached_property
    def outcome(self) -> Rows:
        """The index into ``tcp.outcomes.NAMES`` of each connection's outcome."""
        found = [outcomes(sides(self.table, part.start, part.stop)).astype(np.uint8) for part in self.slices()]
        return np.concatenate([np.zeros(0, dtype=np.uint8), *found])

    def went(self, outcome: str) -> Rows:
        """Tell of each connection whether it went that way."""
        return self.outcome == NAMES.index(outcome)

    @cached_property
    def completed(self) -> Rows:
        """Tell of each connection whether its handshake was completed, as far as the capture tells."""
        talked = (self.known[self.server] & c.KNOWN_SPOKE != 0) & (self.state[self.server] != State.SYN_RECEIVED)
        return (self.notes & c.NOTE_HANDSHAKE_ACKED != 0) & (self.notes & c.NOTE_ACKS_DROPPED == 0) | talked

    @cached_property
    def opener(self) -> Rows:
        """The endpoint that opened each connection: the client, or where that is a guess who sent the first packet."""
        # Endpoint 0 sent the first packet.
        return np.where(self.notes & c.NOTE_CLIENT_GUESSED != 0, self.client & ~1, self.client)

    @cached_property
    def busy(self) -> Rows:
        """The endpoints of connections with at least BUSY packets."""
        ends = self.packets[0::2], self.packets[1::2]
        chosen = np.flatnonzero(np.minimum(ends[0], BUSY) + np.minimum(ends[1], BUSY) >= BUSY)
        return np.stack([2 * chosen, 2 * chosen + 1], axis=1).reshape(-1)

    def to_server(self, endpoint: Any, port: bool = True) -> Rows:
        """Tell of each connection of ``whole`` whether its server has the address of an endpoint, and its ``port``."""
        whole = self.whole
        out = np.zeros(whole.count, dtype=bool)
        for ends in whole.at(*self.address(np.array([endpoint]))[: 3 if port else 2]):
            out[ends[whole.server[ends >> 1] == ends] >> 1] = True
        return out

    def heard(self, endpoint: Any, *, port: bool) -> int:
        """Return when the host of an endpoint, or just its ``port``, sent its last packet in all of ``whole``, or 0."""
        whole = self.whole
        ends = whole.at(*self.address(np.array([endpoint]))[: 3 if port else 2])
        return max((int(whole.last(some[whole.packets[some] > 0]).max(initial=0)) for some in ends), default=0)

    def at(self, high: Rows, low: Rows, port: Rows | None = None) -> Iterator[Rows]:
        """Yield the endpoints at an address, or just at a port of it; each is told as an array of one element."""
        connections = self.table.connections
        for part in self.slices():
            for side in (0, 1):
                # Mostly few have the lower half, so that the rest of those alone is looked at.
                ends = 2 * (part.start + np.flatnonzero(connections[f"low_{side}"][part] == low)) + side
                found = where(self.table, ends)
                same = found[0] == high
                yield ends[same if port is None else same & (found[2] == port)]

    def slices(self) -> Iterator[slice]:
        """Yield the slices of connections that are looked at together."""
        return slices(self.count, SLICE)

    # --- of endpoints

    def address(self, endpoints: Rows) -> Address:
        """Return addresses and ports of endpoints."""
        count = len(endpoints)
        # Zeros take no memory until something else is written: of IPv4 the high halves take none.
        high, low = np.zeros(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        port = np.empty(count, dtype=np.uint16)
        for part in slices(count, SLICE):
            some, low[part], port[part] = where(self.table, endpoints[part])
            if some.any():
                high[part] = some
        return high, low, port

    def host(self, endpoints: Rows) -> tuple[Rows, Rows]:
        """Return addresses of endpoints."""
        return self.address(endpoints)[:2]

    def endpoint(self, field: str, endpoints: Rows) -> Rows:
        """Return a field of ENDPOINT."""
        return self.table.endpoints[field][endpoints].astype(np.int64)

    def original(self, endpoints: Rows) -> Rows:
        """Return the rows that endpoints have in the table that some connections were chosen of."""
        if self._chosen is None:
            return endpoints
        return 2 * self._chosen.astype(np.int64)[endpoints >> 1] + (endpoints & 1)

    def detail(self, field: str, endpoints: Rows) -> Rows:
        """Return a field of DETAIL."""
        return self.details[field][endpoints].astype(np.int64)

    def shown(self, endpoints: Rows) -> Rows:
        """Return the frames that show the states of endpoints; for what was given up, what was sent last or first."""
        frames = self.detail("packet", endpoints)
        frames = np.where(frames == 0, self.trouble("again", endpoints), frames)
        return np.where(frames == 0, self.seen.first_syns.of(self.original(endpoints) >> 1), frames)

    def trouble(self, field: str, endpoints: Rows) -> Rows:
        """Return a field of TROUBLE."""
        return self.troubles[field][endpoints].astype(np.int64)

    def first(self, endpoints: Rows) -> Rows:
        """Return when endpoints sent their first packet; where they sent none, that is not before now."""
        return np.where(self.packets[endpoints] > 0, self.endpoint("first", endpoints), self.moment)

    def last(self, endpoints: Rows) -> Rows:
        """Return when endpoints sent their last packet; 0 where they sent none."""
        return self.endpoint("last", endpoints)

    def during(self, rows: Rows) -> tuple[int | None, int | None]:
        """Return the times of the first and the last packet of connections; None where there is none."""
        found: list[int] = []
        for part in slices(len(rows), SLICE):
            ends = np.concatenate([2 * rows[part], 2 * rows[part] + 1])
            ends = ends[self.packets[ends] > 0]
            if len(ends):
                # Where the clock steps back, the last packet may be dated first.
                times = np.concatenate([self.first(ends), self.last(ends)])
                found += [int(times.min()), int(times.max())]
        return (min(found), max(found)) if found else (None, None)

    def age(self, times: Rows) -> Rows:
        """Return how long ago times were, in ns; where the clock stepped back, not at all."""
        return np.maximum(self.moment - times, 0)

    # --- as text

    def host_name(self, endpoint: Any) -> str:
        """Return the address of an endpoint."""
        high, low = self.host(np.array([endpoint]))
        return str(address(int(high[0]), int(low[0])))

    def socket(self, endpoint: Any) -> str:
        """Return the address and port of an endpoint, as 10.0.0.1:80 or [2001:db8::1]:80."""
        high, low, port = (int(part[0]) for part in self.address(np.array([endpoint])))
        return socket_text(high, low, port)

    def sockets(self, endpoints: Rows) -> str | Text:
        """Name the addresses and ports of endpoints, the most frequent first, as far as a text has room."""
        chosen, total = most_frequent(NAMED, *self.address(endpoints))
        return listed([self.socket(one) for one in endpoints[chosen]], total)

    def hosts(self, endpoints: Rows) -> str | Text:
        """Name the addresses of endpoints, the most frequent first, as far as a text has room."""
        chosen, total = most_frequent(NAMED, *self.host(endpoints))
        return listed([self.host_name(one) for one in endpoints[chosen]], total)


def listed(names: Sequence[str], total: int) -> str | Text:
    """Return names in a row, of ``total`` that there are."""
    if total == len(names):
        return ", ".join(names)
    return Text("{names} and {more} more", {"names": ", ".join(names), "more": Count(total - len(names))})
