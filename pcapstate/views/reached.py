"""Which address was reached through which station, and what else ties an address to a station: the ground of routes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..decode.frames import ETHERTYPE_IPV6
from ..query.networks import within
from ..traffic import contracts as c
from .local_traffic import BROADCAST, LINK_LOCAL, MULTICAST, LocalTraffic, Rows, unspecified

OUT, IN, TOLD = range(3)
"""What a row of the ground says: packets went to the address through the station; came from it; ARP or ND bind them."""


class Reached(NamedTuple):
    """A row for each station and address that belong together, by station, family and address."""

    mac: Rows
    ipv6: Rows  # bool
    high: Rows
    low: Rows
    packets: Rows  # sent to the address through the station
    bytes: Rows
    first: Rows  # number of the first and last frame of these; 0: none
    last: Rows
    came: Rows  # number of the first frame that came from it; 0: none
    hops: Rows  # its hop limit
    told: Rows  # number of the first frame in which ARP or ND says so; 0: none
    interface_high: Rows  # the address that the last packet was sent from
    interface_low: Rows

    def chosen(self, mask: Rows) -> Reached:
        """Return some of the rows."""
        return Reached(*(one[mask] for one in self))


def reached(local: LocalTraffic) -> Reached:
    """Return all addresses of other hosts by the stations that they go with."""
    ground = np.concatenate([_packets(local, OUT), _packets(local, IN), _told(local)])
    order = np.lexsort([ground[name] for name in ("last", "what", "low", "high", "ipv6", "mac")])
    ground = ground[order]
    keys = ("mac", "ipv6", "high", "low")
    new = np.ones(len(ground), dtype=bool)
    if len(ground):
        new[1:] = np.logical_or.reduce([ground[name][1:] != ground[name][:-1] for name in keys])
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1

    def total(name: str, what: int) -> Rows:
        return _reduced(np.add, np.where(ground["what"] == what, ground[name], 0), starts)

    def earliest(what: int) -> Rows:
        numbers = np.where(ground["what"] == what, ground["first"], NEVER)
        found = _reduced(np.minimum, numbers, starts)
        return np.where(found == NEVER, 0, found)

    going = ground["what"] == OUT
    # Within a group rows are in order of what they say, then of their last frame: the last of them wins.
    latest = np.zeros(len(starts), dtype=np.int64)
    latest[group[going]] = np.flatnonzero(going)
    came = earliest(IN)
    hops = np.zeros(len(starts), dtype=np.int64)
    arrived = np.flatnonzero((ground["what"] == IN) & (ground["first"] == came[group]))
    hops[group[arrived]] = ground["hops"][arrived]
    mac, ipv6, high, low = (ground[name][starts] for name in keys)
    return Reached(
        mac,
        ipv6,
        high,
        low,
        total("packets", OUT),
        total("bytes", OUT),
        earliest(OUT),
        _reduced(np.maximum, np.where(going, ground["last"], 0), starts),
        came,
        hops,
        earliest(TOLD),
        ground["near_high"][latest] if len(ground) else latest,
        ground["near_low"][latest] if len(ground) else latest,
    )


NEVER = np.iinfo(np.int64).max
FIELDS = ("mac", "ipv6", "high", "low", "what", "packets", "bytes", "first", "last", "hops", "near_high", "near_low")
GROUND = np.dtype([(name, "i8") for name in FIELDS])
"""What one path, or one binding, says of an address (``high``, ``low``); ``near_...``: the other one of the path."""


def _reduced(how: Any, values: Rows, starts: Rows) -> Rows:
    return how.reduceat(values, starts) if len(starts) else values[:0]


def _packets(local: LocalTraffic, what: int) -> Rows:
    """Return a row for each path that goes to another host, or comes from one."""
    paths, rests = local.traffic.paths, local.traffic.rests
    going = what == OUT
    mac = paths["target_mac" if going else "source_mac"]
    far, near = (local.target, local.source) if going else (local.source, local.target)
    mine, theirs = (local.sent, local.received) if going else (local.received, local.sent)
    # A station of 0 is that of a loopback interface.
    chosen = mine & (local.kind == c.PAIR) & ~local.group & (mac > 0)
    if local.single:
        chosen &= ~theirs
    chosen[chosen] &= _is_one_host(far[0][chosen], far[1][chosen])
    rows = np.zeros(int(chosen.sum()), dtype=GROUND)
    rows["mac"], rows["high"], rows["low"], rows["what"] = mac[chosen], far[0][chosen], far[1][chosen], what
    rows["ipv6"] = local.ethertype[chosen] == ETHERTYPE_IPV6
    rows["near_high"], rows["near_low"] = near[0][chosen], near[1][chosen]
    for name, values in (("packets", paths), ("bytes", paths), ("last", paths), ("first", rests), ("hops", rests)):
        rows[name] = values[name][chosen]
    return rows


def _told(local: LocalTraffic) -> Rows:
    """Return a row for each binding of an address of another host."""
    bindings = local.traffic.bindings
    chosen = (bindings["kind"] == c.BOUND) & (bindings["mac"] > 0)
    chosen &= _is_one_host(bindings["high"], bindings["low"]) & ~local.holds(bindings["high"], bindings["low"])
    found = bindings[chosen]
    rows = np.zeros(len(found), dtype=GROUND)
    for name in ("mac", "high", "low", "first", "last"):
        rows[name] = found[name]
    rows["ipv6"] = (found["high"] != 0) | (found["low"] >> 32 != 0xFFFF)
    rows["what"] = TOLD
    return rows


def _is_one_host(high: Rows, low: Rows) -> Rows:
    several = within(high, low, MULTICAST) | (high == 0) & (low == BROADCAST)
    return ~several & ~unspecified(high, low)


def link_local(rows: Reached) -> Rows:
    """Tell of each address whether it is one of its link only: no router passes it on (RFC 4291 §2.5.6, RFC 3927)."""
    return within(rows.high, rows.low, LINK_LOCAL)


def latest(rows: Reached) -> Reached:
    """Return the rows with nothing sent to an address but through its last station: what held then counts."""
    sent = np.flatnonzero(rows.packets > 0)
    order = sent[np.lexsort((rows.last[sent], rows.low[sent], rows.high[sent], rows.ipv6[sent]))]
    same = np.logical_and.reduce([part[order][1:] == part[order][:-1] for part in (rows.low, rows.high, rows.ipv6)])
    older = order[:-1][same]
    for values in (rows.packets, rows.bytes, rows.first, rows.last):
        values[older] = 0
    return rows
