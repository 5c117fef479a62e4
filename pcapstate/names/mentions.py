"""Which of the kept messages may be about which addresses: found by their bytes, before any is dissected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .addresses import Address, is_ipv4
from .dns import reversed_address
from .packets import DHCP6_SERVER, DHCP_SERVER, NETBIOS, Block
from .searching import Ipv4Search, Ipv6Search

Rows = np.ndarray[Any, Any]

DNS_SAYS, DHCP_SAYS, NETBIOS_SAYS, REVERSE_SAYS = "dns", "dhcp", "nbns", "ptr"
"""Kinds of evidence: a name's addresses, what a host is called when it gets its address, or registers; an address's
name in a reverse query."""

_BEHIND = b"\x04arpa\x00"
_REVERSED = re.compile(rb"((?:[\x01-\x03][0-9]{1,3}){4}\x07in-addr|(?:\x01[0-9a-f]){32}\x03ip6)\Z")
_LONGEST = 80
"""Bytes before arpa that a reversed address takes at most."""
_SERVICE_RECORDS = (b"\x00\x41\x00\x01", b"\x00\x40\x00\x01", b"\x00\x41\x80\x01", b"\x00\x40\x80\x01")
"""Type and class of HTTPS and SVCB records, where addresses stand in lists."""


class Mentions:
    """Finds in blocks of kept messages what may tell names of some addresses."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._wanted = set(addresses)
        self._searches: list[tuple[int, list[Address], Ipv4Search | Ipv6Search]] = []
        ipv4 = [one for one in self._wanted if is_ipv4(one)]
        ipv6 = [one for one in self._wanted if not is_ipv4(one)]
        if ipv4:
            self._searches.append((4, ipv4, Ipv4Search(np.array(ipv4, dtype=np.int64)[:, 1] & 0xFFFFFFFF)))
        if ipv6:
            self._searches.append((16, ipv6, Ipv6Search(np.array(ipv6, dtype=np.int64))))

    def of(self, block: Block) -> Iterator[tuple[str, Address, int]]:
        """Yield kind of evidence, address and index of the message in the block, in order, each once."""
        seen = set()
        kinds = {port: _kind(port) for port in np.unique(block.rows["port"]).tolist()}
        for width, wanted, search in self._searches:
            places, which = search.find(block.data)
            index = np.searchsorted(block.rows["offset"], places, side="right") - 1
            rows = block.rows[index]
            # Not where one message ends and the next begins.
            inside = places + width <= rows["offset"] + rows["length"]
            ports = rows["port"]
            is_dns = (ports != NETBIOS) & (ports != DHCP_SERVER) & (ports != DHCP6_SERVER)
            unclear = inside & is_dns & ~_in_record(block, places, rows["offset"], width)
            inside[unclear] = _have_lists(block, index[unclear])
            for row, one, port in zip(
                index[inside].tolist(), which[inside].tolist(), ports[inside].tolist(), strict=True
            ):
                seen.add((row, kinds[port], wanted[one]))
        for row, address in reversed_addresses(block) if self._wanted else ():
            if address in self._wanted:
                seen.add((row, REVERSE_SAYS, address))
        for row, kind, address in sorted(seen):
            yield kind, address, row


def _kind(port: int) -> str:
    if port == NETBIOS:
        return NETBIOS_SAYS
    return DHCP_SAYS if port in (DHCP_SERVER, DHCP6_SERVER) else DNS_SAYS


def _in_record(block: Block, places: Rows, starts: Rows, width: int) -> Rows:
    """Tell where an address is the data of an A or AAAA record: its type, class, time to live and length before it."""
    data = block.data
    fits = places - starts >= 10
    at = np.where(fits, places, 10)
    kind = 1 if width == 4 else 28
    fits &= (data[at - 10] == 0) & (data[at - 9] == kind)
    return fits & (data[at - 2] == 0) & (data[at - 1] == width)


def _have_lists(block: Block, index: Rows) -> Rows:
    """Tell of each message whether it has records in which addresses stand in lists."""
    rows, back = np.unique(index, return_inverse=True)
    messages = (block.message(row) for row in rows)
    has = np.array([any(mark in message for mark in _SERVICE_RECORDS) for message in messages], dtype=bool)
    return has[back]


def reversed_addresses(block: Block) -> Iterator[tuple[int, Address]]:
    """Yield the indices of messages in which DNS writes addresses in reverse, and these."""
    text = block.data.tobytes().lower()
    starts = block.rows["offset"]
    at = text.find(_BEHIND)
    while at >= 0:
        found = _REVERSED.search(text, max(0, at - _LONGEST), at)
        address = reversed_address(_dotted(found[1]) + ".arpa") if found else None
        if address is not None:
            yield int(np.searchsorted(starts, at, side="right")) - 1, address
        at = text.find(_BEHIND, at + 1)


def _dotted(labels: bytes) -> str:
    parts, at = [], 0
    while at < len(labels):
        parts.append(labels[at + 1 : at + 1 + labels[at]])
        at += 1 + labels[at]
    return b".".join(parts).decode("latin-1")
