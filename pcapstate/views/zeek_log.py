"""Connections as lines of Zeek's conn.log."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np

from ..query.selection import Choice
from ..rows import Rows
from ..table import (
    ADDRESS,
    BATCH,
    CLOCK,
    NUMBER,
    NUMBER_OR_NOTHING,
    WORD,
    Batch,
    Batches,
    Column,
    Table,
    cells,
    slices,
    worded,
)
from ..tcp.flow_table import FlowTable
from ..tcp.sides import where
from ..zeek.connections import STATES, InZeeksTerms
from .connections import NOTHING as NOTHING_BESIDE
from .connections import Beside, chosen

NOTHING = (None,)
SECOND, MICROSECOND = 10**9, 1_000
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HASHED = 12
"""Bytes of a uid: as many as Zeek's have."""
TCP = 6

COLUMNS = (
    Column("ts", "", CLOCK),
    Column("uid", "", WORD),
    Column("id.orig_h", "", ADDRESS),
    Column("id.orig_p", "", NUMBER),
    Column("id.resp_h", "", ADDRESS),
    Column("id.resp_p", "", NUMBER),
    Column("proto", "", WORD, ("tcp",)),
    Column("service", "", WORD, NOTHING),
    Column("duration", "", CLOCK),
    Column("orig_bytes", "", NUMBER_OR_NOTHING),
    Column("resp_bytes", "", NUMBER_OR_NOTHING),
    Column("conn_state", "", WORD, STATES),
    Column("local_orig", "", WORD, NOTHING),
    Column("local_resp", "", WORD, NOTHING),
    Column("missed_bytes", "", NUMBER),
    Column("history", "", WORD),
    Column("orig_pkts", "", NUMBER),
    Column("orig_ip_bytes", "", NUMBER_OR_NOTHING),
    Column("resp_pkts", "", NUMBER),
    Column("resp_ip_bytes", "", NUMBER_OR_NOTHING),
    Column("tunnel_parents", "", WORD, NOTHING),
    Column("ip_proto", "", NUMBER),
)


def view(table: FlowTable, choose: Choice | None = None, beside: Beside = NOTHING_BESIDE) -> Table:
    """Return the connections in the order of their numbers; the table has their stories (``zeek.watcher.Stories``).

    ``choose``: returns the indices of the rows to show.
    """
    rows = None if choose is None else chosen(table, choose, beside)

    def batches() -> Iterator[Batch]:
        for part in slices(len(table.connections) if rows is None else len(rows), BATCH):
            yield _batch(table, np.arange(part.start, part.stop) if rows is None else rows[part])

    return Table(COLUMNS, Batches(batches))


def _batch(table: FlowTable, rows: Rows) -> Batch:
    found = InZeeksTerms(table.stories, rows)
    sender = 2 * rows.astype(np.int64) + found.origin
    origin, answerer = where(table, sender), where(table, sender ^ 1)
    lasting = np.where(found.known, found.story["last"] - found.story["first"], 0)
    first = np.where(found.known, found.story["first"], table.endpoints["first"][sender & ~1])
    given: dict[str, Any] = dict.fromkeys(("proto", "service", "local_orig", "local_resp", "tunnel_parents"), 0)
    words: dict[str, tuple[Any, ...]] = {}
    words["ts"], given["ts"] = _clock(first, np.ones(len(rows), dtype=bool))
    words["duration"], given["duration"] = _clock(lasting, lasting > 0)
    words["uid"], given["uid"] = worded(_uids(first, origin, answerer, found.sender["start"]))
    words["history"], given["history"] = found.words()
    given["id.orig_h"], given["id.orig_p"] = origin[:2], origin[2]
    given["id.resp_h"], given["id.resp_p"] = answerer[:2], answerer[2]
    given["conn_state"], given["missed_bytes"], given["ip_proto"] = found.states(), found.story["missed"], TCP
    for name, ends, peers in (("orig", found.sender, found.answerer), ("resp", found.answerer, found.sender)):
        given[f"{name}_bytes"] = np.where(lasting > 0, found.sizes(ends, peers), -1)
        given[f"{name}_pkts"] = ends["packets"]
        given[f"{name}_ip_bytes"] = np.maximum(ends["ip_bytes"], -1)
    columns = tuple(column._replace(words=words.get(column.name, column.words)) for column in COLUMNS)
    return Batch(columns, cells(columns, len(rows), **given))


def _clock(times: Rows, there: Rows) -> tuple[tuple[Any, ...], tuple[Rows, Rows]]:
    """Return the words of whole seconds, and the cells of times (ns); where none is ``there``, nothing."""
    micros = times // MICROSECOND
    seconds, parts = micros // (SECOND // MICROSECOND), micros % (SECOND // MICROSECOND)
    texts = [f"{second}." if one else None for second, one in zip(seconds.tolist(), there.tolist(), strict=True)]
    words, indices = worded(texts)
    return words, (indices, np.where(there, parts, -1))


def _uids(first: Rows, origin: tuple[Rows, ...], answerer: tuple[Rows, ...], start: Rows) -> list[str]:
    """Return a name for each connection: the same wherever it is captured from its first packet on."""
    plain = np.column_stack([np.asarray(one).astype(np.int64) for one in (first, *origin, *answerer, start)])
    octets = np.ascontiguousarray(plain, dtype="<i8").tobytes()
    width = 8 * plain.shape[1]
    return [_base62(octets[at : at + width]) for at in range(0, len(octets), width)]


def _base62(octets: bytes) -> str:
    number = int.from_bytes(blake2b(octets, digest_size=HASHED).digest(), "big")
    text = ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        text += DIGITS[digit]
    return "C" + text
