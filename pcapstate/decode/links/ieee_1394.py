"""IP over IEEE 1394 (FireWire)."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16
from .registry import link_type


@link_type(138, name="IP over IEEE 1394", least=18)
def ieee_1394(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the EtherType after the addresses."""
    return be16(data, at + 16), at + 18
