"""Arithmetic on 32-bit sequence numbers, which wrap (RFC 9293 §3.4)."""

from __future__ import annotations

from ..kernels.source import inner

LOW_32 = 0xFFFFFFFF


@inner
def after(a: int, b: int) -> bool:
    """Tell whether sequence number ``a`` comes after ``b``, at most 2**31 - 1 behind it."""
    return 0 < ((a - b) & LOW_32) < 0x80000000


@inner
def at_or_after(a: int, b: int) -> bool:
    """Tell whether ``a`` is ``b`` or comes after it."""
    return ((a - b) & LOW_32) < 0x80000000


@inner
def in_range(value: int, low: int, high: int) -> bool:
    """Tell whether ``low <= value <= high``."""
    return ((value - low) & LOW_32) <= ((high - low) & LOW_32)
