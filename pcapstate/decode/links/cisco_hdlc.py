"""Cisco HDLC, the framing of serial lines between Cisco routers."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16
from .registry import link_type


@link_type(104, name="Cisco HDLC")
def cisco_hdlc(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the EtherType after the address and control bytes."""
    return be16(data, at + 2), at + 4
