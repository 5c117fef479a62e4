"""From a frame's link type to the EtherType of its payload, past VLAN tags and LLC."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, inner, rare
from ..encapsulations import TOO_SHORT, logical_link, of_version
from ..protocols import (
    BY_VERSION,
    ETHERTYPE_QINQ,
    ETHERTYPE_QINQ_9200,
    ETHERTYPE_QINQ_9300,
    ETHERTYPE_QINQ_OLD,
    ETHERTYPE_VLAN,
    LENGTHS,
    SHORT_IP,
    SKIPPED_LINKTYPE,
    SKIPPED_REASON,
)
from .ppi import PPI, SHORTEST, held
from .registry import choosing, registered

NAMES = {one.number: one.name for one in registered()}
"""The link types that are read."""


@inner
def _unknown(data: Any, at: int, end: int, linktype: int) -> tuple[int, int]:
    if end - at < 4:
        return TOO_SHORT, at
    return -1 - SKIPPED_LINKTYPE - (linktype & 0xFFFF), at


_any = rare(choosing(registered(), _unknown, TOO_SHORT))
_rare = inner(choosing([one for one in registered() if not one.common], _unknown, TOO_SHORT))


@rare
def _seldom(data: Any, at: int, end: int, linktype: int) -> tuple[int, int]:
    """Read the header of a rare link type, also one after a PPI header."""
    if linktype == PPI:
        if end - at < SHORTEST:
            return TOO_SHORT, at
        inside, at = held(data, at, end)
        if inside < 0:
            return inside, at
        return _any(data, at, end, inside)
    return _rare(data, at, end, linktype)


_header = inner(choosing([one for one in registered() if one.common], _seldom, TOO_SHORT))


@inner
def link_layer(data: Any, at: int, end: int, linktype: int) -> tuple[int, int, int, int]:
    """Return the EtherType of the network layer of the frame in ``data[at:end]``, and the offset where it starts.

    The last two are the begin and end of its VLAN tags, four bytes each from the identifier on; both are equal without
    tags. Without a network layer, the first is -1 minus the index in ``skipped`` of the reason.
    """
    ethertype, at = _header(data, at, end, linktype)
    if ethertype < BY_VERSION:
        return ethertype, at, at, at

    tagged = at
    while (
        ethertype in (ETHERTYPE_VLAN, ETHERTYPE_QINQ, ETHERTYPE_QINQ_OLD, ETHERTYPE_QINQ_9200, ETHERTYPE_QINQ_9300)
    ) and end - at >= 4:
        ethertype = be16(data, at + 2)
        at += 4
    untagged = at
    if 0 <= ethertype <= LENGTHS:
        ethertype, at = logical_link(data, at, end)
        if ethertype < BY_VERSION:
            return ethertype, at, tagged, untagged

    if end - at < 1:
        return -1 - SKIPPED_REASON - SHORT_IP, at, tagged, untagged
    if ethertype < 0:
        ethertype = of_version(data, at)
    return ethertype, at, tagged, untagged
