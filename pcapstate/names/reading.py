"""Read single messages out of those that are kept, each once: what it says of one address."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from ..kernel import be16
from . import dhcp, netbios
from .addresses import Address
from .dns import RECORDS, claims, reverse_claims
from .mentions import DNS_SAYS, NETBIOS_SAYS, REVERSE_SAYS
from .packets import DHCP6_SERVER, DHCP_SERVER, DNS, LLMNR, MDNS, Block, NamePackets

Said = tuple[str, str, int, int, str]
"""A name, who says so, number and time of the packet, the canonical name."""

EFFORT = 500_000
"""Records of DNS that are dissected in all, about a minute's work; what is asked beyond that has no name."""
EFFORT_OF_HOSTS = 50
"""What a message of DHCP or NetBIOS counts in that."""
REMEMBERED = 20_000
"""Messages whose content is remembered once they are dissected."""
MESSAGES = 8
"""Of one client's exchange with a DHCP server: no more are read."""
SOURCES = {DNS: "dns", MDNS: "mdns", LLMNR: "llmnr"}


class Reading:
    """The kept messages by number; whatever one says is remembered."""

    def __init__(self, packets: NamePackets | None) -> None:
        self._packets = packets
        self._blocks: list[Block] = []
        self._starts: list[int] = []
        self._clients: dict[bytes, list[int]] = {}
        self._indexed = 0
        self._effort = 0
        self._remembered: dict[tuple[str, int], dict[Address, tuple[str, str]]] = {}

    def blocks(self) -> list[Block]:
        """Return what is kept by now."""
        self._blocks = self._packets.blocks() if self._packets else []
        self._starts = [one.first for one in self._blocks]
        return self._blocks

    def said(self, kind: str, address: Address, number: int) -> Said | None:
        """Return what a message says of an address, or None; ``number``: its place among all that were kept."""
        block = self._block(number)
        if block is None:
            return None
        index = number - block.first
        row = block.rows[index]
        key = kind, number
        if key not in self._remembered:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = self._read(kind, block, index)
        found = self._remembered[key].get(address)
        if found is None:
            return None
        source = SOURCES[int(row["port"])] if kind == DNS_SAYS else kind
        return found[0], source, int(row["number"]), int(row["time"]), found[1]

    def _block(self, number: int) -> Block | None:
        at = bisect_right(self._starts, number) - 1
        return self._blocks[at] if at >= 0 else None

    def _read(self, kind: str, block: Block, index: int) -> dict[Address, tuple[str, str]]:
        message, port = block.message(index), int(block.rows[index]["port"])
        self._effort += 1 + min(RECORDS, be16(message, 6)) if port in SOURCES else EFFORT_OF_HOSTS
        if self._effort > EFFORT:
            return {}
        if kind == DNS_SAYS:
            found = [(one.address, one.name, one.canonical) for one in claims(message, port == MDNS)]
        elif kind == REVERSE_SAYS:
            found = [(one.address, one.name, one.canonical) for one in reverse_claims(message)]
        elif kind == NETBIOS_SAYS:
            found = [(address, name, name) for address, name in netbios.claims(message)]
        elif port == DHCP6_SERVER:
            found = [(address, name, name) for address, name in dhcp.claims6(message)]
        else:
            found = self._leased(message)
        said: dict[Address, tuple[str, str]] = {}
        for address, name, canonical in found:
            said.setdefault(address, (name, canonical))
        return said

    def _leased(self, message: bytes) -> list[tuple[Address, str, str]]:
        """Return the address of a DHCP message with its client's name, which may stand in another of the exchange."""
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
        """Return what the messages of the same client and transaction say, ``MESSAGES`` at most."""
        for block in self._blocks:
            if block.first >= self._indexed:
                for index in np.flatnonzero(block.rows["port"] == DHCP_SERVER).tolist():
                    self._clients.setdefault(dhcp.client(block.message(index)), []).append(block.first + index)
                self._indexed = block.first + len(block.rows)
        found = []
        for number in self._clients.get(dhcp.client(message), [])[:MESSAGES]:
            held = self._block(number)
            one = dhcp.lease(held.message(number - held.first)) if held else None
            if one is not None:
                found.append(one)
        return found
