"""A dataset in the place of a source of frames: what is known of its captures, and of all its connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..addresses import IPV4_MAPPED, Network
from ..errors import CaptureDamaged
from ..escaping import safe
from ..kernels.running import Kernels
from ..messages import of_name
from ..sources.process_blocks import Process
from ..sources.reader import Batch
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from .archive import Archive
from .loaded import fill
from .pruning import of_networks
from .publishing import CONNECTIONS

IPV4 = f"high_0 = 0 AND low_0 >> 32 = {IPV4_MAPPED >> 32}"
"""In SQL: a connection is one over IPv4."""


class ArchiveSource:
    """A dataset in the place of a ``capture.Source``: what is known of its captures."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        manifest = archive.manifest
        self.name = archive.storage.root
        self.size: int | None = 0
        self.kernels = Kernels()
        self.damages: list[CaptureDamaged] = []
        self.processes = [Process(*one) for one in manifest.processes]
        urls = {one.number: one.url for one in manifest.captures}
        self.left_out = [
            of_name(safe(urls[part.capture]), what) for part in manifest.parts for what, *_ in part.about["damage"]
        ]
        self.missing = bool(self.left_out)
        drops = [part.about["drops"] for part in manifest.parts if part.about["drops"] is not None]
        self.drops: int | None = sum(drops) if drops else None
        self._everybody: FlowTable | None = None
        self.until: int | None = None
        """The moment that is asked for, ns since the epoch; None: the end."""
        stations = {tuple(map(tuple, part.about["station"])) for part in manifest.parts if part.segments}
        self.station = list(stations.pop()) if len(stations) == 1 else []

    @property
    def names(self) -> list[tuple[bytes, list[str]]]:
        """The entries of name resolution blocks of all captures."""
        parts = self.archive.manifest.parts
        return [(bytes.fromhex(raw), texts) for part in parts for raw, texts in part.about["resolved"]]

    def batches(self) -> Iterator[Batch]:
        """Yield nothing: frames are not kept."""
        return iter(())

    def close(self) -> None:
        """Close nothing."""

    def everybody(self) -> FlowTable:
        """Return a table with some connections by the moment: any host in all of these is in all that there were."""
        if self._everybody is None:
            found = []
            for family in (IPV4, f"NOT ({IPV4})"):
                first = self._one(family)
                hosts = [] if first is None else [first[:2], first[2:]]
                found += [first, *(self._one(f"{family} AND NOT ({_is_host(*host)})") for host in hosts)]
            if self.station:
                captured = " OR ".join(f"({_is_host(*host)})" for host in self.station)
                found.append(self._one(f"NOT ({captured})"))
            self._everybody = self._between([one for one in found if one is not None])
        return self._everybody

    def is_there(self, networks: Sequence[Network]) -> bool:
        """Tell whether any connection by the moment has an end in some networks."""
        return self._one(of_networks(networks) or "true") is not None

    def _one(self, condition: str) -> tuple[int, int, int, int] | None:
        """Return the addresses (both halves) of any connection that fits a condition; None without any."""
        where = [condition] + ([f"opened_ns <= {self.until}"] if self.until is not None else [])
        found = self.archive.select("high_0, low_0, high_1, low_1", CONNECTIONS, where, most=1)
        rows = [int(column[0]) for column in found.values() if len(column)]
        return (rows[0], rows[1], rows[2], rows[3]) if rows else None

    def _between(self, hosts: Sequence[tuple[int, int, int, int]]) -> FlowTable:
        """Return a table with a connection between each two hosts."""
        table, count = FlowTable(self.kernels), len(hosts)
        rows = {
            "connections": np.zeros(count, dtype=c.CONNECTION),
            "extras": np.zeros(count, dtype=c.EXTRA),
            "seldom": np.zeros(2 * count, dtype=c.SELDOM),
            "endpoints": np.zeros(2 * count, dtype=c.ENDPOINT),
        }
        for at, (high_0, low_0, high_1, low_1) in enumerate(hosts):
            rows["extras"]["high_0"][at], rows["extras"]["high_1"][at] = high_0, high_1
            rows["connections"]["low_0"][at], rows["connections"]["low_1"][at] = low_0, low_1
        rows["connections"]["more"] = c.MORE_ADDRESSES
        fill(table, rows, np.arange(count), 0)
        return table


def _is_host(high: int, low: int) -> str:
    """Return in SQL the condition that either end of a connection is a host."""
    return f"high_0 = {high} AND low_0 = {low} OR high_1 = {high} AND low_1 = {low}"
