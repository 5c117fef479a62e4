"""``pcapstate netstat``: its options, what contradicts itself, and how each system's table looks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from pcapstate.output.widths import display_width
from pcapstate.wording.styles import STYLES
from tests.helpers.annotated import (
    PACKETS,
    Talk,
    direction,
    interface,
    of_packets,
    packet_block,
    process_event,
    process_options,
    section,
)
from tests.helpers.captures import START, pcap
from tests.helpers.paths import PCAPS
from tests.helpers.payloads import a, answer, tcp_frame, udp_frame
from tests.helpers.running import process, run

EXAMPLE = PCAPS / "example.pcapng"
IPV6 = PCAPS / "close-by-server.pcap"


def lines(*arguments: str | Path) -> list[str]:
    result = run("netstat", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def rows(*arguments: str | Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads("\n".join(lines(*arguments, "--format", "json")))
    return found


@pytest.mark.parametrize("letters", [("-ano",), ("-an", "-o"), ("-a", "-n", "-o"), ("-oan",)])
def test_letters_combine(letters: tuple[str, ...]) -> None:
    shown = lines(EXAMPLE, *letters)
    assert shown == lines(EXAMPLE, "--all", "--numeric", "--pid")
    assert shown[3].split() == ["Proto", "Local", "Address", "Foreign", "Address", "State", "PID"]
    assert all(line.split()[-1] == "-" for line in shown[4:])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["-n", "-f"], "-n asks for numbers and -f for names"),
        (["-n", "--resolve"], "-n asks for numbers and --resolve for names"),
        (["-p", "icmp"], "-p icmp goes with -s"),
        (["--utc", "--relative"], "exclude each other"),
        (["--count", "3"], "--count goes with an INTERVAL"),
        (["-e", "-s", "--format", "csv"], "csv holds one table"),
        (["-s", "--filter", "port = 80"], "apply to the table of connections only"),
        (["--local", "10.0.0.300"], "neither an IP address nor a network"),
        (["--at", "noon"], "is no moment"),
        (["--filter", "stat = OPEN"], 'no field "stat"'),
        (["--filter", "state = OPEN"], "at character 9"),
        (["--sort", "colour"], 'no column "colour"'),
        (["--columns", "state,,port"], "--columns"),
        (["--capture-filter", "tcp"], "a capture filter and a duration apply to interfaces only"),
        (["--wait"], "only an interface can be waited for"),
        (["--snaplen", "96"], "a snap length applies to interfaces only"),
        (["0"], "an interval of 0 seconds"),
    ],
)
def test_what_makes_no_sense_is_one_line(options: list[str], why: str) -> None:
    done = process("netstat", EXAMPLE, *options)
    text = done.stderr.decode()
    assert done.returncode == 2
    assert why in text
    assert text.count("\n") == 1
    assert done.stdout == b""


def test_a_host_that_is_not_there() -> None:
    result = run("netstat", EXAMPLE, "--local", "192.168.99.99")
    assert result.exit_code == 0
    assert "192.168.99.99 is in no connection of this capture" in result.stderr


def test_several_hosts() -> None:
    both = rows(EXAMPLE, "--local", "10.0.0.20", "--local", "203.0.113.44")
    assert {row["local_address"] for row in both} == {"10.0.0.20", "203.0.113.44"}
    assert sorted(map(str, both)) == sorted(
        map(str, rows(EXAMPLE, "--local", "10.0.0.20") + rows(EXAMPLE, "--local", "203.0.113.44"))
    )


def test_both_ends_side_by_side() -> None:
    here = {row["connection"]: row for row in rows(EXAMPLE, "--both")}
    for connection in json.loads(run("connections", EXAMPLE, "--format", "json").stdout):
        row = here.get(connection["connection"])
        states = connection["client_state"], connection["server_state"]
        if states == ("CLOSED", "CLOSED"):
            assert row is None
            continue
        assert row is not None
        ends = (row["state"], row["foreign_state"])
        assert ends == (states if row["local_port"] == int(connection["client"].rpartition(":")[2]) else states[::-1])


@pytest.mark.parametrize(
    ("style", "listening", "half_closed"),
    [
        ("windows", ["TCP", "10.0.0.5:22", "0.0.0.0:0", "LISTENING"], "FIN_WAIT_2"),
        ("linux", ["tcp", "0", "0", "10.0.0.5:22", "0.0.0.0:*", "LISTEN"], "FIN_WAIT2"),
        ("macos", ["tcp4", "0", "0", "10.0.0.5.22", "*.*", "LISTEN"], "FIN_WAIT_2"),
        ("rfc", ["TCP", "10.0.0.5:22", "*:*", "LISTEN"], "FIN-WAIT-2"),
    ],
)
def test_styles(style: str, listening: list[str], half_closed: str) -> None:
    table = [line.split() for line in lines(EXAMPLE, "-an", "--style", style)]
    assert listening in table
    assert half_closed in [row[-1] for row in table if row]


def test_styles_write_ipv6_as_their_system_does() -> None:
    options = ("-an", "--local", "2001:db8:80::1")
    found = {style: [line.split() for line in lines(IPV6, *options, "--style", style)] for style in STYLES}
    assert ["TCP", "[2001:db8:80::1]:80", "[::]:0", "LISTENING"] in found["windows"]
    assert ["tcp6", "0", "0", "2001:db8:80::1:80", ":::*", "LISTEN"] in found["linux"]
    assert ["tcp6", "0", "0", "2001:db8:80::1.80", "*.*", "LISTEN"] in found["macos"]


def test_programs_see_the_same_in_every_style() -> None:
    plain = rows(EXAMPLE, "-a")
    for style in ("linux", "macos", "rfc"):
        assert rows(EXAMPLE, "-a", "--style", style, "--lang", "ja") == plain


def test_protocols() -> None:
    assert rows(EXAMPLE, "-a", "-p", "tcp") == [row for row in rows(EXAMPLE, "-a") if row["proto"] == "tcp"]
    assert rows(EXAMPLE, "-p", "tcpv6") == []
    assert rows(IPV6, "-a", "-p", "tcpv6") == rows(IPV6, "-a") != []
    assert rows(IPV6, "-a", "-p", "tcp") == []


def test_japanese_columns_stand_below_each_other() -> None:
    shown = lines(EXAMPLE, "-n", "--lang", "ja")
    titles, first = shown[3], shown[4]
    assert "ローカル アドレス" in titles
    assert "アクティブな接続" in shown[1]
    at = titles.index("外部アドレス")
    assert first[display_width(titles[:at]) :].startswith("198.51.100.22:22")


def test_rows_and_columns_as_asked_for() -> None:
    chosen = rows(EXAMPLE, "--filter", "state = CLOSE_WAIT and port = 5432", "--columns", "state,age,foreign_port")
    assert chosen == [{"state": "CLOSE_WAIT", "age": pytest.approx(3.946, abs=0.001), "foreign_port": 5432}]
    sizes = [row["bytes"] for row in rows(EXAMPLE, "--sort", "-bytes", "--columns", "bytes")]
    assert sizes == sorted(sizes, reverse=True)  # type: ignore[type-var]
    assert len(set(sizes)) > 3
    assert rows(EXAMPLE, "--state", "fin-wait-2,CLOSEWAIT") == [
        row for row in rows(EXAMPLE) if row["state"] in ("FIN_WAIT_2", "CLOSE_WAIT")
    ]
    assert rows(EXAMPLE, "--host", "203.0.113.0/24", "--port", "http") == [
        row
        for row in rows(EXAMPLE)
        if str(row["foreign_address"]).startswith("203.0.113.") and row["foreign_port"] == 80
    ]


def test_the_round_trip_of_the_handshake() -> None:
    """As Wireshark's tcp.analysis.initial_rtt: from the SYN to the ACK that completes the handshake."""
    found = {row["connection"]: row["rtt"] for row in rows(EXAMPLE, "--columns", "connection,rtt")}
    timeline = [json.loads(line) for line in run("timeline", EXAMPLE, "--format", "jsonl").stdout.splitlines()]
    for connection, rtt in found.items():
        times = {
            row["to"]: row["time"]
            for row in timeline
            if row["connection"] == connection
            and row["endpoint"] == "client"
            and row["to"] in ("SYN_SENT", "ESTABLISHED")
        }
        if rtt is None:
            assert "ESTABLISHED" not in times
        else:
            assert rtt == pytest.approx(times["ESTABLISHED"] - times["SYN_SENT"], abs=1e-6)


