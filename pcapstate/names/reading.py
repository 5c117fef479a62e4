"""Parse single kept messages, with a cache: the names that they give to addresses."""

from __future__ import annotations

import zlib
from bisect import bisect_right

import numpy as np

from ..addresses import Address
from ..kernels.source import be16
from . import dhcp, netbios
from .dns import RECORDS, claims, reverse_claims
from .mentions import DNS_NAME, NETBIOS_NAME, REVERSE_NAME
from .packets import DHCP6_SERVER, DHCP_SERVER, DNS, LLMNR, MDNS, Block, NamePackets

NameClaim = tuple[str, str, int, int, str]
"""A name, its source, number and time of its packet, the canonical name."""

EFFORT = 500_000
"""Most DNS records parsed in all, about a minute of work; later lookups find no name."""
EFFORT_OF_HOSTS = 50
"""The cost of a DHCP or NetBIOS message in DNS records."""
REMEMBERED = 20_000
"""Most messages, and most addresses in them, whose names are cached."""
MESSAGES = 8
"""Most messages read of a client's exchange with a DHCP server."""
SOURCES = {DNS: "dns", MDNS: "mdns", LLMNR: "llmnr"}


class Reading:
    """The kept messages by number, with a cache of their names."""

    def __init__(self, packets: NamePackets | None) -> None:
        self._packets = packets
        self._blocks: list[Block] = []
        self._starts: list[int] = []
        self._clients = self._of_clients = np.zeros(0, dtype=np.int64)
        self._indexed = -1
        self._effort = 0
        self._remembered: dict[tuple[str, int], dict[Address, tuple[str, str]]] = {}
        self._held = 0

    def blocks(self) -> list[Block]:
        """Return the blocks kept so far."""
        self._blocks = self._packets.blocks() if self._packets else []
        self._starts = [one.first for one in self._blocks]
        return self._blocks

    def claim(self, kind: str, address: Address, number: int) -> NameClaim | None:
        """Return a message's name for an address, or None; ``number``: the message's number among all kept ones."""
        block = self._block(number)
        if block is None:
            return None
        index = number - block.first
        row = block.rows[index]
        key = kind, number
        if key not in self._remembered:
            read = self._read(kind, block, index)
            self._held += 1 + len(read)
            if self._held > REMEMBERED:
                self._remembered.clear()
                self._held = 1 + len(read)
            self._remembered[key] = read
        found = self._remembered[key].get(address)
        if found is None:
            return None
        source = SOURCES[int(row["port"])] if kind == DNS_NAME else kind
        return found[0], source, int(row["number"]), int(row["time"]), found[1]

    def _block(self, number: int) -> Block | None:
        at = bisect_right(self._starts, number) - 1
        return self._blocks[at] if at >= 0 else None

    def _read(self, kind: str, block: Block, index: int) -> dict[Address, tuple[str, str]]:
        message, port = block.message(index), int(block.rows[index]["port"])
        self._effort += 1 + min(RECORDS, be16(message, 6)) if port in SOURCES else EFFORT_OF_HOSTS
        if self._effort > EFFORT:
            return {}
        if kind == DNS_NAME:
            found = [(one.address, one.name, one.canonical) for one in claims(message, port == MDNS)]
        elif kind == REVERSE_NAME:
            found = [(one.address, one.name, one.canonical) for one in reverse_claims(message)]
        elif kind == NETBIOS_NAME:
            found = [(address, name, name) for address, name in netbios.claims(message)]
        elif port == DHCP6_SERVER:
            found = [(address, name, name) for address, name in dhcp.claims6(message)]
        else:
            found = self._leased(message)
        names: dict[Address, tuple[str, str]] = {}
        for address, name, canonical in found:
            names.setdefault(address, (name, canonical))
        return names

    def _leased(self, message: bytes) -> list[tuple[Address, str, str]]:
        """Return the address in a DHCP message with the client's name, perhaps from another message of the exchange."""
        lease = dhcp.lease(message)
        if lease is None or lease.address is None or lease.kind == dhcp.NAK:
            return []
        name = lease.name
        exchange = [] if name and lease.kind == dhcp.ACK else self._exchange(message)
        if lease.kind == dhcp.REQUEST and any(one.kind == dhcp.NAK for one in exchange):
            return []
        name = name or next((one.name for one in exchange if one.name), None)
        return [(lease.address, name, name)] if name else []

    def _exchange(self, message: bytes) -> list[dhcp.Lease]:
        """Return the leases in messages of the same client and transaction, at most ``MESSAGES``."""
        until = self._blocks[-1].first + len(self._blocks[-1].rows) if self._blocks else 0
        if until != self._indexed:
            self._index_clients()
            self._indexed = until
        client = dhcp.client(message)
        at = int(np.searchsorted(self._clients, _print(client)))
        found: list[dhcp.Lease] = []
        while at < len(self._clients) and self._clients[at] == _print(client) and len(found) < MESSAGES:
            number = int(self._of_clients[at])
            held = self._block(number)
            other = held.message(number - held.first) if held else b""
            one = dhcp.lease(other) if dhcp.client(other) == client else None
            if one is not None:
                found.append(one)
            at += 1
        return found

    def _index_clients(self) -> None:
        """Index the DHCP messages by client, in arrays, since there may be very many."""
        prints, numbers = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for block in self._blocks:
            rows = np.flatnonzero(block.rows["port"] == DHCP_SERVER)
            numbers.append(block.first + rows)
            each = (_print(dhcp.client(block.message(row))) for row in rows.tolist())
            prints.append(np.fromiter(each, dtype=np.int64, count=len(rows)))
        whole = np.concatenate(prints)
        order = np.argsort(whole, kind="stable")
        self._clients, self._of_clients = whole[order], np.concatenate(numbers)[order]


def _print(client: bytes) -> int:
    return zlib.crc32(client)
