"""Which address was reached through which station, and what else ties an address to a station: the ground of routes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..addresses import is_ipv4, within
from ..decode.protocols import ETHERTYPE_IPV6
from ..rows import Rows
from ..traffic import tables as c
from ..traffic.local import BROADCAST, LINK_LOCAL, MULTICAST, LocalTraffic, unspecified


class Reached(NamedTuple):
    """A row for each station and address that belong together, by family, station and address."""

    ipv6: Rows  # 0 or 1
    mac: Rows
    high: Rows
    low: Rows
    packets: Rows  # sent to the address through the station
    bytes: Rows
    first: Rows  # number of the first and last frame of these; 0: none
    last: Rows
    told: Rows  # number of the first frame in which ARP or ND says so; 0: none
    interface_high: Rows  # the address that the last packet was sent from
    interface_low: Rows

    def chosen(self, mask: Rows) -> Reached:
        """Return some of the rows."""
        return Reached(*(one[mask] for one in self))


KEYS = ("ipv6", "mac", "high", "low")
FIELDS = (*KEYS, "packets", "bytes", "first", "last", "told", "near_high", "near_low")
"""What is gathered of one path, or one binding (``told``: its first frame); ``near``: the path's other end."""
NEVER = np.iinfo(np.int64).max

Columns = dict[str, Rows]


def reached(local: LocalTraffic) -> Reached:
    """Return all addresses of other hosts by the stations that they go with."""
    parts = (_sent(local), _told(local))
    ground = {name: np.concatenate([part[name] for part in parts]) for name in FIELDS}
    order = _order(ground)
    if len(order):
        ground = {name: values[order] for name, values in ground.items()}
        ground = _grouped(ground)
    return Reached(*(ground[name] for name in FIELDS))


def _grouped(ground: Columns) -> Columns:
    """Return one row for those of one station and address, which stand side by side."""
    count = len(ground["mac"])
    new = np.ones(count, dtype=bool)
    new[1:] = np.logical_or.reduce([ground[name][1:] != ground[name][:-1] for name in KEYS])
    starts = np.flatnonzero(new)
    if len(starts) == count:
        return ground
    last = np.maximum.reduceat(ground["last"], starts)
    latest = np.flatnonzero(ground["last"] == last[np.cumsum(new) - 1])
    # One frame has one path; of several bindings without any packet, one is as good as another.
    latest = latest[np.searchsorted(latest, starts)]

    def earliest(name: str) -> Rows:
        found = np.minimum.reduceat(np.where(ground[name] == 0, NEVER, ground[name]), starts)
        return np.where(found == NEVER, 0, found)

    return {
        **{name: ground[name][starts] for name in KEYS},
        **{name: np.add.reduceat(ground[name], starts) for name in ("packets", "bytes")},
        "first": earliest("first"),
        "last": last,
        "told": earliest("told"),
        **{name: ground[name][latest] for name in ("near_high", "near_low")},
    }


def _order(ground: Columns) -> Rows:
    """Return the order by KEYS. Of IPv4, station and address fit into one number, which sorts several times faster."""
    _, station = np.unique(ground["mac"], return_inverse=True)
    four = np.flatnonzero(ground["ipv6"] == 0)
    six = np.flatnonzero(ground["ipv6"])
    first = four[np.argsort(station[four] << 32 | ground["low"][four] & 0xFFFFFFFF)]
    second = six[np.lexsort((ground["low"][six], ground["high"][six], station[six]))]
    return np.concatenate([first, second])


