"""Networks from addresses: what is the least that a route must cover."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import numpy as np

from ..addresses import Network, address
from ..rows import Rows

SITES = 16
"""So many networks of one gateway have a row each; more become one row."""
SITE_IPV4, SITE_IPV6 = 24, 64
"""Addresses with so many leading bits in common are taken to be in one network: the usual size of one (RFC 4291
§2.5.1 for IPv6)."""


def smallest(first: tuple[int, int], last: tuple[int, int]) -> Network:
    """Return the smallest network that holds two addresses (high and low half, IPv4 as ::ffff:a.b.c.d)."""
    low, high = address(*first), address(*last)
    length = low.max_prefixlen - (int(low) ^ int(high)).bit_length()
    return ipaddress.ip_network(f"{low}/{length}", strict=False)


def sites(high: Rows, low: Rows, ipv6: bool) -> Iterator[tuple[Network, slice]]:
    """Yield the networks that hold these addresses, which are in order, each with the slice of those in it.

    Addresses of the same /24 or /64 share a network, the smallest that holds them. Where that gives more than SITES
    networks, it is one: the smallest that holds all addresses.
    """
    if not len(low):
        return
    site = np.asarray(high if ipv6 else low >> (32 - SITE_IPV4))
    starts = [0, *(np.flatnonzero(site[1:] != site[:-1]) + 1).tolist()]
    if len(starts) > SITES:
        starts = [0]
    for start, end in zip(starts, [*starts[1:], len(low)], strict=True):
        ends = [(int(high[at]), int(low[at])) for at in (start, end - 1)]
        yield smallest(*ends), slice(start, end)
