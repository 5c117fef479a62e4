"""Rows are chosen and sorted some at a time, as if they were looked at together."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pcapstate.query import ordering
from pcapstate.query.columns import SortKey
from pcapstate.query.expression import Lookup
from pcapstate.query.fields import Field, Kind
from pcapstate.query.ordering import matching, order
from pcapstate.query.parser import parse

Row = tuple[int, int, str | None, tuple[int, int]]

small = st.integers(-1, 3)
rows_ = st.lists(
    st.tuples(st.one_of(small, st.integers(-(2**62), 2**62)), st.integers(0, 3), st.sampled_from((None, "", "a", "b")),
              st.tuples(small, small)),
    max_size=12,
)  # fmt: skip
keys_ = st.lists(
    st.builds(SortKey, st.sampled_from(("number", "narrow", "text", "address")), st.booleans()), max_size=3
)


def values_of(rows: list[Row]) -> ordering.Values:
    """Columns of each kind; texts come with the words that those rows have."""

    def values(part: slice) -> Lookup:
        def column(name: str) -> Any:
            if name == "number":
                return np.array([row[0] for row in rows[part]], dtype=np.int64)
            if name == "narrow":
                return np.array([row[1] for row in rows[part]], dtype=np.uint8)
            if name == "text":
                words = [*dict.fromkeys(row[2] for row in rows[part])]
                return words, np.array([words.index(row[2]) for row in rows[part]], dtype=np.int64)
            halves = np.array([row[3] for row in rows[part]], dtype=np.int64).reshape(-1, 2)
            return halves[:, 0], halves[:, 1]

        return column

    return values


def expected(rows: list[Row], keys: list[SortKey], chosen: list[int]) -> list[int]:
    """Sort by one key after the other, what is nothing last."""
    for key in reversed(keys):
        at = ("number", "narrow", "text", "address").index(key.column)
        values = {row: rows[row][at] for row in chosen}
        nothing = {row for row, one in values.items() if one is None or (at == 0 and one < 0)}  # type: ignore[operator]
        if at == 3:
            values = {row: tuple(half % 2**64 for half in one) for row, one in values.items()}  # type: ignore[union-attr, misc]
        # Rows that are equal stay as they came, also where the largest come first.
        there = sorted((row for row in chosen if row not in nothing), key=values.__getitem__, reverse=key.descending)
        chosen = there + [row for row in chosen if row in nothing]
    return chosen


@given(rows_, keys_, st.integers(1, 5), st.booleans())
def test_order(rows: list[Row], keys: list[SortKey], size: int, filtered: bool) -> None:
    condition = parse("narrow > 0", {"narrow": Field(Kind.NUMBER, ("narrow",))}) if filtered else None
    with patch.object(ordering, "SIZE", size):
        chosen = matching(condition, values_of(rows), len(rows))
        found = order(keys, values_of(rows), chosen)
    assert chosen.tolist() == [at for at, row in enumerate(rows) if not filtered or row[1] > 0]
    assert found.tolist() == expected(rows, keys, chosen.tolist())
