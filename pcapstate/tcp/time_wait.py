"""How long TIME_WAIT lasts: 2 MSL, which systems take for 10 seconds to four minutes; for all hosts, or for some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..addresses import HALF, IPV4_LENGTH, IPV4_MAPPED, Network

DEFAULT_TWO_MSL = 60.0
"""Seconds by default: as Linux has it (RFC 9293 says four minutes)."""


class TimeWait(NamedTuple):
    """Seconds that TIME_WAIT lasts, and how long on hosts in some networks: the first that has a host counts."""

    seconds: float = DEFAULT_TWO_MSL
    elsewhere: tuple[tuple[Network, float], ...] = ()

    def cells(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield for each network, as int64, base and mask of both halves of its addresses, and nanoseconds."""
        for network, seconds in self.elsewhere:
            base, length = int(network.network_address), network.prefixlen
            if network.version == 4:
                # As everywhere, IPv4 addresses are those of ::ffff:0:0/96.
                base, length = IPV4_MAPPED | base, length + IPV4_LENGTH
            mask = ((1 << length) - 1) << (128 - length)
            halves = (half for value in (base, mask) for half in (value >> 64, value & HALF))
            base_high, base_low, mask_high, mask_low = (half - (half >> 63 << 64) for half in halves)
            yield base_high, mask_high, base_low, mask_low, round(seconds * 1e9)
