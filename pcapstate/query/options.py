"""The options that choose rows and columns, as texts."""

from __future__ import annotations

from typing import NamedTuple


class SelectionOptions(NamedTuple):
    """Which rows are shown, in which order."""

    state: tuple[str, ...] = ()
    port: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    filter: str | None = None
    sort: str | None = None
    columns: str | None = None
