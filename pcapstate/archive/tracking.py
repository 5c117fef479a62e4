"""Stage 2, a task for each bucket: its segments, of all captures in time order, through the tracker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..addresses import parse_network
from ..compaction import endpoints_after, endpoints_of
from ..decode.segment import SEGMENT
from ..kernels.running import Kernels
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.checkpoint import Checkpoint
from ..tcp.eviction import choose_evicted
from ..tcp.flow_table import COMPARED_PACKETS, ROWS_EACH, FlowTable
from ..tcp.states import State
from ..tcp.time_wait import TimeWait
from .arrays import head, packed, unpacked
from .manifest import FOLDER, Options
from .merging import Input, merged
from .storage import Storage

KINDS: dict[str, np.dtype[Any]] = {
    "connections": c.CONNECTION,
    "extras": c.EXTRA,
    "seldom": c.SELDOM,
    "endpoints": c.ENDPOINT,
    "details": c.DETAIL,
    "troubles": c.TROUBLE,
    "timers": c.TIMER,
    "recent": c.RECENT_PACKETS,
    "transitions": c.TRANSITION,
    "latest": SEGMENT,
}
TABLES = tuple(name for name, _ in ROWS_EACH)
STEP = 1 << 16
"""Segments that are followed between two looks at the size of the table."""
REMEMBERED = 1_000_000_000
"""Nanoseconds for which segments are kept, so that copies of them are known as such; more than copies take."""
NEW_ONES = ".new"
"""The ending of the file that says when and with which packet connections began in an epoch."""
IDS = ".ids"
"""The ending of the file with the ids of the connections of a checkpoint, beside it."""
NEW = -1
"""The id of a connection that has none yet."""


class Tracking(NamedTuple):
    """A task: the segments of a bucket in an epoch."""

    dataset: str
    bucket: int
    epoch: str
    inputs: tuple[Input, ...]
    """The files of the epoch's captures."""
    checkpoint: str
    """The file of the epoch before; empty: there is none."""
    clock: int
    """The latest time in all captures so far, ns since the epoch."""
    options: Options
    most: int
    """Connections that are kept at most; beyond that, some are retired early."""


class Tracked(NamedTuple):
    """What a task found, of each connection that it retired or that is open at its end."""

    arrays: dict[str, Rows]
    """The tables of the tracker; ``ids``, NEW where a connection began in this epoch; ``first``: the packet it began
    with; ``before``: one more than the row of the connection before it on its 4-tuple, or 0; ``retired``: bool;
    ``transitions``, in the order in which they became known."""
    about: dict[str, Any]


def tracked_name(epoch: str, bucket: int) -> str:
    """Return the name of the file that a task leaves."""
    return f"{FOLDER}/tracked/{epoch}-{bucket:04d}.arrays"


def checkpoint_name(epoch: str, bucket: int) -> str:
    """Return the name of the file with what a table holds at the end of an epoch."""
    return f"{FOLDER}/checkpoints/{epoch}-{bucket:04d}.arrays"


def time_wait_of(options: Options) -> TimeWait:
    """Return how long TIME_WAIT lasts in a dataset."""
    everywhere = next((seconds for network, seconds in options.time_wait if not network), None)
    elsewhere = tuple((parse_network(network), seconds) for network, seconds in options.time_wait if network)
    return TimeWait(elsewhere=elsewhere) if everywhere is None else TimeWait(everywhere, elsewhere)


def track(task: Tracking) -> dict[str, Any]:
    """Track a bucket and leave what was found in a file; ``checkpoint`` is size and checksum of the one it wrote.

    Raises DamagedFile, OutputError, OSError.
    """
    storage, name = Storage(task.dataset), tracked_name(task.epoch, task.bucket)
    if not storage.exists(name):
        bucket = _Bucket(storage, task)
        bucket.follow()
        storage.write(name, bucket.result())
    checkpoint = storage.written(checkpoint_name(task.epoch, task.bucket))
    return {**head(storage.read(name), name), "checkpoint": checkpoint}


