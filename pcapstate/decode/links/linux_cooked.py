"""Linux cooked captures: of all interfaces at once ("any")."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, inner, rare
from ..encapsulations import TOO_SHORT
from .registry import link_type
from .wlan import prism, radiotap, wlan

SLL, SLL2 = 113, 276
ARPHRD_WLAN, ARPHRD_PRISM, ARPHRD_RADIOTAP = 801, 802, 803
"""Hardware types with an 802.11 frame after the cooked header."""
RADIO_HEADER = 8
"""Bytes of the headers in front of it at least."""


@link_type(SLL, name="Linux cooked", least=16, common=True)
def cooked(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the first version of the header."""
    return behind(data, at + 16, end, be16(data, at + 14), be16(data, at + 2))


@link_type(SLL2, name="Linux cooked v2", least=20, common=True)
def cooked2(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the second version of the header."""
    return behind(data, at + 20, end, be16(data, at), be16(data, at + 8))


@inner
def behind(data: Any, at: int, end: int, ethertype: int, hardware: int) -> tuple[int, int]:
    """Return what follows a header with this EtherType and hardware type."""
    if ARPHRD_WLAN <= hardware <= ARPHRD_RADIOTAP:
        return radio(data, at, end, hardware)
    return ethertype, at


@rare
def radio(data: Any, at: int, end: int, hardware: int) -> tuple[int, int]:
    """Read an 802.11 frame, alone or after a Prism or radiotap header."""
    if hardware != ARPHRD_WLAN and end - at < RADIO_HEADER:
        return TOO_SHORT, at
    if hardware == ARPHRD_RADIOTAP:
        return radiotap(data, at, end)
    return prism(data, at, end) if hardware == ARPHRD_PRISM else wlan(data, at, end)
