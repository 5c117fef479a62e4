"""The number of dropped packets beside rows: it is that of the moment at which a row is written."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from pcapstate.kernels.running import Kernels
from pcapstate.output.formats import render
from pcapstate.table import NUMBER, Batch, Column, Table
from pcapstate.views.drops import with_drops


def test_rows_have_the_number_of_their_moment() -> None:
    columns = (Column("row", "Row", NUMBER),)
    dropped: int | None = None

    def batches() -> Iterator[Batch]:
        nonlocal dropped
        yield Batch(columns, np.array([[0], [1]]))
        dropped = 0
        yield Batch(columns, np.array([[2]]))
        dropped = 7
        yield Batch(columns, np.array([[3]]))

    table = with_drops(Table(columns, batches()), lambda: dropped)
    text = b"".join(render(table, "jsonl", Kernels("plain"))).decode()
    found = [json.loads(line) for line in text.splitlines()]
    assert found == [{"row": row, "drops": drops} for row, drops in enumerate([None, None, 0, 7])]
