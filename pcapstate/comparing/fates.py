"""What became of each packet between two captures: delivered or lost, repeated, changed, out of order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..decode.segment import ACK, FIN, RST, SYN
from ..rows import Rows
from .matching import NONE, Matched, copies, covered, first_numbers, matched, merge, positions

DELIVERED, LOST, MISSED, UNSENT, REPEATED, OUTSIDE = range(6)
FATES = ("delivered", "lost", "not captured", "not sent", "repeated", "outside")
"""delivered; lost between the captures; sent and acknowledged, but its receiver's capture has it not; received, but its
sender's capture has it not; received once more than sent; the other capture does not cover the time."""
FLAGS, OPTIONS, PAYLOAD = 1, 2, 4
CHANGES = {FLAGS: "flags", OPTIONS: "options", PAYLOAD: "payload"}
"""What can be changed of a packet, beside addresses and ports."""
CHANGE_WORDS = (
    *(None, "flags", "options", "flags options"),
    *("payload", "flags payload", "options payload", "flags options payload"),
)
"""What several of them are called, by the sum of their bits."""
COPY_WITHIN = 100_000_000
"""ns within which a packet with the same mark is the same, captured twice."""
MANY = 0.5
"""The part of packets that a capture has twice, from which on repetitions say nothing of the way."""


class Side(NamedTuple):
    """Packets on their sender's or receiver's side, in the order of time."""

    packets: Rows
    """PACKET, with times on the common clock."""
    ends: Rows
    """Which end sent each."""
    second: Rows
    """bool: the second capture has it."""


class Fates(NamedTuple):
    """Every packet once: those sent in their order, then those that were received without being sent."""

    sent: Side
    got: Side
    rows: tuple[Rows, Rows]
    """Places of each in ``sent`` and in ``got``; NONE: not there."""
    ends: Rows
    fate: Rows
    transit: Rows
    """ns from one capture to the other; -1 where it is not in both."""
    changed: Rows
    """FLAGS, OPTIONS, PAYLOAD."""
    reordered: Rows
    """bool: a packet that was sent after it arrived before it."""
    copies: int
    """Packets that a capture has more than once."""

    @property
    def times(self) -> Rows:
        """When each was sent, or else received."""
        return np.where(
            self.rows[0] >= 0,
            _at(self.sent.packets["time"], self.rows[0]),
            _at(self.got.packets["time"], self.rows[1]),
        )

    def talking(self) -> Rows:
        """Return the ends that have sent anything but resets, as far as either capture tells."""
        said = [one.ends[one.packets["flags"] & RST == 0] for one in (self.sent, self.got)]
        return np.concatenate(said)


def _at(values: Rows, rows: Rows) -> Rows:
    return values[np.maximum(rows, 0)] if len(values) else np.zeros(len(rows), dtype=values.dtype)


def fates(sent: Side, got: Side, spans: tuple[tuple[int, int], tuple[int, int]]) -> Fates:
    """Return what became of packets; ``spans``: when each capture begins and ends, on the common clock."""
    sent, got, count = _once(sent, got)
    of = matched(sent.packets, sent.ends, got.packets, got.ends)
    delivered = of.got >= 0
    transit = np.where(delivered, _at(got.packets["time"], of.got) - sent.packets["time"], -1)
    ends = int(max(sent.ends.max(initial=0), got.ends.max(initial=0))) + 2
    longest = _longest(ends, sent.ends, transit, delivered)
    start, end = (np.array([span[which] for span in spans]) for which in (0, 1))
    # The receiver's capture is the other one; what is under way when it ends is not lost.
    there = (~sent.second).astype(np.int64)
    outside = (sent.packets["time"] < start[there]) | (sent.packets["time"] + longest[sent.ends] >= end[there])
    fate = np.where(delivered, DELIVERED, np.where(outside, OUTSIDE, LOST))
    fate = np.where((fate == LOST) & _acknowledged(sent, got, fate == LOST), MISSED, fate)
    # Received only.
    more = np.flatnonzero((of.sent == NONE) | of.again)
    there = (~got.second[more]).astype(np.int64)
    time = got.packets["time"][more]
    outside = (time - longest[got.ends[more]] <= start[there]) | (time > end[there])
    strange = np.where(of.again[more], REPEATED, np.where(outside, OUTSIDE, UNSENT))
    rows = (
        np.concatenate([np.arange(len(sent.ends)), np.where(of.again[more], of.sent[more], NONE)]),
        np.concatenate([of.got, more]),
    )
    none = np.zeros(len(more), dtype=np.int64)
    return Fates(
        sent,
        got,
        rows,
        np.concatenate([sent.ends, got.ends[more]]),
        np.concatenate([fate, strange]),
        np.concatenate([transit, none - 1]),
        np.concatenate([_changed(sent.packets, got.packets, of), none]),
        np.concatenate([_reordered(sent.ends, got.packets["time"], of.got), none > 0]),
        count,
    )


