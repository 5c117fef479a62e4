"""The packets of one connection in two captures: what became of each, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..comparing.comparison import Comparison
from ..comparing.fates import CHANGE_WORDS, FATES
from ..decode.segment import ACK, FIN, PSH, RST, SYN
from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field
from ..query.selection import Choice
from ..rows import Rows
from ..table import DURATION, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Column, Table
from ..tcp.sequence import LOW_32
from .comparison import ENDS, laid_out
from .reading_aids import Manner

LETTERS = (
    (SYN, "SYN"),
    (FIN, "FIN"),
    (RST, "RST"),
    (PSH, "PSH"),
    (ACK, "ACK"),
    (0x20, "URG"),
    (0x40, "ECE"),
    (0x80, "CWR"),
)
FLAG_WORDS = tuple(" ".join(word for bit, word in LETTERS if flags & bit) or None for flags in range(256))
COLUMNS = (
    Column("time", "Time", TIME),
    Column("sender", "From", WORD, ENDS),
    Column("sent_packet", "Sent", NUMBER_OR_NOTHING, nothing="-"),
    Column("received_packet", "Received", NUMBER_OR_NOTHING, nothing="-"),
    Column("flags", "Flags", WORD, FLAG_WORDS),
    Column("sequence", "Seq", NUMBER),
    Column("acknowledgment", "Ack", NUMBER_OR_NOTHING, nothing="-", rank=3),
    Column("length", "Len", NUMBER),
    Column("fate", "Fate", WORD, FATES),
    Column("transit", "Transit", DURATION, nothing="-"),
    Column("reordered", "Reordered", WORD, (False, True), rank=2),
    Column("changed", "Changed", WORD, CHANGE_WORDS, nothing="-", rank=1),
)
BY_NAME = {column.name: column for column in COLUMNS}


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``."""
    return plain_fields(COLUMNS, read)


def view(
    of: Comparison, connection: int, names: Sequence[str] | None, manner: Manner | None, choose: Choice | None
) -> Table:
    """Return the packets of a connection (of ``Joined``), in the order in which they were sent, or else received."""
    told = of.fates
    rows = np.flatnonzero(told.ends >> 1 == connection)
    rows = rows[np.argsort(told.times[rows], kind="stable")]
    base = _first_numbers(of, rows)

    def values(some: Rows) -> Any:
        return lambda name: _value(of, some, base, name)

    return laid_out(BY_NAME, names or tuple(BY_NAME), rows, values, manner, choose)


def _first_numbers(of: Comparison, rows: Rows) -> list[int]:
    """Return the initial sequence number of each side, or the first number that is there."""
    found = []
    for side in (0, 1):
        own = rows[of.fates.ends[rows] & 1 == side]
        seq, flags = (_of(of, own, name).astype(np.int64) for name in ("seq", "flags"))
        opening = np.flatnonzero(flags & SYN)
        found.append(int(seq[opening[0]]) if len(opening) else int(seq[0]) if len(seq) else 0)
    return found


def _of(of: Comparison, rows: Rows, name: str) -> Rows:
    sent, got = of.fates.rows[0][rows], of.fates.rows[1][rows]
    values = np.zeros(len(rows), dtype=np.int64)
    there = sent >= 0
    values[there] = of.fates.sent.packets[name][sent[there]]
    values[~there] = of.fates.got.packets[name][got[~there]]
    return values


def _value(of: Comparison, rows: Rows, base: list[int], name: str) -> Any:
    told = of.fates
    side = told.ends[rows] & 1
    if name == "time":
        return told.times[rows]
    if name == "sender":
        return side ^ of.joined.client[told.ends[rows] >> 1]
    if name in ("sent_packet", "received_packet"):
        which = int(name != "sent_packet")
        packets, places = (told.sent, told.got)[which].packets, told.rows[which][rows]
        numbers = np.full(len(rows), -1, dtype=np.int64)
        numbers[places >= 0] = packets["number"][places[places >= 0]]
        return numbers
    if name == "sequence":
        return (_of(of, rows, "seq") - np.array(base)[side]) & LOW_32
    if name == "acknowledgment":
        relative = (_of(of, rows, "ack") - np.array(base)[side ^ 1]) & LOW_32
        return np.where(_of(of, rows, "flags") & ACK > 0, relative, -1)
    if name in ("flags", "length"):
        return _of(of, rows, name)
    return {"fate": told.fate, "transit": told.transit, "reordered": told.reordered, "changed": told.changed}[name][
        rows
    ].astype(np.int64)
