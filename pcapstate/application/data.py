"""The payloads that open the conversation of each endpoint, kept as bytes until they are asked for."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from ..compaction import endpoints_after, kept_of
from ..decode.segment import SYN
from ..kernels.running import Kernels
from ..rows import Rows, unique
from ..sources.reader import Batch
from .openings import CLIENT_HELLO, CONTINUATION, LONGEST_HELLO, PENDING, PIECE, REQUEST, SLOTS

MOST = 256 << 20
"""Bytes that are kept; later openings are dropped."""
EACH = 100
"""Bytes of memory that a payload takes beside its own, also during the sort."""
CONTINUATIONS = 15
"""Segments behind a hello's first, duplicates included, after which an endpoint gets no more."""
_MASK = 0xFFFFFFFF
POOL, ROOM = 1 << 20, 8192
"""Bytes and pieces that the kernel fills at a time."""

KEPT = np.dtype(
    [
        ("offset", "i8"),  # in the bytes kept
        ("time", "i8"),  # of the segment, ns since the epoch
        ("number", "i8"),  # of its frame
        ("seq", "i8"),
        ("endpoint", "i4"),  # 2 * connection + side of the sender
        ("length", "i2"),
        ("kind", "i2"),  # as in ``openings``
    ],
    align=True,
)


class Opening(NamedTuple):
    """The bytes with which an endpoint opened, and the packet in which they begin."""

    data: bytes
    number: int
    time: int


