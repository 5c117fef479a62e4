"""Frames to segments: the fast path, the slow path for fragments, and the count of skipped frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..kernels.running import Kernels
from ..kernels.source import be16
from ..rows import Rows
from ..sources.reader import Batch
from . import protocols, virtual_networks
from .fragments import Reassembler, TunnelReassembler
from .ipcomp import inflated
from .links.ethernet import ETHERNET, HEADER
from .links.raw_ip import RAW
from .segment import SEGMENT, SEGMENT_NONE, SEGMENT_PENDING

GATHERED_FRAMES = 64
"""Most frames in one A-MSDU."""
ROTATING = 3
"""Arrays of segments in use: one being tracked, one waiting, one being written."""
SKIPPED_COMPRESSED = protocols.SKIPPED_PROTOCOL + protocols.PROTOCOL_IPCOMP
"""The index in ``skipped`` of compressed packets that cannot be decompressed."""
PACKED_TWICE = {
    protocols.COMPRESSED: SKIPPED_COMPRESSED,
    protocols.GATHERED: protocols.SKIPPED_REASON + protocols.NOT_IP,
    protocols.FRAGMENTED: protocols.SKIPPED_REASON + protocols.INCOMPLETE_FRAGMENT,
}


class Decoder:
    """Decodes batches of frames to rows of SEGMENT; ``skipped`` counts the frames without a TCP segment.

    ICMP errors that quote a segment have both a count and a row (SEGMENT_ICMP).

    ``datagrams``: UDP datagrams also get rows (SEGMENT_DATAGRAM). ``reassembled``: each is called with the number of
    the frame that completes a packet, and the numbers of all frames with its fragments.
    """

    def __init__(
        self,
        kernels: Kernels,
        datagrams: bool = False,
        reassembled: Sequence[Callable[[int, Sequence[int]], None]] = (),
    ) -> None:
        self._kernels = kernels
        self._reassembled = reassembled
        self._datagrams = datagrams
        self._arrays = [np.zeros(0, dtype=SEGMENT)] * ROTATING
        self._turn = 0
        self._reassembler, self._tunnels = Reassembler(), TunnelReassembler()
        self._networks = virtual_networks.empty()
        self._pending = np.zeros(1, dtype=np.int64)
        self.skipped = np.zeros(protocols.SKIPPED_SIZE, dtype=np.int64)

    def decode(self, batch: Batch) -> Rows:
        """Return the segments of a batch; the ROTATING-th call after this overwrites them.

        Rows with negative flags hold no segment.
        """
        count = len(batch.frames)
        self._turn = (self._turn + 1) % ROTATING
        if count > len(self._arrays[self._turn]):
            self._arrays[self._turn] = np.zeros(count, dtype=SEGMENT)
        whole = self._arrays[self._turn]
        rows = self._kernels.decode_frames(
            batch.data, batch.frames, count, whole, self.skipped, self._pending, self._networks, self._datagrams
        )
        segments = whole[:rows]
        if not self._pending[0]:
            return segments
        pending = np.flatnonzero(segments["flags"] == SEGMENT_PENDING)
        more: list[tuple[int, Rows]] = []
        for index in pending:
            row = segments[index]
            if row["length"] == protocols.GATHERED:
                more.append((int(index), self._gathered(row, batch)))
            elif row["length"] == protocols.COMPRESSED:
                more.append((int(index), self._compressed(row, batch)))
            elif row["length"] == protocols.FRAGMENTED:
                if len(found := self._fragmented(row, batch)):
                    more.append((int(index), found))
            else:
                self._fragment(row, batch.data, batch.frames)
        if more:
            # The segments of a frame that holds several replace its row.
            before = [index for index, found in more for _ in found]
            segments = np.insert(segments, before, np.concatenate([found for _, found in more]))
        return segments

    @property
    def networks(self) -> list[str]:
        """The names of the virtual networks of segments, whose ``network`` counts from 1."""
        return virtual_networks.names(self._networks)

    @property
    def pending(self) -> bool:
        """Whether it waits for further fragments of a datagram."""
        return any(collector.pending() for collector in (self._reassembler, self._tunnels))

    def finish(self) -> None:
        """Count the fragments whose datagrams were never completed."""
        for collector in (self._reassembler, self._tunnels):
            self._account(collector.pending())

    def _gathered(self, row: Any, batch: Batch) -> Rows:
        """Return the segments of an 802.11 A-MSDU, whose subframes look like IEEE 802.3 frames."""
        frame = batch.frames[row["seq"]]
        row["flags"] = SEGMENT_NONE
        at, end = int(frame["offset"]) + int(row["ack"]), int(frame["offset"]) + int(frame["captured"])
        found: list[Any] = []
        while end - at >= HEADER and len(found) < GATHERED_FRAMES:
            length = HEADER + be16(batch.data, at + HEADER - 2)
            one = frame.copy()
            one["offset"], one["captured"], one["length"] = at, min(length, end - at), length
            one["linktype"] = ETHERNET
            found.append(one)
            # All but the last are padded to a multiple of four bytes.
            at += (length + 3) & ~3
        return self._within(row, batch.data, np.array(found, dtype=batch.frames.dtype))

    def _compressed(self, row: Any, batch: Batch) -> Rows:
        """Return the segment of an IP packet whose payload is compressed (RFC 3173)."""
        frame = batch.frames[row["seq"]].copy()
        row["flags"] = SEGMENT_NONE
        start, end = int(frame["offset"]) + int(row["ack"]), int(frame["offset"]) + int(frame["captured"])
        packet = inflated(batch.data[start:end].tobytes(), int(frame["length"]) - int(row["ack"]))
        if packet is None:
            self.skipped[SKIPPED_COMPRESSED] += 1
            return np.zeros(0, dtype=SEGMENT)
        return self._within_packet(row, frame, packet, len(packet))

    def _fragmented(self, row: Any, batch: Batch) -> Rows:
        """Return the segments of the tunnel packet that a fragment completes, if it completes one."""
        frame = batch.frames[row["seq"]].copy()
        row["flags"] = SEGMENT_NONE
        start, end = int(frame["offset"]) + int(row["ack"]), int(frame["offset"]) + int(frame["captured"])
        packet = batch.data[start:end].tobytes()
        whole = self._tunnels.add(packet, int(row["time"]), int(row["network"]), int(frame["number"]))
        self._account(self._tunnels.take_dropped())
        if whole is None:
            return np.zeros(0, dtype=SEGMENT)
        self._tell(int(frame["number"]), whole.frames)
        segments = self._within_packet(row, frame, whole.packet, whole.length)
        if not (segments["flags"] >= 0).any():
            # Its content has been counted already.
            self.skipped[protocols.SKIPPED_PROTOCOL + whole.protocol] += max(0, whole.fragments - 1)
        return segments

    def _within_packet(self, row: Any, frame: Any, packet: bytes, length: int) -> Rows:
        """Return the segments of an IP packet made from the frame of a row; its bytes are not in the batch."""
        frame["offset"], frame["captured"], frame["length"] = 0, len(packet), length
        frame["linktype"] = RAW
        frames = np.array([frame], dtype=frame.dtype)
        segments = self._within(row, np.frombuffer(packet, dtype=np.uint8), frames)
        segments["payload"] = -1
        return segments

    def _tell(self, number: int, fragments: Sequence[int]) -> None:
        for one in self._reassembled:
            one(number, fragments)

    def _account(self, dropped: Counter[int]) -> None:
        for index, count in dropped.items():
            self.skipped[index] += count

    def _within(self, row: Any, data: Rows, frames: Rows) -> Rows:
        """Return the segments of frames that one frame, that of a row, contained."""
        segments = np.zeros(len(frames), dtype=SEGMENT)
        skipped = np.zeros_like(self.skipped)
        virtual_networks.surround(self._networks, int(row["network"]))
        rows = self._kernels.decode_frames(
            data, frames, len(frames), segments, skipped, self._pending, self._networks, self._datagrams
        )
        virtual_networks.surround(self._networks, 0)
        held = False
        for one in segments[:rows]:
            if one["flags"] == SEGMENT_PENDING and one["length"] != 0:
                # A packet compressed twice is not decompressed further.
                skipped[PACKED_TWICE[int(one["length"])]] += 1
                one["flags"] = SEGMENT_NONE
                continue
            held |= bool(one["flags"] >= 0 or one["flags"] == SEGMENT_PENDING)
            if one["flags"] == SEGMENT_PENDING:
                self._fragment(one, data, frames)
        if not held:
            # The frame counts once, as the first packet in it.
            self.skipped[np.flatnonzero(skipped)[:1]] += 1
        return segments[:rows]

    def _fragment(self, row: Any, data: Rows, frames: Rows) -> None:
        frame = frames[row["seq"]]
        start = int(frame["offset"]) + int(row["ack"])
        packet = data[start : int(frame["offset"]) + int(frame["captured"])].tobytes()
        row["flags"] = SEGMENT_NONE
        number = int(frame["number"])
        segment = self._reassembler.add(packet, int(row["time"]), int(row["network"]), number)
        if segment is not None:
            self._tell(number, self._reassembler.frames)
            for name, value in segment.items():
                row[name] = value
        if self._reassembler.other is not None:
            protocol, fragments = self._reassembler.other
            self.skipped[protocols.SKIPPED_PROTOCOL + protocol] += fragments
        # Datagrams that the reassembler evicted count as incomplete.
        self._account(self._reassembler.take_dropped())
