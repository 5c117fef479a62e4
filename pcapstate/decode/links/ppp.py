"""PPP: in HDLC-like framing, with direction, over Ethernet."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16
from ..encapsulations import point_to_point
from ..protocols import ETHERTYPE_PPPOE
from .registry import link_type

PPP, PPP_HDLC, PPP_ETHER, PPP_PPPD, PPP_WITH_DIRECTION = 9, 50, 51, 166, 204


@link_type(PPP, PPP_HDLC, name="PPP")
def ppp(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a PPP header, or one of Cisco HDLC, by its address byte."""
    if be16(data, at) == 0x0F00 or be16(data, at) == 0x8F00:
        return be16(data, at + 2), at + 4
    return point_to_point(data, at, end)


@link_type(PPP_WITH_DIRECTION, name="PPP with direction")
def with_direction(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the direction byte."""
    return point_to_point(data, at + 1, end)


@link_type(PPP_PPPD, name="PPP of pppd")
def pppd(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the direction and control bytes."""
    return point_to_point(data, at + 2, end)


@link_type(PPP_ETHER, name="PPPoE")
def pppoe(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the header of a PPPoE session."""
    return ETHERTYPE_PPPOE, at
