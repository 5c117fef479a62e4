"""The connections without a row of netstat, by reason: an empty table can say why it is empty."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from ..addresses import address, is_ipv4
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective
from ..tcp.sides import where
from ..tcp.states import State
from .ends import SLICE, clients, without_socket

MOST = 3
"""Hosts that are named."""


class Ends(NamedTuple):
    """How many connections have a local end, by family, and how many local ends have no row, by reason."""

    families: tuple[int, int]  # connections over IPv4, and over IPv6, that have a local end
    closed: int
    refused: int
    """Those of the closed ends whose connection was refused."""
    unanswered: int
    """Ends that never answered the SYNs to them."""


def ends(table: FlowTable, whose: Perspective, families: tuple[bool, ...] = (False, True)) -> Ends:
    """Count the local ends of these families (True: IPv6) that have no row."""
    counts, closed, refused, unanswered = [0, 0], 0, 0, 0
    for client, notes in clients(table):
        pairs = np.stack([client, client ^ 1], axis=1)
        places = [where(table, pairs[:, side])[:2] for side in (0, 1)]
        local = np.zeros(pairs.shape, dtype=bool)
        for side in (0, 1):
            local[:, side] = whose.holds(*places[side]) if whose.networks else side == 0
        high, low = places[0]
        ipv6 = ~is_ipv4(high, low)
        for family in (False, True):
            counts[family] += int(np.count_nonzero(local.any(axis=1) & (ipv6 == family)))
        local &= np.isin(ipv6, families)[:, None]
        ended = local & (table.endpoints["state"][pairs] == State.CLOSED)
        closed += int(np.count_nonzero(ended))
        refused += int(np.count_nonzero(ended & (notes & c.NOTE_REFUSED != 0)[:, None]))
        unanswered += int(np.count_nonzero(local & without_socket(table, pairs)))
    return Ends((counts[0], counts[1]), closed, refused, unanswered)


def hosts(table: FlowTable) -> list[str]:
    """Return the addresses with the most connections, among the first SLICE connections."""
    found: Counter[tuple[int, int]] = Counter()
    for side in (0, 1):
        numbers = 2 * np.arange(min(len(table.connections), SLICE)) + side
        high, low, _ = where(table, numbers)
        different, counts = np.unique(np.stack([high, low], axis=1), axis=0, return_counts=True)
        for (one, other), count in zip(different.tolist(), counts.tolist(), strict=True):
            found[one, other] += count
    return [str(address(*one)) for one, _ in found.most_common(MOST)]
