"""Which of the kept messages may be about which addresses: found by their bytes, before any is dissected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from ..addresses import Address, is_ipv4
from ..rows import Rows, unique
from .dns import reversed_address
from .packets import DHCP6_SERVER, DHCP_SERVER, NETBIOS, Block
from .searching import Ipv4Search, Ipv6Search

DNS_SAYS, DHCP_SAYS, NETBIOS_SAYS, REVERSE_SAYS = "dns", "dhcp", "nbns", "ptr"
"""Kinds of evidence: a name's addresses, what a host is called when it gets its address, or registers; an address's
name in a reverse query."""
KINDS = (DNS_SAYS, DHCP_SAYS, NETBIOS_SAYS, REVERSE_SAYS)

PIECE = 1 << 17
"""Bytes that are looked at together: an address may stand at each of them."""

_BEHIND = b"\x04arpa\x00"
_REVERSED = re.compile(rb"((?:[\x01-\x03][0-9]{1,3}){4}\x07in-addr|(?:\x01[0-9a-f]){32}\x03ip6)\Z")
_LONGEST = 80
"""Bytes before arpa that a reversed address takes at most."""
_SERVICE_RECORDS = (b"\x00\x41\x00\x01", b"\x00\x40\x00\x01", b"\x00\x41\x80\x01", b"\x00\x40\x80\x01")
"""Type and class of HTTPS and SVCB records, where addresses stand in lists."""


class Mentions:
    """Finds in blocks of kept messages what may tell names of some addresses."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._wanted = {one: place for place, one in enumerate(addresses)}
        self._searches: list[tuple[int, Rows, Ipv4Search | Ipv6Search]] = []
        wanted = np.array(list(self._wanted), dtype=np.int64).reshape(-1, 2)
        is4 = is_ipv4(wanted[:, 0], wanted[:, 1])
        if is4.any():
            self._searches.append((4, np.flatnonzero(is4), Ipv4Search(wanted[is4, 1] & 0xFFFFFFFF)))
        if not is4.all():
            self._searches.append((16, np.flatnonzero(~is4), Ipv6Search(wanted[~is4])))

    def of(self, block: Block) -> tuple[Rows, Rows, Rows]:
        """Return what a block may tell, in the order of its messages, each once.

        That is the index of the message in the block, the kind of evidence (index in ``KINDS``), and the address (index
        in those given).
        """
        found = [np.zeros(0, dtype=np.int64)]
        many = max(1, len(self._wanted))
        for width, wanted, search in self._searches:
            for start in range(0, len(block.data), PIECE):
                places, which = search.find(block.data[start : start + PIECE + width - 1])
                index, kinds, told = self._told(block, start + places, width)
                found.append(unique((index * len(KINDS) + kinds) * many + wanted[which[told]]))
        backwards = [
            (row * len(KINDS) + KINDS.index(REVERSE_SAYS)) * many + self._wanted[address]
            for row, address in (reversed_addresses(block) if self._wanted else ())
            if address in self._wanted
        ]
        whole = unique(np.concatenate([*found, np.array(backwards, dtype=np.int64)]))
        rows, which = np.divmod(whole, many)
        return (*np.divmod(rows, len(KINDS)), which)

    @staticmethod
    def _told(block: Block, places: Rows, width: int) -> tuple[Rows, Rows, Rows]:
        """Return of addresses that stand in the bytes of a block messages, kinds, and which of them may tell a name."""
        starts = block.rows["offset"]
        index = np.searchsorted(starts, places, side="right") - 1
        starts, lengths, ports = starts[index], block.rows["length"][index], block.rows["port"][index]
        # Not where one message ends and the next begins.
        inside = places + width <= starts + lengths
        netbios, dhcp = ports == NETBIOS, (ports == DHCP_SERVER) | (ports == DHCP6_SERVER)
        unclear = inside & ~netbios & ~dhcp & ~_in_record(block, places, starts, width)
        inside[unclear] = _have_lists(block, index[unclear])
        kinds = np.where(netbios, KINDS.index(NETBIOS_SAYS), np.where(dhcp, KINDS.index(DHCP_SAYS), 0))
        return index[inside], kinds[inside], inside


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
