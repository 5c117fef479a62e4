"""What the library's questions ask a reading for, and how its answers become records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .errors import CallError
from .messages import Message
from .objects import (
    Connection,
    Netstat,
    connections_of,
    netstat_of,
)
from .query.options import SelectionOptions
from .query.selection import Selection
from .records import Records
from .sockets import columns as socket_columns
from .sockets.answers import Answer, Answers
from .sockets.question import Question
from .sockets.table import for_programs
from .tcp.flow_table import FlowTable
from .traffic.local import LocalTraffic
from .views import connection_columns
from .views import connections as connections_view
from .views.connections import Beside
from .views.gathered import Gathered

Time = str | float
"""A moment: seconds since the start, or a text as for ``--at``."""
Span = Callable[[], tuple[int, int]]

NETSTAT = (*socket_columns.FOR_PROGRAMS, "local_name", "foreign_name")
UNNAMED = socket_columns.FOR_PROGRAMS


def selection_of_connections(filter: str | None) -> Selection:
    """Return what a filter of connections means, checked at once. Raises QueryError."""
    return Selection(SelectionOptions(filter=filter), connection_columns.fields, connection_columns.BY_NAME, utc=False)


def gathering_for(gathered: Gathered, each: int) -> dict[str, Any]:
    """Return the options of a reading that gathers what columns need."""
    return {
        "details": gathered.details,
        "watchers": gathered.watchers,
        "followers": [gathered.moved],
        "each": each + gathered.bytes_each,
        "beside": gathered.bytes_beside,
    }


def not_gathered(selection: Selection) -> CallError:
    """Return the error of a filter that asks for what a reading did not gather."""
    columns = sorted(selection.needed & connection_columns.GATHERED)
    text = "this reading did not gather what the filter asks for: {columns}"
    return CallError(Message(text, columns=", ".join(columns)))


def connections_chosen(table: FlowTable, selection: Selection, span: Span, beside: Beside) -> Records[Connection]:
    """Return the connections that are chosen, in their order."""
    return Records(connections_view.view(table, choose=selection.choice(span), beside=beside), connections_of)


def answers_to(
    local: str | Sequence[str] | None, listening: bool, names: bool, udp: bool, filter: str | None, *, repeats: bool
) -> Answers:
    """Return what answers a question about a host. Raises QueryError."""
    question = Question(local=texts(local), all_=listening, tcp=listening or udp, udp=udp)
    selection = None
    if filter is not None:
        selection = Selection(SelectionOptions(filter=filter), socket_columns.fields, socket_columns.COLUMNS, False)
    shown = frozenset(NETSTAT) if names else frozenset(UNNAMED) - socket_columns.OF_PROGRAMS
    return Answers(question, selection, named=names, shown=shown, repeats=repeats)


def needs_of(answers: Answers) -> dict[str, Any]:
    """Return the options of a reading that gathers what answers need."""
    gathering = answers.gathering
    return {
        "details": gathering.details,
        "watchers": gathering.watchers,
        "followers": [answers.moved],
        "each": answers.bytes_each,
        "beside": gathering.bytes_beside,
    }


def netstat_rows(answer: Answer, columns: tuple[str, ...]) -> Records[Netstat]:
    """Return the rows of an answer."""
    assert answer.rows is not None
    assert answer.notes is not None
    return Records(for_programs(answer.rows, columns, answer.notes), netstat_of)


def traffic_of(answer: Answer) -> LocalTraffic:
    """Return the traffic of the host that an answer is about."""
    assert answer.traffic is not None
    return answer.traffic


def texts(local: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return one text or several as a tuple."""
    return () if local is None else (local,) if isinstance(local, str) else tuple(local)
