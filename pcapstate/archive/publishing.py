"""Stage 3, a task for each bucket: what was tracked becomes rows of ``connections`` and ``states``, in Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from ..compaction import endpoints_after, endpoints_of
from ..kernels.running import Kernels
from ..rows import Rows
from ..table import NEVER
from ..tcp.flow_table import ROWS_EACH, FlowTable
from ..tcp.machine import TABLE, Event
from ..tcp.settling import certainties, judged
from ..tcp.states import State
from ..views import connections as connections_view
from ..views import timeline as timeline_view
from ..views.timeline_columns import CERTAINTIES
from .arrays import packed, unpacked
from .columns import Columns, address_of, addresses, columns_of
from .keys import Keys
from .loaded import blobs, fill
from .manifest import Options
from .merging import NUMBER_BITS
from .parquet import write
from .storage import Storage
from .tracking import IDS, KINDS, NEW, checkpoint_name, time_wait_of, tracked_name

CONNECTIONS, STATES = "connections", "states"
OPEN_DAY = "__HIVE_DEFAULT_PARTITION__"
"""The day of what is still open, which engines read as NULL."""
DAY = 86_400 * 10**9
FRAME = (1 << NUMBER_BITS) - 1
AT_END = np.array([row.event in (Event.GAVE_UP, Event.SILENT_AFTER_FIN) for row in TABLE])
"""Transitions that become known only once nothing more comes."""


class Publishing(NamedTuple):
    """A task: what was tracked of a bucket in an epoch."""

    dataset: str
    bucket: int
    epoch: str
    ids: str
    """The file with the ids of new connections of all buckets; empty: there are none."""
    options: Options
    networks: tuple[str, ...]


class Published(NamedTuple):
    """A file that a task wrote."""

    name: str
    size: int
    checksum: str
    rows: int = 0
    open: bool = False
    first: int | None = None
    """The earliest time in it, ns since the epoch."""


def publish(task: Publishing) -> list[Published]:
    """Write the tables of a bucket, and the ids of its checkpoint; return the files.

    Raises DamagedFile, OutputError, OSError.
    """
    storage, name = Storage(task.dataset), tracked_name(task.epoch, task.bucket)
    found, _ = unpacked(storage.read(name), name, KINDS)
    new = found["ids"] == NEW
    if new.any():
        given, _ = unpacked(storage.read(task.ids), task.ids, {})
        found["ids"][new] = given[str(task.bucket)]
    checkpoint = checkpoint_name(task.epoch, task.bucket)
    storage.write(checkpoint + IDS, packed({"ids": found["ids"][~found["retired"]]}))
    kernels, files = Kernels(), [Published(checkpoint + IDS, *storage.written(checkpoint + IDS))]
    table = FlowTable(kernels, time_wait_of(task.options), True, True, split=task.options.split)
    keys = Keys(kernels, np.array(task.options.numbers), task.options.bits)
    for day, rows in _days(found):
        some = _chosen(found, rows)
        fill(table, some, some["ids"], 0)
        shown = _connections(table, some, keys, task.networks)
        file = f"day={day}/{task.epoch}-{task.bucket:04d}.parquet"
        first = int(shown["opened"].min(initial=np.iinfo(np.int64).max))
        steps = _states(table, some)
        for folder, columns, select, count in (
            (CONNECTIONS, shown, CONNECTION_ROWS, len(rows)),
            (STATES, steps, STATE_ROWS, len(steps["step"])),
        ):
            name = f"{folder}/{file}"
            write(storage, name, columns, select)
            files.append(Published(name, *storage.written(name), count, day == OPEN_DAY, first))
    return files


def _days(found: dict[str, Rows]) -> Iterator[tuple[str, Rows]]:
    """Yield the days on which connections ended, and their rows; those that may go on have OPEN_DAY."""
    retired = np.flatnonzero(found["retired"])
    closed = found["details"]["since"].reshape(-1, 2).max(axis=1)
    days = closed[retired] // DAY
    for day in np.unique(days).tolist():
        yield f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}", retired[days == day]
    others = np.flatnonzero(~found["retired"])
    if len(others):
        yield OPEN_DAY, others


def _chosen(found: dict[str, Rows], rows: Rows) -> dict[str, Rows]:
    ends = endpoints_of(rows)
    some = {name: found[name][ends if each == 2 else rows].copy() for name, each in ROWS_EACH}
    some["extras"]["previous"] = 0
    before = found["before"][rows]
    some["previous"] = np.where(before > 0, found["ids"][before - 1], -1)
    transitions = found["transitions"].copy()
    transitions["endpoint"] = endpoints_after(rows, transitions["endpoint"])
    there = transitions["endpoint"] >= 0
    some["transitions"], some["step"] = transitions[there], np.flatnonzero(there)
    return {**some, "ids": found["ids"][rows], "first": found["first"][rows]}


def _connections(table: FlowTable, some: dict[str, Rows], keys: Keys, networks: tuple[str, ...]) -> Columns:
    found = columns_of(connections_view.view(table))
    state, since = table.endpoints["state"].reshape(-1, 2), some["details"]["since"].reshape(-1, 2)
    closed = (state == State.CLOSED).all(axis=1)
    found["closed"] = np.where(closed, since.max(axis=1), NEVER)
    names = np.array([None, *networks], dtype=object)
    octets = blobs(some)
    return {
        **found,
        "network": names[some["extras"]["network_0"]],
        "capture": some["first"] >> NUMBER_BITS,
        "frame": some["first"] & FRAME,
        "previous": some["previous"],
        "key": keys.of_connections(table.connections, table.extras),
        **{f"{half}_{side}": _half(table, half, side) for side in (0, 1) for half in ("high", "low")},
        "rows": np.array([octets[at].tobytes() for at in range(len(octets))] or [b""], dtype=object)[: len(octets)],
    }


def _half(table: FlowTable, half: str, side: int) -> Rows:
    rows = table.extras if half == "high" else table.connections
    return np.ascontiguousarray(rows[f"{half}_{side}"])


def text(name: str) -> str:
    """Return in SQL a column of texts, which has that type where all are NULL, too."""
    return f"{name}::VARCHAR AS {name}"


def time_of(name: str, shown: str = "") -> str:
    """Return in SQL a column of nanoseconds, as a time (microseconds, UTC) and as they are; NEVER is NULL."""
    shown = shown or name
    known = f"nullif({name}, {NEVER})"
    return f"make_timestamp({known} // 1000) AS {shown}, {known} AS {shown}_ns"


CONNECTION_ROWS = f"""
    SELECT connection, nullif(previous, -1) AS previous,
      {address_of("client_address")}, client_port, {address_of("server_address")}, server_port,
      {text("client_state")}, {text("server_state")},
      {time_of("opened")}, {time_of("last")}, {time_of("closed")},
      {text("outcome")}, handshake_seen, client_guessed, client_packets, server_packets, client_bytes, server_bytes,
      client_retransmissions, server_retransmissions,
      {time_of("client_first")}, {time_of("client_last")}, {time_of("server_first")}, {time_of("server_last")},
      {text("network")}, capture, frame, key::INTEGER AS key, high_0, low_0, high_1, low_1, rows::BLOB AS tracker
    FROM given ORDER BY opened, capture, frame"""

STATE_ROWS = f"""
    SELECT connection, {text("endpoint")}, {address_of("address")}, port, {address_of("peer_address")}, peer_port,
      {text("state")}, {time_of("since")}, {time_of("until")}, {text('"before"')},
      {text("cause")}, {text("certainty")}, held, nullif(capture, 0) AS capture, nullif(frame, 0) AS frame,
      side, rule, doubt, origin, step
    FROM given ORDER BY since, step"""


def _states(table: FlowTable, some: dict[str, Rows]) -> Columns:
    rows = some["transitions"]
    found = judged(rows)
    shown = columns_of(timeline_view.view(table, [rows], None, None, True, ("connection", "endpoint", "cause")))
    ends = rows["endpoint"].astype(np.int64)
    row, side = ends >> 1, ends & 1
    halves = [[_half(table, half, one)[row] for one in (0, 1)] for half in ("high", "low")]
    ends_of = [[np.where(side == 0, *half[::turn]) for half in halves] for turn in (1, -1)]
    names = np.array([state.name for state in State], dtype=object)
    words = np.array(CERTAINTIES, dtype=object)
    ports = [table.connections[f"port_{one}"][row].astype(np.int64) for one in (0, 1)]
    return {
        **shown,
        **addresses("address", *ends_of[0]),
        "port": np.where(side == 0, *ports),
        **addresses("peer_address", *ends_of[1]),
        "peer_port": np.where(side == 0, *ports[::-1]),
        "state": names[rows["to"]],
        "since": np.ascontiguousarray(rows["time"]),
        "until": _until(rows, found.held),
        "before": names[found.rows["from"]],
        "certainty": words[certainties(found.rows, True)],
        "held": found.held,
        "capture": rows["packet"] >> NUMBER_BITS,
        "frame": rows["packet"] & FRAME,
        "side": side,
        "rule": rows["row"].astype(np.int64),
        "doubt": rows["doubt"].astype(np.int64),
        "origin": rows["from"].astype(np.int64),
        "step": some["step"],
    }


def _until(rows: Rows, held: Rows) -> Rows:
    """Return when each state ended: with the next that held; of one that did not hold, with the next of any kind."""
    until = np.full(len(rows), NEVER, dtype=np.int64)
    for chosen in (np.ones(len(rows), dtype=bool), held):
        at = np.flatnonzero(chosen)
        at = at[np.argsort(rows["endpoint"][at], kind="stable")]
        same = rows["endpoint"][at][1:] == rows["endpoint"][at][:-1]
        until[at[:-1][same]] = rows["time"][at[1:][same]]
        until[at[-1:]] = NEVER
        until[at[:-1][~same]] = NEVER
    return until
