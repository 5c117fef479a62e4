"""The states of every packet's connection in a folder, from which Wireshark's plug-in (``pcapstate.lua``) reads them.

``frames`` has a FRAME for each frame, so that the plug-in finds one by its number; ``changes`` has a CHANGE for each
transition that a packet causes; ``more`` has the other segments of frames with several (MORE); ``connections`` has a
byte for each connection. ``index`` is written last, with the version and the words. All numbers are little-endian.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..decode.segment import SEGMENT_ICMP
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.machine import TABLE, Certainty
from ..tcp.outcomes import NAMES, outcomes
from ..tcp.settling import certainties
from ..tcp.sides import sides
from ..tcp.states import STATES

VERSION = 1
"""Of the files; the plug-in refuses others."""
FRAME = np.dtype(
    [
        ("connection", "<u4"),  # 1 + its number; 0: the frame has no segment
        ("change", "<u4"),  # 1 + the place of its first change; 0: it changes nothing
        ("ticks", "<u2"),  # the lowest bits of its time in TICK: another capture has others
        ("states", "u1"),  # those of endpoint 0, and from bit 4 on of endpoint 1
    ]
)
CHANGE = np.dtype(
    [
        ("connection", "<u4"),  # its number
        ("states", "u1"),  # before, and from bit 4 on after
        ("row", "u1"),  # index into machine.TABLE
        ("bits", "u1"),  # the certainty; SIDE, LAST
    ]
)
SIDE, LAST = 0x40, 0x80
"""Of endpoint 1; the last change of its frame."""
MORE = np.dtype([("frame", "<u4"), ("connection", "<u4"), ("states", "u1")])
TURNED = 0x80
"""In the byte of a connection: endpoint 1 is the client. The other bits are 1 + the outcome; 0: it was evicted."""
AT_ONCE = 1 << 16
"""Connections whose outcomes are worked out together."""
TICK = 10_000_000
"""Nanoseconds."""


class PacketStates:
    """Writes the files into a folder while a table follows packets. Raises OSError."""

    def __init__(self, table: FlowTable, folder: str) -> None:
        self._table, self._folder = table, folder
        self._frames: Any = self._open("frames")
        self._changes: Any = self._open("changes")
        self._more: Any = self._open("more")
        self._written = self._changed = 0
        self._turned = np.zeros(1 << 10, dtype=bool)
        table.look_at_each(self._look)

    def _open(self, name: str) -> Any:
        return open(os.path.join(self._folder, name), "w+b")

    def _look(self, segments: Rows, afterwards: Rows) -> None:
        own = (segments["endpoint"] >= 0) & ((segments["flags"] >= 0) | (segments["flags"] == SEGMENT_ICMP))
        segments, afterwards = segments[own], afterwards[own]
        if not len(segments):
            return
        rows, numbers = segments["endpoint"] >> 1, segments["number"]
        connections = self._table.numbers(rows)
        states = afterwards["state_0"] | afterwards["state_1"] << 4
        self._note_turned(connections, self._table.connections["notes"][rows] & c.NOTE_CLIENT_IS_1 != 0)
        low, frames = self._frames_of(int(numbers.min()), int(numbers.max()))
        at = numbers - low
        # Of a frame with several segments the first has the record.
        firsts = np.zeros(len(segments), dtype=bool)
        firsts[np.unique(at, return_index=True)[1]] = True
        firsts &= frames["connection"][at] == 0
        more = np.zeros(np.count_nonzero(~firsts), dtype=MORE)
        more["frame"], more["connection"], more["states"] = numbers[~firsts], connections[~firsts], states[~firsts]
        self._more.write(more.tobytes())
        at = at[firsts]
        frames["connection"][at], frames["states"][at] = connections[firsts] + 1, states[firsts]
        frames["ticks"][at] = segments["time"][firsts] // TICK & 0xFFFF
        self._write_changes(low, frames)
        self._frames.seek((low - 1) * FRAME.itemsize)
        self._frames.write(frames.tobytes())
        self._written = max(self._written, low - 1 + len(frames))

    def _frames_of(self, low: int, high: int) -> tuple[int, Rows]:
        """Return the number of the first of the frames to write, and all of them as far as they are known."""
        low = min(low, self._written + 1)
        self._frames.seek((low - 1) * FRAME.itemsize)
        known = np.frombuffer(self._frames.read(), dtype=FRAME)
        frames = np.zeros(max(high - low + 1, len(known)), dtype=FRAME)
        frames[: len(known)] = known
        return low, frames

    def _write_changes(self, low: int, frames: Rows) -> None:
        """Write the changes of frames, and into ``frames`` where they are."""
        rows = self._table.untaken
        rows = rows[rows["packet"] > 0]
        if not len(rows):
            return
        rows = rows[np.argsort(rows["packet"], kind="stable")]
        changes = np.zeros(len(rows), dtype=CHANGE)
        connections = rows["endpoint"] >> 1
        changes["connection"] = self._table.numbers(connections)
        changes["states"], changes["row"] = rows["from"] | rows["to"] << 4, rows["row"]
        changes["bits"] = certainties(rows, final=False) | np.where(rows["endpoint"] & 1 == 1, SIDE, 0)
        another = np.diff(rows["packet"]) != 0
        changes["bits"] |= np.where(np.append(another, True), LAST, 0).astype(np.uint8)
        firsts = np.flatnonzero(np.append(True, another))
        frames["change"][rows["packet"][firsts] - low] = self._changed + firsts + 1
        self._changes.write(changes.tobytes())
        self._changed += len(changes)

    def _note_turned(self, connections: Rows, turned: Rows) -> None:
        needed = int(connections.max()) + 1
        if needed > len(self._turned):
            more = np.zeros(max(needed, len(self._turned)), dtype=bool)
            self._turned = np.concatenate([self._turned, more])
        self._turned[connections] = turned

    def finish(self) -> None:
        """Write what is known at the end."""
        for file in (self._frames, self._changes, self._more):
            file.close()
        table = self._table
        found = np.where(self._turned[: table.count], TURNED, 0).astype(np.uint8)
        for start in range(0, len(table.connections), AT_ONCE):
            of = sides(table, start, start + AT_ONCE)
            numbers = table.numbers(np.arange(start, start + len(of.notes)))
            found[numbers] = outcomes(of) + 1 | np.where(of.turned, TURNED, 0)
        with open(os.path.join(self._folder, "connections"), "wb") as file:
            file.write(found.tobytes())
        lines = [f"pcapstate {VERSION}"]
        words = {
            "state": STATES,
            "cause": [row.cause for row in TABLE],
            "certainty": [one.word for one in Certainty],
            "outcome": NAMES,
        }
        lines += [f"{kind} {word}" for kind, known in words.items() for word in known]
        with open(os.path.join(self._folder, "index"), "w", encoding="ascii", newline="\n") as index:
            index.write("\n".join([*lines, ""]))