def test_csv_is_one_table() -> None:
    text = process("netstat", EXAMPLE, "-a", "--format", "csv").stdout.decode()
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["state"] for row in table] == [row["state"] for row in rows(EXAMPLE, "-a")]
    assert text.count("\r\n") == len(table) + 1


def test_timeline_and_connections_choose_rows_too() -> None:
    found = run("timeline", EXAMPLE, "--filter", "to = CLOSE_WAIT", "--format", "jsonl").stdout.splitlines()
    assert {json.loads(line)["to"] for line in found} == {"CLOSE_WAIT"}
    found = run("timeline", EXAMPLE, "--port", "5432", "--sort", "-time", "--format", "jsonl").stdout.splitlines()
    times = [json.loads(line)["time"] for line in found]
    assert times == sorted(times, reverse=True)
    found = run("connections", EXAMPLE, "--filter", "outcome = refused or not handshake_seen", "--format", "jsonl")
    assert [json.loads(line)["outcome"] for line in found.stdout.splitlines()] == ["refused", "unanswered"]
    assert run("connections", EXAMPLE, "--columns", "duration,server,outcome", "--sort", "-duration").exit_code == 0
    assert run("timeline", EXAMPLE, "--style", "linux", "--lang", "ja", "--utc").exit_code == 0


