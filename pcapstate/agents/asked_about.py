"""The columns that agents can ask about: none from payloads, and none that need a reading of their own."""

from __future__ import annotations

from collections.abc import Mapping

from ..query.column_fields import ReadTime
from ..query.fields import Field
from ..views import connection_columns, timeline_columns

CONNECTIONS = tuple(
    name for name in connection_columns.BY_NAME if name not in connection_columns.NAMES | connection_columns.STORIES
)
TIMELINE = tuple(
    name for name in timeline_columns.BY_NAME if name not in timeline_columns.NAMED | connection_columns.STORIES
)


def fields_of_connections(read: ReadTime) -> dict[str, Field]:
    """Return the fields of the filter of connections; ``read`` reads times."""
    return _without(connection_columns.fields(read), connection_columns.NAMES | connection_columns.STORIES)


def fields_of_timeline(read: ReadTime) -> dict[str, Field]:
    """Return the fields of the filter of transitions; ``read`` reads times."""
    return _without(timeline_columns.fields(read), timeline_columns.NAMED | connection_columns.STORIES)


def _without(fields: Mapping[str, Field], columns: frozenset[str]) -> dict[str, Field]:
    return {name: field for name, field in fields.items() if not columns & {name, *field.columns}}
