"""Addresses are found wherever they stand in a message."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.addresses import packed
from pcapstate.names.searching import Ipv4Search, Ipv6Search


@settings(max_examples=200)
@given(st.binary(max_size=300), st.lists(st.binary(min_size=4, max_size=4), min_size=1, max_size=5, unique=True))
def test_finds_all_of_ipv4(data: bytes, wanted: list[bytes]) -> None:
    data = data + wanted[0] + data[::-1]
    offsets, which = Ipv4Search(np.array([int.from_bytes(one, "big") for one in wanted])).find(
        np.frombuffer(data, dtype=np.uint8)
    )
    expected = {(at, n) for n, one in enumerate(wanted) for at in range(len(data)) if data[at : at + 4] == one}
    assert set(zip(offsets.tolist(), which.tolist(), strict=True)) == expected


@settings(max_examples=200)
@given(st.binary(max_size=100), st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=5, unique=True))
def test_finds_all_of_ipv6(data: bytes, wanted: list[bytes]) -> None:
    data = data + wanted[-1] + data
    offsets, which = Ipv6Search(np.array([packed(one) for one in wanted])).find(np.frombuffer(data, dtype=np.uint8))
    expected = {(at, n) for n, one in enumerate(wanted) for at in range(len(data)) if data[at : at + 16] == one}
    assert set(zip(offsets.tolist(), which.tolist(), strict=True)) == expected
