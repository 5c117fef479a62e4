"""ATM: cell streams put together (AAL5), as several systems record them."""

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
    """Read what an ATM cell stream carries (RFC 2684): an LLC header, or IP alone."""
    if end - at >= 2 and (be16(data, at) == 0xAAAA or be16(data, at) == 0xFEFE):
        kind, at = logical_link(data, at, end)
        # Two bytes make the frame behind a bridge's header begin on a multiple of four.
        return kind, at + 2 if kind == ETHERTYPE_BRIDGED else at
    return BY_VERSION, at


@link_type(ATM, ATM_BSD, ATM_CLIP, name="ATM")
def atm(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read what begins with an LLC header, or IP alone."""
    return multiplexed(data, at, end)


@link_type(SUNATM, name="SunATM")
def sunatm(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a header of four bytes; in LAN emulation, two bytes stand before a frame."""
    return (ETHERTYPE_BRIDGED, at + 6) if u8(data, at) & 0x0F == LAN_EMULATION else (ETHERTYPE_LLC, at + 4)
