"""Juniper link types: a magic number, flags, an optional list of extensions; then a header by link type."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, be32, inner, u8
from ..encapsulations import NO_IP, TOO_SHORT, point_to_point
from ..protocols import BY_VERSION, ETHERTYPE_BRIDGED
from .atm import multiplexed
from .frame_relay import frame_relay
from .registry import link_type

MULTILINK, ATM_2, ATM_1, PPPOE, ETHERNET, PPP, FRAME_RELAY, HDLC, VOICE = 130, 135, 137, 167, 178, 179, 180, 181, 183
MAGIC = 0x4D4743
WITH_LIST, WITHOUT_LINK = 0x80, 0x02
"""Flags: a list of extensions follows; no link header follows."""
PASSED = 1
"""In place of an EtherType: the common header has been skipped, and at least four bytes follow."""


@inner
def passed(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the common header."""
    if be32(data, at) >> 8 != MAGIC:
        return NO_IP, at
    flags = u8(data, at + 3)
    at += 4
    if flags & WITH_LIST != 0:
        if end - at < 2:
            return TOO_SHORT, at
        at += 2 + be16(data, at)
    if flags & WITHOUT_LINK != 0:
        return BY_VERSION, at + 4
    return (PASSED, at) if end - at >= 4 else (TOO_SHORT, at)


@link_type(ETHERNET, PPPOE, name="Juniper Ethernet")
def ethernet(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the header of an Ethernet frame."""
    kind, at = passed(data, at, end)
    return ETHERTYPE_BRIDGED if kind == PASSED else kind, at


@link_type(PPP, name="Juniper PPP")
def ppp(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a PPP header."""
    kind, at = passed(data, at, end)
    return point_to_point(data, at, end) if kind == PASSED else (kind, at)


@link_type(MULTILINK, name="Juniper multilink PPP")
def multilink(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a cookie of two bytes before PPP."""
    kind, at = passed(data, at, end)
    return point_to_point(data, at + 2, end) if kind == PASSED else (kind, at)


@link_type(FRAME_RELAY, name="Juniper Frame Relay")
def frames(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a Frame Relay header."""
    kind, at = passed(data, at, end)
    return frame_relay(data, at, end) if kind == PASSED else (kind, at)


@link_type(HDLC, name="Juniper Cisco HDLC")
def hdlc(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the EtherType after the address and control bytes."""
    kind, at = passed(data, at, end)
    return (be16(data, at + 2), at + 4) if kind == PASSED else (kind, at)


@link_type(VOICE, name="Juniper voice")
def voice(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a header of 18 bytes before IP."""
    kind, at = passed(data, at, end)
    return (BY_VERSION, at + 18) if kind == PASSED else (kind, at)


@link_type(ATM_1, name="Juniper ATM")
def atm_1(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a cookie of four bytes."""
    kind, at = passed(data, at, end)
    return multiplexed(data, at + 4, end) if kind == PASSED else (kind, at)


@link_type(ATM_2, name="Juniper ATM 2")
def atm_2(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a cookie of eight bytes."""
    kind, at = passed(data, at, end)
    return multiplexed(data, at + 8, end) if kind == PASSED else (kind, at)
