"""802.11 frames, and the radio headers before them.

Encrypted frames are not decrypted, even if the capture has the keys.
"""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, be32, inner, le32, rare, u8
from ..encapsulations import NO_IP, TOO_SHORT
from ..protocols import ENCRYPTED_WLAN, ETHERTYPE_LLC, GATHERED, SKIPPED_REASON, WLAN_NO_DATA
from .registry import link_type

WLAN, PRISM, RADIOTAP, AVS = 105, 119, 127, 163
AVS_MAGIC = 0x802110
FROM_DS, BOTH_DS, PROTECTED, ORDER = 2, 3, 0x40, 0x80
"""Flags of the frame control field; FROM_DS, BOTH_DS: from, or from and to the distribution system."""
PADDED = 0x20
"""A radiotap flag: the 802.11 header is padded to a multiple of four bytes."""


@inner
def le16(data: Any, at: int) -> int:
    """Return the little-endian 16-bit number at an offset."""
    return u8(data, at) | u8(data, at + 1) << 8


@link_type(WLAN, name="802.11", least=0)
def wlan(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the header of a frame without a radio header."""
    return wlan_header(data, at, end, 0)


@link_type(RADIOTAP, name="802.11 (radiotap)", least=8)
def radiotap(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a radiotap header, which has its length and whether the 802.11 header is padded."""
    length = le16(data, at + 2)
    if length < 8 or length > end - at:
        return TOO_SHORT, at
    return wlan_header(data, at + length, end, radiotap_flags(data, at, length) & PADDED)


@link_type(PRISM, name="802.11 (Prism)", least=8)
def prism(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a Prism header; its numbers are in the host's byte order."""
    # Drivers may put an AVS header in place of Prism's.
    length = be32(data, at + 4) if be32(data, at) >> 8 == AVS_MAGIC else le32(data, at + 4)
    if length > end - at:
        length = be32(data, at + 4)
    if length < 8 or length > end - at:
        return TOO_SHORT, at
    return wlan_header(data, at + length, end, 0)


@link_type(AVS, name="802.11 (AVS)", least=8)
def avs(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip an AVS header by its length field."""
    length = be32(data, at + 4)
    if length < 8 or length > end - at:
        return TOO_SHORT, at
    return wlan_header(data, at + length, end, 0)


@inner
def radiotap_flags(data: Any, at: int, length: int) -> int:
    """Return the flags of a radiotap header, 0 where it has none."""
    present = le32(data, at + 4)
    if present & 2 == 0:
        return 0
    field = 8
    more = present
    while more & 0x80000000 != 0 and length - field >= 4:
        more = le32(data, at + field)
        field += 4
    if present & 1 != 0:
        # The time comes first, aligned to eight bytes.
        field = ((field + 7) & ~7) + 8
    return u8(data, at + field) if field < length else 0


@rare
def wlan_header(data: Any, at: int, end: int, padded: int) -> tuple[int, int]:
    """Return what follows the header of an 802.11 frame: LLC with its offset, or the reason why nothing does."""
    if end - at < 10:
        return TOO_SHORT, at
    control, flags = u8(data, at), u8(data, at + 1)
    if control & 3 != 0:
        return NO_IP, at
    # Only data frames that carry data.
    if control & 0x4C != 0x08:
        return -1 - SKIPPED_REASON - WLAN_NO_DATA, at
    quality = control & 0x80 != 0
    length = 30 if flags & BOTH_DS == BOTH_DS else 24
    gathered = meshed = False
    if quality:
        if end - at < length + 2:
            return TOO_SHORT, at
        gathered = u8(data, at + length) & 0x80 != 0
        meshed = flags & FROM_DS != 0 and u8(data, at + length + 1) & 1 != 0
        length += 6 if flags & ORDER != 0 else 2
    if padded != 0:
        length = (length + 3) & ~3
    if end - at < length:
        return TOO_SHORT, at
    if flags & PROTECTED != 0:
        return -1 - SKIPPED_REASON - ENCRYPTED_WLAN, at
    # Later fragments have no header.
    if u8(data, at + 22) & 0x0F != 0:
        return NO_IP, at
    at += length
    if gathered:
        # A-MSDU: addresses and length of its first subframe; if they are missing, the bit has another meaning.
        if end - at < 14:
            return TOO_SHORT, at
        if be16(data, at) != 0xAAAA:
            return GATHERED, at
    elif meshed and end - at >= 6 and u8(data, at) < 3:
        # Mesh control: its flags have the number of addresses after it; outside a mesh the bit has another meaning.
        at += 6 + 6 * u8(data, at)
    return ETHERTYPE_LLC, at


@inner
def wlan_in_tunnel(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read an 802.11 frame tunneled by an access point; some of them swap the bytes of its frame control field."""
    if end - at >= 24 and u8(data, at) & 0x0F != 0x08 and u8(data, at + 1) & 0x0F == 0x08:
        control, flags = u8(data, at + 1), u8(data, at)
        if control & 0x40 != 0 or flags & PROTECTED != 0:
            return -1 - SKIPPED_REASON - ENCRYPTED_WLAN, at
        length = 30 if flags & BOTH_DS == BOTH_DS else 24
        length += 2 if control & 0x80 != 0 else 0
        return (ETHERTYPE_LLC, at + length) if end - at >= length else (TOO_SHORT, at)
    return wlan_header(data, at, end, 0)
