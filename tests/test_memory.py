"""Views take no more memory for a connection than they say, and none for a row that they write."""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pytest

from pcapstate import memory
from pcapstate.findings.diagnosis import RULES
from pcapstate.findings.frames_seen import FramesSeen
from pcapstate.findings.situation import Situation
from pcapstate.kernels.running import Kernels
from pcapstate.moments import SECOND
from pcapstate.names.book import NameBook
from pcapstate.output.formats import render
from pcapstate.query.columns import sort_order
from pcapstate.query.expression import Lookup
from pcapstate.query.fields import Field
from pcapstate.query.ordering import matching, order
from pcapstate.query.parser import parse
from pcapstate.report import measures
from pcapstate.report.connections import by_interest
from pcapstate.sockets import answers, columns
from pcapstate.sockets.annotations import Annotations
from pcapstate.sockets.changes import CHANGES, compare
from pcapstate.sockets.rows import SocketRows
from pcapstate.sockets.table import for_programs, values
from pcapstate.table import WORD, Column, Table, beside
from pcapstate.tcp import tables as c
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.perspective import NOBODYS, perspective
from pcapstate.tcp.settling import judged
from pcapstate.tcp.states import State
from pcapstate.views import connection_columns, connections, states_over_time, timeline, timeline_columns
from pcapstate.views.connections import Choice
from pcapstate.views.netstat import Wording, for_people, titles
from pcapstate.views.reading_aids import Manner
from pcapstate.wording.styles import WINDOWS
from pcapstate.wording.times import TimeFormat

FEW, MANY = 2 << 16, 6 << 16
START = 1_700_000_000 * SECOND
SLACK = 2
"""Bytes a connection by which a measurement may be off: both sizes end somewhere within a batch."""
MANNER = Manner(WINDOWS, "en", TimeFormat(utc=True))
NUMBERS = Wording(MANNER, False, False)


class Flood:
    """The tables of a SYN flood from so many addresses, as the tracker leaves them, made at once."""

    def __init__(self, count: int, kernels: Kernels) -> None:
        self.kernels = kernels
        self.table = FlowTable(kernels, details=True)
        self.table._make_room(count)
        self.table._cells[c.CELL_CONNECTIONS] = count
        numbers = np.arange(count)
        rows, ends, details = self.table.connections, self.table.endpoints, self.table.details
        assert details is not None
        rows["low_0"] = 0xFFFF << 32 | 0x0B000000 + numbers * 2_654_435_761 % 0x4FFFFFFF
        rows["low_1"] = 0xFFFF << 32 | 0xC0A80001
        rows["port_0"], rows["port_1"] = 1024 + numbers * 40_503 % 64_000, 80
        clients = ends[0::2]
        clients["first"] = clients["last"] = START + numbers
        clients["packets"], clients["known"], clients["state"] = 1, c.KNOWN_BASE | c.KNOWN_SENT_SYN, State.SYN_SENT
        # A socket of each server, so that netstat has as many rows.
        ends["state"][1::2] = State.SYN_RECEIVED
        details["since"][0::2], details["packet"][0::2] = START + numbers, 1 + numbers
        self.moment = START + 60 * SECOND
        self.transitions = np.zeros(count, dtype=c.TRANSITION)
        self.transitions["time"], self.transitions["packet"] = START + numbers, 1 + numbers
        self.transitions["endpoint"] = 2 * numbers
        self.transitions["from"], self.transitions["to"] = State.CLOSED, State.SYN_SENT

    def rows(self) -> SocketRows:
        return SocketRows(self.table, perspective(self.table, ()), self.moment, listening=True)

    def write(self, table: Table, format_: str) -> None:
        for _ in render(table, format_, self.kernels):
            pass


def chosen(condition: str, keys: str, fields: Mapping[str, Field], columns: Iterable[str]) -> Choice:
    names = tuple(columns)
    return lambda given, count: order(sort_order(keys, names), given, matching(parse(condition, fields), given, count))


def show_connections(flood: Flood) -> None:
    flood.write(connections.view(flood.table), "csv")
    flood.write(connections.view_for_people(flood.table, MANNER), "table")


def choose_connections(flood: Flood) -> None:
    choose = chosen("bytes = 0", "-packets,client", connection_columns.fields(int), connection_columns.BY_NAME)
    assert connections.view(flood.table, None, choose).batches


def show_timeline(flood: Flood) -> None:
    for manner, format_ in ((None, "json"), (MANNER, "table")):
        flood.write(timeline.view(flood.table, [flood.transitions], None, manner, True), format_)


def choose_timeline(flood: Flood) -> None:
    choose = chosen("to = SYN_SENT", "-time,address", timeline_columns.fields(int), timeline_columns.BY_NAME)
    assert next(iter(timeline.view(flood.table, [flood.transitions], None, None, True, None, choose).batches))


