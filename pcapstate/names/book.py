"""Names of addresses, from the capture itself: the name valid at a time, and its source."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..addresses import Address, is_ipv4, is_one_hosts
from ..rows import Rows, among, unique
from .evidence import EACH, Evidence, recipients
from .host_names import host_name
from .mentions import DHCP_NAME, DNS_NAME, KINDS, NETBIOS_NAME, REVERSE_NAME, Mentions, reversed_addresses
from .packets import NamePackets
from .reading import Reading
from .searching import Ipv4Search, Ipv6Search

SNI, HTTP, NRB, RESOLVER = "sni", "http", "nrb", "resolver"
TRIES = 16
"""Messages parsed for one lookup before it gives up: bytes may look like an address without being one."""
MOST = 64 << 20
"""Most bytes of memory: half for addresses, a quarter each for names in messages and names used by clients."""
ADDRESS, TEXT = 320, 160
"""Bytes of memory for a known address, and for a name besides its characters."""
MANY = 20_000
"""With more addresses, those that no message mentions are discarded first."""


class Name(NamedTuple):
    """A name of an address, and its source."""

    fqdn: str
    source: str
    """``dns``, ``mdns``, ``llmnr``, ``dhcp``, ``nbns``, ``sni``, ``http``, ``nrb``, ``ptr`` or ``resolver``."""
    number: int
    """The packet with the name; 0 for none (``nrb``, ``resolver``)."""
    time: int | None
    """The time of that packet, ns since the epoch."""
    canonical: str
    """The canonical name of ``fqdn`` (CNAME), usually the same."""


class NameBook:
    """Names of addresses, looked up on demand.

    Sources, in order of precedence: answers of DNS, mDNS and LLMNR to a query for a name; the host's own name in DHCP,
    then in NetBIOS; the server name in a TLS hello, then in an HTTP request, sent to the address; pcapng name
    resolution blocks, which have no times; reverse DNS answers, which name the provider rather than the service; the
    resolver of this machine, if it was asked. Within a source, the last name at or before the time counts; without one,
    the first after it.
    """

    def __init__(self, packets: NamePackets | None = None, most: int = MOST) -> None:
        self._reading = Reading(packets)
        self._most_known = most // 2 // ADDRESS
        self._known: dict[Address, int] = {}
        self._complete = False
        self._until = 0
        self._evidence = Evidence(most // 4 // EACH)
        self._hints = Evidence(most // 4 // EACH)
        self._hint_room = most // 4
        self._hinted: dict[Address, int] = {}
        self._texts: dict[str, int] = {}
        self._names: list[str] = []
        self._hint_rows = tuple(array("q") for _ in range(3))
        self._records: dict[Address, str] = {}
        self._resolved: dict[Address, str] = {}
        self._named: Rows | None = None
        self._not_looked_for = 0

    @property
    def dropped(self) -> tuple[int, int, int]:
        """Counts beyond the limits: addresses not searched, mentions of addresses, names used by clients."""
        return self._not_looked_for, self._evidence.dropped, self._hints.dropped

    # --- names from elsewhere than the kept packets

    def add_record(self, high: int, low: int, names: Iterable[str | bytes]) -> None:
        """Add the names of an address from a name resolution block; the first valid name counts."""
        for raw in names:
            name = host_name(raw)
            if name:
                self._records.setdefault((high, low), name)
                self._named = None
                return

    def add_hint(self, high: int, low: int, time: int, name: str | bytes, kind: str, number: int = 0) -> None:
        """Add the server name that a connection used (``kind``: SNI or HTTP).

        ``time``: of the connection's first packet, so that its own hint is the latest one for it.
        """
        shown = host_name(name)
        if not shown or kind not in (SNI, HTTP):
            return
        address = high, low
        takes = EACH + 24 + ADDRESS * (address not in self._hinted) + (TEXT + len(shown)) * (shown not in self._texts)
        if takes > self._hint_room:
            self._hints.dropped += 1
            return
        self._hint_room -= takes
        key = 2 * self._hinted.setdefault(address, len(self._hinted)) + (kind == HTTP)
        self._hints.add_one(key, time, len(self._hint_rows[0]))
        if shown not in self._texts:
            self._texts[shown] = len(self._names)
            self._names.append(shown)
        for row, value in zip(self._hint_rows, (self._texts[shown], number, time), strict=True):
            row.append(value)
        self._named = None

    def add_resolved(self, high: int, low: int, name: str) -> None:
        """Add the name of an address from this machine's resolver."""
        shown = host_name(name)
        if shown:
            self._resolved[high, low] = shown
            self._named = None

    # --- questions

    def prepare(self, addresses: Iterable[Address]) -> None:
        """Search the kept messages for addresses to be looked up: all at once costs little more than one."""
        asked = [one for one in dict.fromkeys(addresses) if is_one_hosts(one)]
        new = [one for one in asked if one not in self._known]
        if len(self._known) + len(new) > self._most_known:
            # The other addresses are not looked up at the moment.
            self._known.clear()
            self._evidence.forget()
            new = asked[: self._most_known]
            self._not_looked_for = max(self._not_looked_for, len(asked) - len(new))
        blocks = self._reading.blocks()
        if self._evidence.room <= 0 and blocks and blocks[-1].first >= self._until:
            # New addresses take the place of old ones.
            self._evidence.forget()
            self._known, new, self._until = {}, [*self._known, *new], 0
        self._evidence.forget(blocks[0].first if blocks else 0)
        # New messages of a growing capture are searched for all addresses, old ones only for new addresses.
        before = list(self._known) if blocks and blocks[-1].first >= self._until else []
        self._known.update(zip(new, range(len(self._known), len(self._known) + len(new)), strict=True))
        of_new = Mentions(new)
        of_all = Mentions([*before, *new]) if before else of_new
        # The latest first: beyond the limit, the oldest mentions are dropped.
        for block in reversed(blocks):
            search = of_new if block.first < self._until else of_all
            index, kinds, which = (one[::-1] for one in search.of(block))
            first = 0 if search is of_all and before else len(self._known) - len(new)
            time, *target = (block.rows[field][index] for field in ("time", "target_high", "target_low"))
            self._evidence.add((first + which) * len(KINDS) + kinds, time, block.first + index, recipients(*target))
        if blocks:
            self._until = blocks[-1].first + len(blocks[-1].rows)
        self._named = None

    def prepare_all(self, high: Rows, low: Rows) -> None:
        """Search the kept messages for all addresses to be looked up (halves, without duplicates)."""
        self._complete = False
        if len(high) > MANY:
            # Most of very many addresses, as in a flood, are mentioned nowhere and need no memory.
            mentioned = self._mentioned(high, low)
            high, low = high[mentioned], low[mentioned]
        self.prepare(zip(high.tolist(), low.tolist(), strict=True))
        self._complete = True

    def _mentioned(self, high: Rows, low: Rows) -> Rows:
        """Tell for each of very many addresses (halves, without duplicates) whether a kept packet may name it."""
        found = np.zeros(len(high), dtype=bool)
        blocks = self._reading.blocks()
        if not blocks:
            return found
        is4 = is_ipv4(high, low)
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

    def may_name(self, high: Rows, low: Rows) -> Rows:
        """Tell for each searched address whether it may have a name."""
        if self._named is None:
            ids = unique(self._evidence.keys() // len(KINDS))
            known = list(self._known) if len(ids) else []
            named = (*(known[one] for one in ids.tolist()), *self._hinted, *self._records, *self._resolved)
            halves = np.array(named, dtype=np.int64).reshape(-1, 2)
            self._named = unique(whole(halves[:, 0], halves[:, 1]))
        return among(whole(high, low), self._named)

    def name(self, address: Address, time: int, asker: Address | None = None) -> Name | None:
        """Return the name of an address at a time (ns since the epoch); None if unknown.

        ``asker``: the local address; answers sent to it take precedence over answers to others.
        """
        if not is_one_hosts(address):
            return None
        if address not in self._known and not self._complete:
            self.prepare([address])
        for kind in (DNS_NAME, DHCP_NAME, NETBIOS_NAME, SNI, HTTP, NRB, REVERSE_NAME, RESOLVER):
            found = self._of_kind(kind, address, time, asker)
            if found:
                return found
        return None

    def unnamed(self, addresses: Iterable[Address], time: int) -> list[Address]:
        """Return the addresses without a name, which are left to hints and the resolver."""
        asked = [one for one in dict.fromkeys(addresses) if is_one_hosts(one)]
        if not self._complete:
            self.prepare(asked)
        return [one for one in asked if self.name(one, time) is None]

    def _of_kind(self, kind: str, address: Address, time: int, asker: Address | None) -> Name | None:
        if kind in (NRB, RESOLVER):
            name = (self._records if kind == NRB else self._resolved).get(address)
            return Name(name, kind, 0, None, name) if name else None
        if kind in (SNI, HTTP):
            asked = self._hinted.get(address)
            one = None if asked is None else next(self._hints.around(2 * asked + (kind == HTTP), time, None), None)
            return None if one is None else self._hint(one, kind)
        known = self._known.get(address)
        if known is None:
            return None
        tried: set[int] = set()
        to = None if asker is None else int(recipients(*np.array(asker).reshape(2, 1))[0])
        for one in self._evidence.around(known * len(KINDS) + KINDS.index(kind), time, to):
            if one not in tried:
                found = self._reading.claim(kind, address, one)
                if found:
                    return Name(*found)
                tried.add(one)
                if len(tried) == TRIES:
                    break
        return None

    def _hint(self, one: int, kind: str) -> Name:
        text, number, time = (row[one] for row in self._hint_rows)
        name = self._names[text]
        return Name(name, kind, number, time, name)


def whole(high: Rows, low: Rows) -> Rows:
    """Return addresses, given as halves, as one array that can be sorted and searched."""
    return np.ascontiguousarray(np.stack([high, low], axis=-1).astype(">i8")).view("S16").reshape(-1)


def halves(addresses: Rows) -> tuple[Rows, Rows]:
    """Return the high and low halves of addresses from ``whole``."""
    both = addresses.view(">i8").reshape(-1, 2).astype(np.int64)
    return both[:, 0], both[:, 1]
