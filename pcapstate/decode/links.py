"""Link layers: from the link type of a frame to the EtherType of what it holds.

What is not Ethernet, Linux cooked, loopback or raw IP is read in functions of its own, so the hot path stays short.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, inner
from .encapsulations import TOO_SHORT, logical_link, of_version
from .protocols import (
    BY_VERSION,
    ETHERNET,
    ETHERTYPE_QINQ,
    ETHERTYPE_QINQ_9200,
    ETHERTYPE_QINQ_9300,
    ETHERTYPE_QINQ_OLD,
    ETHERTYPE_VLAN,
    IPV4,
    IPV6,
    LENGTHS,
    LOOP,
    NULL,
    RAW,
    RAW_BSD,
    RAW_OPENBSD,
    SHORT_IP,
    SKIPPED_REASON,
    SLL,
    SLL2,
)
from .rare_links import ARPHRD_RADIOTAP, ARPHRD_WLAN, cooked_radio, rare_link


@inner
def link_layer(data: Any, at: int, end: int, linktype: int) -> tuple[int, int, int, int]:
    """Return the EtherType of the network layer of the frame in ``data[at:end]``, and the offset where it starts.

    Then begin and end of its VLAN tags, four bytes each from the identifier on; both are the same without any.

    Where there is none, the first is -1 minus the index in ``skipped`` that says why.
    """
    ethertype, hardware = BY_VERSION, 0
    if linktype == ETHERNET:
        if end - at < 14:
            return TOO_SHORT, at, at, at
        ethertype = be16(data, at + 12)
        at += 14
    elif linktype == SLL:
        if end - at < 16:
            return TOO_SHORT, at, at, at
        ethertype = be16(data, at + 14)
        hardware = be16(data, at + 2)
        at += 16
    elif linktype == SLL2:
        if end - at < 20:
            return TOO_SHORT, at, at, at
        ethertype = be16(data, at)
        hardware = be16(data, at + 8)
        at += 20
    elif linktype in (NULL, LOOP):
        if end - at < 4:
            return TOO_SHORT, at, at, at
        # The address family's number differs between systems; the IP version does not.
        at += 4
    elif linktype in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        pass
    else:
        ethertype, at = rare_link(data, at, end, linktype)
        if ethertype < BY_VERSION:
            return ethertype, at, at, at

    if ARPHRD_WLAN <= hardware <= ARPHRD_RADIOTAP:
        ethertype, at = cooked_radio(data, at, end, hardware)
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