def show_netstat(flood: Flood) -> None:
    rows, notes = flood.rows(), Annotations()
    flood.write(for_programs(rows, columns.FOR_PROGRAMS, notes), "csv")
    flood.write(for_people(rows, titles(WINDOWS, False, False, True), notes, NUMBERS), "table")


def choose_netstat(flood: Flood) -> None:
    rows, notes = flood.rows(), Annotations()
    choose = chosen("local_port = 80", "-opened,foreign_address", columns.fields(int), columns.COLUMNS)

    def given(part: slice) -> Lookup:
        some = rows.some(part)
        return lambda name: values(some, name, notes)[1]

    rows.keep(choose(given, len(rows)))


def name_netstat(flood: Flood) -> None:
    rows = flood.rows()
    Annotations(names=NameBook()).foreign_name(rows.some(slice(9)))


def show_changes(flood: Flood) -> None:
    before, rows = flood.rows(), flood.rows()
    rows.keep(slice(0, None, 2))  # type: ignore[arg-type]
    changes = compare(rows, before)
    table = beside(for_programs(rows, ("state",), Annotations()), [(Column("change", "", WORD, CHANGES), changes.kind)])
    assert sum(len(batch.cells) for batch in table.batches) == len(before)


def diagnose(flood: Flood) -> None:
    seen = FramesSeen()
    situation = Situation(flood.table, flood.moment, seen, np.zeros(1 << 18, dtype=np.int64))
    for rule in RULES:
        list(rule(situation))


def diagnose_chosen(flood: Flood) -> None:
    seen, chosen = FramesSeen(), np.arange(len(flood.table.connections))
    situation = Situation(flood.table, flood.moment, seen, np.zeros(1 << 18, dtype=np.int64), chosen=chosen)
    for rule in RULES:
        list(rule(situation))


def report(flood: Flood) -> None:
    history = judged(flood.transitions)
    by_interest(flood.table, [])
    assert measures.outcome_counts(flood.table)
    measures.histogram(measures.durations(flood.table))
    measures.histogram(measures.handshakes(flood.table))
    assert measures.talkers(flood.table)
    assert len(measures.stays(history, flood.moment).state)
    assert len(list(measures.in_bins(flood.table, history, START, flood.moment))) == 4


def plot(flood: Flood) -> None:
    found = states_over_time.over_time(flood.table, flood.transitions, NOBODYS, None, (START, flood.moment))
    assert found.occurring()
    assert sum(len(batch.cells) for batch in states_over_time.view(found, tuple(State)).batches)


CASES: tuple[tuple[Callable[[Flood], None], int], ...] = (
    (show_connections, memory.SHOWN),
    (choose_connections, memory.CHOSEN),
    (show_timeline, memory.SHOWN),
    (choose_timeline, memory.CHOSEN),
    (show_netstat, answers.EACH),
    (choose_netstat, answers.EACH_CHOSEN),
    (name_netstat, answers.EACH_NAMED),
    (show_changes, answers.EACH_COMPARED),
    (diagnose, memory.DIAGNOSE),
    (report, memory.REPORT),
    (plot, memory.PLOTTED),
    (diagnose_chosen, memory.DIAGNOSE_CHOSEN),
)


@pytest.fixture(scope="module")
def floods() -> tuple[Flood, Flood]:
    was = os.environ.get("PCAPSTATE_KERNELS")
    os.environ["PCAPSTATE_KERNELS"] = "compiled"
    try:
        kernels = Kernels()
    finally:
        if was is None:
            del os.environ["PCAPSTATE_KERNELS"]
        else:
            os.environ["PCAPSTATE_KERNELS"] = was
    assert kernels.compiled
    return Flood(FEW, kernels), Flood(MANY, kernels)


def test_compiled_text_is_that_of_plain(floods: tuple[Flood, Flood]) -> None:
    table, some = floods[0].table, slice(0, 3_000)
    shown = [
        connections.view_for_people(table, MANNER, None, lambda _, count: np.arange(count)[some]),
        for_people(floods[0].rows().some(some), titles(WINDOWS, True, True, True), Annotations(), NUMBERS),
    ]
    for one in shown:
        texts = [b"".join(render(one, "table", kernels)) for kernels in (Kernels(), floods[0].kernels)]
        assert texts[0] == texts[1]
        assert texts[0].count(b"\n") == 3_001


def peak(show: Callable[[Flood], None], flood: Flood) -> int:
    gc.collect()
    tracemalloc.start(1)
    try:
        show(flood)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("show", "stated"), CASES)
def test_memory_for_a_connection(show: Callable[[Flood], None], stated: int, floods: tuple[Flood, Flood]) -> None:
    few, many = (peak(show, one) for one in floods)
    each = (many - few) / (MANY - FEW)
    assert each <= stated + SLACK
