"""The answers to a question to netstat as a library has them: without the command line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pcapstate.addresses import address
from pcapstate.capture import Capture
from pcapstate.errors import CallError
from pcapstate.moments import parse_moment
from pcapstate.query.options import SelectionOptions
from pcapstate.query.selection import Selection
from pcapstate.reading import Origin, Reading
from pcapstate.routing.routing_table import routes
from pcapstate.sockets import columns
from pcapstate.sockets.answers import Answer, Answers
from pcapstate.sockets.question import Question
from pcapstate.tcp.states import State
from pcapstate.traffic.counters import counters
from tests.helpers.paths import PCAPS

OFFICE = PCAPS / "office.pcapng"


def answer(question: Question, selection: Selection | None = None, at: str | None = None) -> tuple[Answer, Capture]:
    answers = Answers(question, selection)
    reading = Reading(
        Origin((OFFICE,)),
        at=None if at is None else parse_moment(at),
        details=answers.gathering.details,
        watchers=answers.gathering.watchers,
        followers=[answers.moved],
    )
    answers.attach(reading)
    reading.read()
    return answers.at(), reading.capture


def test_sockets() -> None:
    found, _ = answer(Question(all_=True))
    assert found.whose.host.startswith("10.0.0.5")
    assert found.rows is not None
    assert found.traffic is None
    listening = found.rows.state == State.LISTEN
    assert found.rows.some(listening).local[2].tolist() == [8000]
    assert {"tcp", "udp"} == {columns.PROTOCOLS[one] for one in found.rows.proto.tolist()}
    assert found.idle == 13


def test_selection_and_moment() -> None:
    options = SelectionOptions((), (), (), "age < 1s and foreign_port = 443", "-local_port", None)
    selection = Selection(options, columns.fields, columns.COLUMNS, utc=True)
    found, capture = answer(Question(), selection, at="3")
    assert found.moment == (capture.start or 0) + 3 * 10**9
    assert found.rows is not None
    ages = found.rows.values("age")
    assert len(ages)
    assert ((ages >= 0) & (ages < 10**9)).all()
    assert found.rows.foreign[2].tolist() == [443] * len(ages)
    assert found.rows.local[2].tolist() == sorted(found.rows.local[2].tolist(), reverse=True)


def test_traffic() -> None:
    found, capture = answer(Question(route=True, statistics=True))
    assert found.rows is None
    assert found.traffic is not None
    assert any(one.gateway == address(0, 0xFFFF0A000001) for one in routes(found.traffic))
    opens = [one.value for one in counters(found.traffic, capture.table, found.whose) if one.mib == "TcpActiveOpens"]
    assert opens == [17, 2]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question(numeric=True, fqdn=True), "-n asks for numbers and -f for names"),
        (Question(protocol="icmp"), "-p icmp goes with -s"),
        (Question(protocol="tcp", inet=True), "do the same"),
    ],
)
def test_contradictions(question: Question, message: str) -> None:
    with pytest.raises(CallError, match=message):
        Answers(question)


def test_selection_without_sockets() -> None:
    selection = Selection(
        SelectionOptions((), ("80",), (), None, None, None), columns.fields, columns.COLUMNS, utc=True
    )
    with pytest.raises(CallError, match="table of connections only"):
        Answers(Question(route=True), selection)


@pytest.mark.parametrize(
    "module",
    [
        "pcapstate.api",
        "pcapstate.sockets.answers",
        "pcapstate.views.netstat_sections",
        "pcapstate.routing.routing_table",
    ],
)
def test_no_command_line(module: str) -> None:
    """Neither click nor the commands are imported."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = done.stdout.split()
    assert module in imported
    assert not [one for one in imported if one == "click" or one.startswith("pcapstate.cli")]
