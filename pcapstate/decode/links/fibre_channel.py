"""IP over Fibre Channel (RFC 2625)."""

from __future__ import annotations

from typing import Any

from ..protocols import ETHERTYPE_LLC
from .registry import link_type


@link_type(122, name="IP over Fibre Channel")
def fibre_channel(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the network header."""
    return ETHERTYPE_LLC, at + 16
