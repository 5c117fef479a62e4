"""Which packets of one capture are which of another, within one direction of a connection.

A retransmission has the numbers of the packet before it, but another mark (IP identification, time stamp), unless a
middlebox rewrites marks. Where network cards cut segments, or put several together, the bytes tell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..rows import Rows
from ..tcp.sequence import LOW_32
from .pairing import TELLING_FLAGS
from .prints import mixed

NONE = -1
AXIS = 34
"""Bits for the sequence numbers of one end, where those of all ends are laid out one behind the other."""


class Matched(NamedTuple):
    """What became of packets."""

    got: Rows
    """For each packet sent: the place of the one received; NONE: none was."""
    sent: Rows
    """For each packet received: the place of the one sent; NONE: none was."""
    again: Rows
    """bool of each packet received: the one sent was received before."""
    pieces: Rows
    """bool of each packet sent: it was received in several, or together with others."""


def sent_once(first: tuple[Rows, Rows], second: tuple[Rows, Rows]) -> tuple[Rows, Rows]:
    """Return the places of packets (PACKET, with their ends) that are once in both captures and surely the same."""
    found: list[tuple[Rows, Rows]] = []
    for marked in (True, False):
        sides = []
        done = np.unique(first[1][found[0][0]]) if found else np.zeros(0, dtype=np.int64)
        for packets, ends in (first, second):
            rows = np.flatnonzero(packets["mark"] > 0) if marked else np.flatnonzero(~np.isin(ends, done))
            keys = _keys(packets[rows], ends[rows], marked)
            known, at, count = np.unique(keys, return_index=True, return_counts=True)
            sides.append((known[count == 1], rows[at[count == 1]]))
        _, at, other = np.intersect1d(sides[0][0], sides[1][0], assume_unique=True, return_indices=True)
        found.append((sides[0][1][at], sides[1][1][other]))
    return np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])


def _keys(packets: Rows, ends: Rows, marked: bool) -> Rows:
    columns = [ends, packets["seq"], packets["ack"], packets["length"], packets["flags"] & TELLING_FLAGS]
    return mixed([*columns, packets["mark"]] if marked else columns)


def copies(packets: Rows, ends: Rows, within: int) -> Rows:
    """Tell of packets (PACKET) in the order of time whether the capture has each before, at most so many ns ago."""
    keys = _keys(packets, ends, True)
    order = np.lexsort((packets["time"], keys))
    keys, times = keys[order], packets["time"][order]
    same = np.zeros(len(keys), dtype=bool)
    same[1:] = (keys[1:] == keys[:-1]) & (times[1:] - times[:-1] <= within)
    found = np.zeros(len(keys), dtype=bool)
    found[order] = same
    return found & (packets["mark"] > 0)


def matched(sent: Rows, sent_ends: Rows, got: Rows, got_ends: Rows) -> Matched:
    """Return which packets sent are which of those received (PACKET, in the order of time, on one clock)."""
    found = Matched(
        np.full(len(sent), NONE),
        np.full(len(got), NONE),
        np.zeros(len(got), dtype=bool),
        np.zeros(len(sent), dtype=bool),
    )
    _by_keys(found, sent, sent_ends, got, got_ends, True, sent_ends[:0])
    # A direction in which marks came through has them in all of its packets.
    kept = np.unique(sent_ends[(found.got >= 0) & (sent["mark"] > 0)])
    _by_keys(found, sent, sent_ends, got, got_ends, False, kept)
    _by_bytes(found, sent, sent_ends, got, got_ends)
    return found


def _by_keys(found: Matched, sent: Rows, sent_ends: Rows, got: Rows, got_ends: Rows, marked: bool, kept: Rows) -> None:
    def left(packets: Rows, ends: Rows, other: Rows) -> Rows:
        if marked:
            return np.flatnonzero(packets["mark"] > 0)
        bare = (other == NONE) & ((packets["mark"] == 0) | ~np.isin(ends, kept))
        return np.flatnonzero(bare)

    ours, theirs = left(sent, sent_ends, found.got), left(got, got_ends, found.sent)
    if not len(ours) or not len(theirs):
        return
    keys = _keys(sent[ours], sent_ends[ours], marked), _keys(got[theirs], got_ends[theirs], marked)
    known, which = np.unique(np.concatenate(keys), return_inverse=True)
    groups = which[: len(ours)], which[len(ours) :]
    counts = [np.bincount(one, minlength=len(known)) for one in groups]
    ranks = [_ranks(one) for one in groups]
    # In order, where nothing is missing or there is one to be received, perhaps again.
    plain = (counts[0] == counts[1]) | (counts[0] == 1)
    start = np.concatenate([[0], np.cumsum(counts[0])[:-1]])
    in_order = ours[np.argsort(groups[0], kind="stable")]
    rows = np.flatnonzero(plain[groups[1]] & (counts[0][groups[1]] > 0))
    of, rank = groups[1][rows], ranks[1][rows]
    again = rank >= counts[0][of]
    source = in_order[start[of] + np.minimum(rank, counts[0][of] - 1)]
    found.sent[theirs[rows]] = source
    found.again[theirs[rows]] = again
    found.got[source[~again]] = theirs[rows[~again]]
    for one in np.flatnonzero(~plain & (counts[0] > 0) & (counts[1] > 0)):
        _by_time(found, sent, in_order[start[one] : start[one] + counts[0][one]], got, theirs[groups[1] == one])


def _ranks(groups: Rows) -> Rows:
    """Return of each the number of those before it in its group."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    counts = np.diff(np.append(starts, len(groups)))
    found = np.empty(len(groups), dtype=np.int64)
    found[order] = np.arange(len(groups)) - np.repeat(starts, counts)
    return found


