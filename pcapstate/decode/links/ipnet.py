"""IP observability (ipnet) on Solaris."""

from __future__ import annotations

from typing import Any

from ..protocols import BY_VERSION
from .registry import link_type


@link_type(226, name="IPNET")
def ipnet(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip version, family, zones and interfaces."""
    return BY_VERSION, at + 24
