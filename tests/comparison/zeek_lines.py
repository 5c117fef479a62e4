"""Lines of Zeek's conn.log, beside those that Zeek's own tests expect of the same captures.

Where an expected line is right under other options than ours, it is an exception with a reason. Of such a line the rest
must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pcapstate.addresses import address
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.sides import where
from pcapstate.zeek.connections import STATES, InZeeksTerms


class Line(NamedTuple):
    """What a line says of a connection."""

    orig: str
    resp: str
    conn_state: str
    history: str | None
    orig_pkts: int
    resp_pkts: int


def lines_of(table: FlowTable) -> list[Line]:
    """Return the lines of all connections."""
    rows = np.arange(len(table.connections))
    found = InZeeksTerms(table.stories, rows)
    ends = [
        [f"{address(int(high), int(low))} {port}" for high, low, port in zip(*where(table, one), strict=True)]
        for one in (2 * rows + found.origin, 2 * rows + (found.origin ^ 1))
    ]
    states = [STATES[index] for index in found.states()]
    sent = found.sender["packets"].tolist(), found.answerer["packets"].tolist()
    return [Line(*one) for one in zip(*ends, states, found.histories(), *sent, strict=True)]


def differs(ours: Line, theirs: dict[str, Any], spelled: Callable[[str], str]) -> str:
    """Return how a line differs from the one that Zeek's tests expect, or nothing."""
    wanted = Line(*(theirs[name] for name in Line._fields))
    wanted = wanted._replace(orig=spelled(wanted.orig), resp=spelled(wanted.resp))
    if turned(ours) and not turned(wanted):
        # Those tests load no scripts, and with them no list of server ports by which Zeek guesses the originator.
        wanted = flipped(wanted)
    return "" if ours == wanted else f"{ours} for {wanted}"


def turned(line: Line) -> bool:
    """Tell whether the first packet came from the responder."""
    return (line.history or "").startswith("^")


def flipped(line: Line) -> Line:
    """Return a line with the other end as the originator, as if Zeek had guessed that from the start."""
    history = "^" + (line.history or "").swapcase()
    return Line(line.resp, line.orig, line.conn_state, history, line.resp_pkts, line.orig_pkts)