def _sent(local: LocalTraffic) -> Columns:
    """Return a row for each path from the local host to another one."""
    paths, rests = local.traffic.paths, local.traffic.rests
    # A station of 0 is that of a loopback interface.
    chosen = local.sent & (local.kind == c.PAIR) & ~local.group & (paths["target_mac"] > 0)
    if local.single:
        chosen &= ~local.received
    # IPv6 packets with IPv4-mapped addresses are on no wire (RFC 4291 §2.5.5.2), but for those that mean to confuse.
    chosen &= local.ipv4 | ~(is_ipv4(*local.source) | is_ipv4(*local.target))
    places = np.flatnonzero(chosen)
    high, low = (half[places] for half in local.target)
    hosts = _is_one_host(high, low)
    places, high, low = places[hosts], high[hosts], low[hosts]
    near_high, near_low = (half[places] for half in local.source)
    return {
        "ipv6": (local.ethertype[places] == ETHERTYPE_IPV6).astype(np.int64),
        "mac": paths["target_mac"][places],
        "high": high,
        "low": low,
        "first": rests["first"][places],
        **{name: paths[name][places] for name in ("packets", "bytes", "last")},
        "told": np.zeros(len(places), dtype=np.int64),
        "near_high": near_high,
        "near_low": near_low,
    }


def _told(local: LocalTraffic) -> Columns:
    """Return a row for each binding of an address of another host."""
    bindings = local.traffic.bindings
    chosen = (bindings["kind"] == c.BOUND) & (bindings["mac"] > 0)
    chosen &= _is_one_host(bindings["high"], bindings["low"]) & ~local.holds(bindings["high"], bindings["low"])
    found = bindings[chosen]
    nothing = np.zeros(len(found), dtype=np.int64)
    return {
        **dict.fromkeys(FIELDS, nothing),
        **{name: found[name] for name in ("mac", "high", "low")},
        "ipv6": (~is_ipv4(found["high"], found["low"])).astype(np.int64),
        "told": found["first"],
    }


def _is_one_host(high: Rows, low: Rows) -> Rows:
    several = within(high, low, MULTICAST) | (high == 0) & (low == BROADCAST)
    return ~several & ~unspecified(high, low)


class Arrivals(NamedTuple):
    """What came from addresses, a row for each of those in question."""

    first: Rows  # number of the first frame; 0: none
    hops: Rows  # its hop limit


def arrivals(local: LocalTraffic, rows: Reached, wanted: Rows) -> Arrivals:
    """Return what came to the local host from the addresses and stations of some rows (a mask); 0 for the others."""
    paths, rests = local.traffic.paths, local.traffic.rests
    first, hops = np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.int64)
    chosen = np.flatnonzero(local.to_itself & (local.kind == c.PAIR))
    chosen = chosen[np.isin(local.source[1][chosen], rows.low[wanted])]
    columns: list[Any] = [paths["source_mac"], *local.source, rests["first"], rests["hops"]]
    found: dict[tuple[int, int, int], tuple[int, int]] = {}
    for mac, high, low, number, limit in zip(*(one[chosen].tolist() for one in columns), strict=True):
        before = found.get((mac, high, low))
        if before is None or number < before[0]:
            found[mac, high, low] = number, limit
    places = np.flatnonzero(wanted)
    keys = zip(*(one[places].tolist() for one in (rows.mac, rows.high, rows.low)), strict=True)
    for row, key in zip(places.tolist(), keys, strict=True):
        first[row], hops[row] = found.get(key, (0, 0))
    return Arrivals(first, hops)


def link_local(rows: Reached) -> Rows:
    """Tell of each address whether it is one of its link only: no router passes it on (RFC 4291 §2.5.6, RFC 3927)."""
    return within(rows.high, rows.low, LINK_LOCAL)


def latest(rows: Reached) -> Reached:
    """Return the rows with nothing sent to an address but through its last station: what held then counts."""
    sent = np.flatnonzero(rows.packets > 0)
    # Where an address has one station, as nearly all have, nothing is to be done: look at the others only.
    _, index, counts = np.unique(rows.low[sent], return_inverse=True, return_counts=True)
    sent = sent[counts[index] > 1]
    order = sent[np.lexsort((rows.last[sent], rows.low[sent], rows.high[sent], rows.ipv6[sent]))]
    same = np.logical_and.reduce([part[order][1:] == part[order][:-1] for part in (rows.low, rows.high, rows.ipv6)])
    older = order[:-1][same]
    for values in (rows.packets, rows.bytes, rows.first, rows.last):
        values[older] = 0
    return rows