def _by_time(found: Matched, sent: Rows, ours: Rows, got: Rows, theirs: Rows) -> None:
    """Match packets that are all alike: what is received is the last sent before it that was not received yet."""
    times = sent["time"][ours]
    free = np.ones(len(ours), dtype=bool)
    for place in theirs.tolist():
        before = np.flatnonzero(times <= got["time"][place])
        open_ = before[free[before]]
        chosen = open_[-1] if len(open_) else (before[-1] if len(before) else int(np.argmax(free)))
        found.sent[place] = ours[chosen]
        if free[chosen]:
            free[chosen] = False
            found.got[ours[chosen]] = place
        else:
            found.again[place] = True


def _by_bytes(found: Matched, sent: Rows, sent_ends: Rows, got: Rows, got_ends: Rows) -> None:
    """Match what was cut, or put together, on the way: bytes that are sent in other packets than they come in."""
    ours = np.flatnonzero((found.got == NONE) & (sent["length"] > 0))
    theirs = np.flatnonzero((found.sent == NONE) & (got["length"] > 0))
    if not len(ours) or not len(theirs):
        return
    base = first_numbers(sent, sent_ends, got, got_ends)
    one = _spans(sent[ours], sent_ends[ours], base)
    other = _spans(got[theirs], got_ends[theirs], base)
    for mine, mine_rows, there, there_rows, to, extra in (
        (one, ours, other, theirs, found.got, found.pieces),
        (other, theirs, one, ours, found.sent, None),
    ):
        order = np.lexsort((there[1], there[0]))
        merged = merge(there[0][order], there[1][order])
        inside = covered(mine[0], mine[1], *merged)
        # The packet with the first of the bytes stands for all.
        at = np.searchsorted(there[0][order], mine[0], side="right") - 1
        holds = (at >= 0) & (there[1][order][np.maximum(at, 0)] > mine[0])
        at = np.where(holds, at, np.minimum(at + 1, len(order) - 1))
        to[mine_rows[inside]] = there_rows[order[at[inside]]]
        if extra is not None:
            extra[mine_rows[inside]] = True


def first_numbers(sent: Rows, sent_ends: Rows, got: Rows, got_ends: Rows) -> Rows:
    """Return the number from which those of each end are counted, with 2**31 before it."""
    ends = np.concatenate([sent_ends, got_ends])
    base = np.zeros(int(ends.max(initial=-1)) + 1, dtype=np.int64)
    numbers = np.concatenate([sent["seq"], got["seq"]])
    known, at = np.unique(ends, return_index=True)
    base[known] = numbers[at]
    return base


def _spans(packets: Rows, ends: Rows, base: Rows) -> tuple[Rows, Rows]:
    start = positions(packets["seq"], ends, base)
    return start, start + packets["length"]


def positions(numbers: Rows, ends: Rows, base: Rows) -> Rows:
    """Return sequence numbers of ends on one axis for all."""
    relative = (numbers.astype(np.int64) - base[ends] + (1 << 31)) & LOW_32
    found: Rows = (ends << AXIS) + relative
    return found


def merge(starts: Rows, stops: Rows) -> tuple[Rows, Rows]:
    """Return spans, in order of their starts, joined where they touch."""
    if not len(starts):
        return starts, stops
    reach = np.maximum.accumulate(stops)
    new = np.append(True, starts[1:] > reach[:-1])
    begin = np.flatnonzero(new)
    return starts[begin], reach[np.append(begin[1:], len(starts)) - 1]


def covered(starts: Rows, stops: Rows, begin: Rows, end: Rows) -> Rows:
    """Tell of spans whether each lies within one of others, which are joined and in order."""
    if not len(begin):
        return np.zeros(len(starts), dtype=bool)
    at = np.searchsorted(begin, starts, side="right") - 1
    found: Rows = (at >= 0) & (end[np.maximum(at, 0)] >= stops)
    return found
