"""The columns that netstat can show, and the fields of its filter."""

from __future__ import annotations

from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field, Kind
from ..table import ADDRESS, DURATION, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Column
from ..tcp.endings import CLOSERS, RESETTERS
from ..tcp.outcomes import NAMES as OUTCOMES
from ..tcp.states import State

STATES = (*(state.name for state in State), None)
"""The last is that of a UDP port."""
PROTOCOLS = ("tcp", "udp")
ROLES = ("client", "server", None)

SOURCES = ("host", "capture", None)
"""Who tells of a row's process: a table that the host printed, or the capture's own notes."""
BY_HOST, BY_CAPTURE, NO_SOURCE = range(3)

LEAST = 16
"""Columns of a terminal that names of hosts and programs are cut to."""

COLUMNS = {
    column.name: column
    for column in (
        Column("proto", "Proto", WORD, PROTOCOLS),
        Column("local_address", "Local Address", ADDRESS),
        Column("local_port", "Local Port", NUMBER),
        Column("foreign_address", "Foreign Address", ADDRESS),
        Column("foreign_port", "Foreign Port", NUMBER),
        Column("state", "State", WORD, STATES),
        Column("pid", "PID", NUMBER_OR_NOTHING, nothing="-"),
        Column("program", "Program", WORD, (None,), nothing="-", least=LEAST),
        Column("connection", "Conn", NUMBER_OR_NOTHING, nothing="-"),
        Column("foreign_state", "Foreign State", WORD, STATES),
        Column("role", "Role", WORD, ROLES, nothing="-"),
        Column("local_name", "Local Name", WORD, (None,), nothing="-", least=LEAST),
        Column("foreign_name", "Foreign Name", WORD, (None,), nothing="-", least=LEAST),
        Column("age", "Age", DURATION, nothing="-"),
        Column("since", "Since", TIME, nothing="-"),
        Column("packet", "Packet", NUMBER_OR_NOTHING, nothing="-"),
        Column("idle", "Idle", DURATION, nothing="-"),
        Column("opened", "Opened", TIME, nothing="-"),
        Column("last", "Last", TIME, nothing="-"),
        Column("duration", "Duration", DURATION, nothing="-"),
        Column("rtt", "RTT", DURATION, nothing="-"),
        Column("outcome", "Outcome", WORD, (*OUTCOMES, None), nothing="-"),
        Column("closed_by", "Closed By", WORD, CLOSERS, nothing="-"),
        Column("reset_by", "Reset By", WORD, RESETTERS, nothing="-"),
        Column("handshake_seen", "Handshake", WORD, (False, True, None), nothing="-"),
        Column("client_guessed", "Guessed", WORD, (False, True, None), nothing="-"),
        Column("service", "Service", WORD, (None,), nothing="-"),
        Column("client_address", "Client Address", ADDRESS),
        Column("client_port", "Client Port", NUMBER_OR_NOTHING, nothing="-"),
        Column("client_name", "Client Name", WORD, (None,), nothing="-", least=LEAST),
        Column("server_address", "Server Address", ADDRESS),
        Column("server_port", "Server Port", NUMBER_OR_NOTHING, nothing="-"),
        Column("server_name", "Server Name", WORD, (None,), nothing="-", least=LEAST),
        Column("packets", "Packets", NUMBER_OR_NOTHING, nothing="-"),
        Column("sent_packets", "Packets Sent", NUMBER_OR_NOTHING, nothing="-"),
        Column("received_packets", "Packets Received", NUMBER_OR_NOTHING, nothing="-"),
        Column("bytes", "Bytes", NUMBER_OR_NOTHING, nothing="-"),
        Column("sent_bytes", "Bytes Sent", NUMBER_OR_NOTHING, nothing="-"),
        Column("received_bytes", "Bytes Received", NUMBER_OR_NOTHING, nothing="-"),
        Column("retransmissions", "Retrans", NUMBER_OR_NOTHING, nothing="-"),
        Column("send_queue", "Send-Q", NUMBER_OR_NOTHING, nothing="-"),
        Column("network", "Network", WORD, (None,), nothing="-"),
        Column("source", "Source", WORD, SOURCES, nothing="-"),
    )
}
"""All columns by name, in the order in which they are listed."""

FOR_PROGRAMS = tuple(COLUMNS)[:9]
"""The columns of programs without ``--columns``."""

DETAILED = frozenset(("age", "since", "packet", "rtt"))
"""Columns that need the tracker to keep DETAIL rows."""

OF_PROGRAMS = frozenset(("pid", "program", "source"))
NAMES = frozenset(("local_name", "foreign_name", "client_name", "server_name"))
WORDED = frozenset(("service", "network", "program", *NAMES))
"""Columns whose words are those of the rows."""


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``: the columns, and fields for either end; ``read`` reads times."""
    found = plain_fields(COLUMNS.values(), read)
    for name in ("local_port", "foreign_port", "client_port", "server_port"):
        found[name] = Field(Kind.PORT, (name,))
    return {
        **found,
        "host": Field(Kind.ADDRESS, ("local_address", "foreign_address")),
        "port": Field(Kind.PORT, ("local_port", "foreign_port")),
        "name": Field(Kind.TEXT, ("local_name", "foreign_name")),
    }
