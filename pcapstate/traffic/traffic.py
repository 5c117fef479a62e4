"""Traffic counted while a capture is read: a watcher, and the tables it fills."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..decode.links.ethernet import ETHERNET
from ..kernels.running import Kernels
from ..rows import Rows, aligned
from ..sources.reader import Batch
from . import tables as c
from .announcements import LONGEST, Announcements
from .bindings import be48

MOST = 230_000_000
"""Most bytes of memory that it takes."""
TABLES = ((c.PATHS, c.PATH), (c.TALLIES, c.TALLY), (c.PORTS, c.PORT), (c.BINDINGS, c.BINDING))

LIMIT_NOTES = {
    c.FROMS: "{count:,} packets are not counted as sent: there is room for {limit:,} sources beside the pairs kept",
    c.TOS: "{count:,} packets are not counted as received: there is room for {limit:,} targets beside the pairs kept",
    c.FROM_TALLIES: "{count:,} packets are not counted by ICMP type, or as fragments, as sent",
    c.TO_TALLIES: "{count:,} packets are not counted by ICMP type, or as fragments, as received",
    c.SENDING_PORTS: "{count:,} UDP datagrams are not counted at their source port: there is room for {limit:,}",
    c.OTHER_PORTS: "{count:,} UDP datagrams are not counted at their target port: there is room for {limit:,}",
    c.BOUNDS: "{count:,} ARP and ND messages were dropped: there is room for {limit:,} pairs of MAC and IP address",
    c.ASKEDS: "{count:,} ARP and ND requests were dropped: there is room for {limit:,}",
}
"""The message for each quota that was exceeded."""
ANNOUNCEMENTS_DROPPED = "{count:,} router advertisements, redirects and DHCP messages were dropped: too many to keep"


class Traffic:
    """Watches all frames of a capture, within bounded memory.

    ``limits``: most rows, by quota.
    """

    datagrams = False
    """It reads UDP headers itself, including those of fragments and in ICMP quotations."""

    def __init__(self, kernels: Kernels, limits: Mapping[int, int] = c.LIMITS) -> None:
        self._kernels = kernels
        self._memory = np.zeros(c.MEMORY_SIZE, dtype=np.int64)
        self._memory[c.CLOCK] = np.iinfo(np.int64).min
        for quota, limit in limits.items():
            self._memory[c.LIMIT + quota] = limit
        self._memory[c.KEYS :] = np.frombuffer(os.urandom(4 * c.NUMBER_OF_KEYS), dtype=np.uint32) >> 1 | 1
        # np.zeros takes memory only once rows are written.
        room = [sum(limits[quota] for quota in quotas) for quotas in c.TABLE_QUOTAS.values()]
        self._rows = [aligned(count, row) for count, (_, row) in zip(room, TABLES, strict=True)]
        self._rests = np.zeros(room[c.PATHS], dtype=c.PATH_REST)
        self._slots = [np.zeros(8192, dtype=np.int32) for _ in TABLES]
        self._datagrams = np.zeros(c.DATAGRAMS, dtype=c.DATAGRAM)
        self._units = np.zeros(c.DATAGRAMS * c.UNITS // c.BITS, dtype=np.int64)
        self._candidates = np.zeros(c.CANDIDATES, dtype=np.int64)
        self._marks = np.zeros(1 + 3 * c.MARKS, dtype=np.int64)
        sights = np.zeros(c.STRIDE, dtype=c.SIGHT)
        self._others = (self._datagrams, self._units, self._candidates, self._marks, self._memory, sights)
        self.announcements = Announcements()
        """Router advertisements, redirects and DHCP messages."""
        self._unread = 0

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Count the frames of a batch."""
        count, done = len(batch.frames), 0
        self._marks[0] = 0
        while done < count:
            arrays = [one for pair in zip(self._rows, self._slots, strict=True) for one in pair]
            arrays.insert(1, self._rests)
            done = self._kernels.watch_frames(batch.data, batch.frames, done, count, *arrays, *self._others)
            if done < count:
                self._enlarge()
        self._copy_marked(batch)

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Do nothing: connections are the tracker's."""

    @property
    def paths(self) -> Rows:
        """The rows of PATH."""
        return self._used(c.PATHS)

    @property
    def rests(self) -> Rows:
        """The rows of PATH_REST, one a path."""
        return self._rests[: self._memory[c.PATHS]]

    @property
    def tallies(self) -> Rows:
        """The rows of TALLY."""
        return self._used(c.TALLIES)

    @property
    def ports(self) -> Rows:
        """The rows of PORT."""
        return self._used(c.PORTS)

    @property
    def bindings(self) -> Rows:
        """The rows of BINDING."""
        return self._used(c.BINDINGS)

    @property
    def clock(self) -> int:
        """The latest time of a frame, ns since the epoch."""
        return int(self._memory[c.CLOCK])

    @property
    def ethernet(self) -> bool:
        """Whether any frame had an Ethernet header."""
        return bool(self._memory[c.ETHERNET_FRAMES])

    @property
    def without_ethernet(self) -> int:
        """The number of frames without an Ethernet header."""
        return int(self._memory[c.FRAMES] - self._memory[c.ETHERNET_FRAMES])

    @property
    def pairs_full(self) -> bool:
        """Whether there were more pairs of addresses than are kept, so that some addresses reached are unknown."""
        return bool(self._memory[c.DROPPED + c.PAIRS])

    @property
    def dropped(self) -> list[tuple[str, dict[str, Any]]]:
        """What exceeded the limits: a message template each, and its fields."""
        lines: list[tuple[str, dict[str, Any]]] = []
        for quota, text in LIMIT_NOTES.items():
            count = int(self._memory[c.DROPPED + quota])
            if count:
                lines.append((text, {"count": count, "limit": int(self._memory[c.LIMIT + quota])}))
        unread = self._unread + self.announcements.evicted
        if unread:
            lines.append((ANNOUNCEMENTS_DROPPED, {"count": unread}))
        return lines

    def _used(self, table: int) -> Rows:
        return self._rows[table][: self._memory[table]]

    def _enlarge(self) -> None:
        for table, slots in enumerate(self._slots):
            used = int(self._memory[table])
            if 8 * (used + c.ROOM) < len(slots):
                continue
            larger = np.zeros(2 * len(slots), dtype=np.int32)
            self._kernels.fill_slots(self._rows[table]["key"][:used].astype(np.int64), used, larger)
            self._slots[table] = larger

    def _copy_marked(self, batch: Batch) -> None:
        marked = min(int(self._marks[0]), c.MARKS)
        self._unread += int(self._marks[0]) - marked
        for index, at, why in self._marks[1 : 1 + 3 * marked].reshape(-1, 3).tolist():
            frame = batch.frames[index]
            start, end = int(frame["offset"]), int(frame["offset"] + frame["captured"])
            mac = be48(batch.data[start : start + 12].tobytes(), 6) if frame["linktype"] == ETHERNET else c.NO_MAC
            packet = batch.data[at : min(end, at + LONGEST)].tobytes()
            self.announcements.add(why, int(frame["number"]), int(frame["time"]), mac, packet)
