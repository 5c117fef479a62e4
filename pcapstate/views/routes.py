"""The routing table of ``netstat -r``: networks, their gateways, and neighbours.

docs/routes.md describes how addresses become networks, and what counts as evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..addresses import IPAddress
from ..routing.route import Route
from ..table import NUMBER, NUMBER_OR_NOTHING, WORD, Column, Table, cells, single, worded
from ..traffic import tables as c
from ..traffic.local import LocalTraffic

NO_STATIONS = "the capture has no MAC addresses, so gateways are unknown"
PAIRS_DROPPED = "there were more pairs of addresses than are kept: not all addresses reached are counted"
ON_LINK = "On-link"
BOOLEANS = (None, False, True)
TYPES = ("route", "neighbour")


def notes(local: LocalTraffic) -> list[str]:
    """Return the notes under the table."""
    lines = [] if local.traffic.ethernet else [NO_STATIONS]
    if local.traffic.pairs_full:
        lines.append(PAIRS_DROPPED)
    return lines


def mac_text(mac: int) -> str | None:
    """Return a MAC address as text, or None."""
    return None if mac == c.NO_MAC else mac.to_bytes(6, "big").hex(":")


def view(found: Sequence[Route]) -> Table:
    """Return a row for each route, for programs; unknown cells, such as every metric, are empty."""
    texts = {
        "destination": worded([str(one.network) for one in found]),
        "gateway": worded([None if one.gateway is None else str(one.gateway) for one in found]),
        "mac": worded([mac_text(one.mac) for one in found]),
        "interface": worded([_text(one.interface) for one in found]),
        "evidence": worded([one.evidence for one in found]),
    }
    columns = (
        Column("destination", "Network Destination", WORD, texts["destination"][0], texts=True),
        Column("stated", "Stated", WORD, BOOLEANS, rank=7),
        Column("type", "Type", WORD, TYPES, rank=7),
        Column("on_link", "On-link", WORD, BOOLEANS, nothing="-", rank=7),
        Column("gateway", "Gateway", WORD, texts["gateway"][0], nothing="-", texts=True),
        Column("mac", "MAC Address", WORD, texts["mac"][0], nothing="-", rank=3, texts=True),
        Column("interface", "Interface", WORD, texts["interface"][0], nothing="-", rank=4, texts=True),
        Column("metric", "Metric", NUMBER_OR_NOTHING, nothing="-", rank=7),
        Column("addresses", "Addresses", NUMBER, rank=6),
        Column("packets", "Packets", NUMBER, rank=5),
        Column("bytes", "Bytes", NUMBER, rank=6),
        Column("evidence", "Evidence", WORD, texts["evidence"][0], rank=2, texts=True),
    )
    batch = cells(
        columns,
        len(found),
        type=np.array([one.neighbour for one in found], dtype=np.int64),
        stated=np.array([BOOLEANS.index(one.stated) for one in found], dtype=np.int64),
        on_link=np.array([BOOLEANS.index(one.on_link) for one in found], dtype=np.int64),
        metric=-1,
        **{name: np.array([getattr(one, name) for one in found], dtype=np.int64) for name in COUNTED},
        **{name: indices for name, (_, indices) in texts.items()},
    )
    return single(columns, batch)


COUNTED = ("addresses", "packets", "bytes")


class Section(NamedTuple):
    """A part of the routing table for people."""

    heading: str
    table: Table


HEADINGS = (
    ("IPv4 Route Table", 4, False),
    ("IPv6 Route Table", 6, False),
    ("IPv4 Neighbours", 4, True),
    ("IPv6 Neighbours", 6, True),
)


def sections(found: Sequence[Route]) -> list[Section]:
    """Return the parts of the table for people that have rows."""
    parts = []
    for heading, version, neighbour in HEADINGS:
        rows = [one for one in found if one.network.version == version and one.neighbour == neighbour]
        if rows:
            parts.append(Section(heading, _for_people(rows, neighbour)))
    return parts


def _for_people(rows: Sequence[Route], neighbour: bool) -> Table:
    texts = {
        "destination": worded([str(one.network.network_address if neighbour else one.network) for one in rows]),
        "stated": worded(["stated" if one.stated else "at least" for one in rows]),
        "gateway": worded([_gateway(one) for one in rows]),
        "mac": worded([mac_text(one.mac) for one in rows]),
        "interface": worded([_text(one.interface) for one in rows]),
        "evidence": worded([one.evidence for one in rows]),
    }
    titles = (
        ("destination", "Address" if neighbour else "Network Destination", 0),
        ("stated", "Known", 1),
        ("gateway", "Gateway", 0),
        ("mac", "MAC Address", 3),
        ("interface", "Interface", 4),
    )
    left_out = ("stated",) if neighbour else ()
    columns = (
        *(
            Column(name, title, WORD, texts[name][0], nothing="-", rank=rank)
            for name, title, rank in titles
            if name not in left_out
        ),
        *(() if neighbour else (Column("metric", "Metric", NUMBER_OR_NOTHING, nothing="-", rank=7),)),
        *(() if neighbour else (Column("addresses", "Addresses", NUMBER, rank=6),)),
        Column("packets", "Packets", NUMBER, rank=5),
        Column("evidence", "Evidence", WORD, texts["evidence"][0], rank=2, least=16),
    )
    batch = cells(
        columns,
        len(rows),
        metric=-1,
        addresses=np.array([one.addresses for one in rows]),
        packets=np.array([one.packets for one in rows]),
        **{name: indices for name, (_, indices) in texts.items()},
    )
    return single(columns, batch)


def _gateway(route: Route) -> str | None:
    if route.on_link:
        return ON_LINK
    return _text(route.gateway)


def _text(one: IPAddress | None) -> str | None:
    return None if one is None else str(one)
