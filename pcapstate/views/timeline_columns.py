"""The columns of transitions, and the fields of their filter."""

from __future__ import annotations

from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field, Kind
from ..table import ADDRESS, DURATION, ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Column
from ..tcp.machine import TABLE, Certainty
from ..tcp.states import STATES
from . import connection_columns as of_connections

SIDES = ("client", "server")
CAUSES = tuple(row.cause for row in TABLE)
CERTAINTIES = tuple(one.word for one in Certainty)

COLUMNS = (
    Column("time", "Time", TIME),
    Column("packet", "Packet", NUMBER_OR_NOTHING, nothing="-", rank=1),
    Column("connection", "Conn", NUMBER),
    Column("endpoint", "Endpoint", WORD, SIDES, rank=4),
    Column("address", "Address", ENDPOINT_ADDRESS),
    Column("local_address", "Local Address", ADDRESS),
    Column("local_port", "Local Port", NUMBER),
    Column("peer", "Peer", ENDPOINT_ADDRESS),
    Column("foreign_address", "Foreign Address", ADDRESS),
    Column("foreign_port", "Foreign Port", NUMBER),
    Column("from", "From", WORD, STATES, rank=1),
    Column("to", "To", WORD, STATES),
    Column("cause", "Cause", WORD, CAUSES, rank=2, least=len("received ACK of SY..")),
    Column("certainty", "Certainty", WORD, CERTAINTIES, rank=3),
)
"""The fields for programs; those that people see are fewer."""

AGE = Column("age", "Age", DURATION, nothing="-")
"""How long the endpoint had been in the state that it left."""
NAMES = (
    Column("local_name", "Local Name", WORD, (None,), nothing="-", least=of_connections.LEAST),
    Column("foreign_name", "Foreign Name", WORD, (None,), nothing="-", least=of_connections.LEAST),
)
"""The names of the endpoint's host, and of the other one."""
NOT_OF_TRANSITIONS = frozenset(
    ("idle", *(f"{side}_{field}" for side in SIDES for field in ("state", "age", "since", "packet")))
)
"""Columns of connections that are about their last states."""
OF_CONNECTIONS = tuple(
    column for name, column in of_connections.BY_NAME.items() if name not in NOT_OF_TRANSITIONS and name != "connection"
)
"""Columns of the transition's connection."""
MORE = (AGE, *NAMES, *OF_CONNECTIONS)
"""Columns that programs get where they ask for them."""

BY_NAME = {column.name: column for column in (*COLUMNS, *MORE)}
PEOPLE = ("time", "packet", "connection", "endpoint", "address", "from", "to", "cause", "certainty")
"""The columns that fit a terminal."""
NAMED = frozenset((*of_connections.NAMES, *(column.name for column in NAMES)))
WORDED = frozenset((*of_connections.WORDED, *NAMED))
"""Columns whose words are those of the rows."""
AT_THE_END = (AGE.name, *sorted(NAMED | of_connections.STORIES))
"""Columns that need the whole capture."""
CONNECTIONS = frozenset(column.name for column in OF_CONNECTIONS)


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``: the columns, and those that mean either end; ``read`` reads times."""
    return {
        **plain_fields(BY_NAME.values(), read),
        **of_connections.fields_of_ends(),
        **of_connections.fields_of_stories(),
        "address": Field(Kind.ADDRESS, ("local_address",)),
        "peer": Field(Kind.ADDRESS, ("foreign_address",)),
        "local_port": Field(Kind.PORT, ("local_port",)),
        "foreign_port": Field(Kind.PORT, ("foreign_port",)),
        "state": Field(Kind.STATE, ("to",), STATES),
        "host": Field(Kind.ADDRESS, ("local_address", "foreign_address")),
        "port": Field(Kind.PORT, ("local_port", "foreign_port")),
        "name": Field(Kind.TEXT, ("client_name", "server_name")),
    }
