"""What addresses are called, by what the capture itself says: the name that held at a time, and who says so."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..addresses import Address, is_ipv4, is_one_hosts
from ..rows import Rows, unique
from .host_names import host_name
from .mentions import DHCP_SAYS, DNS_SAYS, KINDS, NETBIOS_SAYS, REVERSE_SAYS, Mentions, reversed_addresses
from .packets import NamePackets
from .reading import Reading
from .searching import Ipv4Search, Ipv6Search
from .sightings import EACH, Evidence, listeners

SNI, HTTP, NRB, RESOLVER = "sni", "http", "nrb", "resolver"
TRIES = 16
"""Messages that are dissected for one question before it is given up: bytes may look like an address and be none."""
MOST = 64 << 20
"""Bytes that it takes: half of them for addresses, a quarter each for what messages and what clients say of these."""
ADDRESS, TEXT = 320, 160
"""Bytes of an address that is known, and of a name beside its characters."""
MANY = 20_000
"""Different addresses from which those that no message mentions are sorted out first."""


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


class NameBook:
    """Names for addresses, looked up when they are asked for.

    Of what is said of an address the first counts of: answers of DNS, mDNS and LLMNR to a question for a name; what a
    host called itself to DHCP, then to NetBIOS; the server's name in a TLS hello, then in an HTTP request, sent to it;
    pcapng name resolution blocks, which do not say when they hold; reverse DNS answers, which tell more of the
    provider than of the service; last the resolver of this machine, if it was asked. Of each, the last at or before
    the time counts, before the first after it.
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
        self._told: Rows | None = None
        self._not_looked_for = 0

    @property
    def let_go(self) -> tuple[int, int, int]:
        """What found no room: addresses not looked for, mentions of others, names that clients asked for."""
        return self._not_looked_for, self._evidence.let_go, self._hints.let_go

    # --- what is known besides the kept packets

    def add_record(self, high: int, low: int, names: Iterable[str | bytes]) -> None:
        """Take what a name resolution block says of an address; the first name that can be shown counts."""
        for raw in names:
            name = host_name(raw)
            if name:
                self._records.setdefault((high, low), name)
                self._told = None
                return

    def add_hint(self, high: int, low: int, time: int, name: str | bytes, kind: str, number: int = 0) -> None:
        """Take the name (``kind``: SNI or HTTP) by which a connection asked for a server.

        ``time``: of that connection's first packet, so that its own hint is the last one for it.
        """
        shown = host_name(name)
        if not shown or kind not in (SNI, HTTP):
            return
        address = high, low
        takes = EACH + 24 + ADDRESS * (address not in self._hinted) + (TEXT + len(shown)) * (shown not in self._texts)
        if takes > self._hint_room:
            self._hints.let_go += 1
            return
        self._hint_room -= takes
        key = 2 * self._hinted.setdefault(address, len(self._hinted)) + (kind == HTTP)
        self._hints.add_one(key, time, len(self._hint_rows[0]))
        if shown not in self._texts:
            self._texts[shown] = len(self._names)
            self._names.append(shown)
        for row, value in zip(self._hint_rows, (self._texts[shown], number, time), strict=True):
            row.append(value)
        self._told = None

    def add_resolved(self, high: int, low: int, name: str) -> None:
        """Take what the resolver of this machine says of an address."""
        shown = host_name(name)
        if shown:
            self._resolved[high, low] = shown
            self._told = None

    # --- questions

    def prepare(self, addresses: Iterable[Address]) -> None:
        """Look in the kept messages for addresses that will be asked for: all at once costs little more than one."""
        asked = [one for one in dict.fromkeys(addresses) if is_one_hosts(one)]
        new = [one for one in asked if one not in self._known]
        if len(self._known) + len(new) > self._most_known:
            # Nobody asks for the others at the moment.
            self._known.clear()
            self._evidence.forget()
            new = asked[: self._most_known]
            self._not_looked_for = max(self._not_looked_for, len(asked) - len(new))
        blocks = self._reading.blocks()
        if self._evidence.room <= 0 and blocks and blocks[-1].first >= self._until:
            # What is new counts more than what filled the room.
            self._evidence.forget()
            self._known, new, self._until = {}, [*self._known, *new], 0
        self._evidence.forget(blocks[0].first if blocks else 0)
        # What is new in a growing capture is searched for all addresses, what is old only for the new ones.
        before = list(self._known) if blocks and blocks[-1].first >= self._until else []
        self._known.update(zip(new, range(len(self._known), len(self._known) + len(new)), strict=True))
        of_new = Mentions(new)
        of_all = Mentions([*before, *new]) if before else of_new
        # The latest first: if anything finds no room, it is what is said of long ago.
        for block in reversed(blocks):
            search = of_new if block.first < self._until else of_all
            index, kinds, which = (one[::-1] for one in search.of(block))
            first = 0 if search is of_all and before else len(self._known) - len(new)
            time, *target = (block.rows[field][index] for field in ("time", "target_high", "target_low"))
            self._evidence.add((first + which) * len(KINDS) + kinds, time, block.first + index, listeners(*target))
        if blocks:
            self._until = blocks[-1].first + len(blocks[-1].rows)
        self._told = None

    def prepare_all(self, high: Rows, low: Rows) -> None:
        """Look in the kept messages for all addresses that will be asked for (halves, each address once)."""
        self._complete = False
        if len(high) > MANY:
            # Most of very many, as those of a flood, are mentioned nowhere, and need not be known.
            mentioned = self._mentioned(high, low)
            high, low = high[mentioned], low[mentioned]
        self.prepare(zip(high.tolist(), low.tolist(), strict=True))
        self._complete = True

    def _mentioned(self, high: Rows, low: Rows) -> Rows:
        """Tell of each of very many addresses (halves, each address once) whether a kept packet may name it."""
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
        """Tell of each address, of those looked for, whether anything is known of it."""
        if self._told is None:
            ids = unique(self._evidence.keys() // len(KINDS))
            known = list(self._known) if len(ids) else []
            said = (*(known[one] for one in ids.tolist()), *self._hinted, *self._records, *self._resolved)
            halves = np.array(said, dtype=np.int64).reshape(-1, 2)
            self._told = unique(whole(halves[:, 0], halves[:, 1]))
        return among(whole(high, low), self._told)

    def name(self, address: Address, time: int, asker: Address | None = None) -> Name | None:
        """Return the name that an address had at a time (ns since the epoch), as far as is known.

        ``asker``: the address whose view it is; what was answered to it counts before what others were told.
        """
        if not is_one_hosts(address):
            return None
        if address not in self._known and not self._complete:
            self.prepare([address])
        for kind in (DNS_SAYS, DHCP_SAYS, NETBIOS_SAYS, SNI, HTTP, NRB, REVERSE_SAYS, RESOLVER):
            found = self._of_kind(kind, address, time, asker)
            if found:
                return found
        return None

    def unnamed(self, addresses: Iterable[Address], time: int) -> list[Address]:
        """Return those of the addresses that have no name: what is left to hints, and to a resolver."""
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
        to = None if asker is None else int(listeners(*np.array(asker).reshape(2, 1))[0])
        for one in self._evidence.around(known * len(KINDS) + KINDS.index(kind), time, to):
            if one not in tried:
                said = self._reading.said(kind, address, one)
                if said:
                    return Name(*said)
                tried.add(one)
                if len(tried) == TRIES:
                    break
        return None

    def _hint(self, one: int, kind: str) -> Name:
        text, number, time = (row[one] for row in self._hint_rows)
        name = self._names[text]
        return Name(name, kind, number, time, name)


def whole(high: Rows, low: Rows) -> Rows:
    """Return addresses, of which the halves are given, as one array that can be sorted and searched."""
    return np.ascontiguousarray(np.stack([high, low], axis=-1).astype(">i8")).view("S16").reshape(-1)


def halves(addresses: Rows) -> tuple[Rows, Rows]:
    """Return the high and the low halves of such addresses."""
    both = addresses.view(">i8").reshape(-1, 2).astype(np.int64)
    return both[:, 0], both[:, 1]


def among(some: Rows, all_: Rows) -> Rows:
    """Tell of each of some addresses (as ``whole`` has them) whether it is one of others, which are in order."""
    if not len(all_):
        return np.zeros(len(some), dtype=bool)
    return all_[np.minimum(np.searchsorted(all_, some), len(all_) - 1)] == some
