"""IP without a link header: what follows the link header, and where."""

from __future__ import annotations

import pytest

from tests.decode.links.reading import follows


@pytest.mark.parametrize(
    ("linktype", "header", "ethertype"),
    [
        (101, "", 0x0800),
        (12, "", 0x0800),
        (14, "", 0x0800),
        (228, "", 0x0800),
        (229, "", 0x0800),
    ],
)
def test_what_follows(linktype: int, header: str, ethertype: int) -> None:
    assert follows(linktype, header, ethertype)
