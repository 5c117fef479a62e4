"""The statistics by protocol of ``netstat -s``: a row for each counter, and blocks as Windows prints them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..table import NUMBER_OR_NOTHING, WORD, Column, Table, cells, single, worded
from ..traffic.counters import PROTOCOLS, Counter
from ..traffic.local import ALL, LocalTraffic

HEADINGS = {
    "ip": "IPv4 Statistics",
    "ipv6": "IPv6 Statistics",
    "icmp": "ICMPv4 Statistics",
    "icmpv6": "ICMPv6 Statistics",
    "tcp": "TCP Statistics for IPv4",
    "tcpv6": "TCP Statistics for IPv6",
    "udp": "UDP Statistics for IPv4",
    "udpv6": "UDP Statistics for IPv6",
}
BOTH = ("icmp", "icmpv6")
"""The protocols whose counters are printed in two columns, received and sent."""
DIRECTIONS = (None, "received", "sent")
NOTHING = "-"
UNKNOWN = "-: not visible in packets"


def view(counters: Sequence[Counter], protocols: Sequence[str] = PROTOCOLS) -> Table:
    """Return a row for each counter of these protocols, for programs; unknown values are empty."""
    chosen = [one for one in counters if one.protocol in protocols]
    texts = {
        "counter": worded([one.name for one in chosen]),
        "mib": worded([one.mib for one in chosen]),
        "note": worded([one.note for one in chosen]),
    }
    columns = (
        Column("protocol", "Protocol", WORD, PROTOCOLS),
        Column("counter", "Counter", WORD, texts["counter"][0], texts=True),
        Column("direction", "Direction", WORD, DIRECTIONS),
        Column("value", "Value", NUMBER_OR_NOTHING, nothing=NOTHING),
        Column("mib", "MIB", WORD, texts["mib"][0], texts=True),
        Column("note", "Note", WORD, texts["note"][0], texts=True),
    )
    batch = cells(
        columns,
        len(chosen),
        protocol=np.array([PROTOCOLS.index(one.protocol) for one in chosen], dtype=np.int64),
        direction=np.array([DIRECTIONS.index(one.direction) for one in chosen], dtype=np.int64),
        value=np.array([-1 if one.value is None else one.value for one in chosen], dtype=np.int64),
        **{name: indices for name, (_, indices) in texts.items()},
    )
    return single(columns, batch)


def notes(local: LocalTraffic) -> list[str]:
    """Return the notes under the counters."""
    return [UNKNOWN] if local.single else [ALL, UNKNOWN]


class Block(NamedTuple):
    """The statistics of a protocol for people: lines of a name with one value, or with received and sent."""

    protocol: str
    heading: str
    lines: list[tuple[str, list[int | None]]]
    both: bool


def blocks(counters: Sequence[Counter], protocols: Sequence[str] = PROTOCOLS) -> list[Block]:
    """Return the blocks of these protocols in the order of netstat, with the counters that Windows' netstat has."""
    found = []
    for protocol in PROTOCOLS:
        if protocol not in protocols:
            continue
        lines: dict[str, list[int | None]] = {}
        for one in counters:
            if one.protocol == protocol and one.printed:
                lines.setdefault(one.name, []).append(one.value)
        found.append(Block(protocol, HEADINGS[protocol], list(lines.items()), protocol in BOTH))
    return found


def text(found: Sequence[Block], translate: Callable[[str], str], width: Callable[[str], int] = len) -> str:
    """Return blocks as netstat prints them, with ``-`` for unknown values; ``width``: columns that a text takes."""
    return "\n".join(_block(one, translate, width) for one in found)


def _block(block: Block, translate: Callable[[str], str], width: Callable[[str], int]) -> str:
    names = [translate(name) for name, _ in block.lines]
    longest = max(map(width, names), default=0)
    out = [translate(block.heading), ""]
    if block.both:
        rows = [[translate("Received"), translate("Sent")]]
        rows += [[_value(value) for value in values] for _, values in block.lines]
        first = max(width(row[0]) for row in rows)
        for name, row in zip(["", *names], rows, strict=True):
            filled = name + " " * (longest - width(name)) + "  " + row[0] + " " * (first - width(row[0]))
            out.append(f"  {filled}  {row[1]}".rstrip())
    else:
        for name, (_, values) in zip(names, block.lines, strict=True):
            out.append(f"  {name}{' ' * (longest - width(name))} = {_value(values[0])}")
    return "\n".join(out) + "\n"


def _value(value: int | None) -> str:
    return NOTHING if value is None else str(value)
