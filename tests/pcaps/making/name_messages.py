"""Messages that tell names and addresses: DNS and mDNS, DHCP, NetBIOS, LLMNR."""

from __future__ import annotations

import struct
from typing import NamedTuple

from .lan import packed

A, CNAME, PTR, TXT, AAAA, SRV, OPT, HTTPS = 1, 5, 12, 16, 28, 33, 41, 65
INTERNET, FLUSH = 1, 0x8001
ANSWER, AUTHORITATIVE = 0x8180, 0x8400
QUERY = 0x0100


class Record(NamedTuple):
    """A resource record; ``data``: bytes, or a name."""

    name: str
    kind: int
    data: bytes | str
    lifetime: int = 300
    of_class: int = INTERNET


class Writer:
    """A DNS message that is being written, with the names in it by their places (RFC 1035 §4.1.4)."""

    def __init__(self, identification: int, flags: int, counts: tuple[int, int, int, int]) -> None:
        self.out = bytearray(struct.pack("!HHHHHH", identification, flags, *counts))
        self._places: dict[str, int] = {}

    def name(self, name: str) -> None:
        """Write a name, by reference where its end has been written before."""
        rest = name
        while rest:
            if rest in self._places:
                self.out += struct.pack("!H", 0xC000 | self._places[rest])
                return
            self._places[rest] = len(self.out)
            label, _, rest = rest.partition(".")
            self.out += bytes([len(label)]) + label.encode()
        self.out += b"\0"

    def record(self, one: Record) -> None:
        """Write a record."""
        self.name(one.name)
        self.out += struct.pack("!HHIH", one.kind, one.of_class, one.lifetime, 0)
        start = len(self.out)
        if isinstance(one.data, str):
            self.name(one.data)
        else:
            self.out += one.data
        self.out[start - 2 : start] = struct.pack("!H", len(self.out) - start)


def dns(
    identification: int,
    flags: int,
    questions: list[tuple[str, int]],
    answers: list[Record] | None = None,
    additional: list[Record] | None = None,
) -> bytes:
    """Return a DNS message."""
    answers, additional = answers or [], additional or []
    writer = Writer(identification, flags, (len(questions), len(answers), 0, len(additional)))
    for name, kind in questions:
        writer.name(name)
        writer.out += struct.pack("!HH", kind, INTERNET)
    for one in (*answers, *additional):
        writer.record(one)
    return bytes(writer.out)


def addresses(name: str, *found: str, lifetime: int = 300, of_class: int = INTERNET) -> list[Record]:
    """Return the records of a name's addresses."""
    return [Record(name, AAAA if ":" in one else A, packed(one), lifetime, of_class) for one in found]


def plain(name: str) -> bytes:
    """Return a name without references, as SRV and HTTPS records have it."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def service(target: str, port: int) -> bytes:
    """Return the data of an SRV record (RFC 2782)."""
    return struct.pack("!HHH", 0, 0, port) + plain(target)


def https(protocols: list[bytes], hints: list[str]) -> bytes:
    """Return the data of an HTTPS record of the name itself (RFC 9460): protocols, and addresses to try."""
    offered = b"".join(bytes([len(one)]) + one for one in protocols)
    out = struct.pack("!H", 1) + b"\0" + struct.pack("!HH", 1, len(offered)) + offered
    for key, length in ((4, 4), (6, 16)):
        value = b"".join(packed(one) for one in hints if len(packed(one)) == length)
        out += struct.pack("!HH", key, len(value)) + value if value else b""
    return out


def strings(text: str) -> bytes:
    """Return a text as the strings of a TXT record, 255 bytes each."""
    raw = text.encode()
    parts = [raw[at : at + 255] for at in range(0, len(raw), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts)


def extension(payload: int) -> Record:
    """Return EDNS' record with the size of the largest answer that its sender takes (RFC 6891)."""
    return Record("", OPT, b"", 0, payload)


def dhcp(operation: int, transaction: int, mac: bytes, given: str, options: list[tuple[int, bytes]]) -> bytes:
    """Return a DHCP message (RFC 2131); ``given``: the client's address as the server gives it."""
    out = struct.pack("!BBBBIHH", operation, 1, 6, 0, transaction, 1, 0)
    out += bytes(4) + packed(given) + bytes(8) + mac.ljust(16, b"\0") + bytes(192) + b"\x63\x82\x53\x63"
    out += b"".join(bytes([code, len(value)]) + value for code, value in options) + b"\xff"
    return out.ljust(300, b"\0")


def netbios_registration(identification: int, name: str, address: str) -> bytes:
    """Return a broadcast in which a host registers its NetBIOS name (RFC 1002 §4.2.2)."""
    letters = name.upper().ljust(15).encode() + b"\0"
    coded = b"\x20" + b"".join(bytes([0x41 + (one >> 4), 0x41 + (one & 15)]) for one in letters) + b"\0"
    head = struct.pack("!HHHHHH", identification, 0x2910, 1, 0, 0, 1)
    record = struct.pack("!HHHIHH", 0xC00C, 0x20, INTERNET, 300_000, 6, 0) + packed(address)
    return head + coded + struct.pack("!HH", 0x20, INTERNET) + record
