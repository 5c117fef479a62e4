"""Metadata blocks of pcapng: interfaces, names of addresses, dropped packets.

Format: draft-ietf-opsawg-pcapng §4.2, §4.5 and §4.6. The functions parse the bytes of one block. Damage inside ends
the block; fields before it count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

INTERFACES = 1 << 16
"""Most interfaces kept with their metadata."""
NAMES = 1 << 16
"""Most names of addresses kept."""
LENGTH = 1 << 22
"""Most characters of names of addresses and interfaces, in all."""
NAME_LENGTH = 255
"""Most characters of a name; DNS allows 253."""

IF_NAME, IF_RESOLUTION, IF_FILTER, IF_OFFSET = 2, 9, 11, 14
ISB_RECEIVED, ISB_INTERFACE_DROPS, ISB_SYSTEM_DROPS = 4, 5, 7
RECORD_END, RECORD_IPV4, RECORD_IPV6 = 0, 1, 2
ADDRESS_LENGTH = {RECORD_IPV4: 4, RECORD_IPV6: 16}

MOST_PACKETS = 2**62
"""Larger counts of packets are ignored; all ones mean unknown."""

Name = tuple[bytes, list[str]]
"""An address, 4 or 16 bytes, and its names."""


class Interface:
    """An interface of a capture, with the counts of its last statistics block (None: not reported).

    ``section`` (0-based) and ``number``, as in packets, identify it. ``dropped``: packets dropped by the interface;
    ``dropped_by_system``: packets dropped by the operating system. ``filter``: the capture filter in text, if
    there is one.
    """

    __slots__ = ("dropped", "dropped_by_system", "filter", "linktype", "name", "number", "received", "section")

    def __init__(self, section: int, number: int, linktype: int) -> None:
        self.section, self.number, self.linktype = section, number, linktype
        self.name = self.filter = ""
        self.received: int | None = None
        self.dropped: int | None = None
        self.dropped_by_system: int | None = None


def text(raw: bytes, longest: int) -> str:
    """Return UTF-8 text up to a NUL, at most ``longest`` characters; invalid bytes are replaced."""
    return raw[: 4 * longest].partition(b"\0")[0].decode("utf-8", "replace")[:longest]


def read_options(body: bytes, at: int, big: bool) -> Iterator[tuple[int, bytes]]:
    """Yield code and value of the options (or records, which have the same layout) from an offset on."""
    order: Literal["big", "little"] = "big" if big else "little"
    while at + 4 <= len(body):
        code, length = int.from_bytes(body[at : at + 2], order), int.from_bytes(body[at + 2 : at + 4], order)
        at += 4
        if code == 0 or length > len(body) - at:
            return
        yield code, body[at : at + length]
        at += (length + 3) & ~3


def read_names(body: bytes, big: bool) -> Iterator[Name]:
    """Yield the addresses and names of a name resolution block."""
    for kind, value in read_options(body, 0, big):
        length = ADDRESS_LENGTH.get(kind)
        if length is None or len(value) <= length:
            continue
        names = [text(one, NAME_LENGTH) for one in value[length:].split(b"\0") if one]
        if names:
            yield value[:length], names


def read_statistics(body: bytes, big: bool, interfaces: list[Interface]) -> None:
    """Store the counts of an interface statistics block, since the start of the capture, with its interface."""
    order: Literal["big", "little"] = "big" if big else "little"
    which = int.from_bytes(body[:4], order)
    if len(body) < 12 or which >= len(interfaces):
        return
    one = interfaces[which]
    for code, value in read_options(body, 12, big):
        count = int.from_bytes(value, order)
        if len(value) != 8 or count > MOST_PACKETS:
            continue
        if code == ISB_RECEIVED:
            one.received = count
        elif code == ISB_INTERFACE_DROPS:
            one.dropped = count
        elif code == ISB_SYSTEM_DROPS:
            one.dropped_by_system = count
