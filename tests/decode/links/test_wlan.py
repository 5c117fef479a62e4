"""802.11: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import WLAN, cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (105, WLAN, 0x0800),
        (105, "8801 0000" + "02" * 18 + "1000 0000 aaaa03 000000 0800", 0x0800),  # quality of service
        (127, "0000 0800 00000000" + WLAN, 0x0800),  # radiotap
        (119, "44000000 90000000" + "00" * 136 + WLAN, 0x0800),  # Prism
        (119, "00000044 00000090" + "00" * 136 + WLAN, 0x0800),  # Prism, of a big-endian host
        (163, "80211001 00000040" + "00" * 56 + WLAN, 0x0800),  # AVS
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(105, "0801"), (127, "0000 ff00 00000000")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
