"""ATM: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (100, "aaaa03 000000 0800", 0x0800),
        (11, "", 0x0800),  # IP alone
        (106, "", 0x0800),
        (100, "aaaa03 0080c2 0007 0000", 0x6558),  # a bridged frame
        (123, "02000064 aaaa03 000000 0800", 0x0800),
        (123, "01000064 0001", 0x6558),  # LAN emulation
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(100, "aaaa")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
