"""Names of TCP and UDP ports, from the IANA service name registry.

They come from ``services.txt`` beside this file, not from this machine's table, so they are the same on every machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..rows import Rows, different
from ..table import worded


def _read() -> tuple[dict[int, str], dict[int, str]]:
    tables: dict[str, dict[int, str]] = {"tcp": {}, "udp": {}}
    for line in Path(__file__).with_name("services.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        name, where = line.split()
        port, *protocols = where.split("/")
        for protocol in protocols:
            tables[protocol].setdefault(int(port), name)
    return tables["tcp"], tables["udp"]


TCP, UDP = _read()
"""The names of ports, by number."""


def service(port: int, udp: bool = False) -> str:
    """Return the name of a port, or its number as text if it has none."""
    return (UDP if udp else TCP).get(port, str(port))


def services(ports: Rows, udp: bool = False) -> tuple[tuple[str | None, ...], Rows]:
    """Return the names of ports as texts, and an index into them for each port; None: it has no name."""
    known, which = different(ports.astype(np.int64))
    names = UDP if udp else TCP
    texts, found = worded([names.get(port) for port in known.tolist()])
    return texts, found[which]
