"""Parquet by DuckDB: the tables of a dataset are written and asked here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..errors import CallError, OutputError
from ..escaping import safe
from ..messages import of_name
from ..rows import Rows
from .storage import Storage

ROW_GROUP = 1 << 16
"""Rows whose smallest and largest values are kept, so that queries pass over those they need not read."""


def connect(storage: Storage | None = None, memory: int | None = None, threads: int | None = None) -> Any:
    """Return a connection to DuckDB, which keeps nothing on disk and asks no network; ``memory``: its bound in bytes.

    Raises CallError where DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise CallError("archives need DuckDB: pip install 'pcapstate[archive]'") from None
    settings: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    if memory is not None:
        settings["memory_limit"] = f"{memory // 1_000_000}MB"
    if threads is not None:
        settings["threads"] = threads
    found = duckdb.connect(":memory:", config=settings)
    # All times are UTC, wherever it runs.
    found.execute("SET enable_progress_bar = false")
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


def write_rows(storage: Storage, name: str, connection: Any, select: str) -> None:
    """Write a file: what a query selects. Raises OutputError."""
    import duckdb

    with storage.writing(name) as path:
        try:
            connection.execute(
                f"COPY ({select}) TO '{quoted(path)}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1,"
                f" ROW_GROUP_SIZE {ROW_GROUP})"
            )
        except duckdb.IOException as error:
            raise OutputError(of_name(safe(name), safe(str(error).splitlines()[0]))) from None


@cache
def _own() -> Any:
    """Return the connection of this process for writing: beginning one takes as long as writing a small file."""
    return connect(threads=1)


def quoted(text: str) -> str:
    """Return a text as it stands between single quotes in SQL."""
    return text.replace("'", "''")


def listed(names: list[str]) -> str:
    """Return texts as a list in SQL."""
    return "[" + ", ".join(f"'{quoted(one)}'" for one in names) + "]"
