"""The log of the BSD packet filter."""

from __future__ import annotations

from typing import Any

from ...kernels.source import u8
from ..protocols import BY_VERSION
from .registry import link_type


@link_type(117, name="PFLOG")
def pflog(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip a header by its length field, which excludes the padding to a multiple of four."""
    return BY_VERSION, at + ((u8(data, at) + 3) & ~3)
