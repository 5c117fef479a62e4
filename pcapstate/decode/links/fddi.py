"""FDDI."""

from __future__ import annotations

from typing import Any

from ..protocols import ETHERTYPE_LLC
from .registry import link_type


@link_type(10, name="FDDI")
def fddi(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip frame control and addresses."""
    return ETHERTYPE_LLC, at + 13
