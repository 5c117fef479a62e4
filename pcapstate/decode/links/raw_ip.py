"""IP without a link header."""

from __future__ import annotations

from typing import Any

from ..protocols import BY_VERSION
from .registry import link_type

RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6 = 101, 12, 14, 228, 229


@link_type(RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6, name="raw IP", least=0, common=True)
def raw_ip(data: Any, at: int, end: int) -> tuple[int, int]:
    """Return the frame as it is."""
    return BY_VERSION, at
