"""Ethernet, and what cards put before it: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (1, "02" * 12 + "0800", 0x0800),
        (1, "02" * 12 + "8100 002a 0800", 0x0800),  # a VLAN tag
        (1, "02" * 12 + "0054 aaaa03 000000 0800", 0x0800),  # a length, LLC and SNAP
        (240, "00" * 4, 0x6558),
        (241, "00" * 12, 0x6558),
        (274, "55" * 7 + "d5", 0x6558),
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(1, "02" * 12 + "08")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
