"""What columns of connections need beside what the tracker always keeps: details of ends, and names of hosts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..capture import Source, Watcher
from ..memory import default_bound
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from .connection_columns import DETAILED, STORIES
from .connections import Beside, Words
from .timeline_columns import NAMED

if TYPE_CHECKING:
    from ..sockets.gathering import Gathering
    from ..sockets.rows import SocketRows
    from ..zeek.watcher import Stories

ANYBODY = ("::/0",)
"""Names do not depend on whose netstat it is."""


class Gathered:
    """What is gathered for some columns, and no more: each costs time.

    ``needed``: the columns that are looked at; ``bound``: bytes that the run may take, None: the default;
    ``checksums``: in Zeek's terms, packets with a wrong one are left out.
    """

    def __init__(self, needed: frozenset[str], bound: int | None = None, checksums: bool = False) -> None:
        self.details = bool(needed & DETAILED)
        """Whether the tracker must keep rows of DETAIL."""
        self.bytes_each = self.bytes_beside = 0
        """The bytes that names take, at most: for each connection, and whatever the capture holds."""
        self._gathering: Gathering | None = None
        self._clients: SocketRows | None = None
        if needed & NAMED:
            # Only who asks for names needs it.
            from ..sockets.answers import EACH, EACH_NAMED, EACH_OPENING
            from ..sockets.gathering import Gathering
            from ..sockets.question import Question

            bound = default_bound() if bound is None else bound
            self._gathering = Gathering(Question(local=ANYBODY), frozenset(("foreign_name",)), False, bound)
            self.bytes_each = EACH + EACH_NAMED + EACH_OPENING
            self.bytes_beside = self._gathering.bytes_beside
        self._stories: Stories | None = None
        if needed & STORIES:
            # Only who asks for Zeek's terms needs it.
            from ..zeek.watcher import BYTES_EACH, Stories

            self._stories = Stories(checksums)
            self.bytes_each += BYTES_EACH

    @property
    def stories(self) -> bool:
        """Whether connections are followed as Zeek does."""
        return self._stories is not None

    @property
    def watches(self) -> bool:
        """Whether frames must be looked at beside the tracker."""
        return self._gathering is not None or self.stories

    def watchers(self, source: Source) -> Sequence[Watcher]:
        """Return the watchers that must see the frames of a source beside the tracker."""
        of_names = () if self._gathering is None else self._gathering.watchers(source)
        return of_names if self._stories is None else (*of_names, self._stories)

    def moved(self, kept: Rows) -> None:
        """Follow the table, which evicted connections: its row n is the former row ``kept[n]``."""
        self._clients = None
        if self._gathering is not None:
            self._gathering.moved(kept)

    def beside(self, moment: int) -> Beside:
        """Return what columns need at a moment, ns since the epoch."""
        return Beside(moment, None if self._gathering is None else self._names)

    def _names(self, table: FlowTable, rows: Rows, name: str) -> Words:
        assert self._gathering is not None
        clients = self._clients
        if clients is None or len(clients) != len(table.connections):
            # Messages are searched for the addresses of all connections at once.
            clients = self._clients = rows_of_clients(table)
        some, notes = clients.some(rows), self._gathering.annotations()
        return notes.local_name(some) if name == "client_name" else notes.foreign_name(some)


def rows_of_clients(table: FlowTable) -> SocketRows:
    """Return the client's row of netstat for each connection: its local end is the client, the other the server."""
    from ..sockets.rows import SocketRows

    turned = table.connections["notes"] & c.NOTE_CLIENT_IS_1 != 0
    return SocketRows.of_ends(table, 2 * np.arange(len(turned)) + turned, table.clock)
