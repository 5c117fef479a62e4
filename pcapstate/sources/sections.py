"""The sections of a pcapng capture, and the metadata read from their blocks so far.

Format: draft-ietf-opsawg-pcapng §4.1 and §4.2. Interfaces and process blocks count anew in each section.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from . import blocks, framing
from .blocks import Interface, Name
from .framing import INTERFACE
from .pktap import is_pktap
from .process_blocks import ProcessNotes

NOTES = 1 << 20
"""Most metadata blocks read; each costs as much as a hundred packets, so a flood of them is skipped."""
INTERFACES_DROPPED, BLOCKS_SKIPPED, NAMES_DROPPED = (
    "{count:,} interface descriptions were dropped: too many to keep",
    "{count:,} blocks with names, statistics or processes were skipped: too many to read",
    "{count:,} address names were dropped: too many to keep",
)
"""The messages about metadata beyond the limits."""


class Room:
    """The room left for metadata, in one capture or in several that are read as one."""

    def __init__(self) -> None:
        self.interfaces = blocks.INTERFACES
        self.names = blocks.NAMES
        self.length = blocks.LENGTH
        self.notes = NOTES
        self.overflow: Counter[str] = Counter()
        """Items beyond the limits: counts by message."""


class Sections:
    """Collects metadata blocks: of the current section, and of all sections."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.big = False
        self.timing = np.zeros(1, dtype=INTERFACE)
        """The time stamp formats of the section's interfaces, in the first ``declared`` rows."""
        self.declared = 0
        self.processes = ProcessNotes()
        self.wrapped = False
        """Whether frames of any interface may have a PKTAP header."""
        self.interfaces: list[Interface] = []
        self.names: list[Name] = []
        self._own: list[Interface] = []
        self._section = -1

    def begin(self, big: bool) -> None:
        """Begin a section with this byte order."""
        self.big = big
        self.declared = 0
        self._own = []
        self._section += 1
        self.processes.section()

    def take(self, kind: int, body: bytes) -> None:
        """Add the body of a metadata block."""
        self.room.notes -= kind != framing.INTERFACE_DESCRIPTION
        if kind == framing.INTERFACE_DESCRIPTION:
            self._describe(body)
        elif kind == framing.INTERFACE_STATISTICS:
            blocks.read_statistics(body, self.big, self._own)
        elif kind == framing.PROCESS_EVENT:
            self.processes.darwin(body, self.big)
        elif kind in (framing.CUSTOM, framing.CUSTOM_NOT_COPIED):
            self.processes.custom(body)
        elif kind == framing.NAME_RESOLUTION:
            for address, names in blocks.read_names(body, self.big):
                self._name(address, names)

    def _name(self, address: bytes, names: list[str]) -> None:
        room = self.room
        kept = names[: room.names]
        length = sum(map(len, kept))
        if length > room.length:
            kept, length = [], 0
        if len(kept) < len(names):
            room.overflow[NAMES_DROPPED] += len(names) - len(kept)
        if kept:
            room.names -= len(kept)
            room.length -= length
            self.names.append((address, kept))

    def _describe(self, body: bytes) -> None:
        order = "big" if self.big else "little"

        def number(raw: bytes, signed: bool = False) -> int:
            return int.from_bytes(raw, order, signed=signed)  # type: ignore[arg-type]

        if self.declared == len(self.timing):
            self.timing = np.concatenate([self.timing, np.zeros_like(self.timing)])
        one = self.timing[self.declared]
        described = Interface(self._section, self.declared, number(body[:2]))
        self.declared += 1
        self.wrapped |= is_pktap(described.linktype)
        one["linktype"], one["snaplen"] = described.linktype, number(body[4:8])
        resolution, shift = 6, 0
        for code, value in blocks.read_options(body, 8, self.big):
            if code == blocks.IF_RESOLUTION and len(value) == 1:
                resolution = value[0]
            elif code == blocks.IF_OFFSET and len(value) == 8:
                shift = number(value, signed=True)
            elif code == blocks.IF_NAME and not described.name:
                described.name = blocks.text(value, blocks.NAME_LENGTH)
            elif code == blocks.IF_FILTER and value[:1] == b"\0" and len(value) <= blocks.NAME_LENGTH:
                described.filter = blocks.text(value[1:], blocks.NAME_LENGTH)
        one["power"] = resolution & 0x7F if resolution & 0x80 else -1
        digits = min(resolution & 0x7F, 27)
        one["multiply"] = 10 ** (9 - digits) if digits < 9 else 1
        one["divide"] = 10 ** (digits - 9) if digits > 9 else 1
        limit = framing.LATEST // 2 // 10**9
        one["shift"] = max(-limit, min(limit, shift)) * 10**9
        if not self.room.interfaces:
            self.room.overflow[INTERFACES_DROPPED] += 1
            return
        self.room.interfaces -= 1
        described.name = described.name[: self.room.length]
        self.room.length -= len(described.name)
        if len(described.filter) > self.room.length:
            # A part of a filter is another filter.
            described.filter = ""
        self.room.length -= len(described.filter)
        self.interfaces.append(described)
        self._own.append(described)
