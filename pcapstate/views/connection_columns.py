"""The columns of connections, and the fields of their filter."""

from __future__ import annotations

from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field, Kind
from ..table import ADDRESS, DURATION, ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Column
from ..tcp.endings import CLOSERS, RESETTERS
from ..tcp.outcomes import NAMES as OUTCOMES
from ..tcp.states import STATES
from ..zeek.connections import STATES as CONN_STATES

BOOLEANS = (False, True)
LEAST = 16
"""Columns of a terminal that names of hosts are cut to."""

COLUMNS = (
    Column("connection", "Conn", NUMBER),
    Column("client", "Client", ENDPOINT_ADDRESS),
    Column("client_address", "Client Address", ADDRESS),
    Column("client_port", "Client Port", NUMBER),
    Column("server", "Server", ENDPOINT_ADDRESS),
    Column("server_address", "Server Address", ADDRESS),
    Column("server_port", "Server Port", NUMBER),
    Column("client_state", "Client State", WORD, STATES),
    Column("server_state", "Server State", WORD, STATES),
    Column("opened", "Opened", TIME),
    Column("last", "Last", TIME),
    Column("outcome", "Outcome", WORD, OUTCOMES, rank=1, least=len("reset by s..")),
    Column("handshake_seen", "Handshake", WORD, BOOLEANS),
    Column("client_packets", "Packets >", NUMBER),
    Column("server_packets", "Packets <", NUMBER),
    Column("client_bytes", "Bytes >", NUMBER),
    Column("server_bytes", "Bytes <", NUMBER),
    Column("retransmissions", "Retrans", NUMBER, rank=4),
    Column("client_guessed", "Guessed", WORD, BOOLEANS, rank=5),
    Column("client_retransmissions", "Retrans >", NUMBER),
    Column("server_retransmissions", "Retrans <", NUMBER),
    Column("client_first", "Client First", TIME),
    Column("client_last", "Client Last", TIME),
    Column("server_first", "Server First", TIME),
    Column("server_last", "Server Last", TIME),
)
"""The fields for programs; those that people see are fewer."""

MORE = (
    Column("packets", "Packets", NUMBER, rank=2),
    Column("bytes", "Bytes", NUMBER, rank=3),
    Column("duration", "Duration", DURATION),
    Column("idle", "Idle", DURATION, nothing="-"),
    Column("rtt", "RTT", DURATION, nothing="-"),
    Column("closed_by", "Closed By", WORD, CLOSERS, nothing="-"),
    Column("reset_by", "Reset By", WORD, RESETTERS, nothing="-"),
    Column("service", "Service", WORD, (None,), nothing="-"),
    Column("client_name", "Client Name", WORD, (None,), nothing="-", least=LEAST),
    Column("server_name", "Server Name", WORD, (None,), nothing="-", least=LEAST),
    Column("client_age", "Client Age", DURATION, nothing="-"),
    Column("server_age", "Server Age", DURATION, nothing="-"),
    Column("client_since", "Client Since", TIME, nothing="-"),
    Column("server_since", "Server Since", TIME, nothing="-"),
    Column("client_packet", "Client Packet", NUMBER_OR_NOTHING, nothing="-"),
    Column("server_packet", "Server Packet", NUMBER_OR_NOTHING, nothing="-"),
    Column("copies", "Copies", NUMBER),
    Column("network", "Network", WORD, (None,), rank=1, least=12),
    Column("conn_state", "State (Zeek)", WORD, CONN_STATES),
    Column("history", "History (Zeek)", WORD, (None,)),
)
"""Columns that programs get where they ask for them."""
BY_NAME = {column.name: column for column in (*COLUMNS, *MORE)}

PEOPLE = (
    *("connection", "client", "server", "client_state", "server_state", "outcome"),
    *("packets", "bytes", "retransmissions", "client_guessed"),
)
"""The columns that fit a terminal."""

DETAILED = frozenset(
    ("rtt", *(f"{side}_{field}" for side in ("client", "server") for field in ("age", "since", "packet")))
)
"""Columns that need the tracker to keep DETAIL rows."""
NAMES = frozenset(("client_name", "server_name"))
STORIES = frozenset(("conn_state", "history"))
"""Columns that need each packet as Zeek sees it: the stories of the table (``zeek.watcher.Stories``)."""
GATHERED = DETAILED | NAMES | STORIES
"""Columns for which a reading must gather more than the tracker always keeps."""
WORDED = frozenset(("service", "network", "history", *NAMES))
"""Columns whose words are those of the rows."""


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``: the columns, and those that mean either end; ``read`` reads times."""
    return {
        **plain_fields(BY_NAME.values(), read),
        **fields_of_ends(),
        "state": Field(Kind.STATE, ("client_state", "server_state"), STATES),
        "age": Field(Kind.DURATION, ("client_age", "server_age")),
        "host": Field(Kind.ADDRESS, ("client_address", "server_address")),
        "port": Field(Kind.PORT, ("client_port", "server_port")),
        "name": Field(Kind.TEXT, ("client_name", "server_name")),
        **fields_of_stories(),
    }


def fields_of_stories() -> dict[str, Field]:
    """Return the field of the history, whose letters of the client are capitals."""
    return {"history": Field(Kind.TEXT, ("history",), exact=True)}


def fields_of_ends() -> dict[str, Field]:
    """Return the fields that are an end of a connection: its address, and its port."""
    found = {}
    for name in ("client", "server"):
        found[name] = Field(Kind.ADDRESS, (f"{name}_address",))
        found[f"{name}_port"] = Field(Kind.PORT, (f"{name}_port",))
    return found
