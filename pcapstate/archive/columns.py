"""Tables of views as columns for DuckDB: arrays by name, addresses and ports apart, times in nanoseconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..addresses import address
from ..rows import Rows
from ..table import DURATION, ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Table

Columns = dict[str, Rows]


def columns_of(table: Table) -> Columns:
    """Return the columns of a table of a view for programs; of an endpoint, NAME_address and NAME_port."""
    batches = list(table.batches)
    columns = batches[0].columns if batches else table.columns
    cells = np.concatenate([np.zeros((0, sum(one.width for one in columns)), np.int64), *(b.cells for b in batches)])
    found: Columns = {}
    at = 0
    for column in columns:
        given = cells[:, at : at + column.width]
        at += column.width
        if column.kind == ENDPOINT_ADDRESS:
            found[f"{column.name}_address"] = addresses(given[:, 0], given[:, 1])
            found[f"{column.name}_port"] = given[:, 2].astype(np.uint16)
        elif column.kind == WORD:
            words: Any = np.array(column.words, dtype=object)
            if all(isinstance(one, bool) for one in column.words):
                words = words.astype(bool)
            found[column.name] = words[given[:, 0]]
        elif column.kind in (NUMBER, NUMBER_OR_NOTHING, TIME, DURATION):
            found[column.name] = np.ascontiguousarray(given[:, 0])
        else:
            raise ValueError(f"no column of kind {column.kind}")
    return found


def addresses(high: Rows, low: Rows) -> Rows:
    """Return addresses as texts (object), each different one made once."""
    if not len(high):
        return np.zeros(0, dtype=object)
    pairs = np.stack([high, low], axis=1)
    order = np.lexsort((low, high))
    some = pairs[order]
    new = np.concatenate([[True], (some[1:] != some[:-1]).any(axis=1)])
    texts = np.array([str(address(*one)) for one in some[new].tolist()], dtype=object)
    found = np.empty(len(high), dtype=object)
    found[order] = texts[np.cumsum(new) - 1]
    return found
