"""Search of kept messages for addresses by their bytes, before any message is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from ..addresses import Address, is_ipv4
from ..rows import Rows, unique
from .dns import reversed_address
from .packets import DHCP6_SERVER, DHCP_SERVER, NETBIOS, Block
from .searching import Ipv4Search, Ipv6Search

DNS_NAME, DHCP_NAME, NETBIOS_NAME, REVERSE_NAME = "dns", "dhcp", "nbns", "ptr"
"""Kinds of evidence: addresses of a name in DNS, a client name in DHCP, a registered name in NetBIOS, the name of an
address in a reverse query."""
KINDS = (DNS_NAME, DHCP_NAME, NETBIOS_NAME, REVERSE_NAME)

PIECE = 1 << 17
"""Bytes searched at a time; an address may begin at each of them."""

_BEHIND = b"\x04arpa\x00"
_REVERSED = re.compile(rb"((?:[\x01-\x03][0-9]{1,3}){4}\x07in-addr|(?:\x01[0-9a-f]){32}\x03ip6)\Z")
_LONGEST = 80
"""Most bytes of a reversed address before arpa."""
_SERVICE_RECORDS = (b"\x00\x41\x00\x01", b"\x00\x40\x00\x01", b"\x00\x41\x80\x01", b"\x00\x40\x80\x01")
"""Type and class of HTTPS and SVCB records, which have lists of addresses."""


class Mentions:
    """Finds the messages that may name any of some addresses."""

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
        """Return the mentions of addresses in a block, in the order of its messages, without duplicates.

        Three arrays: the index of the message in the block, the kind of evidence (index in ``KINDS``), and the address
        (index in those given).
        """
        found = [np.zeros(0, dtype=np.int64)]
        many = max(1, len(self._wanted))
        for width, wanted, search in self._searches:
            for start in range(0, len(block.data), PIECE):
                places, which = search.find(block.data[start : start + PIECE + width - 1])
                index, kinds, possible = self._possible(block, start + places, width)
                found.append(unique((index * len(KINDS) + kinds) * many + wanted[which[possible]]))
        backwards = [
            (row * len(KINDS) + KINDS.index(REVERSE_NAME)) * many + self._wanted[address]
            for row, address in (reversed_addresses(block) if self._wanted else ())
            if address in self._wanted
        ]
        whole = unique(np.concatenate([*found, np.array(backwards, dtype=np.int64)]))
        rows, which = np.divmod(whole, many)
        return (*np.divmod(rows, len(KINDS)), which)

    @staticmethod
    def _possible(block: Block, places: Rows, width: int) -> tuple[Rows, Rows, Rows]:
        """For addresses at ``places`` in a block, return messages and kinds, and which ``places`` may have a name."""
        starts = block.rows["offset"]
        index = np.searchsorted(starts, places, side="right") - 1
        starts, lengths, ports = starts[index], block.rows["length"][index], block.rows["port"][index]
        # An address does not span two messages.
        inside = places + width <= starts + lengths
        netbios, dhcp = ports == NETBIOS, (ports == DHCP_SERVER) | (ports == DHCP6_SERVER)
        unclear = inside & ~netbios & ~dhcp & ~_in_record(block, places, starts, width)
        inside[unclear] = _have_lists(block, index[unclear])
        kinds = np.where(netbios, KINDS.index(NETBIOS_NAME), np.where(dhcp, KINDS.index(DHCP_NAME), 0))
        return index[inside], kinds[inside], inside


def _in_record(block: Block, places: Rows, starts: Rows, width: int) -> Rows:
    """Tell which addresses are the data of an A or AAAA record, by the type, class, TTL and length before them."""
    data = block.data
    fits = places - starts >= 10
    at = np.where(fits, places, 10)
    kind = 1 if width == 4 else 28
    fits &= (data[at - 10] == 0) & (data[at - 9] == kind)
    return fits & (data[at - 2] == 0) & (data[at - 1] == width)


def _have_lists(block: Block, index: Rows) -> Rows:
    """Tell for each message whether it has records with lists of addresses."""
    rows, back = np.unique(index, return_inverse=True)
    messages = (block.message(row) for row in rows)
    has = np.array([any(mark in message for mark in _SERVICE_RECORDS) for message in messages], dtype=bool)
    return has[back]


def reversed_addresses(block: Block) -> Iterator[tuple[int, Address]]:
    """Yield reversed addresses in DNS messages: the index of the message, and the address."""
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
