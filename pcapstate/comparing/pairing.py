"""Which connections of two captures are the same, by packets that both have: addresses and ports may differ (NAT)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..decode.segment import FIN, RST, SYN
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.sides import where
from .prints import mixed

TELLING_FLAGS = SYN | FIN | RST
"""The flags that no middlebox sets or clears."""
COMMON = 3
"""Packets without a mark that show that connections without a common address are the same."""


class Read(NamedTuple):
    """A capture that was read."""

    table: FlowTable
    packets: Rows
    """PACKET."""
    transitions: Rows
    """TRANSITION, settled."""
    start: int
    """Times of the first and last frame, ns since the epoch by its own clock."""
    end: int


class Joined(NamedTuple):
    """Connections of two captures, each once: those of the first in its order, then those of the second alone.

    The sides of a connection are those of the first capture that has it; ``turned``: the second has them the other way
    round. End 2 * n + side is a side of connection n.
    """

    rows: tuple[Rows, Rows]
    """Row in the table of either capture; -1: it does not have the connection."""
    numbers: tuple[Rows, Rows]
    """The same, as tcp.stream."""
    turned: Rows
    client: Rows
    """Which side is the client."""
    guessed: Rows
    """No handshake in either capture tells that."""

    def places(self, reads: tuple[Read, Read], which: int, side: Rows) -> tuple[Rows, Rows, Rows]:
        """Return the addresses and ports of a side as one capture has them, zeros where it has no connection."""
        rows = self.rows[which]
        there = rows >= 0
        given = side ^ self.turned if which else side
        found = where(reads[which].table, np.where(there, 2 * rows + given, 0)) if there.any() else None
        if found is None:
            return (np.zeros(len(rows), dtype=np.int64),) * 3
        high, low, port = (np.where(there, one, 0) for one in found)
        return high, low, port

    def ends(self, which: int, ends: Rows) -> Rows:
        """Return the ends that packets of a capture (their ``end``) are sent by; -1: not of these connections."""
        numbers = self.numbers[which]
        have = np.flatnonzero(numbers >= 0)
        order = have[np.argsort(numbers[have], kind="stable")]
        known = numbers[order]
        if not len(known):
            return np.full(len(ends), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(known, ends >> 1), len(known) - 1)
        of = order[at]
        side = ends & 1 ^ (self.turned[of] if which else 0)
        return np.where(known[at] == ends >> 1, 2 * of + side, -1)


def joined(first: Read, second: Read) -> Joined:
    """Return which connections two captures have in common."""
    reads = (first, second)
    rows = [np.arange(len(one.table.connections)) for one in reads]
    numbers = [one.table.numbers(of) for one, of in zip(reads, rows, strict=True)]
    pairs = _pairs(reads, numbers)
    partner = np.full(len(rows[0]), -1, dtype=np.int64)
    turned = np.zeros(len(rows[0]), dtype=np.int64)
    partner[pairs[:, 0]], turned[pairs[:, 0]] = pairs[:, 1], pairs[:, 2]
    alone = np.setdiff1d(rows[1], pairs[:, 1])
    none = np.full(len(alone), -1, dtype=np.int64)
    all_rows = np.concatenate([rows[0], none]), np.concatenate([partner, alone])
    all_turned = np.concatenate([turned, np.zeros_like(alone)])
    all_numbers = tuple(
        np.where(of < 0, -1, number[np.maximum(of, 0)]) if len(number) else np.full(len(of), -1, dtype=np.int64)
        for of, number in zip(all_rows, numbers, strict=True)
    )
    client, guessed = _clients(reads, all_rows, all_turned)
    return Joined(all_rows, (all_numbers[0], all_numbers[1]), all_turned, client, guessed)


def _clients(reads: tuple[Read, Read], rows: tuple[Rows, Rows], turned: Rows) -> tuple[Rows, Rows]:
    sides, guesses = [], []
    for which, (read, of) in enumerate(zip(reads, rows, strict=True)):
        notes = read.table.connections["notes"]
        own = notes[np.maximum(of, 0)].astype(np.int64) if len(notes) else np.zeros(len(of), dtype=np.int64)
        side = (own & c.NOTE_CLIENT_IS_1 != 0).astype(np.int64)
        sides.append(side ^ turned if which else side)
        guesses.append(np.where(of < 0, True, own & c.NOTE_CLIENT_GUESSED != 0))
    by_second = (rows[0] < 0) | (guesses[0] & ~guesses[1])
    return np.where(by_second, sides[1], sides[0]), guesses[0] & guesses[1]


def _pairs(reads: tuple[Read, Read], numbers: list[Rows]) -> Rows:
    """Return pairs of rows, and whether their sides are the other way round: three columns."""
    ends = [_rows_of(one.packets["end"], number) for one, number in zip(reads, numbers, strict=True)]
    found = np.zeros((0, 3), dtype=np.int64)
    for marked in (True, False):
        left = [
            np.flatnonzero((of >= 0) & ~np.isin(of >> 1, found[:, which]) & (not marked or one.packets["mark"] > 0))
            for which, (one, of) in enumerate(zip(reads, ends, strict=True))
        ]
        if not all(map(len, left)):
            continue
        prints = [_prints(one.packets[rows], marked) for one, rows in zip(reads, left, strict=True)]
        firsts = [np.unique(one, return_index=True) for one in prints]
        _, at, other = np.intersect1d(firsts[0][0], firsts[1][0], assume_unique=True, return_indices=True)
        one, two = ends[0][left[0][firsts[0][1][at]]], ends[1][left[1][firsts[1][1][other]]]
        votes = np.stack([one >> 1, two >> 1, (one ^ two) & 1], axis=1)
        more = _elected(votes, reads, marked)
        found = np.concatenate([found, more])
    return np.concatenate([found, _of_one_name(reads, found)])


def _of_one_name(reads: tuple[Read, Read], found: Rows) -> Rows:
    """Return pairs that have no packet in common, but are the only ones left with their addresses and ports.

    Nothing may have come through between them.
    """
    left = [np.setdiff1d(np.arange(len(one.table.connections)), found[:, which]) for which, one in enumerate(reads)]
    names, turns, rows = [], [], []
    for one, of in zip(reads, left, strict=True):
        sides = [mixed(where(one.table, 2 * of + side)) for side in (0, 1)]
        name = mixed([np.minimum(*sides), np.maximum(*sides)])
        known, at, count = np.unique(name, return_index=True, return_counts=True)
        names.append(known[count == 1])
        rows.append(of[at[count == 1]])
        turns.append((sides[0] > sides[1])[at[count == 1]])
    _, at, other = np.intersect1d(names[0], names[1], assume_unique=True, return_indices=True)
    return np.stack([rows[0][at], rows[1][other], (turns[0][at] != turns[1][other]).astype(np.int64)], axis=1)


def _rows_of(ends: Rows, numbers: Rows) -> Rows:
    """Return ends by row instead of number; -1 where the connection is not there any more."""
    if not len(numbers):
        return np.full(len(ends), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(numbers, ends >> 1), len(numbers) - 1)
    return np.where(numbers[at] == ends >> 1, 2 * at + (ends & 1), -1)


def _prints(packets: Rows, marked: bool) -> Rows:
    columns = [packets["seq"], packets["ack"], packets["length"], packets["flags"] & TELLING_FLAGS]
    return mixed([*columns, packets["mark"]] if marked else columns)


def _elected(votes: Rows, reads: tuple[Read, Read], marked: bool) -> Rows:
    """Return the pairs that most packets are for, where that is so from both sides."""
    if not len(votes):
        return votes
    pairs, counts = np.unique(votes, axis=0, return_counts=True)
    alike = _alike(pairs, reads)
    if not marked:
        few = (alike == 0) & (counts < COMMON)
        pairs, counts, alike = pairs[~few], counts[~few], alike[~few]
    order = np.lexsort((-alike, -counts))
    pairs = pairs[order]
    for which in (0, 1):
        _, best = np.unique(pairs[:, which], return_index=True)
        chosen = np.zeros(len(pairs), dtype=bool)
        chosen[best] = True
        # What is best for one side may be second best for the other one.
        if which == 0:
            first = chosen
    return pairs[first & chosen]


def _alike(pairs: Rows, reads: tuple[Read, Read]) -> Rows:
    """Return how many addresses and ports pairs of connections have in common."""
    found = np.zeros(len(pairs), dtype=np.int64)
    for side in (0, 1):
        one = where(reads[0].table, 2 * pairs[:, 0] + side)
        other = where(reads[1].table, 2 * pairs[:, 1] + (side ^ pairs[:, 2]))
        found += (one[0] == other[0]) & (one[1] == other[1])
        found += one[2] == other[2]
    return found
