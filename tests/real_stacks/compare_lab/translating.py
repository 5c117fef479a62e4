"""NAT in the box: the clients of some plans have another address and port on the server's side."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from kernel_lab.namespaces import Namespace
from kernel_lab.segments import endpoint, frames
from random_lab.box import Box, Policy

PORTS = 20_000
"""How much higher a translated port is."""
_HOST = 2
"""How much higher a translated address is: that of neither host."""
_Place = tuple[bytes, int]


class Translating(Box):
    """A box that translates the clients of some of the server's ports."""

    def __init__(self, loop: asyncio.AbstractEventLoop, taps: dict[str, int], ports: frozenset[int]) -> None:
        super().__init__(loop, taps)
        self._ports = ports
        self._outside: dict[_Place, _Place] = {}
        self._inside: dict[_Place, _Place] = {}

    def expect(self, client: str, server: str, policy: Policy, seed: str) -> None:
        """Treat connections by a policy, and translate their client where the port says so."""
        super().expect(client, server, policy, seed)
        if int(server.rpartition(":")[2]) in self._ports:
            inside = _place(client)
            outside = _place(outside_of(client))
            self._outside[inside], self._inside[outside] = outside, inside

    def met(self, hosts: Mapping[str, Namespace]) -> None:
        """Let the server know the station of translated addresses: that of the client."""
        station = self._headers["server"][6:12].hex(":")
        for address in {address for address, _ in self._inside}:
            text = str(ipaddress.ip_address(address))
            hosts["server"].run("ip", "neigh", "replace", text, "lladdr", station, "dev", "tap0", "nud", "permanent")

    def incoming(self, origin: str, frame: bytes) -> bytes:
        """Translate back what the server sends."""
        return translated(frame, self._inside, 1) if origin == "server" else frame

    def outgoing(self, target: str, frame: bytes) -> bytes:
        """Translate what the server gets."""
        return translated(frame, self._outside, 0) if target == "server" else frame


def outside_of(client: str) -> str:
    """The endpoint that a client is translated to."""
    host, _, port = client.rpartition(":")
    return endpoint(str(ipaddress.ip_address(host.strip("[]")) + _HOST), int(port) + PORTS)


def inside_of(pairs: Mapping[str, str], text: str) -> str:
    """What an endpoint is called on the client's side; ``pairs``: by what it is outside."""
    return pairs.get(text, text)


def write_untranslated(source: Path, target: Path, clients: Iterator[str]) -> None:
    """Copy the server's capture with the addresses and ports of the client's side."""
    back = {_place(outside_of(client)): _place(client) for client in clients}
    data = source.read_bytes()
    with target.open("wb") as file:
        file.write(data[:24])
        at = 24
        for _, frame in frames(data):
            head = data[at : at + 16]
            at += 16 + len(frame)
            file.write(head + translated(translated(frame, back, 0), back, 1))


def _place(text: str) -> _Place:
    host, _, port = text.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")).packed, int(port)


def translated(frame: bytes, places: Mapping[_Place, _Place], which: int) -> bytes:
    """A frame with another source (0) or target (1), where that is one of some places; checksums stay right."""
    version = frame[14] >> 4 if len(frame) >= 54 else 0
    if version == 4 and frame[12:14] == b"\x08\x00" and frame[23] == 6:
        size, at, tcp = 4, 26 + 4 * which, 14 + (frame[14] & 15) * 4
    elif version == 6 and frame[12:14] == b"\x86\xdd" and frame[20] == 6:
        size, at, tcp = 16, 22 + 16 * which, 54
    else:
        return frame
    port = tcp + 2 * which
    place = places.get((frame[at : at + size], int.from_bytes(frame[port : port + 2])))
    if place is None:
        return frame
    address, number = place
    changed = bytearray(frame)
    changed[at : at + size], changed[port : port + 2] = address, struct.pack("!H", number)
    if version == 4:
        changed[24:26] = _adjusted(frame[24:26], frame[at : at + size], address)
    before, after = frame[at : at + size] + frame[port : port + 2], address + struct.pack("!H", number)
    changed[tcp + 16 : tcp + 18] = _adjusted(frame[tcp + 16 : tcp + 18], before, after)
    return bytes(changed)


def _adjusted(checksum: bytes, before: bytes, after: bytes) -> bytes:
    """A checksum after some of what it is about has changed (RFC 1624)."""
    total = ~int.from_bytes(checksum) & 0xFFFF
    total += sum(~word & 0xFFFF for (word,) in struct.iter_unpack("!H", before))
    total += sum(word for (word,) in struct.iter_unpack("!H", after))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)
