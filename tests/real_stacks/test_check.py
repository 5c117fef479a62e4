"""A host's own ss and netstat beside captures of it, half of them incomplete: each difference gets the right reason.

Needs root on Linux, with iproute2, net-tools, nftables and tcpdump; skipped elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import dpkt
import jc
import pytest
from kernel_lab.networks import Host, Networks, await_silence, reason_to_skip
from kernel_lab.recorder import Capture
from making.files import block, option, section
from making.processes import statistics

from tests.helpers.running import run
from tests.hosts_word import printing
from tests.hosts_word.printing import Told

A, B = "10.77.0.1", "10.77.0.2"
PATIENT = "10.77.0.3"
OTHER_A, OTHER_B = "10.78.0.1", "10.78.0.2"
OURS = "eth0"
DROPS = 7
SPOKE, LOST_RST, LOST_FIN, LOST_BOTH = 8080, 8081, 8082, 8083
"""Ports of B: all arrives; the RST that A sends does not; the FIN of B; a RST of B."""
Key = tuple[int, int]
"""Local and foreign port."""


class Run(NamedTuple):
    """What was recorded, and what the host said."""

    complete: Path
    late: Path
    elsewhere: Path
    texts: dict[str, str]
    peers_text: str
    names: dict[str, Key]
    before_move: float
    """A moment at which one of the connections had not been closed yet."""


class Talk:
    """Connections from A to B, by name."""

    def __init__(self, a: Host, b: Host, kept: ExitStack) -> None:
        self._a, self._b, self._kept = a, b, kept
        self._listening: dict[tuple[str, int], socket.socket] = {}
        self.names: dict[str, Key] = {}

    def listen(self, host: Host, address: str, port: int) -> socket.socket:
        made = self._kept.enter_context(host.socket(socket.AF_INET, socket.SOCK_STREAM))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen()
        self._listening[address, port] = made
        return made

    def open(
        self, name: str, address: str = B, port: int = SPOKE, own: str = ""
    ) -> tuple[socket.socket, socket.socket]:
        """Open a connection from A, from its address ``own``; return both ends."""
        client = self._kept.enter_context(self._a.socket(socket.AF_INET, socket.SOCK_STREAM))
        if own:
            client.bind((own, 0))
        client.connect((address, port))
        server, _ = self._listening[address, port].accept()
        self._kept.enter_context(server)
        self.names[name] = client.getsockname()[1], port
        return client, server


def ask(host: Host, *command: str) -> str:
    with host.space.entered():
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}
        ).stdout


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    if reason := reason_to_skip():
        pytest.skip(reason)
    if shutil.which("netstat") is None or shutil.which("ss") is None:
        pytest.skip("needs the programs ss and netstat")
    folder = tmp_path_factory.mktemp("check")
    with Networks() as networks, ExitStack() as kept:
        a, b = networks.host("a"), networks.host("b")
        networks.join(a, b)
        networks.join(a, b)
        for host, own, other in ((a, A, OTHER_A), (b, B, OTHER_B)):
            host.ip(f"addr add {own}/24 dev eth0")
            host.ip(f"addr add {other}/24 dev eth1")
        a.nft(
            "add table ip lost",
            "add chain ip lost out { type filter hook output priority 0; }",
            "add chain ip lost in { type filter hook input priority 0; }",
            f"add rule ip lost out tcp dport {LOST_RST} tcp flags & rst == rst drop",
            f"add rule ip lost in tcp sport {LOST_FIN} tcp flags & fin == fin drop",
            f"add rule ip lost in tcp sport {LOST_BOTH} tcp flags & rst == rst drop",
        )
        # To this address B repeats nothing soon: what it has sent and A did not get shows later only.
        a.ip(f"addr add {PATIENT}/32 dev eth0")
        b.ip(f"route add {PATIENT}/32 dev eth0 rto_min 60s")
        yield run_and_record(a, b, kept, folder)


def run_and_record(a: Host, b: Host, kept: ExitStack, folder: Path) -> Run:
    talk = Talk(a, b, kept)
    for port in (SPOKE, LOST_RST, LOST_FIN, LOST_BOTH):
        talk.listen(b, B, port)
    talk.listen(b, OTHER_B, SPOKE)
    talk.listen(a, "127.0.0.1", SPOKE)
    listening = talk.listen(a, "0.0.0.0", 22)
    talk.listen(a, "0.0.0.0", 9090)
    # Before the captures begin.
    talk.open("idle")
    old, _ = talk.open("old")
    before = talk.open("closed_before")
    close_first(*before)
    await_silence(a, OURS, 0.2)
    captures = [Capture(a.space, folder / "complete.pcap", OURS), Capture(a.space, folder / "elsewhere.pcap", "eth1")]
    old.sendall(b"x")
    talk.open("talk")
    client, _ = talk.open("half")
    client.shutdown(socket.SHUT_WR)
    _, server = talk.open("peer_half")
    server.shutdown(socket.SHUT_WR)
    close_first(*talk.open("time_wait"))
    talk.open("loop", "127.0.0.1")
    talk.open("other", OTHER_B)
    incoming = kept.enter_context(b.socket(socket.AF_INET, socket.SOCK_STREAM))
    incoming.connect((A, 22))
    kept.enter_context(listening.accept()[0])
    talk.names["incoming"] = 22, incoming.getsockname()[1]
    client, server = talk.open("quiet", port=LOST_RST)
    kill(client, server)
    client, server = talk.open("fin_lost", port=LOST_FIN, own=PATIENT)
    server.shutdown(socket.SHUT_WR)
    _, server = talk.open("rst_lost", port=LOST_BOTH)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    for port in (6000, 6001):
        made = kept.enter_context(a.socket(socket.AF_INET, socket.SOCK_DGRAM))
        made.bind((A, port))
        if port == 6000:
            made.sendto(b"question", (B, 7))
    client, half_open = talk.open("half_open", port=LOST_RST)
    kill(client, half_open)
    time.sleep(0.1)
    captures.append(Capture(a.space, folder / "late.pcap", OURS))
    talk.open("fresh")
    half_open.sendall(b"still there?")
    moved = talk.open("moved")
    time.sleep(0.7)
    before_move = time.time()
    time.sleep(0.2)
    close_first(*moved)
    time.sleep(0.2)
    # What was sent once more, so that the capture goes on until here.
    old.sendall(b"x")
    time.sleep(0.1)
    texts = {"ss": ask(a, "ss", "-tuanp"), "linux": ask(a, "netstat", "-tunap")}
    peers = ask(b, "ss", "-tan")
    for one in captures:
        one.kill()
    return Run(
        folder / "complete.pcap", folder / "late.pcap", folder / "elsewhere.pcap", texts, peers, talk.names, before_move
    )  # fmt: skip


def close_first(one: socket.socket, other: socket.socket) -> None:
    """Close a connection, ``one`` first: its end stays in TIME_WAIT."""
    one.shutdown(socket.SHUT_WR)
    assert other.recv(8) in (b"", b"x")
    other.close()
    one.close()
    time.sleep(0.05)


def kill(one: socket.socket, other: socket.socket) -> None:
    """End one side with a RST, as a process ends that has not read all."""
    other.sendall(b"unread")
    time.sleep(0.05)
    one.close()


def check(capture: Path, text: str, tmp_path: Path, *more: str | Path) -> list[dict[str, Any]]:
    file = tmp_path / "saved.txt"
    file.write_text(text, encoding="utf-8")
    done = run("check", capture, "--against", file, "--format", "json", "--within", "0", *more)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def by_name(rows: Sequence[dict[str, Any]], names: dict[str, Key]) -> dict[str, tuple[str, str | None]]:
    """Return verdict and reason of each named connection; of a port without a connection by protocol and number."""
    ports = {key: name for name, key in names.items()}
    found = {}
    for row in rows:
        key = row["local_port"], row["foreign_port"]
        name = ports.get(key, f"{row['proto']} {row['local_port']}")
        if name.endswith(f" {SPOKE}"):
            name = "loop listens" if not row["foreign_port"] else "loop server"
        assert name not in found, name
        found[name] = row["verdict"], row["reason"]
    return found


AGREES = ("agrees", None)
BEFORE = ("only_host", "open_before")
COMPLETE = {
    **dict.fromkeys(("old", "talk", "half", "peer_half", "time_wait", "incoming", "fresh", "moved"), AGREES),
    **dict.fromkeys(("tcp 22", "udp 6000"), AGREES),
    **dict.fromkeys(("idle", "closed_before"), BEFORE),
    **dict.fromkeys(("loop", "loop server", "loop listens"), ("only_host", "loopback")),
    "other": ("only_host", "other_interface"),
    "quiet": ("only_packets", "not_captured"),
    "half_open": ("only_packets", "half_open"),
    "fin_lost": ("differs", "assumed"),
    "rst_lost": ("only_host", "assumed"),
    "tcp 9090": ("only_host", "listener"),
    "udp 6001": ("only_host", "no_datagram"),
}


def truth(run: Run) -> list[Told]:
    """Return the sockets of A, as jc reads its netstat."""
    states = {"SYN_RECV": "SYN_RECEIVED", "FIN_WAIT1": "FIN_WAIT_1", "FIN_WAIT2": "FIN_WAIT_2"}
    return [
        Told(
            one["transport_protocol"],
            "" if one["local_address"] == "0.0.0.0" else one["local_address"],
            one["local_port_num"],
            "" if one["foreign_address"] == "0.0.0.0" else one["foreign_address"],
            one.get("foreign_port_num") or 0,
            states.get(one.get("state"), one.get("state") or ""),
            one.get("pid"),
            one.get("program_name"),
        )
        for one in jc.parse("netstat", run.texts["linux"], quiet=True)
    ]


@pytest.mark.parametrize("form", ["ss", "linux"])
def test_complete(recorded: Run, form: str, tmp_path: Path) -> None:
    rows = check(recorded.complete, recorded.texts[form], tmp_path)
    assert by_name(rows, recorded.names) == COMPLETE
    # This process has them all, but for those that no process has.
    owned = {row["pid"] for row in rows if row["host_state"] not in (None, "TIME_WAIT")}
    assert owned == {os.getpid()}


@pytest.mark.parametrize("form", ["windows", "bsd", "lsof", "jc ss", "jc netstat"])
def test_other_forms_of_the_same_truth(recorded: Run, form: str, tmp_path: Path) -> None:
    printers: dict[str, Callable[[], str]] = {
        "windows": lambda: printing.windows(truth(recorded)),
        "bsd": lambda: printing.bsd(truth(recorded)),
        "lsof": lambda: printing.lsof(truth(recorded)),
        "jc ss": lambda: printing.as_jc("ss", recorded.texts["ss"]),
        "jc netstat": lambda: printing.as_jc("netstat", recorded.texts["linux"]),
    }
    assert by_name(check(recorded.complete, printers[form](), tmp_path), recorded.names) == COMPLETE


def test_begun_later(recorded: Run, tmp_path: Path) -> None:
    rows = by_name(check(recorded.late, recorded.texts["ss"], tmp_path), recorded.names)
    silent = ("idle", "closed_before", "talk", "half", "peer_half", "time_wait", "incoming")
    assert {name: rows[name] for name in silent} == dict.fromkeys(silent, BEFORE)
    assert rows["half_open"] == ("only_packets", "half_open")
    assert {rows[name] for name in ("fresh", "moved", "old")} == {AGREES}
    assert rows["tcp 22"] == ("only_host", "listener")
    assert rows["udp 6000"] == ("only_host", "no_datagram")


def test_another_interface(recorded: Run, tmp_path: Path) -> None:
    rows = by_name(check(recorded.elsewhere, recorded.texts["ss"], tmp_path), recorded.names)
    assert rows.pop("other") == AGREES
    there = {name: why for name, why in rows.items() if why[1] not in ("loopback", "listener", "no_datagram")}
    assert set(there.values()) == {("only_host", "other_interface")}
    assert set(there) >= {"talk", "half", "time_wait", "fresh"}


def test_at_another_moment(recorded: Run, tmp_path: Path) -> None:
    moment = f"@{recorded.before_move:.6f}"
    rows = check(recorded.complete, recorded.texts["ss"], tmp_path, "--at", moment, "--within", "2")
    found = by_name(rows, recorded.names)
    assert found["moved"] == ("differs", "changed_later")
    assert found["talk"] == AGREES
    row = next(one for one in rows if one["reason"] == "changed_later")
    # That packet is a FIN, or answers one.
    flags = tcp_flags(recorded.complete)[row["packet"] - 1]
    assert flags & (dpkt.tcp.TH_FIN | dpkt.tcp.TH_ACK)
    assert (row["host_state"], row["packet_state"]) == ("TIME_WAIT", "ESTABLISHED")


def frames(path: Path) -> list[tuple[float, bytes]]:
    with path.open("rb") as opened:
        return [(float(at), bytes(data)) for at, data in dpkt.pcap.Reader(opened)]


def tcp_of(data: bytes) -> Any:
    """Return the segment of a frame, or None."""
    inner = dpkt.ethernet.Ethernet(data).data
    segment = getattr(inner, "data", None)
    return segment if isinstance(segment, dpkt.tcp.TCP) else None


def tcp_flags(path: Path) -> list[int]:
    return [segment.flags if (segment := tcp_of(data)) is not None else 0 for _, data in frames(path)]


def rewritten(run: Run, path: Path, keeps: Callable[[Any], bool], *, filter: str = "", drops: int = 0) -> Path:
    """Write the complete capture as pcapng without some segments, with a capture filter and a number of drops."""
    options = option("<", 9, b"\x09") + (option("<", 11, b"\0" + filter.encode()) if filter else b"")
    out = section("<") + block("<", 1, struct.pack("<HHI", 1, 0, 0) + options + option("<", 0, b""))
    for at, data in frames(run.complete):
        segment = tcp_of(data)
        if segment is None or keeps(segment):
            stamp = int(at * 1e9)
            head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
            out += block("<", 6, head + data)
    path.write_bytes(out + statistics("<", 0, 0, drops, 0))
    return path


def ports(run: Run, *names: str) -> set[int]:
    return {run.names[name][0] for name in names}


@pytest.mark.parametrize(("drops", "reason"), [(0, "not_captured"), (DROPS, "packets_lost")])
def test_without_what_closes_a_connection(recorded: Run, drops: int, reason: str, tmp_path: Path) -> None:
    chosen = ports(recorded, "time_wait", "half")
    lost = rewritten(
        recorded,
        tmp_path / "lost.pcapng",
        # Of these two all is lost from the first FIN on: what has a FIN, and the ACKs of it.
        lambda one: not ({one.sport, one.dport} & chosen) or (one.flags & dpkt.tcp.TH_SYN or is_third(one, chosen)),
        drops=drops,
    )
    rows = check(lost, recorded.texts["ss"], tmp_path)
    found = by_name(rows, recorded.names)
    assert found == {
        **COMPLETE,
        **dict.fromkeys(("time_wait", "half"), ("differs", reason)),
        **({} if not drops else {"quiet": ("only_packets", "packets_lost")}),
    }
    if drops:
        assert all(str(DROPS) in row["why"] for row in rows if row["reason"] == "packets_lost")


_THIRD: dict[int, int] = {}


def is_third(one: Any, chosen: set[int]) -> bool:
    """Tell whether a segment is the ACK that ends the handshake: the client's first one with its first number."""
    if one.sport not in chosen:
        return False
    return one.flags == dpkt.tcp.TH_ACK and _THIRD.setdefault(one.sport, one.seq) == one.seq


