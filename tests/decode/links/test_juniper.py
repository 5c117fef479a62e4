"""Juniper: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import cut_off, follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (178, "4d4743 00", 0x6558),
        (167, "4d4743 00", 0x6558),
        (178, "4d4743 81 0006 010102 020106", 0x6558),  # a list
        (178, "4d4743 02 02000000", 0x0800),  # no link header
        (179, "4d4743 00 ff03 0021", 0x0800),
        (130, "4d4743 00 0000 0021", 0x0800),
        (180, "4d4743 00 1841 03 cc", 0x0800),
        (181, "4d4743 00 0f00 0800", 0x0800),
        (183, "4d4743 00" + "00" * 18, 0x0800),
        (137, "4d4743 00 00000000 aaaa03 000000 0800", 0x0800),
        (135, "4d4743 00 0000000000000000", 0x0800),
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)


@pytest.mark.parametrize(("linktype", "header"), [(178, "4d4743")])
def test_headers_that_are_cut_off(linktype: int, header: str) -> None:
    assert cut_off(linktype, header)
