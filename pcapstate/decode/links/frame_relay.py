"""Frame Relay."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, rare, u8
from ..encapsulations import TOO_SHORT, of_nlpid
from .registry import link_type


@rare
def frame_relay(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a Frame Relay header: Q.922 address, then RFC 2427, or an EtherType as Cisco does."""
    for _ in range(4):
        at += 1
        if u8(data, at - 1) & 1 != 0:
            break
    if end - at < 3:
        return TOO_SHORT, at
    if u8(data, at) != 3:
        return be16(data, at), at + 2
    at += 2 if u8(data, at + 1) == 0 else 1
    return of_nlpid(data, at, end)


@link_type(107, name="Frame Relay")
def frame(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a frame that begins with the Q.922 address."""
    return frame_relay(data, at, end)
