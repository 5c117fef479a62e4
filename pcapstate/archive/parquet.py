"""Parquet by DuckDB: the tables of a dataset are written and asked here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..errors import OutputError
from ..escaping import safe
from ..messages import of_name
from ..parquet_files import OPTIONS, connection, quoted
from ..rows import Rows
from .storage import Storage


def connect(storage: Storage | None = None, memory: int | None = None, threads: int | None = None) -> Any:
    """Return a connection to DuckDB; ``memory``: its bound in bytes. Raises CallError where it is not installed."""
    found = connection("archives need DuckDB: pip install 'pcapstate[archive]'", memory, threads)
    if storage is not None and storage.remote is not None:
        found.register_filesystem(storage.remote)
    return found


def write(storage: Storage, name: str, columns: Mapping[str, Rows], select: str) -> None:
    """Write a file: what a query selects from ``given``, which has these columns. Raises OutputError."""
    own = _own()
    own.register("given", dict(columns))
    try:
        write_rows(storage, name, own, select)
    finally:
        own.unregister("given")


def write_rows(storage: Storage, name: str, of: Any, select: str) -> None:
    """Write a file: what a query of the connection ``of`` selects. Raises OutputError."""
    import duckdb

    with storage.writing(name) as path:
        try:
            of.execute(f"COPY ({select}) TO '{quoted(path)}' {OPTIONS}")
        except duckdb.IOException as error:
            raise OutputError(of_name(safe(name), safe(str(error).splitlines()[0]))) from None


@cache
def _own() -> Any:
    """Return the connection of this process for writing: beginning one takes as long as writing a small file."""
    return connect(threads=1)


def listed(names: list[str]) -> str:
    """Return texts as a list in SQL."""
    return "[" + ", ".join(f"'{quoted(one)}'" for one in names) + "]"
