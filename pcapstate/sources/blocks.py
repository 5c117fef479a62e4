"""What the blocks of a pcapng section say beside its packets: interfaces, names of addresses, drops.

Format: draft-ietf-opsawg-pcapng §4.2, §4.5 and §4.6. Functions on the bytes of one block; damage inside ends reading
it, and what came before counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

INTERFACES = 1 << 16
"""Interfaces that are kept with what is said of them."""
NAMES = 1 << 16
"""Names of addresses that are kept."""
LENGTH = 1 << 22
"""Characters of the names of addresses and interfaces, all together."""
NAME_LENGTH = 255
"""Characters of a name at most: DNS allows 253."""

IF_NAME, IF_RESOLUTION, IF_OFFSET = 2, 9, 14
ISB_RECEIVED, ISB_INTERFACE_DROPS, ISB_SYSTEM_DROPS = 4, 5, 7
RECORD_END, RECORD_IPV4, RECORD_IPV6 = 0, 1, 2
ADDRESS_LENGTH = {RECORD_IPV4: 4, RECORD_IPV6: 16}

MOST_PACKETS = 2**62
"""A count of packets that is larger is not believed: all ones say that it is not known."""

Name = tuple[bytes, list[str]]
"""An address, 4 or 16 bytes, and its names."""


class Interface:
    """An interface of a capture, and the counts of the last block that had any (None: not told).

    ``section`` (0-based) and ``number``, as packets refer to it, tell which; ``dropped`` are the packets that the
    interface lost, ``dropped_by_system`` those that the operating system did.
    """

    __slots__ = ("dropped", "dropped_by_system", "linktype", "name", "number", "received", "section")

    def __init__(self, section: int, number: int, linktype: int) -> None:
        self.section, self.number, self.linktype = section, number, linktype
        self.name = ""
        self.received: int | None = None
        self.dropped: int | None = None
        self.dropped_by_system: int | None = None


def text(raw: bytes, longest: int) -> str:
    """Return UTF-8 text up to a NUL, cut to so many characters; what is no UTF-8 is replaced."""
    return raw[: 4 * longest].partition(b"\0")[0].decode("utf-8", "replace")[:longest]


def read_options(body: bytes, at: int, big: bool) -> Iterator[tuple[int, bytes]]:
    """Yield code and value of the options (or records: they are laid out alike) from an offset on, to their end."""
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
    """Note what an interface statistics block counts, since the start of the capture, in its interface's entry."""
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