class ApplicationData:
    """A watcher that keeps each endpoint's first payload of each opening kind."""

    datagrams = False

    def __init__(self, kernels: Kernels, most: int = MOST) -> None:
        self._kernels = kernels
        self._most = most
        self._pending = np.zeros(SLOTS, dtype=PENDING)
        self._pieces = np.zeros(ROOM, dtype=PIECE)
        self._pool = np.zeros(POOL, dtype=np.uint8)
        self._result = np.zeros(2, dtype=np.int64)
        self._had = np.zeros(0, dtype=np.uint8)
        self._followed = np.zeros(0, dtype=np.uint8)
        self._kept: list[Rows] = []
        self._bytes: list[bytes] = []
        self._starts: list[int] = []
        self._size = self._count = 0
        self._sorted = np.zeros(0, dtype=KEPT)
        self._kinds = self._offsets = self._lengths = np.zeros(0, dtype=np.int64)
        self._ends = np.zeros(0, dtype=np.int32)
        self.dropped = 0
        """Payloads that were dropped, to bound the memory."""

    # --- while the capture is read

    def watch(self, batch: Batch, segments: Rows) -> tuple[Rows, bytes] | None:
        """Copy the openings in a batch: rows (PIECE) and bytes."""
        count = len(segments)
        if not count:
            return None
        pieces, parts = [], []
        row = size = 0
        while row < count:
            row = self._kernels.pick_openings(
                batch.data, batch.frames, segments, row, count, self._pending, self._pieces, self._pool, self._result
            )
            found, used = self._result.tolist()
            if found:
                some = self._pieces[:found].copy()
                some["offset"] += size
                size += used
                pieces.append(some)
                parts.append(self._pool[:used].tobytes())
        return (np.concatenate(pieces), b"".join(parts)) if pieces else None

    def tracked(self, segments: Rows, seen: tuple[Rows, bytes] | None) -> None:
        """Keep each copied payload that is the first of its kind from its endpoint."""
        if seen is None:
            return
        pieces, data = seen
        of = segments[pieces["row"]]
        rows = np.zeros(len(pieces), dtype=KEPT)
        for field in ("time", "number", "seq", "endpoint"):
            rows[field] = of[field]
        for field in ("offset", "length", "kind"):
            rows[field] = pieces[field]
        # A SYN takes a sequence number before its data (RFC 7413).
        rows["seq"] += of["flags"] & SYN != 0
        rows = rows[self._is_new(rows)]
        size = int(rows["length"].sum())
        held = self._size + EACH * self._count
        if held + size + EACH * len(rows) > self._most:
            fits = held + np.cumsum(rows["length"] + np.int64(EACH)) <= self._most
            self.dropped += int(np.count_nonzero(~fits))
            rows = rows[fits]
            size = int(rows["length"].sum())
        if not len(rows):
            return
        if size < len(data):
            spans = zip(rows["offset"].tolist(), rows["length"].tolist(), strict=True)
            data = b"".join([data[start : start + length] for start, length in spans])
            rows["offset"] = np.cumsum(rows["length"], dtype=np.int64) - rows["length"]
        rows["offset"] += self._size
        self._starts.append(self._size)
        self._bytes.append(data)
        self._size += size
        self._count += len(rows)
        self._kept.append(rows)

    def _is_new(self, rows: Rows) -> Rows:
        """Tell of each piece whether it is its endpoint's first of that kind, and remember it."""
        endpoints, kinds = rows["endpoint"], rows["kind"].astype(np.int64)
        needed = int(endpoints.max(initial=-1)) + 1
        if needed > len(self._had):
            more = np.zeros(max(needed, 2 * len(self._had)) - len(self._had), dtype=np.uint8)
            self._had = np.concatenate([self._had, more])
            self._followed = np.concatenate([self._followed, more])
        new = endpoints >= 0
        more_of = new & (kinds == CONTINUATION)
        counts = self._followed[endpoints[more_of]]
        np.add.at(self._followed, endpoints[more_of][counts < CONTINUATIONS], 1)
        first = np.flatnonzero(new & ~more_of)
        first = first[self._had[endpoints[first]] >> kinds[first] & 1 == 0]
        # np.unique finds the first of several in this batch.
        _, at = np.unique(endpoints[first].astype(np.int64) << 3 | kinds[first], return_index=True)
        first = first[at]
        np.bitwise_or.at(self._had, endpoints[first], (1 << kinds[first]).astype(np.uint8))
        new[:] = False
        new[np.flatnonzero(more_of)[counts < CONTINUATIONS]] = True
        new[first] = True
        return new

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which evicted connections: its row n is the former row ``kept[n]``."""
        self._had, self._followed = kept_of(self._had, kept), kept_of(self._followed, kept)
        rows = np.concatenate([self._sorted, *self._kept])
        rows["endpoint"] = endpoints_after(kept, rows["endpoint"])
        self._kept = [rows[rows["endpoint"] >= 0]]
        self._count = len(self._kept[0])
        self._sorted, self._ends = rows[:0], self._ends[:0]

    # --- afterwards

    def kinds(self, endpoint: int) -> int:
        """Return the kinds of an endpoint's openings, as bits ``1 << kind``."""
        return int(self._had[endpoint]) if 0 <= endpoint < len(self._had) else 0

    def asking(self) -> Rows:
        """Return the connections with an opening that may name the server, in order."""
        return unique(np.flatnonzero(self._had & (1 << CLIENT_HELLO | 1 << REQUEST)) >> 1)

    def told(self, connections: Rows) -> Rows:
        """Tell of each connection (-1: none) whether any opening of either endpoint is kept."""
        first = 2 * connections
        told = (first >= 0) & (first < len(self._had))
        first = first[told]
        told[told] = (self._had[first] | self._had[np.minimum(first + 1, len(self._had) - 1)]) != 0
        return told

    def opening(self, endpoint: int, kind: int) -> Opening | None:
        """Return an endpoint's first opening of a kind, a hello with its continuations, as far as it was captured."""
        self._settle()
        # Of the type of the searched array, which would else be converted at each call.
        start, end = self._ends.searchsorted(np.array((endpoint, endpoint + 1), dtype=self._ends.dtype)).tolist()
        for at in range(start, end):
            if self._kinds.item(at) == kind:
                break
        else:
            return None
        row = self._sorted[at]
        data = self._piece(at)
        if kind == CLIENT_HELLO and end - start > 1:
            following = int(row["seq"]) + len(data) & _MASK
            for more in range(at + 1, end):
                if self._kinds.item(more) == CONTINUATION and int(self._sorted[more]["seq"]) == following:
                    data += self._piece(more)
                    following = following + int(self._sorted[more]["length"]) & _MASK
        return Opening(data[:LONGEST_HELLO], int(row["number"]), int(row["time"]))

    def _piece(self, at: int) -> bytes:
        offset = self._offsets.item(at)
        part = bisect_right(self._starts, offset) - 1
        start = offset - self._starts[part]
        return self._bytes[part][start : start + self._lengths.item(at)]

    def _settle(self) -> None:
        """Sort the rows by endpoint."""
        if not any(map(len, self._kept)):
            return
        rows = np.concatenate([self._sorted, *self._kept])
        self._kept.clear()
        self._sorted = rows = rows[np.argsort(rows["endpoint"], kind="stable")]
        # Items of plain arrays are faster than those of structured ones.
        self._kinds, self._offsets, self._lengths = (rows[field].copy() for field in ("kind", "offset", "length"))
        self._ends = rows["endpoint"].copy()
