"""PPP: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (9, "ff03 0021", 0x0800),
        (9, "21", 0x0800),  # a compressed protocol field
        (50, "0f00 0800", 0x0800),  # Cisco HDLC
        (204, "01 ff03 0021", 0x0800),
        (166, "0000 0021", 0x0800),
        (51, "1100 0007 0016 0021", 0x8864),
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(9, "ff03")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
