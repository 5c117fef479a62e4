"""The local host's share of the traffic: packets it sent, received and forwarded, and its own stations."""

from __future__ import annotations

import ipaddress

import numpy as np

from ..addresses import IPV4_MAPPED, IPAddress, Network, packed, within
from ..decode.protocols import ETHERTYPE_IPV4, ETHERTYPE_IPV6
from ..rows import Rows, unique
from ..tcp.perspective import Perspective
from . import tables as c
from .own_station import FIRST_HOPS
from .traffic import Traffic

MULTICAST: tuple[Network, ...] = (ipaddress.ip_network("224.0.0.0/4"), ipaddress.ip_network("ff00::/8"))
BROADCAST = 0xFFFF_FFFFFFFF
"""The low half of 255.255.255.255."""
LINK_LOCAL: tuple[Network, ...] = (ipaddress.ip_network("fe80::/10"), ipaddress.ip_network("169.254.0.0/16"))
ALL_HOSTS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one) for one in ("224.0.0.1/32", "255.255.255.255/32", "ff01::1/128", "ff02::1/128")
)
SOLICITED: tuple[Network, ...] = (ipaddress.ip_network("ff02::1:ff00:0/104"),)
"""Solicited-node groups: each address has the one with its last 24 bits (RFC 4291 §2.7.1)."""

BEHIND_ROUTER = "the host is behind a router here: only the frames that carried its own packets are counted"
ALL = "all hosts together: each frame counts as sent and as received (--local ADDRESS chooses a host)"


