"""Collects the process of each endpoint of a connection, and of each UDP socket, from packets that name one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from ..compaction import endpoints_after, kept_of
from ..decode.segment import SEGMENT_DATAGRAM
from ..rows import Rows, unique
from ..sources.packet_options import DIRECTION_SHIFT, INBOUND, OUTBOUND, PROCESS_NUMBER
from ..sources.process_blocks import Process
from ..sources.reader import Batch
from . import votes as weighing
from .votes import CERTAIN, RECEIVED, SENT, UNDIRECTED, VOTE_BITS, Votes, packed

Value = TypeVar("Value")
Socket = tuple[int, int, int]
"""Address (both halves, as SEGMENT has them) and port."""

SOCKETS = 1 << 16
"""UDP sockets that are kept; scans and floods may have more."""


class Named(Protocol):
    """A source that names processes."""

    @property
    def processes(self) -> list[Process]:
        """The processes that FRAME's ``process`` and ``effective`` number from 1."""


class Seen(NamedTuple):
    """The segments of a batch whose frames name a process."""

    rows: Rows  # their indices
    direction: Rows  # as in epb_flags
    process: Rows  # numbers of the source's table
    effective: Rows


class Processes:
    """The processes of endpoints; a watcher (see ``capture``). ``datagrams``: of UDP sockets, too.

    The process of an outbound packet is its sender, that of an inbound packet its receiver. The last process that a
    capture names for a socket counts, since sockets are handed over; of mere ids the most frequent.
    """

    def __init__(self, source: Named, datagrams: bool = False) -> None:
        self.datagrams = datagrams
        self._source = source
        self._names = np.zeros(1, dtype=bool)
        self._exact = np.zeros(0, dtype=np.int32)
        self._votes: dict[int, Votes] = {}
        self._addresses: dict[int, tuple[int, int]] = {}
        self._popular: Counter[tuple[int, int]] = Counter()
        self._sockets: dict[Socket, Votes] = {}

    # --- collecting

    def watch(self, batch: Batch, segments: Rows) -> Seen | None:
        """Pick the segments whose frames name a process; None where there is none."""
        marks = batch.frames["process"]
        if not (marks & PROCESS_NUMBER).any():
            return None
        flags = segments["flags"]
        rows = np.flatnonzero((flags >= 0) | (flags == SEGMENT_DATAGRAM))
        frames = np.searchsorted(batch.frames["number"], segments["number"][rows])
        mark = marks[frames].astype(np.int64)
        kept = mark & PROCESS_NUMBER != 0
        mark = mark[kept]
        effective = batch.frames["effective"][frames[kept]].astype(np.int64)
        return Seen(rows[kept], mark >> DIRECTION_SHIFT, mark & PROCESS_NUMBER, effective)

    def tracked(self, segments: Rows, seen: Seen | None) -> None:
        """Count the votes of the segments, now that their endpoints are known."""
        if seen is None or not len(seen.rows):
            return
        known = self._source.processes
        if len(known) >= len(self._names):
            added = [bool(process.name) for process in known[len(self._names) - 1 :]]
            self._names = np.append(self._names, added)
        picked = segments[seen.rows]
        exact = self._names[seen.process] & (seen.direction != 0)
        rank = np.where(picked["length"] > 0, CERTAIN, SENT)
        rank = np.where(seen.direction == OUTBOUND, rank, np.where(seen.direction == INBOUND, RECEIVED, UNDIRECTED))
        vote = packed(seen.process, seen.effective, np.where(exact, CERTAIN, rank))
        datagram = picked["flags"] == SEGMENT_DATAGRAM
        tcp = ~datagram & (picked["endpoint"] >= 0)
        self._count_exact(picked, seen.direction, vote, tcp & exact)
        self._count(picked, seen.direction, vote, tcp & ~exact)
        if self.datagrams:
            self._count_datagrams(picked, seen.direction, vote, datagram)

    def _count_exact(self, picked: Rows, direction: Rows, vote: Rows, which: Rows) -> None:
        if not which.any():
            return
        owner = picked["endpoint"][which] ^ (direction[which] == INBOUND)
        if owner.max() >= len(self._exact):
            larger = np.zeros(2 * int(owner.max()) + 2, dtype=np.int32)
            larger[: len(self._exact)] = self._exact
            self._exact = larger
        # Of several for one endpoint the last stays.
        self._exact[owner] = vote[which] >> weighing.RANK_BITS

    def _count(self, picked: Rows, direction: Rows, vote: Rows, which: Rows) -> None:
        if not which.any():
            return
        owner = picked["endpoint"][which].astype(np.int64) ^ (direction[which] == INBOUND)
        ballots, counts = np.unique(owner << VOTE_BITS | vote[which], return_counts=True)
        for ballot, count in zip(ballots.tolist(), counts.tolist(), strict=True):
            endpoint = ballot >> VOTE_BITS
            weighing.cast(self._votes.setdefault(endpoint, {}), [(ballot & ((1 << VOTE_BITS) - 1), count)])
        loose = picked[which & (direction == UNDIRECTED)]
        for row in loose[np.unique(loose["endpoint"], return_index=True)[1]]:
            endpoint = int(row["endpoint"])
            if endpoint not in self._addresses:
                self._addresses[endpoint] = (int(row["source_high"]), int(row["source_low"]))
                self._addresses[endpoint ^ 1] = (int(row["target_high"]), int(row["target_low"]))
                self._popular.update((self._addresses[endpoint], self._addresses[endpoint ^ 1]))

    def _count_datagrams(self, picked: Rows, direction: Rows, vote: Rows, which: Rows) -> None:
        inbound = direction == INBOUND
        ends = [
            np.where(inbound, picked[f"target_{part}"], picked[f"source_{part}"]).astype(np.int64)
            for part in ("high", "low", "port")
        ]
        ballots, counts = np.unique(np.stack([*ends, vote], axis=1)[which], axis=0, return_counts=True)
        for (high, low, port, ballot), count in zip(ballots.tolist(), counts.tolist(), strict=True):
            socket = (high, low, port)
            if socket in self._sockets or len(self._sockets) < SOCKETS:
                weighing.cast(self._sockets.setdefault(socket, {}), [(ballot, count)])

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which evicted connections: its row n is the former row ``kept[n]``."""
        self._exact = kept_of(self._exact, kept)
        self._votes = _moved(self._votes, kept)
        self._addresses = _moved(self._addresses, kept)

    # --- answers

    @property
    def any(self) -> bool:
        """Whether the capture has named any process so far."""
        return bool(self._source.processes)

    def process_of(self, endpoint: int) -> Process | None:
        """Return the process of an endpoint (2 * connection + side), by all that was read, or None.

        Its name includes the process for which it acts, as in ``nsurlsessiond (for Safari)``; not escaped.
        """
        if endpoint < len(self._exact) and self._exact[endpoint]:
            return self._told(int(self._exact[endpoint]))
        mine = self._votes.get(endpoint, {})
        owner = weighing.directed(mine)
        if not owner:
            owner = weighing.undirected(mine)
            if owner and owner == weighing.undirected(self._votes.get(endpoint ^ 1, {})):
                # Packets of both directions name it, so it is a process of the capturing host.
                owner = owner if self._is_local(endpoint) else 0
        return self._told(owner)

    def endpoints(self) -> Rows:
        """Return the endpoints (2 * connection + side) with a process: ends of the capturing host."""
        voted = [endpoint for endpoint in self._votes if self.process_of(endpoint) is not None]
        return unique(np.concatenate([np.flatnonzero(self._exact), np.array(voted, dtype=np.int64)]))

    def process_of_socket(self, address: tuple[int, int], port: int) -> Process | None:
        """Return the process of a UDP socket, by its address (both halves, as SEGMENT has them) and port."""
        found = self._sockets.get((*address, port), {})
        return self._told(weighing.directed(found) or weighing.undirected(found))

    def process_listening(self, endpoints: Iterable[int]) -> Process | None:
        """Return the process of most of a port's server endpoints, or None."""
        found = Counter(process for process in map(self.process_of, endpoints) if process is not None)
        return found.most_common(1)[0][0] if found else None

    def _is_local(self, endpoint: int) -> bool:
        """Tell whether an endpoint is the capturing host's: its address has more connections than the other end's."""
        mine, other = (self._popular[self._addresses[one]] for one in (endpoint, endpoint ^ 1))
        return mine > other or (mine == other and endpoint % 2 == 0)

    def _told(self, owner: int) -> Process | None:
        number, behalf = weighing.owner(owner)
        if not number:
            return None
        process = self._source.processes[number - 1]
        if not behalf or behalf == number:
            return process
        effective = self._source.processes[behalf - 1]
        whom = effective.name or ("" if effective.pid is None else str(effective.pid))
        return process._replace(name=f"{process.name} (for {whom})".lstrip()) if whom else process


def _moved(values: dict[int, Value], kept: Rows) -> dict[int, Value]:
    """Return what is left of values by endpoint, by the endpoints that they are now."""
    after = endpoints_after(kept, np.fromiter(values, dtype=np.int64, count=len(values))).tolist()
    return {endpoint: value for endpoint, value in zip(after, values.values(), strict=True) if endpoint >= 0}
