"""NFLOG: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (239, "02000000 08000100 08000100 06000a00 61620000 1800 0900", 0x0800),  # little-endian values
        (239, "02000000 0008 0001 00010000 0018 0009", 0x0800),  # big-endian values
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(239, "02")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
