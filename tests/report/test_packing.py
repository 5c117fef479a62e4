"""Columns as text: what is unpacked is what was packed."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pcapstate.report.packing import Packed
from pcapstate.rows import Rows


def unpacked(text: str) -> tuple[dict[str, Any], dict[str, Rows]]:
    """Read it as the page does."""
    whole = gzip.decompress(base64.b64decode(text, validate=True))
    length = int.from_bytes(whole[:4], "little")
    values = json.loads(whole[4 : 4 + length])
    columns = {}
    for name, kind, count, at in values["columns"]:
        assert (4 + length + at) % 8 == 0
        columns[name] = np.frombuffer(whole, dtype=f"<{kind}", count=count, offset=4 + length + at)
    return values, columns


@pytest.mark.parametrize(
    ("most", "kind"),
    [(0, "u1"), (255, "u1"), (256, "u2"), (65_535, "u2"), (65_536, "u4"), (2**32 - 1, "u4"), (2**32, "f8")],
)
def test_whole_numbers_take_as_few_bytes_as_they_need(most: int, kind: str) -> None:
    packed = Packed()
    packed.add("one", [0, most])
    values, columns = unpacked(packed.text())
    assert values["columns"] == [["one", kind, 2, 0]]
    assert columns["one"].tolist() == [0, most]


@given(
    arrays(np.int64, st.integers(0, 20), elements=st.integers(-(2**53), 2**53)),
    arrays(np.float64, st.integers(0, 20)),
    arrays(np.bool_, st.integers(0, 20)),
    st.dictionaries(st.text(), st.text()),
)
def test_what_is_unpacked_is_what_was_packed(whole: Rows, parts: Rows, flags: Rows, values: dict[str, str]) -> None:
    packed = Packed()
    packed.values["words"] = values
    for name, column in (("whole", whole), ("parts", parts), ("flags", flags)):
        packed.add(name, column)
    text = packed.text()
    known, columns = unpacked(text)
    assert known["words"] == values
    np.testing.assert_array_equal(columns["whole"], whole)
    np.testing.assert_array_equal(columns["parts"], parts)
    np.testing.assert_array_equal(columns["flags"], flags)
    # Nothing in it means anything to HTML.
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