class _Bucket:
    def __init__(self, storage: Storage, task: Tracking) -> None:
        self._storage, self._task = storage, task
        self._table = FlowTable(Kernels(), time_wait_of(task.options), True, True, split=task.options.split)
        self._ids = self._first = np.zeros(0, dtype=np.int64)
        self._history = [np.zeros(0, dtype=c.TRANSITION)]
        self._latest: list[Rows] = []
        self._gone: list[dict[str, Rows]] = []
        self._gone_transitions: list[Rows] = []
        self._gone_count = 0
        self.early = self.segments = 0
        if task.checkpoint:
            self._restore(task.checkpoint)

    def _restore(self, name: str) -> None:
        found, about = unpacked(self._storage.read(name), name, KINDS)
        count = len(found["connections"])
        tables = {one: found[one].view(np.int64).reshape(-1, KINDS[one].itemsize // 8) for one in TABLES}
        none = np.zeros_like(self._table.evicted)
        shared = found["timers"], found["recent"], found["cells"], np.arange(count), none, about["retired"]
        self._table.restore([Checkpoint(True, count, np.arange(count), tables, *shared)])
        self._ids = self._storage_ids(name)
        self._first, self._history, self._latest = found["first"], [found["transitions"]], [found["latest"]]

    def _storage_ids(self, name: str) -> Rows:
        found, _ = unpacked(self._storage.read(name + IDS), name + IDS, {})
        return found["ids"]

    def follow(self) -> None:
        """Follow all segments of the epoch."""
        for found in merged(self._storage, self._task.inputs, self._task.bucket):
            for start in range(0, len(found.rows), STEP):
                self._follow(found.rows[start : start + STEP])
        self._keep(self._table.pass_time(max(self._task.clock, self._table.clock)))

    def _follow(self, segments: Rows) -> None:
        table, most = self._table, self._task.most
        if len(table.connections) + len(segments) > most:
            self._retire(self._over(self._table.clock))
            if len(table.connections) + len(segments) > most:
                going, _ = choose_evicted(table.endpoints, table.extras["previous"], len(table.connections) // 4)
                self.early += int(going.sum())
                self._retire(going)
        self.segments += len(segments)
        self._keep(table.follow(segments, len(segments)))
        self._note_first(segments)
        self._latest.append(segments)
        while sum(map(len, self._latest[1:])) >= COMPARED_PACKETS:
            self._latest.pop(0)

    def _keep(self, transitions: Iterator[Rows]) -> None:
        self._history += (one.copy() for one in transitions)

    def _note_first(self, segments: Rows) -> None:
        known, count = len(self._ids), len(self._table.connections)
        if count == known:
            return
        self._ids = np.concatenate([self._ids, np.full(count - known, NEW)])
        rows = segments["endpoint"].astype(np.int64) >> 1
        new = np.flatnonzero((rows >= known) & (segments["flags"] >= 0))
        which, at = np.unique(rows[new], return_index=True)
        first = np.zeros(count - known, dtype=np.int64)
        first[which - known] = segments["number"][new[at]]
        self._first = np.concatenate([self._first, first])

    def _over(self, clock: int) -> Rows:
        """Tell of each connection whether it has been closed for so long that it is retired."""
        table, since = self._table, clock - self._task.options.final_after
        ends, details = table.endpoints, table.details
        assert details is not None
        over = (ends["state"] == State.CLOSED) & (ends["last"] <= since) & (details["since"] <= since)
        over = over[0::2] & over[1::2]
        # The next packets of a connection would be taken for those of the one before it that stays.
        previous = table.extras["previous"]
        for row in np.flatnonzero(previous).tolist():
            over[row] &= over[int(previous[row]) - 1]
        return over

    def _rows(self, chosen: Rows) -> dict[str, Rows]:
        """Return what there is of some connections."""
        rows = np.flatnonzero(chosen)
        ends = endpoints_of(rows)
        found = {name: getattr(self._table, name)[ends if each == 2 else rows].copy() for name, each in ROWS_EACH}
        previous = self._table.extras["previous"][rows].astype(np.int64)
        there = np.searchsorted(rows, previous - 1)
        same = (previous > 0) & (np.append(rows, -1)[there] == previous - 1)
        found["before"] = np.where(same, there + 1, 0)
        return {**found, "ids": self._ids[rows], "first": self._first[rows]}

    def _take(self, chosen: Rows) -> Rows:
        """Return the transitions of some connections, whose endpoints are counted among them."""
        history = np.concatenate(self._history)
        history["endpoint"] = endpoints_after(np.flatnonzero(chosen), history["endpoint"])
        return history[history["endpoint"] >= 0]

    def _put_away(self, going: Rows) -> None:
        transitions = self._take(going)
        transitions["endpoint"] += 2 * self._gone_count
        rows = self._rows(going)
        rows["before"][rows["before"] > 0] += self._gone_count
        self._gone.append(rows)
        self._gone_transitions.append(transitions)
        self._gone_count += int(going.sum())

    def _forget(self, going: Rows) -> None:
        """Let connections go that are put away."""
        self._history = [self._take(~going)]
        latest = np.concatenate([np.zeros(0, dtype=SEGMENT), *self._latest])
        kept = self._table.retire(going, latest)
        latest["endpoint"] = endpoints_after(kept, latest["endpoint"])
        self._latest = [latest]
        self._ids, self._first = self._ids[kept], self._first[kept]

    def _retire(self, going: Rows) -> None:
        if going.any():
            self._put_away(going)
            self._forget(going)

    def result(self) -> bytes:
        """End what was given up by now; return what was found, and the table for the next epoch, as bytes."""
        table = self._table
        before, history = table.checkpoint(), list(self._history)
        self._keep(table.give_up())
        going = self._over(max(self._task.clock, table.clock))
        self._put_away(going)
        retired = self._gone_count
        self._put_away(~going)
        arrays = {
            name: np.concatenate([one[name] for one in self._gone]) for name in (*TABLES, "ids", "first", "before")
        }
        arrays["transitions"] = np.concatenate(self._gone_transitions)
        arrays["retired"] = np.arange(self._gone_count) < retired
        # What was given up is so only as long as nothing more comes.
        self._history = history
        table.restore([before])
        if going.any():
            self._forget(going)
        last = table.checkpoint()
        rows = np.ones(last.connections, dtype=bool)
        latest = np.concatenate([np.zeros(0, dtype=SEGMENT), *self._latest])
        self._storage.write(
            checkpoint_name(self._task.epoch, self._task.bucket),
            packed(
                {
                    **{name: last.tables[name].reshape(-1).view(KINDS[name]) for name in TABLES},
                    "timers": last.timers,
                    "recent": last.recent,
                    "cells": last.cells,
                    "first": self._first,
                    "latest": latest[latest["time"] >= table.clock - REMEMBERED],
                    "transitions": self._take(rows),
                },
                {"retired": table.count - last.connections},
            ),
        )
        new = arrays["ids"] == NEW
        opened = arrays["endpoints"]["first"][0::2]
        self._storage.write(
            tracked_name(self._task.epoch, self._task.bucket) + NEW_ONES,
            packed({"opened": opened[new], "first": arrays["first"][new]}),
        )
        about = {"early": self.early, "segments": self.segments, "connections": self._gone_count}
        return packed(arrays, about)
