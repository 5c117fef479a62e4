"""Exported PDUs: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import WLAN, cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (252, "000c 0004 69700000 0000 0000", 0x0800),  # "ip"
        (252, "000c 0008 7261775f69700000 0000 0000", 0x0800),  # "raw_ip"
        (252, "000c 0004 65746800 0000 0000", 0x6558),  # "eth"
        (252, "000c 0004 70707000 0000 0000", 0x880B),  # "ppp"
        (252, "000c 0004 776c616e 0000 0000" + WLAN, 0x0800),  # "wlan"
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(252, "000c")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
