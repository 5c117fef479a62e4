"""From when on a connection has its 4-tuple, where the one before it was open when its SYN came."""

from __future__ import annotations

import numpy as np

from ..rows import Rows
from ..tcp.flow_table import FlowTable
from ..tcp.states import State
from ..views.connections import Connections


def shown_from(table: FlowTable, rows: Rows, changes: Rows) -> Rows:
    """Return from when on netstat has each of some connections, ns since the epoch.

    That is its first packet. Of two connections on one 4-tuple the old one has the socket until a packet shows that the
    new SYN counts: until then a SYN beside an open connection has no row. ``changes``: all transitions (TRANSITION), in
    order.
    """
    found: Rows = Connections(table, rows).value("opened").copy()
    # The first packet of an end that came back after a reboot is a later one.
    firsts = np.full(len(table.connections), np.iinfo(np.int64).max)
    np.minimum.at(firsts, changes["endpoint"] >> 1, changes["time"])
    found = np.minimum(found, firsts[rows])
    previous = table.extras["previous"][rows].astype(np.int64) - 1
    later = np.flatnonzero(previous >= 0)
    if not len(later):
        return found
    changes = changes[np.argsort(changes["endpoint"], kind="stable")]
    begins = np.searchsorted(changes["endpoint"], np.arange(2 * len(table.connections) + 1))

    def of(end: int) -> Rows:
        return changes[begins[end] : begins[end + 1]]

    for place in later.tolist():
        begun, row, old = found[place], int(rows[place]), int(previous[place])
        ends = [of(2 * old), of(2 * old + 1)]
        if not all(_is_open(end[end["time"] < begun]) for end in ends):
            continue
        own = np.concatenate([of(2 * row), of(2 * row + 1)])["time"]
        times = [*(end["time"] for end in ends), own]
        after = np.concatenate([one[one > begun] for one in times])
        # Nothing came of it: there is no such time.
        found[place] = after.min() if len(after) else np.iinfo(np.int64).max
    return found


def _is_open(changes: Rows) -> bool:
    """Tell whether an end has its connection after some changes."""
    return bool(len(changes)) and State.ESTABLISHED <= changes["to"][-1] != State.TIME_WAIT
