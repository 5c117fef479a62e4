"""Messages that name hosts, and what is gathered of them."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

from pcapstate.addresses import parse_address
from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.names.book import NameBook
from pcapstate.names.packets import NamePackets
from pcapstate.sources.reader import CaptureReader
from tests.helpers import payloads as p
from tests.helpers.captures import START, pcap

SECOND = 10**9
RESOLVER, CLIENT = ("10.0.0.53", 53), ("10.0.0.1", 40_000)
OTHER = ("10.0.0.2", 40_000)
FIRST, LAST = "192.0.2.1", "2001:db8::1"


def at(seconds: float) -> int:
    return (START + round(seconds)) * SECOND


def gathered(
    frames: Sequence[tuple[float, bytes]], most: int | None = None, kernels: Kernels | None = None
) -> NamePackets:
    """Return what a watcher keeps of frames, each with its second."""
    source = CaptureReader(io.BytesIO(pcap([(at(when), frame) for when, frame in frames])), kernels or Kernels())
    packets = NamePackets(source.kernels) if most is None else NamePackets(source.kernels, most)
    for _ in Capture(source, watchers=[packets]).follow():
        pass
    return packets


def told(message: bytes, to: tuple[str, int] = CLIENT, by: tuple[str, int] = RESOLVER) -> bytes:
    return p.udp_frame(by, to, message)


def names(book: NameBook, address: str, when: float = 0, asker: str | None = None) -> tuple[str, str] | None:
    found = book.name(parse_address(address), at(when), parse_address(asker) if asker else None)
    return (found.fqdn, found.source) if found else None


def packed_text(address: str) -> bytes:
    high, low = parse_address(address)
    return (
        low.to_bytes(8, "big")[4:]
        if high == 0 and low >> 32 == 0xFFFF
        else (high.to_bytes(8, "big", signed=True) + low.to_bytes(8, "big", signed=True))
    )


def dhcp6(more: bytes = b"") -> bytes:
    address = packed_text(LAST)
    inner = struct.pack("!HH", 5, 24) + address + bytes(8)
    options = struct.pack("!HHIII", 3, 12 + len(inner), 1, 0, 0) + inner
    return b"\x07\x01\x02\x03" + options + struct.pack("!HH", 39, 14) + b"\x00" + p.dns_name("six.example") + more
