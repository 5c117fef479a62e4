"""Parquet by DuckDB: how every file of it is written, whether for a dataset or as the output of a command."""

from __future__ import annotations

from typing import Any

from .errors import CallError

ROW_GROUP = 1 << 16
"""Rows whose smallest and largest values are kept, so that queries pass over those they need not read."""
OPTIONS = f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP})"


def connection(missing: str, memory: int | None = None, threads: int | None = None, **more: Any) -> Any:
    """Return a connection to DuckDB, which keeps nothing on disk and asks no network; ``memory``: its bound in bytes.

    ``more``: further settings of DuckDB. Raises CallError, with the text ``missing``, where DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise CallError(missing) from None
    settings: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False, **more}
    if memory is not None:
        settings["memory_limit"] = f"{memory // 1_000_000}MB"
    if threads is not None:
        settings["threads"] = threads
    found = duckdb.connect(":memory:", config=settings)
    # All times are UTC, wherever it runs.
    found.execute("SET enable_progress_bar = false")
    return found


def quoted(text: str) -> str:
    """Return a text as it stands between single quotes in SQL."""
    return text.replace("'", "''")
