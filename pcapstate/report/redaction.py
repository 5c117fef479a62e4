"""Addresses and names of a report replaced, each by the same one wherever it stands.

IPv4 addresses become those of 198.18.0.0/15 (RFC 2544), and beyond these of 240.0.0.0/4; IPv6 addresses those of
2001:db8::/32 (RFC 3849). They are numbered in the order of the connections. Loopback and unspecified addresses stay.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..addresses import IPV4_MAPPED, address, is_ipv4, parse_address
from ..escaping import safe
from ..findings.finding import Finding
from ..rows import Rows
from ..tcp.flow_table import FlowTable

BENCHMARK, BENCHMARK_SIZE = 198 << 24 | 18 << 16, 1 << 17
RESERVED = 240 << 24
LOOPBACK = 127
DOCUMENTATION = 0x2001_0DB8 << 32
"""The high half of 2001:db8::."""
ENDINGS = frozenset((".pcap", ".pcapng", ".cap", ".gz", ".bz2", ".xz", ".zst", ".lz4"))
"""Of names of captures; another ending may be a part of a name."""


class Redaction:
    """Replaces what tells whose capture it is. ``paths``: of the captures."""

    def __init__(self, paths: Sequence[str]) -> None:
        endings = [os.path.splitext(path)[1] for path in paths]
        endings = [one if one in ENDINGS else "" for one in endings]
        self.captures = [f"capture-{number}{ending}" for number, ending in enumerate(endings, 1)]
        """What stands for the captures' names."""
        # A path may be a part of another one.
        files = {
            spelled: name for path, name in zip(paths, self.captures, strict=True) for spelled in (path, safe(path))
        }
        self._files = sorted(files.items(), key=lambda one: -len(one[0]))
        self._names: dict[str, str] = {}
        self._addresses = np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2), dtype=np.int64)

    def name(self, name: str | None) -> str | None:
        """Return what stands for a host's name."""
        if name is None:
            return None
        return self._names.setdefault(name, f"host-{len(self._names) + 1}.example")

    def text(self, text: str) -> str:
        """Return a text without the paths of the captures."""
        for path, name in self._files:
            text = re.sub(rf"(?<!\w){re.escape(path)}(?!\w)", name, text)
        return text

    def finding(self, one: Finding) -> Finding:
        """Return a finding whose fields have no path."""
        fields = {name: self.text(given) if type(given) is str else given for name, given in one.fields.items()}
        return replace(one, fields=fields)

    def table(self, table: FlowTable) -> None:
        """Replace the addresses of a table that follows no more packets."""
        rows, extras = table.connections, table.extras
        # In the order of the connections, endpoint 0 first.
        high = np.stack([extras["high_0"], extras["high_1"]], axis=1).reshape(-1)
        low = np.stack([rows["low_0"], rows["low_1"]], axis=1).reshape(-1)
        known, first, which = np.unique(np.stack([high, low], axis=1), axis=0, return_index=True, return_inverse=True)
        new = _replaced(known, first)
        self._addresses = known, new
        found = new[which.reshape(-1)]
        extras["high_0"], extras["high_1"] = found[0::2, 0], found[1::2, 0]
        rows["low_0"], rows["low_1"] = found[0::2, 1], found[1::2, 1]

    def address(self, text: str) -> str:
        """Return what stands for an address of the table that was replaced."""
        known, new = self._addresses
        found = np.flatnonzero((known == parse_address(text)).all(axis=1))
        return str(address(*new[found[0]].tolist())) if len(found) else ""


def _replaced(known: Rows, first: Rows) -> Rows:
    """Return what stands for different addresses (high and low half), numbered by where each stands first."""
    four, octet = is_ipv4(known[:, 0], known[:, 1]), known[:, 1] >> 24 & 0xFF
    unspecified = known[:, 1] & 0xFFFFFFFF == 0
    stays = np.where(four, (octet == LOOPBACK) | unspecified, (known[:, 0] == 0) & (known[:, 1] >> 1 == 0))
    new = known.copy()
    for family in (True, False):
        own = np.flatnonzero((four == family) & ~stays)
        own = own[np.argsort(first[own])]
        number = np.arange(1, len(own) + 1)
        if family:
            beyond = RESERVED + number - BENCHMARK_SIZE
            new[own, 1] = IPV4_MAPPED | np.where(number < BENCHMARK_SIZE, BENCHMARK + number, beyond)
        else:
            new[own, 0], new[own, 1] = DOCUMENTATION, number
    return new
