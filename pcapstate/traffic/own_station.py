"""The capturing host: the one Ethernet station that sends or receives every frame, and its addresses."""

from __future__ import annotations

import numpy as np

from ..addresses import is_ipv4
from ..decode.links.ethernet import ETHERNET
from ..decode.protocols import ETHERTYPE_IPV4, ETHERTYPE_IPV6
from ..rows import Rows, unique
from ..sources.reader import Batch

FRAMES = 50_000
"""Frames examined at the start of a capture: enough to identify the host."""
FIRST_HOPS = (32, 60, 64, 128, 255)
"""Initial hop limits (TTL) of common systems."""
MOST = 16
"""Most addresses of one family on a host; a station that sends from more forwards for others."""


class Station:
    """A watcher that finds the capturing host by its MAC address, if exactly one station qualifies."""

    datagrams = False

    def __init__(self) -> None:
        self._seen = 0
        self._candidates: set[int] | None = None
        self._sources: dict[int, set[tuple[int, int]]] = {}
        self._passed_on: set[int] = set()
        self._other_links = False

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Record which stations are in all of the first frames, and from which addresses each station sends TCP."""
        if self._seen >= FRAMES or self._other_links or not len(batch.frames):
            return
        frames = batch.frames[: FRAMES - self._seen]
        self._seen += len(frames)
        if (frames["linktype"] != ETHERNET).any():
            self._other_links = True
            return
        frames = frames[frames["captured"] >= 12]
        at = frames["offset"][:, None] + np.arange(12)
        octets = batch.data[at].astype(np.int64) if len(frames) else np.zeros((0, 12), dtype=np.int64)
        weights = 1 << np.arange(40, -1, -8, dtype=np.int64)
        target, source = octets[:, :6] @ weights, octets[:, 6:] @ weights
        unicast = octets[:, 0] & 1 == 0
        pairs = unique(np.stack([target[unicast], source[unicast]], axis=1)).tolist()
        for pair in pairs:
            # Loopback and synthetic captures have no MAC addresses, or the same one twice.
            both = set(pair) if pair[0] != pair[1] else set()
            self._candidates = both if self._candidates is None else self._candidates & both
        if not self._candidates:
            return
        rows = segments[segments["flags"] >= 0]
        rows = rows[rows["number"] <= frames["number"][-1]] if len(frames) else rows[:0]
        own = np.searchsorted(frames["number"], rows["number"])
        self._count_hops(batch, frames, own, source[own])
        sent = np.stack([source[own], rows["source_high"], rows["source_low"]], axis=1)
        for mac, high, low in unique(sent).tolist():
            addresses = self._sources.setdefault(mac, set())
            if mac in self._candidates and len(addresses) <= 2 * MOST:
                addresses.add((high, low))

    def _count_hops(self, batch: Batch, frames: Rows, own: Rows, source: Rows) -> None:
        """Record the stations whose packets have passed a router: their hop limit is no initial one."""
        at = frames["offset"][own]
        # With a TCP segment there are at least 15 bytes after the Ethernet header.
        ethertype = batch.data[at + 12].astype(np.int64) << 8 | batch.data[at + 13]
        place = np.where(ethertype == ETHERTYPE_IPV4, 22, np.where(ethertype == ETHERTYPE_IPV6, 21, 0))
        hops = np.where(place > 0, batch.data[at + place], 0)
        self._passed_on.update(unique(source[~np.isin(hops, FIRST_HOPS)]).tolist())

    def tracked(self, segments: Rows, seen: None) -> None:
        """Do nothing: connections are the tracker's."""

    @property
    def addresses(self) -> list[tuple[int, int]]:
        """The addresses (high and low half) of the capturing host; [] unless exactly one station qualifies."""
        if self._other_links or not self._candidates:
            return []
        # The other station in every frame must be a router that forwards. A silent one may be the host.
        fitting = [one for one in (sorted(self._sources.get(mac, ())) for mac in self._candidates) if _is_one_host(one)]
        if len(fitting) != 1:
            return []
        mac = next(one for one in self._candidates if sorted(self._sources.get(one, ())) == fitting[0])
        return [] if mac in self._passed_on else fitting[0]


def _is_one_host(addresses: list[tuple[int, int]]) -> bool:
    """Tell whether addresses can belong to one host: one IPv4 address, a few IPv6 addresses."""
    four = [one for one in addresses if is_ipv4(*one)]
    return len(four) <= 1 and len(addresses) - len(four) <= MOST
