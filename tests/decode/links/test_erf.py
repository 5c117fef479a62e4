"""ERF records: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (197, "0000000000000000 02 04 0052 0000 0040 0000", 0x6558),
        (
            197,
            "0000000000000000 90 04 005a 0000 0040 8400000000000000 0400000000000000 0000",
            0x6558,
        ),  # extended
        (197, "0000000000000000 16 04 0038 0000 0028", 0x0800),
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(197, "00" * 8)])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
