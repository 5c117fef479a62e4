"""The table of any moment, tracked again from the checkpoint before it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from ..compaction import endpoints_of
from ..decode.segment import SEGMENT
from ..kernels.running import Kernels
from ..rows import Rows, among
from ..stops import DISORDER
from ..tcp.checkpoint import Checkpoint
from ..tcp.flow_table import FlowTable
from ..tcp.time_wait import TimeWait
from .log import Chapter, PacketLog
from .packed import unpack_checkpoint

WINDOW = 5 * 10**9
"""Nanoseconds over which rates are averaged."""


class Replay:
    """A table that can be moved to any moment of a log.

    It is a table of its own, so that the reading goes on meanwhile, and nobody else changes it. ``time_wait`` and
    ``split`` are those of the table that the log is about.
    """

    def __init__(
        self,
        log: PacketLog,
        kernels: Kernels,
        time_wait: TimeWait = TimeWait(),  # noqa: B008 (it cannot be changed)
        split: bool = False,
    ) -> None:
        self._log = log
        self.table = FlowTable(kernels, time_wait, details=True, split=split)
        """The connections at ``moment``."""
        self.moment = 0
        """Nanoseconds since the epoch; 0 before a packet."""
        self.epoch = 0
        """Two tables of the same epoch name connections by the same rows."""
        self._chapter = -1  # the chapter, counted from the first that there ever was, and how many of its packets
        self._taken = 0  # the table has followed
        self._straight = False
        self._unpacked: dict[int, Rows] = {}
        self._whole: tuple[int, Checkpoint] | None = None

    def to(self, moment: int) -> FlowTable:
        """Move the table to a moment, ns since the epoch, or to the beginning of the log where that is later."""
        first, chapters = self._log.chapters()
        moment = max(moment, chapters[0].start)
        at = max(bisect_right(chapters, moment, key=lambda one: one.start) - 1, 0)
        here = self._chapter - first
        onwards = self._straight and moment >= self.moment and 0 <= here <= at <= here + 1
        if not (onwards and chapters[here].epoch == chapters[at].epoch):
            self._restore(chapters[: at + 1], at + first)
            self._chapter, self._taken, here = at + first, 0, at
        self.epoch = chapters[here].epoch
        self._follow([one for one in chapters[here:] if one.epoch == self.epoch], moment)
        for _ in self.table.pass_time(moment):
            pass
        # Of an attempt that goes on after all, it would show that somebody looked in between.
        self._straight &= not sum(len(ended) for ended in self.table.give_up())
        self.moment = moment
        return self.table

    def rates(self) -> Rows:
        """Return the payload bytes a second that each endpoint sent of late: in the WINDOW, or what is known of it.

        What is sent again counts again.
        """
        first, chapters = self._log.chapters()
        sent = np.zeros(2 * len(self.table.connections))
        began = self.moment
        for number in (self._chapter, self._chapter - 1):
            at = number - first
            if not 0 <= at < len(chapters) or chapters[at].epoch != self.epoch:
                break
            some = self._segments(number, chapters[at])
            some = some[(some["time"] > self.moment - WINDOW) & (some["time"] <= self.moment)]
            sent += np.bincount(some["endpoint"], weights=some["length"], minlength=len(sent))[: len(sent)]
            began = max(chapters[at].start, self.moment - WINDOW)
        return (sent * 1e9 / max(self.moment - began, 10**9)).astype(np.int64)

    def _restore(self, chapters: Sequence[Chapter], number: int) -> None:
        """Bring the table to the beginning of the last chapter, whose number is given."""
        # Going back step by step needs the same checkpoint again and again.
        if self._whole is not None and self._whole[0] == number:
            self.table.restore([self._whole[1]])
            return
        epoch = chapters[-1].epoch
        self.table.restore([unpack_checkpoint(one.checkpoint) for one in chapters if one.epoch == epoch])
        self._whole = number, self.table.checkpoint()

    def _follow(self, chapters: Sequence[Chapter], moment: int) -> None:
        """Follow the packets up to the moment, as ``Stops`` cuts them."""
        self._straight, passed_over, number = True, False, self._chapter
        for chapter in chapters:
            rest = self._segments(number, chapter)[self._taken if number == self._chapter else 0 :]
            late = np.flatnonzero(rest["time"] > moment + DISORDER)
            ended = len(late) > 0
            rest = rest[: int(late[0])] if ended else rest
            chosen = rest["time"] <= moment
            some = rest[chosen]
            for _ in self.table.follow(some, len(some)):
                pass
            if len(some) or not (len(rest) or ended or passed_over):
                # Where packets were passed over, since the capture's clock steps back, this cannot go on from here.
                self._straight &= not passed_over and bool(chosen[: len(some)].all())
                self._taken = len(some) + (self._taken if number == self._chapter else 0)
                self._chapter = number
            passed_over |= len(some) < len(rest)
            if ended:
                break
            number += 1

    def _segments(self, number: int, chapter: Chapter) -> Rows:
        """Return the packets of a chapter; those of the last two are kept, since they are often asked for again."""
        if isinstance(chapter.stored, tuple):
            return chapter.segments
        if number not in self._unpacked:
            if len(self._unpacked) > 1:
                del self._unpacked[next(iter(self._unpacked))]
            self._unpacked[number] = chapter.segments
        return self._unpacked[number]

    def of_connections(self, rows: Rows) -> Rows:
        """Return all packets (SEGMENT) of connections, by their rows in the table, in ascending order.

        Those are all in the log, also after the moment, but not from before connections were evicted.
        """
        ends = endpoints_of(rows)
        firsts = self.table.endpoints["first"][ends]
        began = int(firsts[firsts > 0].min()) if firsts.any() else 0
        _, chapters = self._log.chapters()
        followed = [*(one.start for one in chapters[1:]), None]
        found = [np.zeros(0, dtype=SEGMENT)]
        for chapter, end in zip(chapters, followed, strict=True):
            if chapter.epoch == self.epoch and (end is None or end >= began):
                segments = chapter.segments
                found.append(segments[among(segments["endpoint"] >> 1, rows)])
        return np.concatenate(found)