def test_times_of_the_timeline(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "2023-11-14 22:13:20.000126" in run("timeline", EXAMPLE, "--utc").stdout.splitlines()[1]
    assert run("timeline", EXAMPLE, "--relative").stdout.splitlines()[1].split()[0] == "0.000000"
    piped = process("timeline", "-", "--relative", "--connection", "6", stdin=EXAMPLE.read_bytes()).stdout.decode()
    whole = run("timeline", EXAMPLE, "--relative", "--connection", "6", "--revisions").stdout
    assert [line.split() for line in piped.splitlines()] == [line.split() for line in whole.splitlines()]


OFFICE = PCAPS / "office.pcapng"
LAPTOP = ("--local", "10.0.0.5", "--local", "2001:db8:5::ff:fe00:5")


def test_a_host_with_addresses_of_both_families(tmp_path: Path) -> None:
    path = tmp_path / "both.pcap"
    four, six = ("10.0.0.5", "10.0.0.1", "10.0.0.2"), ("2001:db8::5", "2001:db8::1", "2001:db8::2")
    talks = [((one[0], 50_000 + number), (one[number], 80)) for one in (four, six) for number in (1, 2)]
    frames = [tcp_frame(*talk, b"", flags=2) for talk in talks]
    path.write_bytes(pcap([(number * 10**9, frame) for number, frame in enumerate(frames, 1)]))
    assert "on 10.0.0.5 and 2001:db8::5, the one host in every connection of either family" in lines(path)[1]
    path.write_bytes(pcap([(number * 10**9, frame) for number, frame in enumerate(frames[:3], 1)]))
    assert "from its client's side" in lines(path)[1]


HOSTILE = "\x1b]0;owned\x07=cmd|' /C calc'!A0\u202e\n\t,\"x"


@pytest.mark.parametrize("format", ["table", "json", "jsonl", "csv"])
def test_nothing_from_a_name_reaches_the_terminal_unescaped(tmp_path: Path, format: str) -> None:
    path = tmp_path / "hostile.pcapng"
    path.write_bytes(of_packets([process_options("<", 0)] * len(PACKETS), before=process_event("<", 7, HOSTILE)))
    done = process("netstat", path, "-b", "-o", "--both", "--format", format)
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "owned" in text
    for one in "\x1b\x07\u202e\t":
        assert one not in text
    if format == "csv":
        (row,) = list(csv.DictReader(io.StringIO(text)))
        assert not row["program"].startswith(("=", "+", "-", "@"))
    elif format != "table":
        assert json.loads(text.strip().strip("[]"))["program"].startswith("\x1b]0;owned")


def test_a_program_that_looks_like_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "formula.pcapng"
    path.write_bytes(of_packets([process_options("<", 0)] * len(PACKETS), before=process_event("<", 7, "=1+1")))
    (row,) = list(csv.DictReader(io.StringIO(run("netstat", path, "-b", "--format", "csv").stdout)))
    assert row["program"] == "'=1+1"


def test_repeated_tables_ask_a_resolver_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def resolve(addresses: Iterable[object]) -> dict[object, str]:
        asked.extend(addresses)
        return {}

    monkeypatch.setattr("pcapstate.sockets.annotations.resolve", resolve)
    assert run("netstat", EXAMPLE, "5", "--resolve").exit_code == 0
    assert len(asked) == len(set(asked)) > 3


def test_a_host_has_no_socket_for_a_syn_that_it_never_answered() -> None:
    scan, flood = PCAPS / "host-scan.pcap", PCAPS / "syn-flood.pcap"
    early = ("--local", "10.0.1.1", "--at", "#1")
    assert rows(scan, *early) == []
    (row,) = rows(scan, *early, "--both")
    assert (row["state"], row["foreign_state"]) == ("UNKNOWN", "SYN_SENT")
    states = [row["state"] for row in rows(flood, "--local", "192.0.2.80")]
    assert set(states) == {"SYN_RECEIVED"}
    assert len(states) < len(rows(flood, "--local", "192.0.2.80", "--both"))
    # Once it is given up, there is none at either end.
    assert rows(scan, "--local", "10.0.1.1", "--both", "--at", "3600") == []
    # Who sent the SYN has a socket, and so has an end of an open connection of which nothing else is known.
    assert {row["state"] for row in rows(scan, "--local", "10.0.0.66", "--at", "#2")} == {"SYN_SENT"}
    assert {row["state"] for row in rows(PCAPS / "gap-before-fin.pcap", "--local", "0.0.0.0/0")} >= {"UNKNOWN"}


def with_processes(*talks: Talk, others: tuple[Talk, ...] = ()) -> bytes:
    """A capture in which the clients' host has a process, and others' packets have none."""
    out = section("<") + interface("<") + process_event("<", 7, "curl")
    for talk in talks:
        for packet in talk.packets:
            out += packet_block("<", packet, process_options("<", 0) + direction("<", packet))
    return out + b"".join(packet_block("<", packet, b"") for talk in others for packet in talk.packets)


def test_processes_tell_whose_capture_it_is(tmp_path: Path) -> None:
    path = tmp_path / "named.pcapng"
    # One server in all connections, and yet it is that of the client with its two addresses.
    talks = [Talk((f"10.0.0.{last}", 50_000)).opened() for last in (5, 6)]
    path.write_bytes(with_processes(*talks))
    shown = lines(path, "-an")
    assert shown[1].endswith("on 10.0.0.5, 10.0.0.6, the host whose processes the capture names")
    assert [line.split()[1] for line in shown[4:]] == ["10.0.0.5:50000", "10.0.0.6:50000"]
    # Not so where nothing names processes, or where as many addresses have some as no host has.
    path.write_bytes(with_processes(others=tuple(talks)))
    assert lines(path, "-an")[1].endswith("on 192.0.2.80, the one host in every connection")
    path.write_bytes(with_processes(*(Talk((f"10.0.0.{last}", 50_000)).opened() for last in range(1, 18))))
    assert lines(path, "-an")[1].endswith("on 192.0.2.80, the one host in every connection")
    path.write_bytes(with_processes(others=(Talk().opened(), Talk(("10.0.0.5", 1), ("10.0.0.6", 2)).opened())))
    assert lines(path)[1].endswith("on 10.0.0.5, the one host in every connection")


@pytest.mark.parametrize("name", ["processes-by-id.pcapng", "processes-in-comments.pcapng"])
def test_listeners_of_others_are_not_those_of_the_host_whose_processes_are_named(name: str) -> None:
    assert {row["local_address"] for row in rows(PCAPS / name, "-a")} == {"10.0.0.5"}
    assert {row["state"] for row in rows(PCAPS / name, "-a", "--local", "192.0.2.80")} >= {"LISTEN"}


def test_connections_between_others_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "mixed.pcapng"
    path.write_bytes(with_processes(Talk().opened(), others=(Talk(("10.0.0.9", 1), ("10.0.0.8", 2)).opened(),)))
    result = run("netstat", path, "-n")
    assert "on 10.0.0.5, the host whose processes" in result.stdout
    assert "1 connection is between other hosts; --local 0.0.0.0/0 --local ::/0 shows all" in result.stderr
    assert len(rows(path, "--local", "0.0.0.0/0")) == 4
    repeated = run("netstat", path, "0.01", "-n")
    assert repeated.stdout.count("the host whose processes") == repeated.stdout.count("Active Connections")


def test_ports_of_all_hosts_are_said_to_be() -> None:
    assert "ports of all hosts" in lines(PCAPS / "refused-then-accepted.pcap", "-a")[1]
    assert "ports of all hosts" not in lines(PCAPS / "refused-then-accepted.pcap")[1]


def test_udp_ports_idle_for_more_than_a_minute_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "udp.pcap"
    sent = [(0, 5001), (0.5, 5002), (1, 5003), (60.5, 5003)]
    frames = [((START + time) * 10**9, udp_frame(("10.0.0.5", port), ("10.0.0.1", 53), b"")) for time, port in sent]
    path.write_bytes(pcap([(round(time), frame) for time, frame in frames]))

    def shown(*options: str) -> tuple[list[object], str]:
        result = run("netstat", path, "--local", "10.0.0.5", "--format", "json", *options)
        return [row["local_port"] for row in json.loads(result.stdout)], result.stderr

    ports, said = shown("-a")
    assert ports == [5002, 5003]
    assert "1 UDP port idle for more than a minute is left out; --filter 'proto = udp' shows it" in said
    assert shown("-p", "udp")[0] == [5002, 5003]
    for all_ in (shown("-a", "--filter", "proto = udp"), shown("-a", "--at", "59")):
        assert all_[0] == [5001, 5002, 5003]
        assert "left out" not in all_[1]
    assert shown("-a", "--filter", "idle > 1min")[0] == [5001]


def test_hosts_that_share_a_first_label_are_shown_in_full(tmp_path: Path) -> None:
    path = tmp_path / "names.pcap"
    own, names = (
        "10.0.0.5",
        {"192.0.2.1": "mail.example.org", "192.0.2.2": "mail.example.com", "192.0.2.3": "www.a.org"},
    )
    frames = [udp_frame(("10.0.0.1", 53), (own, 5000), answer(name, a(name, one))) for one, name in names.items()]
    frames += [tcp_frame((own, 50_000), (one, 443), b"", flags=2) for one in names]
    path.write_bytes(pcap([(START * 10**9 + number, one) for number, one in enumerate(frames)]))

    def foreign(*options: str) -> list[str]:
        return [line.split()[-2] for line in lines(path, *options)[4:]]

    assert foreign() == ["mail.example.org:https", "mail.example.com:https", "www:https"]
    shown = [line.split()[4] for line in lines(path, "--style", "macos")[2:]]
    assert shown == ["mail.example.org.https", "mail.example.com.https", "www.https"]
    assert foreign("-f")[2] == "www.a.org:https"
    # Where the table has only one of them, its first label is enough.
    assert foreign("--host", "192.0.2.1,192.0.2.3") == ["mail:https", "www:https"]


def test_a_program_that_looks_like_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "guess.pcapng"
    path.write_bytes(of_packets([process_options("<", 0)] * len(PACKETS), before=process_event("<", 7, "? http")))
    assert [row["program"] for row in rows(path, "-b")] == ["(? http)"]
    path.write_bytes(of_packets([b""]))
    assert [row["program"] for row in rows(path, "-b")] == ["? http: www.example.com"]


def test_a_socket_that_is_connected_to_itself_has_one_row() -> None:
    path = PCAPS / "self-connected.pcap"
    for whose in ((), ("--local", "127.0.0.1"), ("--local", "0.0.0.0/0")):
        (row,) = rows(path, "--at", "#4", *whose)
        assert (row["local_port"], row["foreign_port"], row["state"]) == (51_904, 51_904, "ESTABLISHED")
