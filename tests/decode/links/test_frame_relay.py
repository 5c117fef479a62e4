"""Frame Relay: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (107, "1841 03 cc", 0x0800),
        (107, "1841 0800", 0x0800),  # an EtherType, as Cisco has it
        (107, "18400841 03 cc", 0x0800),  # a longer address
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(107, "1841")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
