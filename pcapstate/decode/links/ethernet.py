"""Ethernet, alone or after the headers of capture cards."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16
from ..protocols import ETHERTYPE_BRIDGED
from .registry import link_type

ETHERNET, NETANALYZER, NETANALYZER_PREAMBLE, MPACKET = 1, 240, 241, 274
HEADER = 14


@link_type(ETHERNET, name="Ethernet", least=HEADER, common=True)
def ethernet(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the EtherType after the addresses."""
    return be16(data, at + 12), at + HEADER


@link_type(NETANALYZER, name="netANALYZER")
def netanalyzer(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a header of four bytes."""
    return ETHERTYPE_BRIDGED, at + 4


@link_type(NETANALYZER_PREAMBLE, name="netANALYZER with preamble")
def netanalyzer_preamble(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip that header, preamble and start delimiter."""
    return ETHERTYPE_BRIDGED, at + 12


@link_type(MPACKET, name="mPacket")
def mpacket(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip preamble and delimiter (IEEE 802.3br)."""
    return ETHERTYPE_BRIDGED, at + 8
