"""SLIP, with a header added by the capturing system."""

from __future__ import annotations

from typing import Any

from ..protocols import BY_VERSION
from .registry import link_type


@link_type(8, name="SLIP")
def slip(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip direction and compression header."""
    return BY_VERSION, at + 16
