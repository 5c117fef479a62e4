"""Frames decoded alone: the rows that the tracker would get."""

from __future__ import annotations

import io
import os
import struct
from typing import Any

from pcapstate.decode.decoder import Decoder
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from tests.helpers import packets
from tests.helpers.captures import pcap

CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
FIELDS = (
    "time", "number", "source_high", "source_low", "target_high", "target_low", "source_port", "target_port", "seq",
    "ack", "length", "window", "flags", "payload", "mark", "network",
)  # fmt: skip
Row = dict[str, int]


def kernels_of(way: str) -> Kernels:
    """Return kernels that run ``plain`` or ``compiled``."""
    was = os.environ.get("PCAPSTATE_KERNELS")
    os.environ["PCAPSTATE_KERNELS"] = way
    try:
        return Kernels()
    finally:
        if was is None:
            del os.environ["PCAPSTATE_KERNELS"]
        else:
            os.environ["PCAPSTATE_KERNELS"] = was


def decoded(frames: list[bytes], kernels: Kernels | None = None, linktype: int = 1) -> tuple[list[Row], Decoder]:
    """Return the rows of frames that are not passed over, and the decoder; the frames are a second apart."""
    return decoded_file(pcap([(index * 10**9, frame) for index, frame in enumerate(frames)], linktype), kernels)


def decoded_file(data: bytes, kernels: Kernels | None = None) -> tuple[list[Row], Decoder]:
    """Return the same of a capture."""
    source = CaptureReader(io.BytesIO(data), kernels or Kernels())
    decoder = Decoder(source.kernels)
    found = []
    for batch in source.batches():
        for row in decoder.decode(batch):
            if row["flags"] in (-1, -2):
                assert row["flags"] == -1, "the slow path leaves nothing behind"
            else:
                found.append({name: int(row[name]) for name in FIELDS})
    decoder.finish()
    return found, decoder


def skipped(decoder: Decoder) -> dict[int, int]:
    """Return how many frames were skipped, by index."""
    return {int(index): int(decoder.skipped[index]) for index in decoder.skipped.nonzero()[0]}


def same(frames: list[bytes], ways: tuple[Kernels, Kernels], linktype: int = 1) -> list[Row]:
    """Return the rows of frames, which are the same plain and compiled, like all that the decoder tells."""
    told: list[Any] = []
    for kernels in ways:
        rows, decoder = decoded(frames, kernels, linktype)
        told.append((rows, decoder.networks, skipped(decoder)))
    assert told[0] == told[1]
    rows: list[Row] = told[0][0]
    return rows


def tcp(seq: int = 7, flags: int = 0x10, payload: bytes = b"", options: bytes = b"", checksum: int = 0) -> bytes:
    """Return a TCP segment from port 1000 to port 80."""
    return packets.tcp((1000, 80), flags, seq=seq, checksum=checksum, options=options, payload=payload)


def ip(payload: bytes, protocol: int = 6, identification: int = 0, ttl: int = 64, fragment: int = 0) -> bytes:
    """Return an IPv4 packet from the client to the server."""
    return packets.ipv4(CLIENT, SERVER, protocol, payload, identification=identification, fragment=fragment, ttl=ttl)


def ip6(payload: bytes, protocol: int = 6, source: int = 1, target: int = 2) -> bytes:
    """Return an IPv6 packet between 2001:db8::1 and 2001:db8::2, or others like these."""
    one, other = (bytes.fromhex("20010db8") + bytes(11) + bytes([last]) for last in (source, target))
    return packets.ipv6(one, other, protocol, payload)


def ethernet(payload: bytes, kind: int = 0x0800) -> bytes:
    """Return an Ethernet frame."""
    return packets.ethernet(payload, kind)


def udp(port: int, payload: bytes) -> bytes:
    """Return a UDP datagram to a port."""
    return packets.udp((50_000, port), payload)


PACKET = ip(tcp())


def tags(*vlans: int, kind: int = 0x8100, inside: bytes = b"\x08\x00" + PACKET) -> bytes:
    """Return a frame with VLAN tags of an EtherType before the rest."""
    return bytes(12) + b"".join(struct.pack("!HH", kind, vlan) for vlan in vlans) + inside


def vni(number: int, first: int = 0x08000000) -> bytes:
    return struct.pack("!II", first, number << 8)
