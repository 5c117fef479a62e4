"""Conversations as captures at both ends show them: what is lost, changed, repeated or late in between."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .packets import SECOND, START, Packet, Talk, checksum

TRANSIT = SECOND // 200
"""ns that a packet is on its way."""
Change = Callable[[bytes], bytes]


@dataclass
class BothEnds:
    """Two captures of conversations. Packets are named by their place among all, from 0 on, in the order of sending."""

    talks: Iterable[Talk]
    lost: frozenset[int] = frozenset()
    repeated: frozenset[int] = frozenset()
    late: dict[int, int] = field(default_factory=dict)
    """By how many ns some come later."""
    changed: dict[int, Change] = field(default_factory=dict)
    """What happens to the IP packet of some."""
    unseen: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    """What the client's, and the server's, capture does not have."""
    outside: tuple[str, int] | None = None
    """The address that clients have for the server, and by how much higher their ports are there."""
    transit: tuple[int, int] = (TRANSIT, TRANSIT)
    """ns from the client to the server, and back."""
    offset: int = 0
    """ns by which the server's clock is ahead at START."""
    drift: float = 0.0

    def captures(self) -> tuple[list[Packet], list[Packet]]:
        """Return the packets of the client's and of the server's capture."""
        found: tuple[list[Packet], list[Packet]] = ([], [])
        packets = sorted((one for talk in self.talks for one in talk.packets), key=lambda one: one.time)
        for place, packet in enumerate(packets):
            sender = int(not packet.outgoing)
            if place not in self.unseen[sender]:
                found[sender].append(packet)
            if place in self.lost or place in self.unseen[1 - sender]:
                continue
            ip = self.changed.get(place, bytes)(packet.ip)
            arrival = packet.time + self.transit[sender] + self.late.get(place, 0)
            found[1 - sender].append(packet._replace(time=arrival, ip=ip))
            if place in self.repeated:
                found[1 - sender].append(packet._replace(time=arrival + TRANSIT // 2, ip=ip))
        for one in found:
            one.sort(key=lambda packet: packet.time)
        return found[0], [self._at_server(one) for one in found[1]]

    def _at_server(self, packet: Packet) -> Packet:
        time = packet.time + self.offset + round(self.drift * (packet.time - START))
        ip = packet.ip if self.outside is None else translated(packet.ip, packet.outgoing, *self.outside)
        return packet._replace(time=time, ip=ip)


def translated(ip: bytes, outgoing: bool, address: str, ports: int) -> bytes:
    """Return an IPv4 packet with another client."""
    at, port = (12, 20) if outgoing else (16, 22)
    number = int.from_bytes(ip[port : port + 2], "big") + ports
    ip = ip[:at] + ipaddress.ip_address(address).packed + ip[at + 4 : port] + struct.pack("!H", number) + ip[port + 2 :]
    return with_checksums(ip)


def with_checksums(ip: bytes) -> bytes:
    """Return an IPv4 packet with the checksums of what it holds."""
    ip = ip[:10] + bytes(2) + ip[12:]
    ip = ip[:10] + struct.pack("!H", checksum(ip[:20])) + ip[12:]
    tcp = ip[20:36] + bytes(2) + ip[38:]
    total = checksum(ip[12:20] + struct.pack("!HH", 6, len(tcp)) + tcp)
    return ip[:36] + struct.pack("!H", total) + ip[38:]


def clamped(size: int) -> Change:
    """Return what a router does that lowers the maximum segment size of a SYN."""
    return lambda ip: with_checksums(ip[:42] + struct.pack("!H", size) + ip[44:])
