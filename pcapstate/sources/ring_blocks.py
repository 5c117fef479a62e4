"""The blocks of a packet ring (TPACKET_V3), as the kernel writes them: their packets copied out, with their VLAN tags.

Formats: Linux, include/uapi/linux/if_packet.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import entry, le32
from .framing import FRAME

BLOCK = 1 << 18
"""Bytes of a block; longer packets are cut. At low rates each block has few packets, so there are to be many blocks."""
PACKETS = BLOCK // 112
"""Packets of a block at most: a header of 68 bytes, its room, and 16 bytes of packet."""
TAG = 4
"""Bytes of a VLAN tag, which the kernel has taken out of the frame."""
ADDRESSES = 12
"""Bytes of an Ethernet frame before the place of a tag."""

ETHERTYPE_VLAN, LINKTYPE_ETHERNET = 0x8100, 1
PACKET_OUTGOING, ARPHRD_LOOPBACK = 4, 772
TP_STATUS_USER, TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 1, 1 << 4, 1 << 6
BLOCK_STATUS, BLOCK_PACKETS, BLOCK_FIRST = 8, 12, 16
"""Offsets in the header of a block."""
NEXT, SECONDS, NANOSECONDS, CAPTURED, LENGTH, STATUS, MAC, TCI, TPID = 0, 4, 8, 12, 16, 20, 24, 32, 36
"""Offsets in the header of a packet (struct tpacket3_hdr)."""
HATYPE, KIND = 48 + 8, 48 + 10
"""Offsets in the struct sockaddr_ll behind it."""


@entry(np.uint8, int, int, FRAME, np.uint8)
def take_block(ring: Any, start: int, linktype: int, frames: Any, out: Any) -> int:
    """Copy the packets of the block at ``start`` to ``out``, one after the other; return how many there are.

    ``frames`` get time, offset, lengths and link type. VLAN tags are put back. A packet passes loopback twice, out and
    in; only the second counts.
    """
    end = start + BLOCK
    at, count, size = start + le32(ring, start + BLOCK_FIRST), 0, 0
    for _ in range(le32(ring, start + BLOCK_PACKETS)):
        if at < start or at > end - 68 or count == len(frames):
            break
        header = at
        following, captured, length = le32(ring, at + NEXT), le32(ring, at + CAPTURED), le32(ring, at + LENGTH)
        data = at + (le32(ring, at + MAC) & 0xFFFF)
        at += following
        if data + captured > end:
            break
        if (le32(ring, header + HATYPE) & 0xFFFF) == ARPHRD_LOOPBACK and ring[header + KIND] == PACKET_OUTGOING:
            continue
        status, tag = le32(ring, header + STATUS), 0
        if status & TP_STATUS_VLAN_VALID != 0 and captured >= ADDRESSES and linktype == LINKTYPE_ETHERNET:
            tag = TAG
        if len(out) - size < captured + tag:
            break
        frame = frames[count]
        frame["time"] = le32(ring, header + SECONDS) * 1_000_000_000 + le32(ring, header + NANOSECONDS)
        frame["offset"] = size
        frame["captured"] = captured + tag
        frame["length"] = length + tag
        frame["linktype"] = linktype
        for byte in range(ADDRESSES if tag != 0 else captured):
            out[size + byte] = ring[data + byte]
        if tag != 0:
            kind = le32(ring, header + TPID) & 0xFFFF if status & TP_STATUS_VLAN_TPID_VALID != 0 else ETHERTYPE_VLAN
            tci = le32(ring, header + TCI)
            out[size + 12], out[size + 13] = kind >> 8 & 0xFF, kind & 0xFF
            out[size + 14], out[size + 15] = tci >> 8 & 0xFF, tci & 0xFF
            for byte in range(ADDRESSES, captured):
                out[size + TAG + byte] = ring[data + byte]
        size += captured + tag
        count += 1
        if following == 0:
            break
    return count
