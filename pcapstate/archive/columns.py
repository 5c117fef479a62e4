"""Tables of views as columns for DuckDB: arrays by name, addresses and ports apart, times in nanoseconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..addresses import address, is_ipv4
from ..rows import Rows
from ..table import ADDRESS, DURATION, ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Table

Columns = dict[str, Rows]
PORTS = frozenset(("client_port", "server_port", "local_port", "foreign_port"))


def columns_of(table: Table) -> Columns:
    """Return the columns of a table of a view for programs; an address as ``addresses`` does."""
    batches = list(table.batches)
    columns = batches[0].columns if batches else table.columns
    cells = np.concatenate([np.zeros((0, sum(one.width for one in columns)), np.int64), *(b.cells for b in batches)])
    found: Columns = {}
    at = 0
    for column in columns:
        given = cells[:, at : at + column.width]
        at += column.width
        if column.kind == ADDRESS:
            found |= addresses(column.name, given[:, 0], given[:, 1])
        elif column.kind == ENDPOINT_ADDRESS:
            # Its address and port are columns of their own.
            continue
        elif column.kind == WORD:
            words: Any = np.array(column.words, dtype=object)
            if all(isinstance(one, bool) for one in column.words):
                words = words.astype(bool)
            found[column.name] = words[given[:, 0]]
        elif column.kind in (NUMBER, NUMBER_OR_NOTHING, TIME, DURATION):
            values = np.ascontiguousarray(given[:, 0])
            found[column.name] = values.astype(np.uint16) if column.name in PORTS else values
        else:
            raise ValueError(f"no column of kind {column.kind}")
    return found


def addresses(name: str, high: Rows, low: Rows) -> Columns:
    """Return the columns of which ``address_of`` makes addresses in SQL: IPv4 as a number, IPv6 as texts (or None)."""
    texts = np.full(len(high), None, dtype=object)
    others = np.flatnonzero(~is_ipv4(high, low))
    if len(others):
        known, which = np.unique(np.stack([high[others], low[others]], axis=1), axis=0, return_inverse=True)
        shown = np.array([str(address(*one)) for one in known.tolist()], dtype=object)
        texts[others] = shown[which.reshape(-1)]
    return {f"{name}_v4": low & 0xFFFFFFFF, f"{name}_v6": texts}


def address_of(name: str) -> str:
    """Return in SQL an address as text; ``name``: of its columns (``addresses``)."""
    octets = ", '.', ".join(f"({name}_v4 >> {shift}) & 255" for shift in (24, 16, 8, 0))
    return f"coalesce({name}_v6::VARCHAR, concat({octets})) AS {name}"
