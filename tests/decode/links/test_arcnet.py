"""ARCNET: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (129, "01 02 0000 d4 00 0001", 0x0800),
        (7, "01 02 d4 00 0001", 0x0800),
        (7, "01 02 f0", 0x0800),  # RFC 1051
        (7, "01 02 c4 00 0001", 0x86DD),
        (7, "01 02 d4 ff ffff d4 00 0001", 0x0800),  # an exception packet
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(7, "01 02 d4 00")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
