"""PPI headers: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import WLAN, cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (192, "0000 0800 65000000", 0x0800),  # raw IP
        (192, "0000 0800 01000000" + "02" * 12 + "0800", 0x0800),  # Ethernet
        (192, "0000 0800 69000000" + WLAN, 0x0800),  # 802.11
        (192, "0000 0800 00000000 02000000", 0x0800),  # loopback
        (192, "0000 0c00 09000000 00000000 ff03 0021", 0x0800),  # fields
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(192, "0000 0800")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
