"""Frames to segments, with the slow path for fragments and the account of what was skipped."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiled import Kernels
from ..sources.reader import Batch
from . import frames as kinds
from .contracts import SEGMENT, SEGMENT_NONE, SEGMENT_PENDING
from .fragments import Reassembler

Rows = np.ndarray[Any, Any]

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
        for index in np.flatnonzero(segments["flags"] == SEGMENT_PENDING):
            self._fragment(segments[index], batch)
        return segments

    def finish(self) -> None:
        """Count the fragments whose datagrams were never completed."""
        self.skipped[kinds.SKIPPED_REASON + kinds.INCOMPLETE_FRAGMENT] += self._reassembler.pending

    def _fragment(self, row: Any, batch: Batch) -> None:
        frame = batch.frames[row["seq"]]
        start = int(frame["offset"]) + int(row["ack"])
        packet = batch.data[start : int(frame["offset"]) + int(frame["captured"])].tobytes()
        row["flags"] = SEGMENT_NONE
        segment = self._reassembler.add(packet, int(row["time"]))
        if segment is not None:
            for name, value in segment.items():
                row[name] = value
        # What the reassembler gave up to bound its memory is accounted for like what never came.
        self.skipped[kinds.SKIPPED_REASON + kinds.INCOMPLETE_FRAGMENT] += self._reassembler.take_dropped()
