"""Captures as a data source of Spark 4: rows of ``connections`` or ``timeline``, without an archive.

    from pcapstate.archive.spark_source import register
    register(spark)
    spark.read.format("pcapstate").option("table", "transitions").load("captures/*.pcapng")

Each capture is a partition, read alone: numbers of connections are those in it. Workers find captures under the same
paths as the driver, and have pcapstate installed.
"""

# ruff: noqa: E402
from __future__ import annotations

from .on_spark import refuse_scapy

refuse_scapy()

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any, NamedTuple

from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from .. import api
from ..errors import CallError, NoCaptureError, PcapstateError
from ..escaping import quoted
from ..messages import Message
from ..objects import Connection, Transition
from ..sources.paths import meant
from ..tcp.time_wait import DEFAULT_TWO_MSL

NAME = "pcapstate"
CONNECTIONS, TRANSITIONS = "connections", "transitions"
OBJECTS: dict[str, type[Connection | Transition]] = {CONNECTIONS: Connection, TRANSITIONS: Transition}
OPTIONS = ("table", "at", "time_wait", "filter", "damaged")
FAIL, KEEP = "fail", "keep"
"""Values of ``damaged``: a damaged capture fails the query, or its rows before the damage are kept."""
TIMES = frozenset(("time", "opened", "last", "client_first", "client_last", "server_first", "server_last"))
PORTS = frozenset(("client_port", "server_port", "local_port", "foreign_port"))
JSON = {"from_state": "from", "to_state": "to"}
"""Fields that JSON names otherwise: what they are called is a keyword in Python."""
LONGEST_WAIT = 86_400
"""Seconds, as for ``--time-wait``."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reading(NamedTuple):
    """What to read of a capture."""

    table: str
    at: str | None
    time_wait: float
    filter: str | None
    damaged: str


class Part(InputPartition):  # type: ignore[misc]
    """A capture."""

    def __init__(self, path: str, found: bool) -> None:
        self.path = path
        self.found = found
        """Whether it is a file of a folder or pattern, which may be no capture."""


class PcapstateSource(DataSource):  # type: ignore[misc]
    """Connections or transitions of captures: a file, a folder, or a pattern.

    Options: ``table`` (``connections``, ``transitions``), ``at`` and ``filter`` (as for ``--at`` and ``--filter``),
    ``time_wait`` (seconds), ``damaged`` (``fail``, ``keep``). Columns are the fields of ``--format json``, with address
    and port apart, too; a time has microseconds, and exact nanoseconds in the column beside it.
    """

    @classmethod
    def name(cls) -> str:
        """Return what ``format`` names."""
        return NAME

    def schema(self) -> str:
        """Return the columns of the table. Raises CallError."""
        return ", ".join(f"`{name}` {kind}" for name, kind in columns(reading(self.options).table).items())

    def reader(self, schema: Any) -> CaptureReader:
        """Return what reads the captures. Raises CallError."""
        return CaptureReader(places(self.options), reading(self.options))


class CaptureReader(DataSourceReader):  # type: ignore[misc]
    """Reads captures, one a partition."""

    def __init__(self, places: list[str], reading: Reading) -> None:
        self._places, self._reading = places, reading

    def partitions(self) -> list[Part]:
        """Return a partition for each capture. Raises CaptureError."""
        return [Part(str(one.source), one.found) for one in meant(self._places)]

    def read(self, partition: InputPartition) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a capture. Raises CaptureError, CaptureDamaged, QueryError, MomentError."""
        assert isinstance(partition, Part)
        try:
            yield from _rows(partition.path, self._reading)
        except NoCaptureError as error:
            if not partition.found:
                raise error.with_traceback(None) from None
        except PcapstateError as error:
            # Spark shows the stack trace, of which this is enough.
            raise error.with_traceback(None) from None


def _rows(path: str, wanted: Reading) -> Iterator[tuple[Any, ...]]:
    names = [one.name for one in fields(OBJECTS[wanted.table])]
    with api.open(path, at=wanted.at, two_msl=wanted.time_wait) as session:
        rows: Iterable[Any] = (session.connections if wanted.table == CONNECTIONS else session.transitions)(
            wanted.filter
        )
        for row in rows:
            cells: list[Any] = [path]
            for name in names:
                value = getattr(row, name)
                if name in TIMES:
                    cells += (None if value is None else EPOCH + timedelta(microseconds=value // 1000), value)
                else:
                    # States are strings of a class of their own.
                    cells.append(str(value) if isinstance(value, str) else value)
            yield tuple(cells)
        if session.damages and wanted.damaged == FAIL:
            raise session.damages[0]


def register(spark: Any) -> None:
    """Have a session of Spark know ``format("pcapstate")``. Raises CallError."""
    if find_spec("pyarrow") is None:
        # Spark itself would only say that a process ended.
        raise CallError("Spark's data sources need PyArrow: pip install 'pcapstate[spark]'")
    spark.dataSource.register(PcapstateSource)


def columns(table: str) -> dict[str, str]:
    """Return the columns of a table, and their types in Spark's SQL."""
    found = {"capture": "STRING"}
    for one in fields(OBJECTS[table]):
        name, kind = JSON.get(one.name, one.name), str(one.type)
        if one.name in TIMES:
            # TIMESTAMP alone depends on a setting of the session.
            found[name], found[f"{name}_ns"] = "TIMESTAMP_LTZ", "BIGINT"
        elif one.name in PORTS:
            found[name] = "INT"
        else:
            found[name] = "BOOLEAN" if kind == "bool" else "BIGINT" if kind.startswith("int") else "STRING"
    return found


def reading(options: Mapping[str, str]) -> Reading:
    """Return what is to be read, by the options of a query. Raises CallError."""
    table, damaged, wait = options.get("table", CONNECTIONS), options.get("damaged", FAIL), options.get("time_wait")
    for name in options:
        if name.lower() not in (*OPTIONS, "path", "paths"):
            known = ", ".join(OPTIONS)
            raise CallError(Message("pcapstate has no option {name}; it has {known}", name=quoted(name), known=known))
    for name, value, values in (("table", table, tuple(OBJECTS)), ("damaged", damaged, (FAIL, KEEP))):
        if value not in values:
            text = "the option {name} is {one} or {other}, not {value}"
            raise CallError(Message(text, name=name, one=values[0], other=values[1], value=quoted(value)))
    try:
        seconds = DEFAULT_TWO_MSL if wait is None else float(wait)
        if not 0 <= seconds <= LONGEST_WAIT:
            raise ValueError
    except ValueError:
        raise CallError(Message("{text} is not a number of seconds", text=quoted(wait or ""))) from None
    return Reading(table, options.get("at"), seconds, options.get("filter"), damaged)


def places(options: Mapping[str, str]) -> list[str]:
    """Return the files, folders and patterns that a query loads. Raises CallError."""
    found = json.loads(options["paths"]) if "paths" in options else []
    found += [options["path"]] if "path" in options else []
    if not found:
        raise CallError("name a capture file, folder or pattern in load(…)")
    return [str(one).removeprefix("file://") for one in found]
