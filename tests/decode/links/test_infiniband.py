"""IP over InfiniBand: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (242, "00" * 40 + "0800 0000", 0x0800),
        (242, "0800 0000", 0x0800),  # no global route header
        (247, "0002" + "00" * 6 + "64" + "00" * 19 + "0800 0000", 0x0800),
        (247, "0003" + "00" * 46 + "64" + "00" * 19 + "0800 0000", 0x0800),  # a global route header
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(247, "0003")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
