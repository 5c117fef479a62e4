"""The steps of a connection as a table, for programs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..decode.segment import ACK, SEGMENT_ICMP
from ..table import NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Column, Table, cells, single, worded
from ..tcp.machine import TABLE
from ..tcp.states import STATES
from .drawing import flags_text
from .steps import NO_PACKET, Step

COLUMNS = (
    Column("time", "Time", TIME),
    Column("packet", "Packet", NUMBER_OR_NOTHING, nothing="-"),
    Column("sender", "Sender", WORD, ("client", "server", None)),
    Column("flags", "Flags", WORD),
    Column("seq", "Seq", NUMBER),
    Column("ack", "Ack", NUMBER_OR_NOTHING, nothing="-"),
    Column("length", "Length", NUMBER),
    Column("window", "Window", NUMBER),
    Column("retransmission", "Retransmission", WORD, (False, True)),
    Column("duplicate", "Duplicate", WORD, (False, True)),
    Column("missing", "Missing", NUMBER),
    Column("client_before", "Client Before", WORD, STATES),
    Column("client_state", "Client State", WORD, STATES),
    Column("server_before", "Server Before", WORD, STATES),
    Column("server_state", "Server State", WORD, STATES),
    Column("client_cause", "Client Cause", WORD),
    Column("server_cause", "Server Cause", WORD),
)


def table_of(steps: Sequence[Step]) -> Table:
    """Return a row for each step; ``seq`` and ``ack`` are relative."""
    words = {"flags": worded([_flags(step) for step in steps])}
    for side, name in enumerate(("client_cause", "server_cause")):
        words[name] = worded([_cause(step, side) for step in steps])
    columns = tuple(one._replace(words=words[one.name][0]) if one.name in words else one for one in COLUMNS)
    values = {
        "time": [step.time for step in steps],
        "packet": [step.number or -1 for step in steps],
        "sender": [2 if step.flags == NO_PACKET else step.side for step in steps],
        "retransmission": [int(step.again) for step in steps],
        "duplicate": [int(step.copy) for step in steps],
        "missing": [step.gap for step in steps],
        "ack": [step.ack if step.flags >= 0 and step.flags & ACK else -1 for step in steps],
        **{name: [getattr(step, name) for step in steps] for name in ("seq", "length", "window")},
    }
    for side, name in enumerate(("client", "server")):
        values[f"{name}_before"] = [int(step.before[side]) for step in steps]
        values[f"{name}_state"] = [int(step.after[side]) for step in steps]
    arrays = {name: np.array(given, dtype=np.int64) for name, given in values.items()}
    arrays |= {name: indices for name, (_, indices) in words.items()}
    return single(columns, cells(columns, len(steps), **arrays))


def _flags(step: Step) -> str | None:
    if step.flags == NO_PACKET:
        return None
    return "ICMP" if step.flags == SEGMENT_ICMP else flags_text(step.flags)


def _cause(step: Step, side: int) -> str | None:
    return "; ".join(TABLE[one.row].cause for one in step.changes if one.side == side) or None
