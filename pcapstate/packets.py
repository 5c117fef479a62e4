"""The tracker, fed with single frames: an event-driven form of the library."""

from __future__ import annotations

import numpy as np

from .decode.decoder import Decoder
from .decode.links.ethernet import ETHERNET
from .kernels.running import Kernels
from .objects import Connection, Transition, records, transitions_of
from .sources.framing import FRAME
from .sources.reader import Batch
from .tcp.flow_table import FlowTable
from .tcp.time_wait import DEFAULT_TWO_MSL, TimeWait
from .views import connections as connections_view
from .views import timeline as timeline_view


class Tracker:
    """Tracks frames one by one. ``link_type``: their LINKTYPE number, by default Ethernet; ``two_msl``: seconds."""

    def __init__(self, *, link_type: int = ETHERNET, two_msl: float = DEFAULT_TWO_MSL) -> None:
        kernels = Kernels()
        self._decoder, self._table = Decoder(kernels), FlowTable(kernels, TimeWait(two_msl))
        self._frames = np.zeros(1, dtype=FRAME)
        self._frames["linktype"] = link_type

    def feed(self, frame: bytes, time: float, length: int | None = None) -> list[Transition]:
        """Track a frame; return the transitions that it causes, and those of timers since the last one.

        ``time``: seconds since the epoch, or of any clock; ``length``: bytes on the wire, if the frame was truncated.
        Transitions come as in a live capture: a correction by a later packet comes as ``revised``.
        """
        row = self._frames[0]
        row["time"], row["captured"], row["length"] = round(time * 1e9), len(frame), max(len(frame), length or 0)
        row["number"] += 1
        clock = int(row["time"])
        batch = Batch(np.frombuffer(frame, dtype=np.uint8), self._frames, len(frame), clock)
        segments = self._decoder.decode(batch)
        found: list[Transition] = []
        for runs in (self._table.follow(segments, len(segments)), self._table.pass_time(clock)):
            for rows in runs:
                found += transitions_of(timeline_view.view(self._table, [rows], None, None, False))
        return found

    def connections(self) -> list[Connection]:
        """Return all connections as they are now, in the order of their numbers."""
        return [Connection(**one) for one in records(connections_view.view(self._table))]
