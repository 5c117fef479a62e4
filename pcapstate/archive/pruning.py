"""From filters to conditions on the table of connections, so that what they leave out is not read."""

from __future__ import annotations

from collections.abc import Sequence

from ..query.options import SelectionOptions


def condition(
    command: str,
    selection: SelectionOptions,
    local: Sequence[str],
    utc: bool,
    start: int | None,
    clock: int | None,
) -> str:
    """Return a condition in SQL that holds for each connection that can be in the answer; empty: for all."""
    return ""
