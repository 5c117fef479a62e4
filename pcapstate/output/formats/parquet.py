"""Parquet, for DuckDB, Polars, Spark and others: typed columns, with addresses and ports apart."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

from ...data_frames import Taken
from ...errors import CallError, OutputError
from ...escaping import safe
from ...messages import Message
from ...parquet_files import OPTIONS, connection
from ...table import Batch, Table
from ...typed import INTEGER, SPAN, Typed, gathered
from .format import Format, Writer

NEEDED = "--format parquet needs DuckDB 2: pip install 'pcapstate[parquet]'"
SECOND = "1e9"
PIECE = 1 << 20


class ParquetWriter(Writer):
    """The columns of Parquet stand one behind the other: all rows are kept, and written at the end."""

    def more(self, table: Table) -> Iterator[bytes]:
        """Keep the rows of a further table."""
        if not hasattr(self, "_columns"):
            self._columns = table.columns
            self._batches: list[Batch] = []
        self._batches += (batch for batch in table.batches if len(batch.cells))
        return iter(())

    def end(self) -> Iterator[bytes]:
        """Yield the file."""
        columns = gathered(self._columns, self._batches)
        self._batches.clear()
        return written(columns)


def written(columns: list[Typed]) -> Iterator[bytes]:
    """Yield a file of columns. Raises CallError, OutputError."""
    own = connect()
    import duckdb

    files, name = _memory(), f"/{uuid.uuid4().hex}.parquet"
    own.register("given", Taken([_stored(one) for one in columns]))
    try:
        own.execute(
            f"COPY (SELECT {', '.join(map(_selected, columns))} FROM given) TO 'memory://{name}' {OPTIONS}"
        ).fetchall()
        with files.open(name, "rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except duckdb.Error as error:
        raise OutputError(Message("writing failed: {why}", why=safe(str(error).splitlines()[0]))) from None
    finally:
        own.unregister("given")
        if files.exists(name):
            files.rm(name)


@cache
def connect() -> Any:
    """Return the connection of this process to a DuckDB that can write what is given. Raises CallError.

    It has no threads of its own: they would keep the privileges that the program gives up later.
    """
    try:
        import duckdb
    except ImportError:
        raise CallError(NEEDED) from None
    try:
        own = connection(NEEDED, threads=1, async_threads=0)
        own.register_filesystem(_memory())
        own.execute("SELECT NULL::TIMESTAMPTZ_NS").fetchall()
    except (ImportError, duckdb.Error):
        # There is no fsspec, or DuckDB is older.
        raise CallError(NEEDED) from None
    return own


def _memory() -> Any:
    """Return the files that DuckDB writes: in memory, since the program may give up its right to open others."""
    from fsspec.implementations.memory import MemoryFileSystem

    return MemoryFileSystem()


def check() -> None:
    """Raise CallError if what is needed is not installed; what is, gets ready while files may be opened."""
    connect()


def _stored(column: Typed) -> Typed:
    """Return a column as DuckDB gets it: readers of Parquet have no durations."""
    if column.type != SPAN:
        return column
    return column._replace(type=INTEGER, missing=column.nothing)


def _selected(column: Typed) -> str:
    name = '"' + column.name.replace('"', '""') + '"'
    return f"{name} / {SECOND} AS {name}" if column.type == SPAN else name


FORMAT = Format("parquet", 6, (".parquet",), ParquetWriter, one_table=True, check=check)