def test_a_capture_filter(recorded: Run, tmp_path: Path) -> None:
    named = recorded.names["talk"][0]
    filter = f"not port {named}"
    path = rewritten(
        recorded, tmp_path / "filtered.pcapng", lambda one: named not in (one.sport, one.dport), filter=filter
    )
    rows = check(path, recorded.texts["ss"], tmp_path)
    found = by_name(rows, recorded.names)
    assert found == {**COMPLETE, "talk": ("only_host", "filtered")}
    assert filter in next(row["why"] for row in rows if row["reason"] == "filtered")


def test_one_direction(recorded: Run, tmp_path: Path) -> None:
    named = recorded.names["half"][0]
    path = rewritten(recorded, tmp_path / "one-way.pcapng", lambda one: one.sport != named)
    found = by_name(check(path, recorded.texts["ss"], tmp_path), recorded.names)
    assert found["half"] in (AGREES, ("differs", "one_direction"))
    assert {**found, "half": AGREES} == COMPLETE


def test_the_other_host_agrees(recorded: Run, tmp_path: Path) -> None:
    rows = check(recorded.complete, recorded.peers_text, tmp_path)
    connected = {row["local_port"]: row for row in rows if row["foreign_port"] and row["verdict"] == "agrees"}
    assert len([row for row in rows if row["verdict"] == "agrees" and row["foreign_port"]]) >= 9, connected
    reasons = {row["reason"] for row in rows if row["verdict"] != "agrees" and row["foreign_port"]}
    assert reasons <= {"open_before", "other_interface", "half_open"}
