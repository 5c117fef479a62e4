"""What addresses are called, by what the capture itself says: the name that held at a time, and who says so."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .addresses import Address, is_one_hosts
from .host_names import host_name
from .mentions import DHCP_SAYS, DNS_SAYS, NETBIOS_SAYS, REVERSE_SAYS, Mentions, reversed_addresses
from .packets import NamePackets
from .reading import Reading
from .searching import Ipv4Search, Ipv6Search

Rows = np.ndarray[Any, Any]

SNI, HTTP, NRB, RESOLVER = "sni", "http", "nrb", "resolver"
TRIES = 16
"""Messages that are dissected for one question before it is given up: bytes may look like an address and be none."""


class Name(NamedTuple):
    """A name of an address, and what says so."""

    fqdn: str
    source: str
    """``dns``, ``mdns``, ``llmnr``, ``dhcp``, ``nbns``, ``sni``, ``http``, ``nrb``, ``ptr`` or ``resolver``."""
    number: int
    """Of the packet that says so; 0 where none does (``nrb``, ``resolver``)."""
    time: int | None
    """Of that packet, ns since the epoch."""
    canonical: str
    """The name behind the aliases (CNAME) of ``fqdn``; mostly the same."""


class _Moments:
    """What was said of one address at which times, to anybody and to each."""

    def __init__(self) -> None:
        self._said: list[tuple[int, int, Address]] = []
        self._sorted = True
        self._by_listener: dict[Address, list[tuple[int, int]]] = {}

    def add(self, time: int, one: int, listener: Address) -> None:
        self._said.append((time, one, listener))
        self._sorted = False

    def around(self, time: int, listener: Address | None) -> Iterator[int]:
        """Yield what was said: the last before a time first, to the listener before others; then the first after it."""
        if not self._sorted:
            self._said.sort()
            self._sorted = True
            self._by_listener.clear()
            for when, one, to in self._said:
                self._by_listener.setdefault(to, []).append((when, one))
        to_it = self._by_listener.get(listener, []) if listener is not None else []
        own = bisect_right(to_it, time, key=lambda said: said[0])
        at = bisect_right(self._said, time, key=lambda said: said[0])
        for index in range(own - 1, -1, -1):
            yield to_it[index][1]
        for index in range(at - 1, -1, -1):
            yield self._said[index][1]
        for index in range(own, len(to_it)):
            yield to_it[index][1]
        for index in range(at, len(self._said)):
            yield self._said[index][1]


class NameBook:
    """Names for addresses, looked up when they are asked for.

    Of what is said of an address the first counts of: answers of DNS, mDNS and LLMNR to a question for a name; what a
    host called itself to DHCP, then to NetBIOS; the server's name in a TLS hello, then in an HTTP request, sent to it;
    pcapng name resolution blocks, which do not say when they hold; reverse DNS answers, which tell more of the
    provider than of the service; last the resolver of this machine, if it was asked. Of each, the last at or before
    the time counts, before the first after it.
    """

    def __init__(self, packets: NamePackets | None = None) -> None:
        self._reading = Reading(packets)
        self._known: dict[Address, None] = {}
        self._until = 0
        self._evidence: dict[tuple[str, Address], _Moments] = {}
        self._hints: dict[tuple[str, Address], _Moments] = {}
        self._hinted: list[Name] = []
        self._records: dict[Address, str] = {}
        self._resolved: dict[Address, str] = {}

    # --- what is known besides the kept packets

    def add_record(self, high: int, low: int, names: Iterable[str | bytes]) -> None:
        """Take what a name resolution block says of an address; the first name that can be shown counts."""
        for raw in names:
            name = host_name(raw)
            if name:
                self._records.setdefault((high, low), name)
                return

    def add_hint(self, high: int, low: int, time: int, name: str | bytes, kind: str, number: int = 0) -> None:
        """Take the name (``kind``: SNI or HTTP) by which a connection asked for a server.

        ``time``: of that connection's first packet, so that its own hint is the last one for it.
        """
        shown = host_name(name)
        if shown and kind in (SNI, HTTP):
            moments = self._hints.setdefault((kind, (high, low)), _Moments())
            moments.add(time, len(self._hinted), (0, 0))
            self._hinted.append(Name(shown, kind, number, time, shown))

    def add_resolved(self, high: int, low: int, name: str) -> None:
        """Take what the resolver of this machine says of an address."""
        shown = host_name(name)
        if shown:
            self._resolved[high, low] = shown

    # --- questions

    def prepare(self, addresses: Iterable[Address]) -> None:
        """Look in the kept packets for addresses that will be asked for: all at once costs little more than one."""
        new = [one for one in dict.fromkeys(addresses) if one not in self._known and is_one_hosts(one)]
        blocks = self._reading.blocks()
        # What is new in a growing capture is searched for all addresses, what is old only for the new ones.
        of_new = Mentions(new)
        of_all = (
            Mentions([*self._known, *new]) if self._known and blocks and blocks[-1].first >= self._until else of_new
        )
        self._known.update(dict.fromkeys(new))
        for block in blocks:
            for kind, address, index in (of_new if block.first < self._until else of_all).of(block):
                row = block.rows[index]
                moments = self._evidence.setdefault((kind, address), _Moments())
                listener = int(row["target_high"]), int(row["target_low"])
                moments.add(int(row["time"]), block.first + index, listener)
        if blocks:
            self._until = blocks[-1].first + len(blocks[-1].rows)

    def mentioned(self, high: Rows, low: Rows) -> Rows:
        """Tell of each of very many addresses (halves, each address once) whether a kept packet may name it."""
        found = np.zeros(len(high), dtype=bool)
        blocks = self._reading.blocks()
        if not blocks:
            return found
        is4 = (high == 0) & (low >> 32 == 0xFFFF)
        searches: list[tuple[Rows, Ipv4Search | Ipv6Search]] = []
        if is4.any():
            searches.append((np.flatnonzero(is4), Ipv4Search(low[is4] & 0xFFFFFFFF)))
        if not is4.all():
            searches.append((np.flatnonzero(~is4), Ipv6Search(np.stack([high[~is4], low[~is4]], axis=1))))
        for block in blocks:
            for rows, search in searches:
                found[rows[search.find(block.data)[1]]] = True
            backwards = {address for _, address in reversed_addresses(block)}
            for row in np.flatnonzero(np.isin(low, [one[1] for one in backwards])).tolist():
                found[row] |= (int(high[row]), int(low[row])) in backwards
        return found

    def named(self) -> frozenset[Address]:
        """Return the addresses, of those asked for, that anything is known of."""
        told = (address for kind, address in (*self._evidence, *self._hints))
        return frozenset((*told, *self._records, *self._resolved))

    def name(self, address: Address, time: int, asker: Address | None = None) -> Name | None:
        """Return the name that an address had at a time (ns since the epoch), as far as is known.

        ``asker``: the address whose view it is; what was answered to it counts before what others were told.
        """
        if not is_one_hosts(address):
            return None
        if address not in self._known:
            self.prepare([address])
        for kind in (DNS_SAYS, DHCP_SAYS, NETBIOS_SAYS, SNI, HTTP, NRB, REVERSE_SAYS, RESOLVER):
            found = self._of_kind(kind, address, time, asker)
            if found:
                return found
        return None

    def unnamed(self, addresses: Iterable[Address], time: int) -> list[Address]:
        """Return those of the addresses that have no name: what is left to hints, and to a resolver."""
        return [one for one in dict.fromkeys(addresses) if is_one_hosts(one) and self.name(one, time) is None]

    def _of_kind(self, kind: str, address: Address, time: int, asker: Address | None) -> Name | None:
        if kind in (NRB, RESOLVER):
            name = (self._records if kind == NRB else self._resolved).get(address)
            return Name(name, kind, 0, None, name) if name else None
        if kind in (SNI, HTTP):
            hints = self._hints.get((kind, address))
            return self._hinted[next(hints.around(time, None))] if hints else None
        moments = self._evidence.get((kind, address))
        tried: set[int] = set()
        for one in moments.around(time, asker) if moments else ():
            if one not in tried:
                said = self._reading.said(kind, address, one)
                if said:
                    return Name(*said)
                tried.add(one)
                if len(tried) == TRIES:
                    break
        return None
