"""The packets of a capture that is compared: what tells each apart from others, without addresses and ports."""

from __future__ import annotations

import numpy as np

from ..decode.segment import TELLING
from ..errors import CallError
from ..kernels.running import Kernels
from ..messages import Message
from ..rows import Rows
from ..sources.reader import Batch
from ..tcp.flow_table import FlowTable

PACKET = np.dtype(
    [
        ("time", "i8"),  # ns since the epoch
        ("number", "i8"),  # of its frame
        ("end", "i8"),  # 2 * connection (tcp.stream) + side of the sender
        ("print", "u4"),  # fingerprint of the captured payload
        ("size", "i4"),  # bytes of that
        ("seq", "u4"),
        ("ack", "u4"),
        ("mark", "u4"),  # SEGMENT's; 0 unless a retransmission would have another one
        ("length", "i4"),  # payload bytes
        ("options", "i4"),  # of a SYN, as of SEGMENT
        ("window", "u2"),
        ("flags", "u1"),
        ("other", "u1"),  # padding
    ],
    align=True,
)
EACH = 320
"""Bytes that a packet takes at most, while it is compared."""


class KeptPackets:
    """A watcher that keeps the segments of a capture, ``most`` at most. Raises CallError beyond that."""

    datagrams = False

    def __init__(self, most: int) -> None:
        self._most = most
        self._kernels = Kernels()
        self._table: FlowTable | None = None
        self._kept = [np.zeros(0, dtype=PACKET)]
        self._count = 0

    def attach(self, table: FlowTable) -> None:
        """Take the table that segments name their connections in."""
        self._table = table

    def watch(self, batch: Batch, segments: Rows) -> tuple[Rows, Rows]:
        """Return the fingerprints of payloads, and of how many bytes they are."""
        ends = np.zeros(len(segments), dtype=np.int64)
        if len(batch.frames) and len(segments):
            at = np.searchsorted(batch.frames["number"], segments["number"])
            frames = batch.frames[np.minimum(at, len(batch.frames) - 1)]
            ends = frames["offset"] + frames["captured"]
        prints, sizes = np.zeros_like(ends), np.zeros_like(ends)
        self._kernels.print_payloads(batch.data, segments, ends, prints, sizes)
        return prints, sizes

    def tracked(self, segments: Rows, seen: tuple[Rows, Rows]) -> None:
        """Keep segments whose connections are known."""
        assert self._table is not None
        followed = np.flatnonzero((segments["endpoint"] >= 0) & (segments["flags"] >= 0))
        self._count += len(followed)
        if self._count > self._most:
            text = "only {most:,} packets of a capture can be compared within this memory (--memory); extract fewer"
            raise CallError(Message(text, most=self._most))
        rows = segments[followed]
        found = np.zeros(len(rows), dtype=PACKET)
        for name in ("time", "number", "seq", "ack", "length", "options", "window", "flags"):
            found[name] = rows[name]
        ends = rows["endpoint"].astype(np.int64)
        found["end"] = self._table.numbers(ends >> 1) << 1 | ends & 1
        found["mark"] = np.where(rows["mark"] & np.uint32(TELLING) != 0, rows["mark"], 0)
        found["print"], found["size"] = (one[followed] for one in seen)
        self._kept.append(found)

    def packets(self) -> Rows:
        """Return the packets (PACKET), in the order of the capture; none are kept any more."""
        found = np.concatenate(self._kept)
        self._kept = [found[:0]]
        return found
