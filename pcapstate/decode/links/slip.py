"""SLIP, with the header of whoever captured it."""

from __future__ import annotations

from typing import Any

from ..protocols import BY_VERSION
from .registry import link_type


@link_type(8, name="SLIP")
def slip(data: Any, at: int, end: int) -> tuple[int, int]:
    """Pass over direction and compression header."""
    return BY_VERSION, at + 16