def _once(sent: Side, got: Side) -> tuple[Side, Side, int]:
    """Leave out what a capture has twice, where that is so of most of what its own host sends.

    Few of them say nothing: a host sends equal acknowledgments within a moment, and the way repeats packets.
    """
    count = 0
    found = []
    again = copies(sent.packets, sent.ends, COPY_WITHIN)
    others = copies(got.packets, got.ends, COPY_WITHIN)
    twice = np.array([bool(len(own) and own.mean() * 2 > MANY) for own in (again[~sent.second], again[sent.second])])
    for side, copied in ((sent, again), (got, others)):
        left_out = copied & twice[side.second.astype(np.int64)]
        count += int(left_out.sum())
        found.append(Side(*(one[~left_out] for one in side)))
    return found[0], found[1], count


def _longest(count: int, ends: Rows, transit: Rows, delivered: Rows) -> Rows:
    """Return how long packets of each end are under way at most, where none arrived as long as most do."""
    found = np.full(count, -1, dtype=np.int64)
    np.maximum.at(found, ends[delivered], transit[delivered])
    usual = int(np.quantile(transit[delivered], 0.95)) if delivered.any() else 0
    return np.where(found < 0, max(usual, 0), found)


def _consumed(packets: Rows) -> Rows:
    flags = packets["flags"]
    return packets["length"] + (flags & SYN > 0) + (flags & FIN > 0)


def _acknowledged(sent: Side, got: Side, lost: Rows) -> Rows:
    """Tell of lost packets whether their receiver has acknowledged what no packet of its capture brought."""
    found = np.zeros(len(lost), dtype=bool)
    rows = np.flatnonzero(lost & (_consumed(sent.packets) > 0))
    if not len(rows):
        return found
    base = first_numbers(sent.packets, sent.ends, got.packets, got.ends)
    brought = np.flatnonzero(_consumed(got.packets) > 0)
    start = positions(got.packets["seq"][brought], got.ends[brought], base)
    order = np.argsort(start, kind="stable")
    merged = merge(start[order], (start + _consumed(got.packets[brought]))[order])
    begin = positions(sent.packets["seq"][rows], sent.ends[rows], base)
    stop = begin + _consumed(sent.packets[rows])
    missing = rows[~covered(begin, stop, *merged)]
    if not len(missing):
        return found
    # What a receiver says is in its own capture, as what it sent.
    says = np.flatnonzero((sent.packets["flags"] & ACK > 0) & np.isin(sent.ends ^ 1, sent.ends[missing]))
    acks = positions(sent.packets["ack"][says], sent.ends[says] ^ 1, base) & ((1 << 34) - 1)
    highest = np.full(len(base) + 1, -1, dtype=np.int64)
    np.maximum.at(highest, sent.ends[says] ^ 1, acks)
    stop = positions(sent.packets["seq"][missing], sent.ends[missing], base) & ((1 << 34) - 1)
    found[missing] = highest[sent.ends[missing]] >= stop + _consumed(sent.packets[missing])
    return found


def _changed(sent: Rows, got: Rows, of: Matched) -> Rows:
    found = np.zeros(len(sent), dtype=np.int64)
    rows = np.flatnonzero((of.got >= 0) & ~of.pieces)
    one, other = sent[rows], got[of.got[rows]]
    found[rows] |= np.where(one["flags"] != other["flags"], FLAGS, 0)
    found[rows] |= np.where(one["options"] != other["options"], OPTIONS, 0)
    alike = (one["size"] == other["size"]) & (one["print"] == other["print"])
    found[rows] |= np.where((one["size"] == other["size"]) & ~alike, PAYLOAD, 0)
    return found


def _reordered(ends: Rows, times: Rows, got: Rows) -> Rows:
    """Tell of packets whether one that was sent later arrived earlier (RFC 4737)."""
    found = np.zeros(len(ends), dtype=bool)
    rows = np.flatnonzero(got >= 0)
    order = rows[np.lexsort((got[rows], times[got[rows]], ends[rows]))]
    # Places ascend with the end, so that the highest of another end is never higher.
    place = np.empty(len(ends), dtype=np.int64)
    place[np.lexsort((np.arange(len(ends)), ends))] = np.arange(len(ends))
    latest = np.maximum.accumulate(place[order]) if len(order) else order
    found[order] = place[order] < latest
    return found
