"""Switch tags in Ethernet frames (Distributed Switch Architecture): Marvell, Broadcom."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16
from ..protocols import ETHERTYPE_BRIDGED
from .registry import link_type

BROADCOM, BROADCOM_FIRST, MARVELL, MARVELL_ETHERTYPE = 281, 282, 284, 285


@link_type(BROADCOM, MARVELL, name="DSA", least=18)
def behind_addresses(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the EtherType after a tag of four bytes, which follows the addresses."""
    return be16(data, at + 16), at + 18


@link_type(MARVELL_ETHERTYPE, name="DSA with EtherType", least=22)
def behind_ethertype(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the EtherType after a tag of eight bytes with its own EtherType."""
    return be16(data, at + 20), at + 22


@link_type(BROADCOM_FIRST, name="DSA before Ethernet")
def before_frame(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the tag before the frame."""
    return ETHERTYPE_BRIDGED, at + 4
