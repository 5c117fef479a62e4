"""Packets written as blocks of pcapng, with the interface that each has, or one for all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..kernels.running import Kernels
from ..rows import Rows

AT_ONCE = 1 << 20
"""Bytes that are written at a time."""
OWN = -1
"""In place of an interface: each frame has its own."""
BESIDE = 32
"""Bytes of a block beside its packet."""


class PacketBlocks:
    """Writes packets (FRAME) as Enhanced Packet Blocks without options; time stamps count nanoseconds."""

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels
        self._out = np.empty(AT_ONCE, dtype=np.uint8)
        self._written = np.zeros(1, dtype=np.int64)

    def of(self, data: Rows, frames: Rows, interface: int = OWN) -> Iterator[memoryview]:
        """Yield blocks of some of the frames, in order; the next ones overwrite them."""
        done = 0
        layout = np.array([1, interface], dtype=np.int64)
        while done < len(frames):
            first, needed = done, int(frames["captured"][done]) + BESIDE + 4
            if needed > len(self._out):
                self._out = np.empty(needed, dtype=np.uint8)
            done = self._kernels.write_packets(data, frames, first, len(frames), layout, self._out, self._written)
            yield memoryview(self._out)[: self._written[0]]  # type: ignore[arg-type]
