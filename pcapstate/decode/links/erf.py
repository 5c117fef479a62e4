"""ERF records of Endace cards."""

from __future__ import annotations

from typing import Any

from ...kernels.source import u8
from ..encapsulations import NO_IP
from ..protocols import BY_VERSION, ETHERTYPE_BRIDGED
from .registry import link_type

EXTENSIONS = 64
"""Most extension headers."""
ETHERNET, IP = (2, 11, 16, 20), (22, 23)
"""Types of records with Ethernet (their other fields differ), and with bare IP."""


@link_type(197, name="ERF", least=16)
def extensible_record(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the header of an Endace record: its type, and a chain of extension headers."""
    kind, more = u8(data, at + 8) & 0x7F, u8(data, at + 8) & 0x80
    at += 16
    for _ in range(EXTENSIONS):
        if more == 0 or end - at < 8:
            break
        more = u8(data, at) & 0x80
        at += 8
    if kind in ETHERNET:
        # Two bytes of padding precede each frame.
        return ETHERTYPE_BRIDGED, at + 2
    return (BY_VERSION, at) if kind in IP else (NO_IP, at)
