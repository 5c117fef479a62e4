"""DSA tags: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (281, "02" * 12 + "00000000 0800", 0x0800),
        (284, "02" * 12 + "40000000 86dd", 0x86DD),
        (285, "02" * 12 + "dada0000 40000000 0800", 0x0800),
        (282, "00" * 4, 0x6558),
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(284, "02" * 12), (285, "02" * 18)])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
