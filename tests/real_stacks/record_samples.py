"""Record the samples that come with the package, between two Linux kernels.

Usage: python tests/real_stacks/record_samples.py [NAME ...]      (without names: all; needs root)

Each is a scenario of the kernel laboratory. It is kept only if the states that the program infers are those the kernels
went through. Addresses become those of documentation (RFC 5737), checksums are made anew, payloads are zeros, and only
TCP is kept. The states of the kernels are kept in the folder samples beside this file, where test_truth.py finds them.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from kernel_lab.hosts import abort, receive
from kernel_lab.inference import infer
from kernel_lab.lab import SCENARIOS, Lab, close_client_first, scenario
from kernel_lab.runner import compact, reason_to_skip, run_scenarios
from kernel_lab.segments import Segment
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import PcapReader, PcapWriter

from pcapstate.samples.catalogue import SAMPLES, Sample, capture_of, sample_named

RECORDED = {
    "client-closes-first": "client_closes_first",
    "server-closes-first": "server_closes_first",
    "three-segment-close": "closed_at_once_by_both",
    "refused": "refused",
    "filtered": "syn_unanswered",
    "reset": "reset_by_client",
    "reset-with-unread-data": "close_with_unread_data",
    "half-close": "sample_half_close",
    "lost-syn-ack": "syn_ack_lost",
    "lost-last-ack": "sample_lost_last_ack",
    "simultaneous-open": "simultaneous_open",
    "simultaneous-close": "sample_crossing_fins",
    "zero-window": "sample_zero_window",
    "keep-alive-unanswered": "keepalive_unanswered",
    "half-open": "half_open_data_to_vanished_client",
    "fin-behind-a-hole": "sample_fin_behind_a_hole",
    "time-wait-reuse": "reuse_of_clients_time_wait",
    "full-accept-queue": "backlog_full",
    "syn-cookies": "syn_cookies",
    "fast-open": "fast_open",
}
"""The scenario of each sample."""
RECORDED_WITHOUT = {("reset", 8): "sample_reset_lost"}
"""The scenario of a sample without a packet, where it waits for other states than that of the sample."""
TRUTHS = Path(__file__).parent / "samples"
ADDRESSES = {"client": "192.0.2.10", "server": "198.51.100.20"}
CABLE = {"client": "02:00:00:00:00:10", "server": "02:00:00:00:00:20"}
ONE_CONNECTION = ("refused",)
"""Of these, only the first connection is kept."""


REQUEST, ANSWER = 18, 200
"""Bytes that are exchanged where a scenario leaves it open: one segment each."""


@scenario("The client closes its half, and gets more data")
def sample_half_close(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.sendall(b"a" * ANSWER)
    receive(connection.client, ANSWER)
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The last ACK is lost once")
def sample_lost_last_ack(lab: Lab) -> None:
    connection = lab.open()
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    lab.wire.drop(lab.client.sends("A"))
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("Both FINs cross on a slow wire")
def sample_crossing_fins(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    with lab.wire.still():
        connection.client.close()
        connection.server.close()
        time.sleep(0.02)
    lab.states(connection, client="TIME_WAIT", server="TIME_WAIT")


@scenario("The window closes, is probed, and opens again")
def sample_zero_window(lab: Lab) -> None:
    lab.listen()
    connection = lab.start(80, None, (socket.SOL_SOCKET, socket.SO_RCVBUF, 20000))
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    sent = 30000
    connection.server.sendall(b"a" * sent)
    probes = lab.server.sends("A", lacks="P", data=False)
    lab.wire.await_segment(probes, lab.wire.count(probes) + 2)
    receive(connection.client, sent)
    close_client_first(lab, connection)


@scenario("Data before the FIN is lost once")
def sample_fin_behind_a_hole(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    lab.wire.drop(lab.client.sends(data=True))
    connection.client.sendall(b"lost at first")
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    receive(connection.server, 13)
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("A RST is lost; later the server's data is answered with another")
def sample_reset_lost(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    abort(connection.client)
    lab.states(connection, client="CLOSED", server="ESTABLISHED")
    connection.server.sendall(b"a" * ANSWER)
    lab.states(connection, client="CLOSED", server="CLOSED")


def main(arguments: list[str]) -> int:
    """Record, and say what came of each sample."""
    names = arguments or [one.name for one in SAMPLES]
    unknown = [name for name in names if sample_named(name) is None]
    problem = f"no such sample: {' '.join(unknown)}" if unknown else reason_to_skip()
    if problem:
        print(problem, file=sys.stderr)
        return 2
    wanted: dict[str, tuple[Sample, int | None]] = {}
    for sample in SAMPLES:
        if sample.name in names:
            for lost in (None, *sample.without):
                wanted[registered(sample, lost)] = sample, lost
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        results = run_scenarios(wanted, Path(folder))
        inferred = infer(results)
        for name, (sample, lost) in wanted.items():
            problems = (one for found in inferred[name].problems.values() for one in found)
            failure = results[name].failure or "; ".join(problems)
            if not failure:
                path, truth = chosen(results[name].recordings, sample, lost)
                keep(path, truth, capture_of(sample, lost), sample.name in ONE_CONNECTION)
            failed += bool(failure)
            print(f"{capture_of(sample, lost).name}: {failure or 'recorded'}")
    return 1 if failed else 0


def registered(sample: Sample, lost: int | None) -> str:
    """Make a scenario of a sample, with the segment of this number lost; return its name."""
    told = RECORDED[sample.name] if lost is None else RECORDED_WITHOUT.get((sample.name, lost), RECORDED[sample.name])
    base = SCENARIOS[told]
    name = f"sample_{sample.name}" if lost is None else f"sample_{sample.name}_without_{lost}"

    def run(lab: Lab) -> None:
        lab.exchange = partial(lab.exchange, request=REQUEST, answer=ANSWER)  # type: ignore[method-assign]
        if lost is not None:
            lab.wire.drop(number(lost))
        base.run(lab)

    SCENARIOS[name] = replace(base, name=name, run=run, at=("client", "server"))
    return name


def number(wanted: int) -> Callable[[Segment], bool]:
    """Return a choice of the segment with a number, from 1 on."""
    seen = 0

    def choice(segment: Segment) -> bool:
        nonlocal seen
        seen += 1
        return seen == wanted

    return choice


def chosen(
    recordings: list[tuple[Path, dict[str, Any]]], sample: Sample, lost: int | None
) -> tuple[Path, dict[str, Any]]:
    """Return the recording of the host that the catalogue names."""
    by_host = {truth["vantage"]: (path, truth) for path, truth in recordings}
    if lost is None:
        return by_host["server" if sample.at_server else "client"]
    # A packet that a host sent is in its own capture, though it never arrived.
    path, truth = max(by_host.values(), key=lambda one: count(one[0]))
    return path, truth


def count(path: Path) -> int:
    with PcapReader(str(path)) as packets:
        return sum(TCP in packet for packet in packets)


def keep(path: Path, truth: dict[str, Any], to: Path, only_one: bool) -> None:
    """Write a recording with the addresses of documentation, and the states of the kernels."""
    with PcapReader(str(path)) as reader:
        packets = [packet for packet in reader if TCP in packet]
    client, server = hosts(packets)
    if only_one:
        port = packets[0][TCP].sport
        packets = [packet for packet in packets if port in (packet[TCP].sport, packet[TCP].dport)]
    to.parent.mkdir(exist_ok=True)
    with PcapWriter(str(to), linktype=1, nano=True) as writer:
        for packet in packets:
            roles = {client: "client", server: "server"}
            source, target = roles[packet[IP].src], roles[packet[IP].dst]
            ip = packet[IP].copy()
            ip.src, ip.dst = ADDRESSES[source], ADDRESSES[target]
            # Captures of the laboratory leave payloads out.
            ip[TCP].payload = Raw(bytes(ip.len - 4 * ip.ihl - 4 * ip[TCP].dataofs))
            del ip.chksum, ip[TCP].chksum
            made = Ether(src=CABLE[source], dst=CABLE[target]) / ip
            made.time = packet.time
            writer.write(made)
    known = compact(kept(truth, to.name, 1 if only_one else len(truth["connections"])))
    TRUTHS.mkdir(exist_ok=True)
    for own, shown in ((client, ADDRESSES["client"]), (server, ADDRESSES["server"])):
        known = known.replace(f'"{own}:', f'"{shown}:')
    TRUTHS.joinpath(f"{to.stem}.truth.json").write_text(known, encoding="utf-8")


def kept(truth: dict[str, Any], file: str, count: int) -> dict[str, Any]:
    """Return what is told of the first connections, without numbers of packets: those of the recording are others."""
    connections = [dict(one) for one in truth["connections"][:count]]
    for one in connections:
        lost = one.pop("lost_after_capture_point", [])
        one["lost"] = [{"flags": segment["flags"], "to": segment["to"]} for segment in lost]
    heading = {name: truth[name] for name in ("description", "vantage")}
    return {**heading, "file": file, "connections": connections}


def hosts(packets: list[Any]) -> tuple[str, str]:
    """Return the addresses of the client and of the server: hosts number 1 and 2 of their network."""
    found = sorted({packets[0][IP].src, packets[0][IP].dst}, key=lambda address: address.rpartition(".")[2])
    return found[0], found[1]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
