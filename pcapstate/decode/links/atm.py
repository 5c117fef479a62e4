"""ATM: reassembled AAL5 frames, as several systems record them."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, rare, u8
from ..encapsulations import logical_link
from ..protocols import BY_VERSION, ETHERTYPE_BRIDGED, ETHERTYPE_LLC
from .registry import link_type

ATM_BSD, ATM, ATM_CLIP, SUNATM = 11, 100, 106, 123
LAN_EMULATION = 1


@rare
def multiplexed(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the payload of AAL5 (RFC 2684): an LLC header, or bare IP."""
    if end - at >= 2 and (be16(data, at) == 0xAAAA or be16(data, at) == 0xFEFE):
        kind, at = logical_link(data, at, end)
        # Two bytes of padding align the frame after a bridge header to four bytes.
        return kind, at + 2 if kind == ETHERTYPE_BRIDGED else at
    return BY_VERSION, at


@link_type(ATM, ATM_BSD, ATM_CLIP, name="ATM")
def atm(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a frame that begins with an LLC header, or bare IP."""
    return multiplexed(data, at, end)


@link_type(SUNATM, name="SunATM")
def sunatm(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the SunATM header of four bytes; in LAN emulation, two more bytes precede the frame."""
    return (ETHERTYPE_BRIDGED, at + 6) if u8(data, at) & 0x0F == LAN_EMULATION else (ETHERTYPE_LLC, at + 4)
