"""Which addresses belong to which stations, by packets sent to them and by ARP and ND: the input of all routes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..addresses import is_ipv4, within
from ..decode.protocols import ETHERTYPE_IPV6
from ..rows import Rows
from ..traffic import tables as c
from ..traffic.local import BROADCAST, LINK_LOCAL, MULTICAST, LocalTraffic, unspecified


class StationAddresses(NamedTuple):
    """A row for each pair of a station and an address, ordered by family, station and address."""

    ipv6: Rows  # 0 or 1
    mac: Rows
    high: Rows
    low: Rows
    packets: Rows  # sent to the address through the station
    bytes: Rows
    first: Rows  # number of the first and the last of these frames; 0: none
    last: Rows
    resolved: Rows  # number of the first frame of ARP or ND with this pair; 0: none
    interface_high: Rows  # the address that the last packet was sent from
    interface_low: Rows

    def chosen(self, mask: Rows) -> StationAddresses:
        """Return some of the rows."""
        return StationAddresses(*(one[mask] for one in self))


KEYS = ("ipv6", "mac", "high", "low")
FIELDS = (*KEYS, "packets", "bytes", "first", "last", "resolved", "near_high", "near_low")
"""The columns of one path, or one binding (``resolved``: its first frame); ``near``: the path's other end."""
LATER = np.iinfo(np.int64).max

Columns = dict[str, Rows]


def station_addresses(local: LocalTraffic) -> StationAddresses:
    """Return all addresses of other hosts with their stations."""
    parts = (_sent(local), _bound(local))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in FIELDS}
    order = _order(columns)
    if len(order):
        columns = {name: values[order] for name, values in columns.items()}
        columns = _grouped(columns)
    return StationAddresses(*(columns[name] for name in FIELDS))


def _grouped(columns: Columns) -> Columns:
    """Return one row for each station and address; rows of one pair are adjacent."""
    count = len(columns["mac"])
    new = np.ones(count, dtype=bool)
    new[1:] = np.logical_or.reduce([columns[name][1:] != columns[name][:-1] for name in KEYS])
    starts = np.flatnonzero(new)
    if len(starts) == count:
        return columns
    last = np.maximum.reduceat(columns["last"], starts)
    latest = np.flatnonzero(columns["last"] == last[np.cumsum(new) - 1])
    # One frame has one path. Of several bindings without a packet any will do.
    latest = latest[np.searchsorted(latest, starts)]

    def earliest(name: str) -> Rows:
        found = np.minimum.reduceat(np.where(columns[name] == 0, LATER, columns[name]), starts)
        return np.where(found == LATER, 0, found)

    return {
        **{name: columns[name][starts] for name in KEYS},
        **{name: np.add.reduceat(columns[name], starts) for name in ("packets", "bytes")},
        "first": earliest("first"),
        "last": last,
        "resolved": earliest("resolved"),
        **{name: columns[name][latest] for name in ("near_high", "near_low")},
    }


def _order(columns: Columns) -> Rows:
    """Return the order by KEYS. IPv4 station and address fit into one number, which sorts several times faster."""
    _, station = np.unique(columns["mac"], return_inverse=True)
    four = np.flatnonzero(columns["ipv6"] == 0)
    six = np.flatnonzero(columns["ipv6"])
    first = four[np.argsort(station[four] << 32 | columns["low"][four] & 0xFFFFFFFF)]
    second = six[np.lexsort((columns["low"][six], columns["high"][six], station[six]))]
    return np.concatenate([first, second])


def _sent(local: LocalTraffic) -> Columns:
    """Return a row for each path from the local host to another one."""
    paths, rests = local.traffic.paths, local.traffic.rests
    # A station of 0 is that of a loopback interface.
    chosen = local.sent & (local.kind == c.PAIR) & ~local.group & (paths["target_mac"] > 0)
    if local.single:
        chosen &= ~local.received
    # IPv4-mapped addresses in IPv6 packets are forged: none is ever sent (RFC 4291 §2.5.5.2).
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
        "resolved": np.zeros(len(places), dtype=np.int64),
        "near_high": near_high,
        "near_low": near_low,
    }


def _bound(local: LocalTraffic) -> Columns:
    """Return a row for each binding of an address of another host."""
    bindings = local.traffic.bindings
    chosen = (bindings["kind"] == c.BOUND) & (bindings["mac"] > 0)
    chosen &= _is_one_host(bindings["high"], bindings["low"]) & ~local.holds(bindings["high"], bindings["low"])
    found = bindings[chosen]
    zeros = np.zeros(len(found), dtype=np.int64)
    return {
        **dict.fromkeys(FIELDS, zeros),
        **{name: found[name] for name in ("mac", "high", "low")},
        "ipv6": (~is_ipv4(found["high"], found["low"])).astype(np.int64),
        "resolved": found["first"],
    }


def _is_one_host(high: Rows, low: Rows) -> Rows:
    several = within(high, low, MULTICAST) | (high == 0) & (low == BROADCAST)
    return ~several & ~unspecified(high, low)


class Arrivals(NamedTuple):
    """The first frame from each address, a row for each address in question."""

    first: Rows  # number of the first frame; 0: none
    hops: Rows  # its hop limit


def arrivals(local: LocalTraffic, rows: StationAddresses, wanted: Rows) -> Arrivals:
    """Return the first frames to the local host from the stations and addresses of ``wanted`` rows (a mask)."""
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


def link_local(rows: StationAddresses) -> Rows:
    """Tell of each address whether it is link-local: no router forwards it (RFC 4291 §2.5.6, RFC 3927)."""
    return within(rows.high, rows.low, LINK_LOCAL)


def latest(rows: StationAddresses) -> StationAddresses:
    """Return the rows with packets to an address only through its last station, since its last route counts."""
    sent = np.flatnonzero(rows.packets > 0)
    # Nearly all addresses have one station; only the others are looked at.
    _, index, counts = np.unique(rows.low[sent], return_inverse=True, return_counts=True)
    sent = sent[counts[index] > 1]
    order = sent[np.lexsort((rows.last[sent], rows.low[sent], rows.high[sent], rows.ipv6[sent]))]
    same = np.logical_and.reduce([part[order][1:] == part[order][:-1] for part in (rows.low, rows.high, rows.ipv6)])
    older = order[:-1][same]
    for values in (rows.packets, rows.bytes, rows.first, rows.last):
        values[older] = 0
    return rows
