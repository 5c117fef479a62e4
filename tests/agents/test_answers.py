"""The answers of the tools, which are those of the library, each with the packet that proves it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import dpkt
import pytest

import pcapstate
from pcapstate.agents.tools import TOOLS
from tests.helpers.agents import Agent
from tests.helpers.paths import PCAPS
from tests.helpers.running import run

EVERY = 10**6
SOME = (
    "example.pcapng",
    "office.pcapng",
    "damaged-last-packet.pcap",
    "joined-late.pcap",
    "port-scan.pcap",
    "refused.pcap",
    "refused-then-accepted.pcap",
    "simultaneous-close.pcap",
    "time-wait-ends.pcap",
    "unanswered.pcap",
)
ENDINGS = (
    *("close-by-client", "close-by-server", "half-close", "simultaneous-close", "fin-with-data", "refused"),
    *("reset-by-client", "reset-by-server", "fin-answered-by-reset", "close-cut-off-by-abort"),
)


def path(name: str) -> str:
    return str(PCAPS / name)


def start(name: str) -> int:
    """Return the time of the first packet, ns since the epoch."""
    with pcapstate.open(path(name), at="#1") as session:
        session.connections()
        assert session.moment is not None
        return session.moment


def after(time: int | None, first: int) -> float | None:
    return None if time is None else (time - first) / 1e9


def proofs(name: str, at: str | None = None) -> dict[tuple[int, str], dict[str, Any]]:
    """Return what the last transition of each end rests on, by connection and end."""
    first = start(name)
    with pcapstate.open(path(name), at=at) as session:
        return {
            (one.connection, one.endpoint): {
                "packet": one.packet,
                "time": pytest.approx(after(one.time, first), abs=1e-9),
                "certainty": one.certainty,
                "cause": one.cause,
            }
            for one in session.transitions()
        }


def test_all_tools_are_offered_as_read_only(asking: Agent) -> None:
    tools = asking.tools()
    assert [one.name for one in tools] == [one.name for one in TOOLS]
    for one in tools:
        assert one.annotations.read_only_hint
        assert not one.annotations.open_world_hint
        assert one.input_schema["additionalProperties"] is False
        assert len(one.description) < 300


@pytest.mark.parametrize("name", SOME)
def test_connections_are_those_of_the_library(asking: Agent, name: str) -> None:
    answer, first, proven = asking.ask("connections", capture=name, limit=EVERY), start(name), proofs(name)
    found = pcapstate.connections(path(name))
    assert len(answer["rows"]) == len(found) == answer["total"]
    for row, one in zip(answer["rows"], found, strict=True):
        for field in set(row) - {"opened", "last", "client_proof", "server_proof"}:
            assert row[field] == getattr(one, field), field
        assert row["opened"] == pytest.approx(after(one.opened, first), abs=1e-9)
        assert row["last"] == pytest.approx(after(one.last, first), abs=1e-9)
        for side in ("client", "server"):
            proof = row[f"{side}_proof"]
            if (one.connection, side) in proven:
                assert proof == proven[one.connection, side]
            elif one.outcome == "refused":
                # A refusal is no change of its sender's state: it was CLOSED all along.
                assert proof["packet"] == proven[one.connection, "client"]["packet"]
            else:
                assert proof is None


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("at", [None, "0.02"])
def test_timelines_are_those_of_the_library(asking: Agent, name: str, at: str | None) -> None:
    given = {} if at is None else {"at": at}
    answer, first = asking.ask("timeline", capture=name, limit=EVERY, **given), start(name)
    with pcapstate.open(path(name), at=at) as session:
        found = [
            (one.connection, one.endpoint, one.from_state, one.to_state, one.packet, one.certainty, one.cause)
            for one in session.transitions()
        ]
        times = [after(one.time, first) for one in session.transitions()]
    fields = ("connection", "endpoint", "from", "to", "packet", "certainty", "cause")
    assert [tuple(row[field] for field in fields) for row in answer["rows"]] == found
    assert [row["time"] for row in answer["rows"]] == pytest.approx(times, abs=1e-9)
    if found:
        number = found[-1][0]
        one = asking.ask("timeline", capture=name, connection=number, limit=EVERY, **given)
        assert one["rows"] == [row for row in answer["rows"] if row["connection"] == number]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("example.pcapng", {}),
        ("example.pcapng", {"local": "10.0.0.20", "listening": True}),
        ("example.pcapng", {"at": "3.1", "filter": "state = ESTABLISHED"}),
        ("office.pcapng", {"at": "12.55", "local": "10.0.0.5"}),
        ("office.pcapng", {"listening": True, "udp": True}),
        ("close-by-server.pcap", {"at": "#7"}),
    ],
)
def test_netstat_is_that_of_the_library(asking: Agent, name: str, given: dict[str, Any]) -> None:
    answer, proven = asking.ask("netstat", capture=name, limit=EVERY, **given), proofs(name, given.get("at"))
    found = pcapstate.netstat(path(name), **given)
    fields = ("proto", "local_address", "local_port", "foreign_address", "foreign_port", "state", "connection")
    assert [tuple(row[field] for field in fields) for row in answer["rows"]] == [
        tuple(getattr(one, field) for field in fields) for one in found
    ]
    assert found
    for row in answer["rows"]:
        if row["role"] is not None:
            other = {"client": "server", "server": "client"}[row["role"]]
            assert row["proof"] == proven[row["connection"], row["role"]]
            assert row["foreign_proof"] == proven.get((row["connection"], other))
        elif row["state"] == "LISTEN":
            assert row["proof"]["cause"] == "sent SYN-ACK"
        else:
            assert row["proof"] is None


@pytest.mark.parametrize("name", SOME)
def test_findings_are_those_of_the_library(asking: Agent, name: str) -> None:
    answer = asking.ask("findings", capture=name, limit=EVERY)
    with pcapstate.open(path(name)) as session:
        found = session.diagnose()
    fields = ("finding", "severity", "host", "title", "text", "next", "packet_count")
    for row, one in zip(answer["rows"], found, strict=True):
        told = [getattr(one, field) for field in fields]
        assert [row[field] for field in fields] == [
            text.replace(path(name), name) if isinstance(text, str) else text for text in told
        ]
        assert (row["connections"], row["packets"]) == ([*one.connections], [*one.packets])
        assert row["connections"] or row["packets"] or row["host"] or row["finding"].startswith("capture")


@pytest.mark.parametrize("name", ["example.pcapng", "simultaneous-close.pcap", "keepalives.pcap"])
def test_explanations_are_those_of_the_command(asking: Agent, name: str) -> None:
    answer = asking.ask("explain_connection", capture=name, connection=0, every_packet=True, limit=EVERY)
    steps = json.loads(run("explain", path(name), "--connection", "0", "--format", "json").stdout)
    fields = ("packet", "sender", "flags", "seq", "ack", "length", "window", "client_state", "server_state")
    assert [[row[field] for field in fields] for row in answer["rows"]] == [
        [step[field] for field in fields] for step in steps
    ]
    changes = [(row["packet"], one["endpoint"], one["to"]) for row in answer["rows"] for one in row["changes"]]
    with pcapstate.open(path(name)) as session:
        # What was assumed when a packet came is there, and so is what put it right.
        found = session.transitions("connection = 0", revisions=True)
        assert sorted(changes) == sorted((one.packet, one.endpoint, one.to_state) for one in found)


def first_ends(name: str) -> Iterator[tuple[int, str, str]]:
    """Yield of each connection the first packet with FIN or RST: its number, its sender, FIN or RST."""
    clients: dict[frozenset[tuple[bytes, int]], tuple[bytes, int]] = {}
    ended = set()
    with open(path(name), "rb") as file:
        for number, (_, frame) in enumerate(dpkt.pcap.UniversalReader(file), 1):
            packet = dpkt.ethernet.Ethernet(frame).data
            if not isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6) or not isinstance(packet.data, dpkt.tcp.TCP):
                continue
            segment = packet.data
            sender = (packet.src, segment.sport)
            both = frozenset((sender, (packet.dst, segment.dport)))
            clients.setdefault(both, sender)
            if segment.flags & (dpkt.tcp.TH_FIN | dpkt.tcp.TH_RST) and both not in ended:
                ended.add(both)
                how = "RST" if segment.flags & dpkt.tcp.TH_RST else "FIN"
                yield number, "client" if clients[both] == sender else "server", how


@pytest.mark.parametrize("name", [*(f"{one}.pcap" for one in ENDINGS), "example.pcapng"])
def test_who_ended_is_who_sent_the_first_fin_or_rst(asking: Agent, name: str) -> None:
    answer = asking.ask("who_ended", capture=name, limit=EVERY)
    told = [
        (one["first"]["packet"], one["ended_by"], one["first"]["how"][:3])
        for one in answer["rows"]
        if one["ended_by"] in ("client", "server")
    ]
    assert sorted(told) == sorted(first_ends(name))
    assert told
    assert all(one["first"]["certainty"] in ("seen", "assumed") for one in answer["rows"] if one["first"])
    assert answer["ended_by"] == Counter(one["ended_by"] for one in answer["rows"])


def test_who_ended_says_what_the_other_end_did(asking: Agent) -> None:
    (one,) = asking.ask("who_ended", capture="fin-answered-by-reset.pcap")["rows"]
    assert (one["first"]["by"], one["first"]["how"]) == ("client", "FIN")
    assert (one["then"]["by"], one["then"]["how"]) == ("server", "RST")


def test_a_description_counts_connections(asking: Agent) -> None:
    answer = asking.ask("describe_capture", capture="example.pcapng")
    found = pcapstate.connections(path("example.pcapng"))
    assert answer["outcomes"] == Counter(one.outcome for one in found)
    assert answer["client_states"] == Counter(one.client_state for one in found)
    assert answer["server_states"] == Counter(one.server_state for one in found)


def test_the_list_has_all_captures_with_their_counts(asking: Agent) -> None:
    answer = asking.ask("list_captures", limit=EVERY)
    assert answer["whole"]
    names = [one["name"] for one in answer["rows"]]
    files = {one.name for one in PCAPS.glob("*.pcap*") if not one.name.endswith(".expected")}
    assert set(names) <= files
    assert {one for one in files if not one.startswith("damaged")} <= set(names)
    for one in answer["rows"]:
        if one["name"] in SOME:
            assert one["size"] == (PCAPS / one["name"]).stat().st_size
            assert one["connections"] == len(pcapstate.connections(path(one["name"])))
    remarks = {one["name"]: one["remark"] for one in answer["rows"]}
    assert "ends in the middle of a packet" in remarks["damaged-last-packet.pcap"]
    assert remarks["example.pcapng"] is None


def test_pages_make_up_the_whole(asking: Agent) -> None:
    for tool in ("connections", "timeline", "who_ended", "netstat", "findings", "explain_connection"):
        given = {"capture": "example.pcapng", **({"connection": 3} if tool.startswith("explain") else {})}
        whole = asking.ask(tool, limit=EVERY, **given)
        assert (whole["left_out"], whole["next_offset"]) == (0, None)
        rows, offset = [], 0
        while offset is not None:
            part = asking.ask(tool, limit=4, offset=offset, **given)
            assert part["total"] == whole["total"] == offset + len(part["rows"]) + part["left_out"]
            rows += part["rows"]
            offset = part["next_offset"]
        assert rows == whole["rows"]
        assert len(rows) > 4
    assert asking.ask("connections", capture="example.pcapng", offset=1000)["rows"] == []


def test_rows_are_chosen_and_sorted(asking: Agent) -> None:
    answer = asking.ask("connections", capture="example.pcapng", filter="state = CLOSE_WAIT", sort="-connection")
    assert [one["connection"] for one in answer["rows"]] == [8, 6, 4]
    answer = asking.ask("timeline", capture="example.pcapng", filter="to = CLOSE_WAIT")
    with pcapstate.open(path("example.pcapng")) as session:
        assert [one["packet"] for one in answer["rows"]] == [one.packet for one in session.transitions("to=CLOSE_WAIT")]


def test_filters_can_be_written_from_their_help(asking: Agent) -> None:
    for tool in ("connections", "netstat", "timeline"):
        told = asking.ask("filter_help", tool=tool)
        for example in told["examples"]:
            asking.ask(tool, capture="example.pcapng", filter=example)
        values = {"state": "CLOSED", "address": "10.0.0.5", "text": "x", "flag": "true"}
        every = [
            f"{one['name']} = {values.get(one['kind'], '5') if one['kind'] != 'word' else repr(one['words'][0])}"
            for one in told["fields"]
        ]
        asking.ask(tool, capture="refused.pcap", filter=" or ".join(every), sort=",".join(told["sort"]))


def test_losses_are_told(asking: Agent) -> None:
    answer = asking.result("connections", capture="damaged-last-packet.pcap")
    (loss,) = answer.structured_content["losses"]
    assert loss["kind"] == "damaged"
    with pcapstate.open(path("damaged-last-packet.pcap")) as session:
        session.connections()
        assert str(session.damages[0].what) in loss["text"]
    assert loss["text"] in answer.content[0].text
    kinds = {one["kind"] for one in asking.ask("connections", capture="office.pcapng")["losses"]}
    assert kinds == {"not-tcp"}
