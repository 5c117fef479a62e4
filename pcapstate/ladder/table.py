"""The steps of a connection as a table, for programs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..decode.segment import ACK, SEGMENT_ICMP
from ..table import NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Column, Table, cells, single, worded
from ..tcp.machine import TABLE
from ..tcp.states import STATES
from .drawing import flags_text
from .steps import NO_PACKET, Change, Steps

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
    Column("sent_again", "Sent Again", NUMBER_OR_NOTHING, nothing="-"),
    Column("missing", "Missing", NUMBER),
    Column("client_before", "Client Before", WORD, STATES),
    Column("client_state", "Client State", WORD, STATES),
    Column("server_before", "Server Before", WORD, STATES),
    Column("server_state", "Server State", WORD, STATES),
    Column("client_cause", "Client Cause", WORD),
    Column("server_cause", "Server Cause", WORD),
)


def table_of(steps: Steps) -> Table:
    """Return a row for each step; ``seq`` and ``ack`` are relative."""
    rows = steps.rows
    words = {"flags": worded([_flags(flags) for flags in rows["flags"].tolist()])}
    for side, name in enumerate(("client_cause", "server_cause")):
        causes: list[str | None] = [None] * len(steps)
        for at, changes in steps.changes.items():
            causes[at] = _cause(changes, side)
        words[name] = worded(causes)
    columns = tuple(one._replace(words=words[one.name][0]) if one.name in words else one for one in COLUMNS)
    with_ack = (rows["flags"] >= 0) & (rows["flags"] & ACK != 0)
    values = {
        "time": rows["time"],
        "packet": np.where(rows["number"] == 0, -1, rows["number"]),
        "sender": np.where(rows["flags"] == NO_PACKET, 2, rows["side"]),
        "retransmission": rows["again"],
        "duplicate": rows["copy"],
        "sent_again": np.where(rows["lost"] == 0, -1, rows["lost"]),
        "missing": rows["gap"],
        "ack": np.where(with_ack, rows["ack"], -1),
        **{name: rows[name] for name in ("seq", "length", "window")},
    }
    for side, name in enumerate(("client", "server")):
        values[f"{name}_before"], values[f"{name}_state"] = rows["before"][:, side], rows["after"][:, side]
    arrays = {name: given.astype(np.int64) for name, given in values.items()}
    arrays |= {name: indices for name, (_, indices) in words.items()}
    return single(columns, cells(columns, len(steps), **arrays))


def _flags(flags: int) -> str | None:
    if flags == NO_PACKET:
        return None
    return "ICMP" if flags == SEGMENT_ICMP else flags_text(flags)


def _cause(changes: Sequence[Change], side: int) -> str | None:
    return "; ".join(TABLE[one.row].cause for one in changes if one.side == side) or None
