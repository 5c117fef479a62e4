"""Frames to segments, with the slow path for fragments and the account of what was skipped."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiled import Kernels
from ..kernel import be16
from ..sources.reader import Batch
from . import kinds
from .contracts import SEGMENT, SEGMENT_NONE, SEGMENT_PENDING
from .fragments import Reassembler

Rows = np.ndarray[Any, Any]

GATHERED_FRAMES = 64
"""Frames in one at most."""
ROTATING = 3
"""Arrays of segments in use: one being tracked, one waiting, one being written."""


class Decoder:
    """Turns batches of frames into rows of SEGMENT; ``skipped`` counts the frames that held no TCP segment.

    ``datagrams``: UDP datagrams get rows, too (SEGMENT_DATAGRAM).
    """

    def __init__(self, kernels: Kernels, datagrams: bool = False) -> None:
        self._kernels = kernels
        self._datagrams = datagrams
        self._arrays = [np.zeros(0, dtype=SEGMENT)] * ROTATING
        self._turn = 0
        self._reassembler = Reassembler()
        self.skipped = np.zeros(kinds.SKIPPED_SIZE, dtype=np.int64)

    def decode(self, batch: Batch) -> Rows:
        """Return the segments of a batch; the ROTATING-th call after this overwrites them.

        Rows with negative flags hold no segment.
        """
        count = len(batch.frames)
        self._turn = (self._turn + 1) % ROTATING
        if count > len(self._arrays[self._turn]):
            self._arrays[self._turn] = np.zeros(count, dtype=SEGMENT)
        whole = self._arrays[self._turn]
        rows = self._kernels.decode_frames(batch.data, batch.frames, count, whole, self.skipped, self._datagrams)
        segments = whole[:rows]
        pending = np.flatnonzero(segments["flags"] == SEGMENT_PENDING)
        more: list[tuple[int, Rows]] = []
        for index in pending:
            row = segments[index]
            if row["length"] == kinds.GATHERED:
                more.append((int(index), self._gathered(row, batch)))
            else:
                self._fragment(row, batch.data, batch.frames)
        if more:
            # Where a frame holds several, their segments stand in the place of its row.
            before = [index for index, found in more for _ in found]
            segments = np.insert(segments, before, np.concatenate([found for _, found in more]))
        return segments

    def finish(self) -> None:
        """Count the fragments whose datagrams were never completed."""
        self.skipped[kinds.SKIPPED_REASON + kinds.INCOMPLETE_FRAGMENT] += self._reassembler.pending

    def _gathered(self, row: Any, batch: Batch) -> Rows:
        """Return the segments of the frames in one (802.11's A-MSDU), each of which is like one of IEEE 802.3."""
        frame = batch.frames[row["seq"]]
        row["flags"] = SEGMENT_NONE
        at, end = int(frame["offset"]) + int(row["ack"]), int(frame["offset"]) + int(frame["captured"])
        found: list[Any] = []
        while end - at >= kinds.ETHERNET_HEADER and len(found) < GATHERED_FRAMES:
            length = kinds.ETHERNET_HEADER + be16(batch.data, at + kinds.ETHERNET_HEADER - 2)
            one = frame.copy()
            one["offset"], one["captured"], one["length"] = at, min(length, end - at), length
            one["linktype"] = kinds.ETHERNET
            found.append(one)
            # All but the last are filled up to a multiple of four bytes.
            at += (length + 3) & ~3
        frames = np.array(found, dtype=batch.frames.dtype)
        segments = np.zeros(len(frames), dtype=SEGMENT)
        skipped = np.zeros_like(self.skipped)
        rows = self._kernels.decode_frames(batch.data, frames, len(frames), segments, skipped, self._datagrams)
        if rows == 0:
            self.skipped[np.flatnonzero(skipped)[:1]] += 1
        for one in segments[:rows]:
            if one["flags"] == SEGMENT_PENDING:
                if one["length"] == kinds.GATHERED:
                    one["flags"] = SEGMENT_NONE
                else:
                    self._fragment(one, batch.data, frames)
        return segments[:rows]

    def _fragment(self, row: Any, data: Rows, frames: Rows) -> None:
        frame = frames[row["seq"]]
        start = int(frame["offset"]) + int(row["ack"])
        packet = data[start : int(frame["offset"]) + int(frame["captured"])].tobytes()
        row["flags"] = SEGMENT_NONE
        segment = self._reassembler.add(packet, int(row["time"]))
        if segment is not None:
            for name, value in segment.items():
                row[name] = value
        # What the reassembler gave up to bound its memory is accounted for like what never came.
        self.skipped[kinds.SKIPPED_REASON + kinds.INCOMPLETE_FRAGMENT] += self._reassembler.take_dropped()
