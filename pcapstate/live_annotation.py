"""Packets written as pcapng while they come, with the changes of states as comments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .annotation import comments
from .capture import Capture
from .rows import Rows, runs_of_equal
from .sources.comments import Commenter
from .sources.framing import MAXIMUM_CAPTURED
from .sources.reader import Batch
from .sources.written_blocks import interface_description, interface_statistics, section_header
from .sources.written_packets import PacketBlocks
from .tcp.tables import TRANSITION
from .wording.styles import Style


class CommentedPackets:
    """A watcher that writes every packet, and comments on those that change a state, once its batch is tracked.

    ``write`` takes blocks. ``add`` takes the transitions that the capture yields. The source must not be read ahead.
    """

    datagrams = False

    def __init__(self, write: Callable[[bytes], None], style: Style, lang: str) -> None:
        self._write, self._style, self._lang = write, style, lang
        self._transitions = [np.zeros(0, dtype=TRANSITION)]
        self._interfaces: dict[int, int] = {}
        self._drops: int | None = 0

    def begin(self, capture: Capture, linktypes: Sequence[int], name: str, snaplen: int = MAXIMUM_CAPTURED) -> None:
        """Write what comes before packets; ``linktypes``: those known by now of the interface with this name."""
        self._capture, self._name, self._snaplen = capture, name, snaplen
        self._blocks = PacketBlocks(capture.source.kernels)
        self._write(b"".join([section_header(), *map(self._described, linktypes)]))

    def _described(self, linktype: int) -> bytes:
        if linktype in self._interfaces:
            return b""
        self._interfaces[linktype] = len(self._interfaces)
        return interface_description(linktype, self._name, self._snaplen)

    def add(self, transitions: Rows) -> None:
        """Take transitions (TRANSITION) of the batch."""
        # The next run overwrites them.
        self._transitions.append(transitions.copy())

    def watch(self, batch: Batch, segments: Rows) -> Batch:
        """Keep the batch until the tracker has followed it."""
        return batch

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Write the packets of the batch."""
        frames, pieces = seen.frames, list[bytes | memoryview]()
        commenter = self._commenter(frames)
        for start, end in runs_of_equal(frames["linktype"]):
            linktype = int(frames["linktype"][start])
            pieces.append(self._described(linktype))
            for blocks in self._blocks.of(seen.data, frames[start:end], self._interfaces[linktype]):
                pieces += map(bytes, commenter.of(blocks))
        if self._capture.source.drops != self._drops:
            # The end may find nobody who reads.
            pieces.append(self._statistics())
        # Also without a packet: whoever reads may be gone.
        self._write(b"".join(pieces))

    def _commenter(self, frames: Rows) -> Commenter:
        """Return what comments on the frames of a batch, whose numbers follow each other."""
        first = int(frames["number"][0]) if len(frames) else 0
        changes = np.concatenate(self._transitions)
        del self._transitions[1:]
        changes = changes[changes["packet"] >= first]
        told = comments(self._capture.table, changes, (), self._style, self._lang, final=False)
        return Commenter(self._capture.source.kernels, told, first)

    def end(self) -> None:
        """Write how many packets were dropped, where the system counts them."""
        self._write(self._statistics())

    def _statistics(self) -> bytes:
        self._drops = self._capture.source.drops
        return interface_statistics(0, self._drops) if self._drops is not None and self._interfaces else b""
