"""Fuzzing of what reads payloads: messages that name hosts, and what opens a conversation."""

from __future__ import annotations

import io
import struct

from pcapstate.application import greetings, http, openings, tls
from pcapstate.capture import Capture
from pcapstate.decode.decoder import Decoder
from pcapstate.decode.segment import SEGMENT_DATAGRAM
from pcapstate.escaping import safe
from pcapstate.kernels.running import Kernels
from pcapstate.names import dhcp, dns, netbios
from pcapstate.names.book import NameBook
from pcapstate.names.packets import NamePackets
from pcapstate.sources.reader import CaptureReader

from .target import PCAPS, Wrong

PORTS = (53, 5353, 5355, 137, 67, 68, 546, 547)


def names(data: bytes) -> None:
    """Look for names in messages: each behind a byte for its port and its length (two bytes)."""
    out, at, asked = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 101), 0, {(0, 0xFFFF0A000001)}
    while at + 3 <= len(data):
        port, length = PORTS[data[at] % len(PORTS)], int.from_bytes(data[at + 1 : at + 3], "big")
        message = data[at + 3 : at + 3 + length]
        for claimed in (dns.claims(message), dns.claims(message, True), dns.reverse_claims(message)):
            asked.update(one.address for one in claimed)
        asked.update(address for address, _ in (*netbios.claims(message), *dhcp.claims6(message)))
        lease = dhcp.lease(message)
        if lease is not None and lease.address is not None:
            asked.add(lease.address)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(message), 0, 0, 64, 17, 0) + b"\x0a\0\0\2\x0a\0\0\1"
        packet = ip + struct.pack("!HHHH", port, port, 8 + len(message), 0) + message
        out += struct.pack("<IIII", at, 0, len(packet), len(packet)) + packet
        at += 3 + length
    kernels = Kernels()
    packets = NamePackets(kernels)
    for _ in Capture(CaptureReader(io.BytesIO(out), kernels), watchers=[packets]).follow():
        pass
    book = NameBook(packets)
    book.prepare(asked)
    for address in asked:
        name = book.name(address, 10**9)
        if name is not None and (safe(name.fqdn) != name.fqdn or safe(name.canonical) != name.canonical):
            raise Wrong(f"a name that cannot be shown: {name.fqdn!r}")


def _payloads(datagrams: bool) -> list[tuple[int, bytes]]:
    found = []
    for path in ("office.pcapng", "names-and-drops.pcapng", "example.pcapng"):
        source = CaptureReader(PCAPS / path, Kernels())
        decoder = Decoder(source.kernels, True)
        for batch in source.batches():
            for row in decoder.decode(batch):
                if (row["flags"] == SEGMENT_DATAGRAM) == datagrams and row["payload"] >= 0 and row["length"] > 0:
                    data = batch.data[row["payload"] : row["payload"] + row["length"]].tobytes()
                    ports = [int(row["source_port"]), int(row["target_port"])]
                    found.append((next((one for one in ports if one in PORTS), 0), data))
        source.close()
    return found


def name_seeds() -> list[bytes]:
    """Return the messages of the tests' captures, one a seed, and some together."""
    kept = dict.fromkeys(
        bytes([PORTS.index(port)]) + len(data).to_bytes(2, "big") + data for port, data in _payloads(True) if port
    )
    return [*kept, b"".join(list(kept)[:12])]


def application(data: bytes) -> None:
    """Read what opens a conversation as everything that it might be."""
    found = tls.hello(data)
    texts = [found.server_name, *found.protocols, http.response(data), greetings.identification(data)]
    asked = http.request(data)
    if not all(isinstance(one, bytes) for one in (*texts, asked.host, asked.agent, asked.method)):
        raise Wrong("no bytes")
    greetings.greeting(data)
    kind = openings.kind_of(memoryview(data), 0, len(data)) if data else 0
    if not -1 <= kind < 16:
        raise Wrong(f"kind {kind}")


def application_seeds() -> list[bytes]:
    """Return the payloads of the tests' captures."""
    return list(dict.fromkeys(data for _, data in _payloads(False) if len(data) > 4))
