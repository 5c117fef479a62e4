"""Findings that rest on many connections: ports held by TIME_WAIT, scans, and groups that share one finding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pcapstate.decode.segment import ACK, FIN, RST, SEGMENT, SYN
from pcapstate.findings.diagnosis import findings
from pcapstate.findings.finding import LISTED, Finding
from pcapstate.findings.frames_seen import FramesSeen
from pcapstate.findings.groups import LARGEST, distinct, grouped, largest, most_frequent, sizes, spread
from pcapstate.findings.situation import Situation
from pcapstate.kernels.running import Kernels
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.views import diagnosis as view

SECOND = 1_000_000_000
CLIENT, SERVER = 0xFFFF0A000005, 0xFFFFC0000250
IPV4 = 0xFFFF << 32

# Sender (0: client), flags, sequence and acknowledgment numbers relative to the initial ones.
CLOSED = [(0, SYN, 0, 0), (1, SYN | ACK, 0, 1), (0, FIN | ACK, 1, 1), (1, FIN | ACK, 1, 2), (0, ACK, 2, 2)]
REFUSED = [(0, SYN, 0, 0), (1, RST | ACK, 0, 1)]
UNANSWERED = [(0, SYN, 0, 0)]


def played(
    script: list[tuple[int, int, int, int]],
    clients: Any,
    ports: Any,
    servers: Any,
    server_ports: Any,
    *,
    apart: int = 1_000_000,
    later: int = 0,
    isn: Any = 0,
) -> list[Finding]:
    """Diagnose connections that all go by a script, so many ns ``apart``, ``later`` ns behind the last."""
    count = max(np.size(one) for one in (clients, ports, servers, server_ports, isn))
    rows = np.zeros(count * len(script), dtype=SEGMENT)
    which = np.repeat(np.arange(count), len(script))
    steps = np.array(script * count)
    back = steps[:, 0] == 1
    rows["time"] = 1_700_000_000 * SECOND + which * apart + np.tile(np.arange(len(script)), count) * 1000
    rows["number"] = np.arange(1, len(rows) + 1)
    ends = [np.broadcast_to(one, count)[which] for one in (clients, ports, servers, server_ports)]
    rows["source_low"], rows["target_low"] = np.where(back, ends[2], ends[0]), np.where(back, ends[0], ends[2])
    rows["source_port"], rows["target_port"] = np.where(back, ends[3], ends[1]), np.where(back, ends[1], ends[3])
    first = (np.broadcast_to(isn, count)[which] + 1000) % 2**32
    rows["flags"], rows["seq"] = steps[:, 1], (steps[:, 2] + first) % 2**32
    rows["ack"] = np.where(steps[:, 1] & ACK, (steps[:, 3] + first) % 2**32, 0)
    rows["window"] = 500
    order = np.argsort(rows["time"], kind="stable")
    table = FlowTable(Kernels(), record=False, details=True)
    for _ in table.follow(rows[order], len(rows)):
        pass
    moment = int(rows["time"].max()) + later
    for _ in table.pass_time(moment):
        pass
    return findings(Situation(table, moment, FramesSeen(), np.zeros(0x20200, dtype=np.int64)))


def kinds(found: list[Finding]) -> list[str]:
    return [f"{one.kind} {one.severity.word}" for one in found if one.kind != "closed-first"]


@pytest.mark.parametrize(
    ("count", "first", "expected"),
    [
        (4000, 49_152, []),
        (4100, 49_152, ["time-wait-ports note"]),
        (4100, 32_768, []),
        (8200, 49_152, ["time-wait-ports warning"]),
        (12_300, 49_152, ["time-wait-ports problem"]),
    ],
)
def test_ports_held_by_time_wait(count: int, first: int, expected: list[str]) -> None:
    found = played(CLOSED, CLIENT, first + np.arange(count), SERVER, 443, apart=100_000)
    assert kinds(found) == expected
    if expected:
        one = found[0]
        assert (one.host, one.count, int(one.fields["ports"])) == ("10.0.0.5", count, count)
        text = view.text(one, "en")
        assert f"between {first} and {first + count - 1}" in text
        assert "of the 28,232 ephemeral ports of Linux" in text
        assert "of the 16,384 of Windows" in text


def test_ports_towards_many_servers_do_not_run_out() -> None:
    servers = SERVER + np.arange(4100) % 4
    assert kinds(played(CLOSED, CLIENT, 49_152 + np.arange(4100), servers, 443, apart=100_000)) == []


def test_time_wait_that_is_over_holds_no_port() -> None:
    found = played(CLOSED, CLIENT, 49_152 + np.arange(4100), SERVER, 443, apart=100_000, later=61 * SECOND)
    assert kinds(found) == []


@pytest.mark.parametrize(("rest", "expected"), [(5 * SECOND, ["ports-reused warning"]), (61 * SECOND, [])])
def test_ports_used_again(rest: int, expected: list[str]) -> None:
    turns = np.arange(11)
    found = played(CLOSED, CLIENT, 50_000, SERVER, 443, apart=rest, isn=turns * 70_000)
    assert kinds(found) == expected
    if expected:
        assert (found[0].count, int(found[0].fields["ports"]), found[0].fields["rested"]) == (10, 1, "4.999s")


def test_many_servers_without_an_answer_share_a_finding() -> None:
    clients, servers = CLIENT + np.arange(3000), IPV4 + 0x0B000000 + np.arange(3000) // 2
    found = played(UNANSWERED, clients, 50_000, servers, 443, later=5 * SECOND)
    assert kinds(found) == ["unanswered warning"] * (LARGEST + 1)
    rest = found[0]
    assert rest.host is None
    assert view.title(rest, "en") == "No answer from 1,495 other servers (2,990 attempts)"
    assert len(rest.connections) == LISTED
    assert [one.count for one in found[1:]] == [2] * LARGEST


def test_scans_of_many_ports_and_hosts() -> None:
    found = played(REFUSED, CLIENT, 50_000, SERVER, 1 + np.arange(20))
    assert kinds(found) == ["port-scan warning"]
    found = played(REFUSED, CLIENT, 50_000, SERVER, 1 + np.arange(14))
    assert kinds(found) == ["refused warning"] * (LARGEST + 1)
    found = played(UNANSWERED, CLIENT, 50_000 + np.arange(20), SERVER + np.arange(20), 22, later=5 * SECOND)
    assert kinds(found) == ["host-scan warning"]
    found = played(UNANSWERED, CLIENT, 50_000 + np.arange(20), SERVER + np.arange(20), 22)
    assert kinds(found) == [], "they may be answered yet"
    found = played(UNANSWERED, CLIENT, 50_000 + np.arange(60), SERVER + np.arange(60), 22)
    assert kinds(found) == ["host-scan warning"], "so many at once, and none answers"
    found = played(REFUSED, CLIENT, 50_000, SERVER + np.arange(40), 6000 + np.arange(40))
    assert kinds(found) == ["mixed-scan warning"]


def test_one_source_that_scans_much_has_one_finding() -> None:
    servers, ports = SERVER + np.arange(2000) // 20, 1 + np.arange(2000) % 20
    (found,) = played(REFUSED, CLIENT, 50_000, servers, ports)
    assert (found.kind, found.count, int(found.fields["targets"]), int(found.fields["ports"])) == (
        "port-scan", 2000, 100, 2000,
    )  # fmt: skip
    assert view.title(found, "en") == "Port scan of 192.0.2.80, 192.0.2.81, 192.0.2.82 and 97 more by 10.0.0.5"


def test_many_sources_that_scan_share_a_finding() -> None:
    clients, ports = CLIENT + np.arange(1000) // 20, 1 + np.arange(1000) % 20
    found = played(REFUSED, clients, 50_000, SERVER, ports)
    assert kinds(found) == ["port-scan warning"] * (LARGEST + 1)
    assert view.title(found[0], "en") == "Port scan of 192.0.2.80 by 45 other hosts"


def test_what_is_tried_twice_counts_once() -> None:
    ports = 1 + np.arange(40) % 20
    (found,) = played(REFUSED, CLIENT, 50_000 + np.arange(40), SERVER, ports)
    assert (found.count, int(found.fields["ports"]), int(found.fields["refused"])) == (40, 20, 20)
    assert "It tried 20 ports within 0.039000s, in 40 attempts: 20 refused, 0 unanswered" in view.text(found, "en")
    (found,) = played(REFUSED, CLIENT, 50_000 + np.arange(40), SERVER + np.arange(40) % 20, 22)
    assert (found.kind, found.count, int(found.fields["targets"]), int(found.fields["refused"])) == (
        "host-scan", 40, 20, 20,
    )  # fmt: skip


def test_a_flood_of_forged_addresses() -> None:
    clients = IPV4 + 0x0B000000 + np.arange(5000) * 7919
    (found,) = played(UNANSWERED, clients, 1024 + np.arange(5000) % 60_000, SERVER, 80, apart=1000)
    assert (found.kind, found.severity.word, found.host, found.count) == ("syn-flood", "problem", "192.0.2.80", 5000)
    assert found.filter == "ip.addr == 192.0.2.80 && tcp.port == 80"
    assert found.packet_count == 5000


def test_one_program_that_tries_again_and_again_is_no_flood() -> None:
    found = played(UNANSWERED, CLIENT, 20_000 + np.arange(300), SERVER, 80, apart=10_000_000, later=0)
    assert kinds(found) == []
    found = played(UNANSWERED, CLIENT, 20_000 + np.arange(90), SERVER, 80, later=9 * SECOND)
    assert kinds(found) == ["unanswered warning"]


def test_what_a_situation_needs() -> None:
    table = FlowTable(Kernels(), record=False)
    with pytest.raises(ValueError, match="details"):
        Situation(table, 0, FramesSeen(), np.zeros(0x20200, dtype=np.int64))
    empty = FlowTable(Kernels(), record=False, details=True)
    assert findings(Situation(empty, 0, FramesSeen(), np.zeros(0x20200, dtype=np.int64))) == []


# --- groups


def test_groups() -> None:
    one, other = np.array([3, 1, 3, 2, 1, 3, -4]), np.array([0, 0, 0, 5, 0, 1, 0])
    assert [group.rows.tolist() for group in grouped(one)] == [[0, 2, 5], [1, 4], [3], [6]]
    assert [group.rows.tolist() for group in grouped(one, other)] == [[0, 2], [1, 4], [3], [5], [6]]
    assert [group.rows.tolist() for group in grouped(one, least=2)] == [[0, 2, 5], [1, 4]]
    assert list(grouped(one[:0])) == list(largest(one[:0])) == []
    assert distinct(one) == 4
    assert distinct(one, other) == 5
    assert distinct(one[:0]) == 0
    assert sizes(one).tolist() == [3, 2, 3, 1, 2, 3, 1]
    assert spread((one,), (other,)).tolist() == [2, 1, 2, 1, 1, 2, 1]
    assert spread((one[:0],), (other[:0],)).tolist() == sizes(one[:0]).tolist() == []
    rows, total = most_frequent(2, one)
    assert (rows.tolist(), total) == ([0, 1], 4)


def test_the_rest_is_one_group() -> None:
    values = np.repeat(np.arange(8), np.array([9, 8, 7, 6, 5, 4, 3, 2]))[::-1]
    groups = list(largest(values))
    assert [(len(group.rows), group.groups) for group in groups] == [(9, 1), (8, 1), (7, 1), (6, 1), (5, 1), (9, 3)]
    assert groups[-1].rows.tolist() == list(range(9))
    assert np.array_equal(np.sort(np.concatenate([group.rows for group in groups])), np.arange(len(values)))
