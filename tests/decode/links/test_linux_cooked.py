"""Linux cooked captures: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import WLAN, cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (113, "0000 0001 0006 020000000001 0000 0800", 0x0800),
        (276, "0800 0000 00000001 0001 00 06 020000000001 0000", 0x0800),
        (113, "0000 0323 0006 020000000001 0000 0003" + "0000 0800 00000000" + WLAN, 0x0800),  # 802.11 behind radiotap
        (113, "0000 0321 0006 020000000001 0000 0003" + WLAN, 0x0800),  # 802.11 alone
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(113, "0000 0001"), (276, "0800 0000")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
