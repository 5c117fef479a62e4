"""Display filters of Wireshark that select what a finding is about and nothing else, or say that they are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address
from ..rows import Rows
from .situation import Situation

EASY = 8
"""Connections that a filter names by number; beyond, addresses and ports come first."""
MOST = 60
"""Numbers and ranges that a filter has at most."""
SINGLE = 2
"""Numbers in a row that are written one by one."""


class Filter(NamedTuple):
    """A display filter; ``selected``: how many connections or packets it selects, None where it is all of them."""

    text: str = ""
    selected: int | None = None


def of_connections(s: Situation, rows: Rows) -> Filter:
    """Return the filter for connections, by their rows in ascending order."""
    numbers = s.table.numbers(rows)
    runs = list(_runs(numbers, MOST + 1))
    if len(numbers) > EASY and (shared := _of_ends(s, rows)):
        return Filter(shared)
    return _named("tcp.stream", runs, len(numbers))


def of_numbers(numbers: Rows) -> Filter:
    """Return the filter for connections by their numbers, in ascending order."""
    return _named("tcp.stream", list(_runs(numbers, MOST + 1)), len(numbers))


def of_frames(numbers: Sequence[int], count: int) -> Filter:
    """Return the filter for the first frames of ``count``."""
    runs = list(_runs(np.array(numbers, dtype=np.int64), MOST + 1))
    return _named("frame.number", runs, count)


def _named(field: str, runs: list[tuple[int, int]], count: int) -> Filter:
    runs = runs[:MOST]
    if not runs:
        return Filter()
    selected = sum(last - first + 1 for first, last in runs)
    if len(runs) == 1 and runs[0][0] == runs[0][1]:
        text = f"{field} == {runs[0][0]}"
    else:
        text = f"{field} in {{{', '.join(_run(*one) for one in runs)}}}"
    return Filter(text, selected if selected < count else None)


def _runs(numbers: Rows, most: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last of consecutive numbers that are in ascending order, ``most`` times at most."""
    if not len(numbers):
        return
    starts = np.append(0, np.flatnonzero(np.diff(numbers) != 1) + 1)
    ends = np.append(starts[1:], len(numbers)) - 1
    left = most
    for start, end in zip(starts[:most], ends[:most], strict=True):
        if end - start < SINGLE:
            for one in numbers[start : end + 1]:
                if left:
                    yield int(one), int(one)
                    left -= 1
        elif left:
            yield int(numbers[start]), int(numbers[end])
            left -= 1


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}..{last}"


def _of_ends(s: Situation, rows: Rows) -> str:
    """Return the filter for the addresses and ports that connections share, where no others have them; else nothing."""
    whole = s.whole
    if getattr(whole.table, "evicted", np.zeros(1)).any():
        return ""  # some of those that were let go may have them, too
    client, server = s.address(s.client[rows]), s.address(s.server[rows])
    hosts, ports = [], []
    for high, low, port in (client, server):
        if np.all(high == high[0]) and np.all(low == low[0]):
            hosts.append((int(high[0]), int(low[0])))
        if np.all(port == port[0]):
            ports.append(int(port[0]))
    hosts, ports = list(dict.fromkeys(hosts)), list(dict.fromkeys(ports))
    if not hosts or _having(whole, hosts, ports) != len(rows):
        return ""
    parts = []
    for host in hosts:
        one = address(*host)
        parts.append(f"{'ip' if one.version == 4 else 'ipv6'}.addr == {one}")
    parts += [f"tcp.port == {port}" for port in ports] or ["tcp"]
    return " && ".join(parts)


def _having(s: Situation, hosts: list[tuple[int, int]], ports: list[int]) -> int:
    """Return how many connections have all of these addresses and ports, at either end."""
    count, first = 0, [np.array([half]) for half in hosts[0]]
    chosen = np.zeros(s.count, dtype=bool)
    for some in s.at(*first):
        chosen[some >> 1] = True
    for part in s.slices():
        rows = part.start + np.flatnonzero(chosen[part])
        ends: list[Any] = [s.address(s.client[rows]), s.address(s.server[rows])]
        having = np.ones(len(ends[0][0]), dtype=bool)
        for high, low in hosts:
            having &= np.logical_or(*((end[0] == high) & (end[1] == low) for end in ends))
        for port in ports:
            having &= np.logical_or(*(end[2] == port for end in ends))
        count += int(np.count_nonzero(having))
    return count
