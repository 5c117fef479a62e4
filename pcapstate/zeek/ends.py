"""The states of both ends in Zeek's terms, by the flags of each packet."""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, inner, rare
from .tables import (
    CLOSED,
    ESTABLISHED,
    HAS_CLOSED,
    INACTIVE,
    IS_PARTIAL,
    PARTIAL,
    RESET,
    SYN_ACK_SENT,
    SYN_SENT,
)


@inner
def become(one: Any, state: int) -> None:
    """Change the state of an end."""
    if i64(one["state"]) != state:
        one["before"] = one["state"]
        one["state"] = state


@inner
def step(story: Any, x: Any, y: Any, is_origin: bool, flags: int, length: int) -> bool:
    """Follow a packet that ``x`` sent to ``y``; return whether it closes ``x``."""
    state = i64(x["state"])
    if state in (ESTABLISHED, PARTIAL):
        if flags & (SYN | FIN | RST) == 0:
            return False
        return from_open(x, y, flags)
    return from_other(story, x, y, is_origin, flags, length)


@rare
def from_open(x: Any, y: Any, flags: int) -> bool:
    """Go on from ESTABLISHED and PARTIAL."""
    if flags & (SYN | ACK) == SYN and x["state"] == PARTIAL and y["state"] == INACTIVE:
        become(x, SYN_SENT)
    if flags & (FIN | RST) == FIN:
        become(x, CLOSED)
        if y["state"] == RESET and y["before"] == CLOSED:
            # Its FIN came before its RST: both have closed.
            become(y, CLOSED)
    if flags & RST != 0:
        become(x, RESET)
    return flags & (FIN | RST) != 0


@rare
def from_other(story: Any, x: Any, y: Any, is_origin: bool, flags: int, length: int) -> bool:
    """Go on from any other state."""
    state = i64(x["state"])
    if state == RESET:
        return False
    if state == CLOSED:
        if flags & RST == 0 or y["state"] == CLOSED:
            return False
        become(x, RESET)
        return i64(x["bits"]) & HAS_CLOSED == 0
    if state == INACTIVE and flags & SYN != 0:
        open_up(x, y, is_origin, flags)
    if flags & FIN != 0:
        become(x, CLOSED)
    if flags & RST != 0:
        become(x, RESET)
    if x["state"] == INACTIVE:
        join(story, x, y, is_origin, flags, length)
    return flags & (FIN | RST) != 0


@inner
def open_up(x: Any, y: Any, is_origin: bool, flags: int) -> None:
    """Follow the first SYN of an end: that of the responder opens the connection."""
    if is_origin:
        become(x, SYN_ACK_SENT if flags & ACK != 0 else SYN_SENT)
        return
    if y["state"] == SYN_SENT:
        become(y, ESTABLISHED)
    become(x, ESTABLISHED)


@inner
def join(story: Any, x: Any, y: Any, is_origin: bool, flags: int, length: int) -> None:
    """Follow the first packet of an end that has none of SYN, FIN and RST."""
    if not is_origin and length == 0 and y["state"] == SYN_SENT:
        return  # some acknowledge a SYN before they send their own
    if flags & ACK != 0 and y["state"] == ESTABLISHED:
        # Only the SYN is missing.
        become(x, ESTABLISHED)
        story["bits"] = i64(story["bits"]) & ~IS_PARTIAL
    else:
        become(x, PARTIAL)
