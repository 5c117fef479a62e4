"""The findings of all captures, whole and at a moment."""

from __future__ import annotations

import pytest

from pcapstate.wording.findings import KINDS
from tests.helpers.diagnosing import findings_of, told
from tests.helpers.paths import PCAPS

EXPECTED = {
    "accept-queue-full.pcap": ["syns-dropped warning"],
    "answered-late.pcap": ["answered-late warning"],
    "close-by-client.pcap": [],
    "close-by-server.pcap": [],
    "closed-first.pcap": ["closed-first note"],
    "damaged-last-packet.pcap": ["capture-damaged warning"],
    "damaged-snaplen.pcap": ["headers-cut warning"],
    "every-packet-twice.pcap": ["captured-twice note"],
    "unreachable.pcap": ["unreachable warning"] * 5,
    "example.pcapng": [
        *("close-wait-left warning", "close-wait-left warning", "reset-in-request warning"),
        *("unanswered warning", "refused warning"),
    ],
    "fast-open.pcap": [],
    "fin-behind-a-hole.pcap": [],
    "forged-reset.pcap": [],
    "fragments-ipv4.pcap": [],
    "full-backlog-then-accepted.pcap": ["queue-full warning"],
    "full-backlog.pcap": ["queue-full warning"],
    "gap-before-fin.pcap": ["capture-gaps warning"],
    "half-close.pcap": [],
    "half-closed-at-end.pcap": [],
    "half-open.pcap": ["half-open problem"],
    "handshakes-left.pcap": ["never-completed warning"],
    "host-scan.pcap": ["host-scan warning"],
    "joined-late.pcap": ["joined-late note"],
    "keepalives-unanswered.pcap": ["fell-silent problem"],
    "keepalives.pcap": [],
    "large-segments.pcap": ["large-segments note", "frames-cut note"],
    "lost-final-ack.pcap": [],
    "lost-last-ack.pcap": [],
    "names-and-drops.pcapng": ["packets-dropped warning"],
    "one-direction-client.pcap": ["one-way warning"],
    "one-direction-server.pcap": ["one-way warning"],
    "only-syn-fin-rst.pcap": ["capture-gaps warning", "reset-to-close note"],
    "pcap-snaplen.pcap": ["frames-cut note"],
    "pcapng-simple-packets.pcapng": [],
    "port-scan.pcap": ["port-scan warning"],
    "refused-then-accepted.pcap": [],
    "refused.pcap": ["refused warning"],
    "reset-by-client.pcap": ["reset-in-answer note"],
    "reset-by-server.pcap": ["reset-in-request warning"],
    "reset-with-data.pcap": ["reset-lost-data warning"],
    "reused-ports.pcap": [],
    "sent-again.pcap": ["sent-again warning"],
    "simultaneous-close.pcap": [],
    "simultaneous-open.pcap": [],
    "stored-again.pcap": ["stored-again warning"],
    "stray-reset.pcap": [],
    "superseded.pcap": [],
    "syn-flood.pcap": ["syn-flood warning"],
    "time-steps-back.pcap": ["time-steps-back warning"],
    "timed-out.pcap": ["fell-silent problem"],
    "unanswered.pcap": ["unanswered warning"],
    "window-stays-zero.pcap": ["zero-window problem"],
    "zero-window.pcap": ["zero-window warning"],
}


IN_MEMORY = {"time-wait-ports", "ports-reused", "mixed-scan"}
"""Kinds that take more packets than a small capture has."""


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_pointed_at(name: str) -> None:
    assert told(PCAPS / name) == EXPECTED[name]


def test_every_kind_is_shown_by_a_capture() -> None:
    shown = {one.split()[0] for kinds in EXPECTED.values() for one in kinds}
    assert shown | IN_MEMORY == set(KINDS)


def test_a_finding_names_connections_and_packets() -> None:
    left, other, *_ = findings_of(PCAPS / "example.pcapng")
    assert (left.host, left.count, left.connections, left.packets) == ("10.0.0.5", 2, (4, 6), (38, 95))
    assert left.filter == "tcp.stream in {4, 6}"
    assert (other.host, other.connections, other.filter) == ("198.51.100.7", (8,), "tcp.stream == 8")
    (reset,) = findings_of(PCAPS / "reset-with-data.pcap")
    assert (reset.host, reset.packets, int(reset.fields["own"])) == ("192.0.2.80", (7,), 512)
    (half_open,) = findings_of(PCAPS / "half-open.pcap")
    assert (half_open.host, half_open.packets) == ("192.0.2.80", (9,))
    (closed,) = findings_of(PCAPS / "window-stays-zero.pcap")
    assert (closed.host, closed.packets) == ("192.0.2.80", (5,))
    (silent,) = findings_of(PCAPS / "keepalives-unanswered.pcap")
    assert (silent.host, silent.packets, int(silent.fields["probes"])) == ("192.0.2.80", (13,), 4)
    (scan,) = findings_of(PCAPS / "port-scan.pcap")
    assert (scan.host, scan.count, scan.fields["found"], len(scan.connections)) == ("198.51.100.66", 20, "80", 20)
    assert scan.filter == "ip.addr == 198.51.100.66 && ip.addr == 192.0.2.80 && tcp.port == 40001"


def test_at_a_moment_only_what_was_seen_until_then() -> None:
    unanswered = PCAPS / "unanswered.pcap"
    assert told(unanswered, at="1.5") == []
    assert told(unanswered, at="3.5") == ["unanswered warning"]
    assert told(unanswered, at="#2") == []
    example = PCAPS / "example.pcapng"
    assert told(example, at="3") == []
    assert told(example, at="9") == ["close-wait-left warning", "refused warning"]
    assert told(PCAPS / "half-closed-at-end.pcap", at="90") == ["close-wait-left problem"]
    assert told(PCAPS / "zero-window.pcap", at="0.5") == []
    assert told(PCAPS / "zero-window.pcap", at="1.5") == ["zero-window warning"]
