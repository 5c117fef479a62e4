"""The blocks of a packet ring (TPACKET_V3), as the kernel writes them: their packets copied out, with their VLAN tags.

Formats: Linux, include/uapi/linux/if_packet.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import copy_bytes, entry, inner, le32
from .framing import FRAME

BLOCK = 1 << 18
"""Bytes of a block; longer packets are cut. At low rates each block has few packets, so there are to be many blocks."""
PACKETS = BLOCK // 112
"""Packets of a block at most: a header of 68 bytes, its room, and 16 bytes of packet."""
TAG = 4
"""Bytes of a VLAN tag, which the kernel has taken out of the frame."""
ADDRESSES = 12
"""Bytes of an Ethernet frame before the place of a tag."""
SLL2_HEADER = 20
"""Bytes of a cooked header (version 2), which is put in front of packets that come without a link layer."""
FRONT = SLL2_HEADER + TAG
"""Bytes that a packet grows by at most."""

ETHERTYPE_VLAN, LINKTYPE_ETHERNET, LINKTYPE_SLL2 = 0x8100, 1, 276
PACKET_OUTGOING, ARPHRD_LOOPBACK = 4, 772
TP_STATUS_USER, TP_STATUS_LOSING, TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 1, 1 << 2, 1 << 4, 1 << 6
BLOCK_STATUS, BLOCK_PACKETS, BLOCK_FIRST = 8, 12, 16
"""Offsets in the header of a block."""
NEXT, SECONDS, NANOSECONDS, CAPTURED, LENGTH, STATUS, MAC, TCI, TPID = 0, 4, 8, 12, 16, 20, 24, 32, 36
"""Offsets in the header of a packet (struct tpacket3_hdr)."""
LINK = 48
"""Offset of the struct sockaddr_ll behind it."""
PROTOCOL, INDEX, HATYPE, KIND, ADDRESS_LENGTH, ADDRESS = 2, 4, 8, 10, 11, 12
"""Offsets in there."""
MOST_ADDRESS = 8
"""Bytes of an address in there at most."""


@entry(np.uint8, int, int, int, FRAME, np.uint8)
def take_block(ring: Any, start: int, linktype: int, most: int, frames: Any, out: Any) -> int:
    """Copy the packets of the block at ``start`` to ``out``, one after the other; return how many there are.

    ``frames`` get time, offset, lengths and link type; ``most``: bytes kept of a packet. VLAN tags are put back. With
    the link type of cooked frames, packets come without a link layer and get that header. A packet passes loopback
    twice, out and in; only the second counts.
    """
    cooked = linktype == LINKTYPE_SLL2
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
        link = header + LINK
        if (le32(ring, link + HATYPE) & 0xFFFF) == ARPHRD_LOOPBACK and ring[link + KIND] == PACKET_OUTGOING:
            continue
        status, tag, front = le32(ring, header + STATUS), 0, SLL2_HEADER if cooked else 0
        if status & TP_STATUS_VLAN_VALID != 0 and (cooked or (captured >= ADDRESSES and linktype == LINKTYPE_ETHERNET)):
            tag = TAG
        if len(out) - size < front + tag + captured:
            break
        frame = frames[count]
        frame["time"] = le32(ring, header + SECONDS) * 1_000_000_000 + le32(ring, header + NANOSECONDS)
        frame["offset"] = size
        frame["captured"] = min(front + tag + captured, most)
        # A block that no kernel writes may say 2 GiB.
        frame["length"] = (front + tag + length) & 0x7FFFFFFF
        frame["linktype"] = linktype
        kind, tci = ETHERTYPE_VLAN, le32(ring, header + TCI)
        if status & TP_STATUS_VLAN_TPID_VALID != 0:
            kind = le32(ring, header + TPID) & 0xFFFF
        untagged = 0
        if cooked:
            put_cooked_header(ring, link, out, size)
            if tag != 0:
                out[size + FRONT - 2], out[size + FRONT - 1] = out[size], out[size + 1]
                out[size], out[size + 1] = kind >> 8 & 0xFF, kind & 0xFF
                out[size + SLL2_HEADER], out[size + SLL2_HEADER + 1] = tci >> 8 & 0xFF, tci & 0xFF
        elif tag != 0:
            untagged = ADDRESSES
            copy_bytes(out, size, ring, data, ADDRESSES)
            out[size + 12], out[size + 13] = kind >> 8 & 0xFF, kind & 0xFF
            out[size + 14], out[size + 15] = tci >> 8 & 0xFF, tci & 0xFF
        copy_bytes(out, size + front + tag + untagged, ring, data + untagged, captured - untagged)
        size += min(front + tag + captured, most)
        count += 1
        if following == 0:
            break
    return count


@inner
def put_cooked_header(ring: Any, link: int, out: Any, at: int) -> None:
    """Write a cooked header (version 2) from a struct sockaddr_ll."""
    out[at], out[at + 1], out[at + 2], out[at + 3] = ring[link + PROTOCOL], ring[link + PROTOCOL + 1], 0, 0
    for byte in range(4):
        out[at + 4 + byte] = ring[link + INDEX + 3 - byte]
    out[at + 8], out[at + 9] = ring[link + HATYPE + 1], ring[link + HATYPE]
    out[at + 10], out[at + 11] = ring[link + KIND], ring[link + ADDRESS_LENGTH]
    for byte in range(MOST_ADDRESS):
        out[at + 12 + byte] = ring[link + ADDRESS + byte] if byte < ring[link + ADDRESS_LENGTH] else 0
