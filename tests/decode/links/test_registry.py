"""The registry of link types: each has one file, one number, one test."""

from __future__ import annotations

import re

import pytest

from pcapstate.decode.links.dispatch import NAMES
from pcapstate.decode.links.ethernet import ETHERNET
from pcapstate.decode.links.registry import LINK_TYPES, link_type
from pcapstate.decode.protocols import SKIPPED_LINKTYPE
from pcapstate.names.protocols import LINK_TYPES as NOT_READ
from tests.decode.links.reading import read
from tests.helpers.paths import ROOT

TESTS = ROOT / "tests" / "decode" / "links"


def test_each_link_type_has_a_test_that_names_it() -> None:
    for module in (ROOT / "pcapstate" / "decode" / "links").glob("*.py"):
        if module.stem in ("__init__", "dispatch", "registry"):
            continue
        assert TESTS.joinpath(f"test_{module.stem}.py").exists(), module.stem
    tested = {
        int(one) for path in TESTS.glob("test_*.py") for one in re.findall(r"^ +\((\d+),", path.read_text(), re.M)
    }
    assert set(NAMES) <= tested


def test_names_are_in_one_place() -> None:
    assert not set(NAMES) & set(NOT_READ)
    assert all(NAMES.values())


def test_a_number_is_registered_once() -> None:
    with pytest.raises(ValueError, match="link type 1 is registered twice"):
        link_type(ETHERNET, name="Ethernet again")(lambda data, at, end: (0, at))
    assert LINK_TYPES[ETHERNET].name == "Ethernet"


@pytest.mark.parametrize("linktype", [3, 147, 0xFFFF])
def test_other_link_types_are_counted_by_number(linktype: int) -> None:
    assert read(linktype, bytes(20))[0] == -1 - SKIPPED_LINKTYPE - linktype
