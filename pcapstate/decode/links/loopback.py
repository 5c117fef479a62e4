"""Loopback of BSD and macOS, and the encapsulation of OpenBSD."""

from __future__ import annotations

from typing import Any

from ..protocols import BY_VERSION
from .registry import link_type

NULL, LOOP, ENC = 0, 108, 109


@link_type(NULL, LOOP, name="loopback", common=True)
def loopback(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the address family: its number differs between systems, the IP version does not."""
    return BY_VERSION, at + 4


@link_type(ENC, name="OpenBSD encapsulation")
def enc(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip address family, parameter index and flags."""
    return BY_VERSION, at + 12