class LocalTraffic:
    """Masks over the paths of a capture, one bool for each path, from a perspective.

    ``sent``, ``received``: IP packets from and to the local host, without those it forwards; ``to_itself``: received
    unicast packets; ``delivered``: these, and packets to groups that it has certainly joined; ``to_forward``,
    ``forwarded``: packets that its station received and sent for others; ``frames_sent``,
    ``frames_received``: Ethernet frames. Without a single local host all masks are true.
    """

    def __init__(self, traffic: Traffic, whose: Perspective) -> None:
        self.traffic = traffic
        self.single = bool(whose.networks)
        """Whether there is a local host."""
        self.own: Rows = np.zeros(0, dtype=np.int64)
        """The MAC addresses of its stations."""
        self._whose = whose
        self._own_link_local = np.zeros((0, 2), dtype=np.int64)
        paths, rests = traffic.paths, traffic.rests
        layer = paths["layer"].astype(np.int64)
        self.kind = layer & ((1 << c.KIND_BITS) - 1)
        self.ethertype = layer >> c.KIND_BITS
        self.source = (rests["source_high"], paths["source_low"])
        self.target = (rests["target_high"], paths["target_low"])
        self.ipv4 = self.ethertype == ETHERTYPE_IPV4
        self.ipv6 = self.ethertype == ETHERTYPE_IPV6
        self.group = (paths["target_mac"] >= 0) & (paths["target_mac"] & c.GROUP != 0)
        self.has_source = self.kind != c.TO
        self.has_target = self.kind != c.FROM
        self.notes: list[str] = []
        if whose.networks:
            self._from_the_side_of(whose)
        else:
            ip = self.ipv4 | self.ipv6
            none = np.zeros(len(paths), dtype=bool)
            self.sent, self.received = ip & self.has_source, ip & self.has_target
            self.delivered, self.to_forward, self.forwarded = self.received, none, none
            self.to_itself = self.received & ~self.group
            ethernet = paths["source_mac"] >= 0
            self.frames_sent, self.frames_received = ethernet & self.has_source, ethernet & self.has_target
            self.notes.append(ALL)

    def _from_the_side_of(self, whose: Perspective) -> None:
        paths = self.traffic.paths
        ip = self.ipv4 | self.ipv6
        from_local = ip & self.has_source & whose.holds(*self.source)
        to_local = ip & self.has_target & whose.holds(*self.target)
        # A capture that includes a second link has the host's packets twice: a router has forwarded them.
        forwarders = self._forwarders(whose, from_local)
        from_local &= ~np.isin(paths["source_mac"], forwarders)
        to_local &= ~np.isin(paths["target_mac"], forwarders)
        own, shared = self._stations(whose, from_local, to_local)
        from_own, to_own = np.isin(paths["source_mac"], own), np.isin(paths["target_mac"], own)

        # Link-local addresses of its station are its own. Without an address yet, it sends from the unspecified one.
        link_local = ip & self.has_source & within(*self.source, LINK_LOCAL)
        unaddressed = ip & self.has_source & unspecified(*self.source)
        from_local |= from_own & (link_local | unaddressed)
        self.own, self._own_link_local = own, self._link_local_addresses(own, link_local & from_own)
        to_local |= ip & self.has_target & _among(*self.target, self._own_link_local)

        multicast = ip & self.has_target & (within(*self.target, MULTICAST) | (self.target[1] == BROADCAST) & self.ipv4)
        to_group = ip & self.has_target & (multicast | self.group) & ~from_local & ~from_own
        # The host receives broadcasts on its own link.
        to_group &= np.isin(paths["target_mac"], [c.NO_MAC]) | bool(len(own))
        mine = self.ipv6 & from_local
        solicited = within(*self.target, SOLICITED) & np.isin(
            self.target[1] & 0xFFFFFF, np.concatenate([self.source[1][mine], self.target[1][to_local]]) & 0xFFFFFF
        )
        joined = within(*self.target, ALL_HOSTS) | self.ipv4 & self.group & ~multicast | self.ipv6 & solicited

        self.sent, self.received, self.to_itself = from_local, to_local | to_group, to_local
        self.delivered = to_local | to_group & joined
        self.to_forward = ip & self.has_target & to_own & ~to_local & ~multicast
        self.forwarded = ip & self.has_source & from_own & ~from_local & ~multicast & ~self.group
        broadcast = self.has_target & self.group & ~from_own & bool(len(own))
        behind = np.isin(paths["source_mac"], shared) & from_local, np.isin(paths["target_mac"], shared) & to_local
        self.frames_sent = self.has_source & from_own | behind[0]
        self.frames_received = self.has_target & to_own | broadcast | behind[1]
        if len(shared):
            self.notes.append(BEHIND_ROUTER)

    def _forwarders(self, whose: Perspective, from_local: Rows) -> Rows:
        """Return the MAC addresses of routers that forward the host's packets.

        From them the packets have lower hop limits; another MAC address sends them with the initial hop limits.
        """
        paths, bindings = self.traffic.paths, self.traffic.bindings
        sent = from_local & (paths["source_mac"] >= 0) & ~self.group
        fresh = np.isin(self.traffic.rests["hops"], FIRST_HOPS)
        first = unique(paths["source_mac"][sent & fresh])
        if not len(first):
            return first
        bound = (bindings["kind"] == c.BOUND) & whose.holds(bindings["high"], bindings["low"])
        later = unique(paths["source_mac"][sent & ~fresh])
        return later[~np.isin(later, first) & ~np.isin(later, bindings["mac"][bound])]

    def _stations(self, whose: Perspective, from_local: Rows, to_local: Rows) -> tuple[Rows, Rows]:
        """Return the host's own MAC addresses, and those that also carry packets of other hosts."""
        paths, bindings = self.traffic.paths, self.traffic.bindings
        bound = bindings[(bindings["kind"] == c.BOUND) & whose.holds(bindings["high"], bindings["low"])]
        proved = unique(bound["mac"])
        # If the perspective has no address of a family, the station's addresses of that family are the host's.
        versions = {one.version for one in whose.networks}
        of_family = self.ipv4 & (4 in versions) | self.ipv6 & (6 in versions)
        used, foreign = [], []
        for mac, addresses, there, mine in (
            (paths["source_mac"], self.source, self.has_source, from_local),
            (paths["target_mac"], self.target, self.has_target & ~self.group, to_local),
        ):
            used.append(mac[mine & there & (mac >= 0)])
            others = of_family & there & ~mine & ~unspecified(*addresses) & ~within(*addresses, LINK_LOCAL)
            foreign.append(mac[others])
        stations = unique(np.concatenate(used))
        if not len(stations):
            return proved, stations
        own = np.isin(stations, proved) | ~np.isin(stations, np.concatenate(foreign))
        return stations[own], stations[~own]

    def _link_local_addresses(self, own: Rows, paths: Rows) -> Rows:
        bindings = self.traffic.bindings
        bound = (bindings["kind"] == c.BOUND) & np.isin(bindings["mac"], own)
        bound &= within(bindings["high"], bindings["low"], LINK_LOCAL)
        high = np.concatenate([bindings["high"][bound], self.source[0][paths]])
        low = np.concatenate([bindings["low"][bound], self.source[1][paths]])
        return unique(np.stack([high, low], axis=1))

    def holds(self, high: Rows, low: Rows) -> Rows:
        """Tell for each address whether it is the local host's; without a single local host none is."""
        if not self.single:
            return np.zeros(len(high), dtype=bool)
        return self._whose.holds(high, low) | _among(high, low, self._own_link_local)

    def is_local(self, host: IPAddress) -> bool:
        """Tell whether an address is the local host's."""
        return bool(self.holds(*(np.array([half]) for half in packed(host.packed)))[0])

    def packets(self, mask: Rows) -> int:
        """Return the number of packets on the chosen paths."""
        return int(self.traffic.paths["packets"][mask].sum())

    def bytes(self, mask: Rows) -> int:
        """Return the bytes of the frames on the chosen paths."""
        return int(self.traffic.paths["bytes"][mask].sum())

    def datagrams(self, mask: Rows) -> int:
        """Return the number of whole UDP datagrams on the chosen paths."""
        return int(self.traffic.rests["udp"][mask].sum())

    def tallied(
        self,
        mask: Rows,
        variant: int,
        protocol: int | None = None,
        types: tuple[int, ...] | None = None,
        code: int | None = None,
    ) -> int:
        """Return the number of packets on the chosen paths with a variant, a protocol, and ICMP types or a code."""
        tallies = self.traffic.tallies
        coded = tallies["code"]
        chosen = (coded >> c.VARIANT_SHIFT << c.VARIANT_SHIFT == variant) & mask[tallies["path"]]
        if protocol is not None:
            chosen &= coded >> c.PROTOCOL_SHIFT & 0xFF == protocol
        if types is not None:
            chosen &= np.isin(coded >> 8 & 0xFF, types)
        if code is not None:
            chosen &= coded & 0xFF == code
        return int(tallies["count"][chosen].sum())

    def fragments(self, mask: Rows) -> int:
        """Return the number of fragments on the chosen paths."""
        return self.tallied(mask, c.FIRST_FRAGMENT) + self.tallied(mask, c.LATER_FRAGMENT)


def unspecified(high: Rows, low: Rows) -> Rows:
    """Tell for each address whether it is unspecified: 0.0.0.0 or ::."""
    return (high == 0) & ((low == 0) | (low == IPV4_MAPPED))


def _among(high: Rows, low: Rows, addresses: Rows) -> Rows:
    """Tell for each address whether it is in ``addresses`` (two columns: high and low half)."""
    found = np.zeros(len(high), dtype=bool)
    if not len(addresses):
        return found
    near = np.flatnonzero(np.isin(low, addresses[:, 1]))
    known = {(one[0], one[1]) for one in addresses.tolist()}
    found[near] = [(one, other) in known for one, other in zip(high[near].tolist(), low[near].tolist(), strict=True)]
    return found
