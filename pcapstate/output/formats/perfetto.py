"""A trace for Perfetto and Chrome: the JSON of the Trace Event Format.

A connection is a process, each of its ends a thread, each state a slice, and each packet that proves a change an
instant.

Times count from the first packet of the capture, in microseconds: a number of JSON, which most programs read with 15
digits, would not hold the nanoseconds of a time since 1970.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ...addresses import socket_text
from ...kernels.running import Kernels
from ...table import NUMBER_OR_NOTHING, WORD, Batch, Table
from .format import Format, Writer

NOT_DRAWN = "CLOSED"
"""The state of an end that has no connection: there is nothing to draw."""
SIDES = ("client", "server")
SECOND = 10**9
TOGETHER = 1_000
"""Events that are written together."""

CHANGE = (
    '{{"name": {cause}, "cat": "change", "ph": "i", "s": "t", "ts": {at}, "pid": {pid}, "tid": {tid}, "args":'
    ' {{"packet": {packet}, "certainty": {certainty}, "from": {from}, "to": {to}}}}}'
)
STATE = (
    '{{"name": {to}, "cat": "state", "ph": "X", "ts": {at}, "dur": {lasting}, "pid": {pid}, "tid": {tid}, "args":'
    ' {{"packet": {packet}, "certainty": {certainty}, "cause": {cause}}}}}'
)
"""Events, with JSON in place of each name."""


class PerfettoWriter(Writer):
    """Events come in the order of time; the names of a connection and its ends stand before its first."""

    def __init__(self, kernels: Kernels) -> None:
        super().__init__(kernels)
        self._before = ""
        self._named: set[int] = set()

    def more(self, table: Table) -> Iterator[bytes]:
        """Yield the text of a further table, as of ``views.trace``."""
        for batch in table.batches:
            events = self._events(batch)
            while some := list(islice(events, TOGETHER)):
                yield (self._before + ",\n".join(some)).encode()
                self._before = ",\n"

    def end(self) -> Iterator[bytes]:
        """Yield the end of the text."""
        yield b"\n]}\n" if self._before else b'{"displayTimeUnit": "ns", "traceEvents": []}\n'

    def _events(self, batch: Batch) -> Iterator[str]:
        given = _values(batch)
        closed, client = json.dumps(NOT_DRAWN), json.dumps(SIDES[0])
        for at in range(len(batch.cells)):
            one = {name: values[at] for name, values in given.items()}
            connection = one["connection"]
            if not self._before:
                about = json.dumps({"capture_start": f"{one['start'] // SECOND}.{one['start'] % SECOND:09d}"})
                self._before = f'{{"displayTimeUnit": "ns", "otherData": {about}, "traceEvents": [\n'
            is_client = one["endpoint"] == client
            if connection not in self._named:
                self._named.add(connection)
                ends = socket_text(*one["address"]), socket_text(*one["peer"])
                yield from _names(connection, *(ends if is_client else ends[::-1]))
            one["at"] = _microseconds(one["time"] - one["start"])
            one["lasting"] = _microseconds(one["until"] - one["time"])
            one["pid"], one["tid"] = connection + 1, 2 * connection + (1 if is_client else 2)
            yield CHANGE.format_map(one)
            if one["to"] != closed:
                yield STATE.format_map(one)


def _names(connection: int, client: str, server: str) -> Iterator[str]:
    """Yield the events that name a connection and its two ends, in the order in which they are to be shown."""
    about = {"ph": "M", "pid": connection + 1}
    name = f"connection {connection}: {client} > {server}"
    yield json.dumps({"name": "process_name", **about, "args": {"name": name}})
    yield json.dumps({"name": "process_sort_index", **about, "args": {"sort_index": connection}})
    for index, text in enumerate((client, server)):
        thread = {**about, "tid": 2 * connection + index + 1}
        yield json.dumps({"name": "thread_name", **thread, "args": {"name": f"{SIDES[index]} {text}"}})
        yield json.dumps({"name": "thread_sort_index", **thread, "args": {"sort_index": index}})


def _microseconds(nanoseconds: int) -> str:
    return f"{nanoseconds // 1_000}.{nanoseconds % 1_000:03d}"


def _values(batch: Batch) -> dict[str, list[Any]]:
    """Return the values of each column: numbers; words, and nothing, as JSON; several cells as a list."""
    found: dict[str, list[Any]] = {}
    at = 0
    for column in batch.columns:
        cells = batch.cells[:, at : at + column.width]
        at += column.width
        if column.kind == WORD:
            words = [json.dumps(word) for word in column.words]
            found[column.name] = [words[index] for index in cells[:, 0].tolist()]
        elif column.kind == NUMBER_OR_NOTHING:
            found[column.name] = [value if value >= 0 else "null" for value in cells[:, 0].tolist()]
        else:
            found[column.name] = (cells[:, 0] if column.width == 1 else cells).tolist()
    return found


FORMAT = Format("perfetto", 21, (), PerfettoWriter, one_table=True, command="timeline")
