"""What netstat would have said on a host at a moment, with the packets that prove it."""

from __future__ import annotations

import numpy as np

from ..addresses import address, parse_network
from ..objects import records as rows_of
from ..query.column_fields import ReadTime
from ..query.fields import Field, Kind
from ..sockets import columns
from ..sockets.answers import Answer, Answers
from ..sockets.question import Question
from ..sockets.table import for_programs
from ..tcp.sides import where
from ..tcp.states import State
from .answers import Asked, answered, selection
from .cited import Json, page, proof, proofs, seconds
from .kept import Records, recorded
from .roots import Refused

SHOWN = (
    *("proto", "local_address", "local_port", "foreign_address", "foreign_port", "state", "foreign_state", "role"),
    *("connection", "opened", "last", "sent_packets", "received_packets", "sent_bytes", "received_bytes"),
)
"""The columns of an answer."""
TIMES = frozenset(("opened", "last"))
OF_PAYLOADS = columns.NAMES | columns.OF_PROGRAMS
"""Columns whose values come from payloads, or from notes in the capture: neither shown nor compared to."""
COLUMNS = tuple(name for name in columns.COLUMNS if name not in OF_PAYLOADS)


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of the filter: those of netstat, without names and programs."""
    every = columns.fields(read)
    return {
        name: field
        for name, field in every.items()
        if field.kind is not Kind.TEXT and not OF_PAYLOADS & {name, *field.columns}
    }


def netstat(asked: Asked) -> Json:
    """Answer netstat."""
    local, listening, udp = asked.get("local"), bool(asked.get("listening")), bool(asked.get("udp"))
    if local:
        try:
            parse_network(local)
        except ValueError as error:
            raise Refused(f"local: {error}") from None
    question = Question(local=(local,) if local else (), all_=listening, tcp=listening or udp, udp=udp)
    names = ("at", "local", "filter", "sort", "listening", "udp")
    key = ("netstat", *(asked.get(name) for name in names))
    chosen = selection(asked, fields, COLUMNS)

    def read() -> tuple[Records, Answer]:
        answers = Answers(question, chosen, shown=frozenset(SHOWN), bound=asked.kept.memory)
        gathering = answers.gathering
        reading = asked.kept.reading(
            asked.capture,
            asked.get("at"),
            alone=gathering.bytes_beside > 0,
            record=True,
            details=gathering.details,
            watchers=gathering.watchers,
            followers=[answers.moved],
            each=answers.bytes_each,
            beside=gathering.bytes_beside,
        )
        answers.attach(reading)
        found = recorded(reading)
        return found, answers.at()

    found, answer = asked.kept.other(asked.capture, key, read)
    assert answer.rows is not None
    assert answer.notes is not None
    part, paging = page(len(answer.rows), asked.offset, asked.limit)
    shown = answer.rows.some(part)
    ends = shown.endpoint
    own = proofs(found, np.maximum(ends, 0))
    peers = proofs(found, np.maximum(ends, 0) ^ 1)
    servers = _servers(found) if any(state == State.LISTEN for state in shown.state.tolist()) else {}
    rows = []
    table = for_programs(shown, SHOWN, answer.notes)
    for row, end, of_own, of_peer in zip(rows_of(table), ends.tolist(), own, peers, strict=True):
        told: Json = {
            name: seconds(value, found.reading.start)
            if name in TIMES
            else str(value)
            if isinstance(value, str)
            else value
            for name, value in row.items()
        }
        told["proof"] = of_own if end >= 0 else servers.get((row["local_address"], row["local_port"]))
        told["foreign_proof"] = of_peer if end >= 0 else None
        rows.append(told)
    whose = [str(one) for one in answer.whose.networks]
    return answered(asked, found.reading, rows, paging, hosts=whose)


def _servers(found: Records) -> dict[tuple[str, int], Json]:
    """Return what proves that ports listen: the first SYN-ACK from each."""
    places = np.flatnonzero(found.transitions["from"] == State.LISTEN)
    high, low, port = where(found.reading.capture.table, found.transitions["endpoint"][places])
    proven: dict[tuple[str, int], Json] = {}
    for at, *ends in zip(places.tolist(), high.tolist(), low.tolist(), port.tolist(), strict=True):
        key = str(address(ends[0], ends[1])), ends[2]
        if key not in proven:
            proven[key] = proof(found, at)
    return proven
