"""The interface statistics of ``netstat -e``: bytes and frames that the host's Ethernet interface sent and received."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..decode.protocols import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6
from ..table import NUMBER_OR_NOTHING, WORD, Column, Table, cells, single
from ..traffic import tables as c
from ..traffic.local import LocalTraffic

HEADING = "Interface Statistics"
NO_ETHERNET = "there is no Ethernet in the capture"
PARTLY = "{count:,} frames without an Ethernet header are not counted"
UNKNOWN = "packets do not show discards and errors"

KNOWN = (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4 | c.UNREADABLE,
    ETHERTYPE_IPV6 | c.UNREADABLE,
    c.UNREADABLE,
)
"""EtherTypes that a host with IPv4 and IPv6 knows; UNREADABLE alone: the frame is too short to have one."""


class Counter(NamedTuple):
    """A line of the statistics; None: unknown."""

    name: str
    received: int | None
    sent: int | None


COUNTERS = ("Bytes", "Unicast packets", "Non-unicast packets", "Discards", "Errors", "Unknown protocols")

COLUMNS = (
    Column("counter", "", WORD, COUNTERS),
    Column("received", "Received", NUMBER_OR_NOTHING, nothing="-"),
    Column("sent", "Sent", NUMBER_OR_NOTHING, nothing="-"),
)


def counters(local: LocalTraffic) -> list[Counter]:
    """Return the lines in the order of netstat; without Ethernet they have no values."""
    if not local.traffic.ethernet:
        return [Counter(name, None, None) for name in COUNTERS]
    received, sent = local.frames_received, local.frames_sent
    unknown = local.packets(received & ~np.isin(local.ethertype, KNOWN))
    values: dict[str, tuple[int | None, int | None]] = {
        "Bytes": (local.bytes(received), local.bytes(sent)),
        "Unicast packets": (local.packets(received & ~local.group), local.packets(sent & ~local.group)),
        "Non-unicast packets": (local.packets(received & local.group), local.packets(sent & local.group)),
        "Discards": (None, None),
        "Errors": (None, None),
        "Unknown protocols": (unknown, None),
    }
    return [Counter(name, *values[name]) for name in COUNTERS]


def notes(local: LocalTraffic) -> list[tuple[str, dict[str, int]]]:
    """Return the notes under the lines: a template each, and its fields."""
    if not local.traffic.ethernet:
        return [(NO_ETHERNET, {})]
    lines: list[tuple[str, dict[str, int]]] = [(note, {}) for note in (*local.notes, UNKNOWN)]
    if local.traffic.without_ethernet:
        lines.append((PARTLY, {"count": local.traffic.without_ethernet}))
    return lines


def view(local: LocalTraffic) -> Table:
    """Return the lines as a table, for programs and for people: counter, received, sent."""
    lines = counters(local)
    batch = cells(
        COLUMNS,
        len(lines),
        counter=np.arange(len(lines)),
        received=np.array([-1 if one.received is None else one.received for one in lines]),
        sent=np.array([-1 if one.sent is None else one.sent for one in lines]),
    )
    return single(COLUMNS, batch)
