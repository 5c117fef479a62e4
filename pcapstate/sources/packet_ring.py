"""A memory-mapped ring of a packet socket (TPACKET_V3): the kernel writes packets into blocks that are read in place.

Formats: Linux, Documentation/networking/packet_mmap.rst and include/uapi/linux/if_packet.h.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import struct
import sys
import time
from contextlib import suppress

import numpy as np

from ..kernels.running import Kernels
from .framing import FRAME
from .packet_socket import PACKET_STATISTICS, SOL_PACKET, Captured
from .ring_blocks import BLOCK, BLOCK_STATUS, FRONT, PACKETS, TP_STATUS_LOSING, TP_STATUS_USER

LEAST = 4
"""Blocks that a ring has at least."""
RETIRED_AFTER = 60
"""Milliseconds after which the kernel hands over a block that is not full."""
DELAY = 0.15
"""Seconds by which a packet may come late for that reason."""
FASTEST = 10**9
"""Bytes a second that come at most: 10 Gbit/s, less than with the headers of the ring."""
FRAME_SIZE = 2048
"""What the kernel counts blocks in; packets may be longer."""

PACKET_RX_RING, PACKET_VERSION, TPACKET_V3 = 5, 10, 2


def can_be_mapped() -> bool:
    """Tell whether rings are read so here."""
    return sys.platform.startswith("linux") and ctypes.sizeof(ctypes.c_long) == 8 and sys.byteorder == "little"


class PacketRing:
    """Reads an open packet socket through a ring of about ``size`` bytes. Raises OSError where the kernel has none.

    ``most``: bytes kept of a packet; ``drops``: packets that found no room in the ring, as far as ``count_drops``
    asked.
    """

    delay = DELAY

    def __init__(self, opened: socket.socket, linktype: int, most: int, size: int, kernels: Kernels) -> None:
        self._socket, self._linktype, self._most, self._kernels = opened, linktype, most, kernels
        self.drops: int | None = 0
        opened.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        blocks = max(size // BLOCK, LEAST)
        while True:
            asked = struct.pack("7I", BLOCK, blocks, FRAME_SIZE, BLOCK // FRAME_SIZE * blocks, RETIRED_AFTER, 0, 0)
            try:
                opened.setsockopt(SOL_PACKET, PACKET_RX_RING, asked)
                break
            except OSError:
                # Memory in such pieces is scarce on a machine that has been up for long.
                if blocks == LEAST:
                    raise
                blocks = max(blocks // 2, LEAST)
        self.size = blocks * BLOCK
        self.pause = self.size / FASTEST
        self._map = mmap.mmap(opened.fileno(), self.size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._ring = np.frombuffer(self._map, dtype=np.uint8)
        self._words = self._ring.view(np.uint32)
        self._next = 0
        self._failure: tuple[float, int] | None = None
        self._frames = np.zeros(PACKETS, dtype=FRAME)
        self._out = np.empty(BLOCK + FRONT * PACKETS, dtype=np.uint8)

    def read(self) -> Captured | None:
        """Return the packets of the next block, or None. Raises OSError if the interface is gone."""
        status = (self._next + BLOCK_STATUS) // 4
        if not self._words[status] & TP_STATUS_USER:
            if number := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._failure = time.monotonic() + DELAY, number
            # The block with the last packets is handed over when its time has come, later than the error.
            if self._failure is not None and time.monotonic() >= self._failure[0]:
                number, self._failure = self._failure[1], None
                raise OSError(number, os.strerror(number))
            return None
        count = self._kernels.take_block(self._ring, self._next, self._linktype, self._most, self._frames, self._out)
        if self._words[status] & TP_STATUS_LOSING:
            # Packets were dropped before this block was begun.
            self.count_drops()
        self._words[status] = 0
        self._next = (self._next + BLOCK) % self.size
        frames = self._frames[:count].copy()
        size = int(frames["offset"][-1] + frames["captured"][-1]) if count else 0
        return Captured(self._out[:size].tobytes(), frames)

    def count_drops(self) -> None:
        """Ask the kernel how many packets found no room, which it counts anew from then on."""
        with suppress(OSError):
            told = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 12)
            self.drops = (self.drops or 0) + struct.unpack("3I", told)[1]
