"""Which process a capture says that a packet and an endpoint has, however it says so."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.processes import votes as weighing
from pcapstate.processes import watcher
from pcapstate.sources import process_blocks
from pcapstate.sources.process_blocks import Process
from tests.helpers.annotated import (
    INBOUND,
    ORDERS,
    OUTBOUND,
    PACKETS,
    UUID,
    Packet,
    Talk,
    block,
    direction,
    frames,
    interface,
    of_packets,
    option,
    ours,
    owners,
    packet_block,
    process_event,
    process_id,
    process_options,
    reader,
    section,
    watched,
)

# --- the captures of ours


def test_macos_names_the_process_of_the_socket_and_on_whose_behalf_it_acts() -> None:
    assert owners("processes-macos.pcapng") == [
        (611, "curl"),
        None,
        (388, "nsurlsessiond (for Safari)"),
        None,
        None,
        # launchd took the connection and handed it on.
        (977, "sshd-session"),
    ]
    source = ours("processes-macos.pcapng")
    assert [batch.frames["interface"].any() for batch in source.batches()] == [False]
    assert [one.name for one in source.processes] == ["curl", "nsurlsessiond", "Safari", "launchd", "sshd-session"]
    assert [one.uuid for one in source.processes][:2] == [UUID, None]
    assert [one.name for one in source.interfaces] == ["en0"]


def test_of_mere_ids_those_sent_with_data_count() -> None:
    assert owners("processes-by-id.pcapng") == [(4312, ""), None]


def test_comments_of_ptcpdump_name_processes() -> None:
    assert owners("processes-in-comments.pcapng") == [(2218, "wget"), None]


# --- processes


@pytest.mark.parametrize("order", ORDERS)
def test_indices_of_process_blocks_count_anew_in_each_section(order: str) -> None:
    data = of_packets(
        [process_options(order, 0, 1)], order, process_event(order, 1, "a") + process_event(order, 2, "b")
    )
    data += of_packets([process_options("<", 1, 7), process_options("<", 0)], "<", process_event("<", 3, "c"))
    source = reader(data)
    a, b, c = Process(1, "a"), Process(2, "b"), Process(3, "c")
    assert frames(source) == [(a, b, 0)] * 7 + [(None, None, 0), (c, None, 0)] * 3 + [(None, None, 0)]
    assert source.processes == [a, b, c]


def test_a_process_block_that_is_damaged_inside_is_passed_over() -> None:
    bad = [block("<", 0x80000001, body) for body in (b"", b"\1\0\0\0\2\0\xff\xff")]
    data = of_packets(
        [process_options("<", turn) for turn in range(3)], "<", b"".join(bad) + process_event("<", 9, "x")
    )
    source = reader(data)
    assert frames(source)[:3] == [(None, None, 0), (Process(1, ""), None, 0), (Process(9, "x"), None, 0)]
    assert source.damage is None


def test_text_of_others_is_cut_and_never_wrong_unicode() -> None:
    event = process_event("<", 5, "\0behind") + block("<", 0x80000001, b"\6\0\0\0\2\0\4\0\xff\xfe\x1bx")
    long = block("<", 0x80000001, b"\7\0\0\0" + option("<", 2, b"n" * 5000))
    unknown = block("<", 0x80000001, b"\xff\xff\xff\xff" + option("<", 2, b"n")) + block("<", 0x80000001, bytes(4))
    source = reader(of_packets([b""], "<", event + long + unknown))
    frames(source)
    assert source.processes == [
        Process(5, ""), Process(6, "\ufffd\ufffd\x1bx"), Process(7, "n" * 255), Process(None, "n"),
    ]  # fmt: skip


def wireshark_information(order: str, pid: int, options: bytes, entry: int = 3, kind: int = 0x0BAD) -> bytes:
    body = struct.pack("<I", pid) + options
    data = struct.pack(order + "I", 32622) + struct.pack("<II", entry, len(body)) + body
    return block(order, kind, data)


@pytest.mark.parametrize("order", ORDERS)
def test_process_ids_get_the_name_of_wiresharks_information_blocks(order: str) -> None:
    before = wireshark_information(
        order, 77, option("<", 2, b"sshd") + option("<", 8, bytes.fromhex(UUID.replace("-", "")))
    )
    before += wireshark_information(
        order, 78, option("<", 3, b"/usr/bin/wget"), kind=0x40000BAD
    ) + wireshark_information(order, 79, b"", 9)
    data = of_packets([process_id(order, pid) for pid in (77, 78, 79, 0)], order, before)
    found = [process for process, _, _ in frames(reader(data))]
    assert found[:4] == [Process(77, "sshd", UUID), Process(78, "wget"), Process(79, ""), None]
    again = (
        data
        + wireshark_information(order, 77, option("<", 2, b"scp"))
        + data[data.index(b"\6\0\0\0" if order == "<" else b"\0\0\0\6") :]
    )
    assert [process for process, _, _ in frames(reader(again))][7] == Process(77, "scp")
    assert [process for process, _, _ in frames(reader(again + data))][14] == Process(77, "sshd", UUID)


@pytest.mark.parametrize(
    ("text", "process"),
    [
        (b"PID=4312", Process(4312, "")),
        (b"PID=4312 VlanId=7", Process(4312, "")),
        (b"PID: 22\nCmd: /usr/bin/curl\nArgs: curl PID: 9", Process(22, "curl")),
        (b"PID: 22, ProcName: apsd, EPID: 0, EProcName: ", Process(22, "apsd")),
        (b"PID: 22\nCmd: \nArgs: ", Process(22, "")),
        (b"PID=0", None),
        (b"PID=4294967295", None),
        (b"PID=99999999999999999999", None),
        (b"PID: none", None),
        (b"PIDs", None),
        (b"a PID=3", None),
    ],
)
def test_comments_that_name_a_process(text: bytes, process: Process | None) -> None:
    source = reader(of_packets([option("<", 1, b"by hand") + option("<", 1, text)]))
    assert frames(source) == [(process, None, 0)] * 7


def test_there_is_room_for_so_many_processes_and_the_others_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_blocks, "PROCESSES", 3)
    monkeypatch.setattr(process_blocks, "KNOWN_TEXTS", 2)
    before = b"".join(process_event("<", pid, "p") for pid in (1, 2, 1, 3, 4))
    data = of_packets([process_options("<", turn) for turn in range(5)] + [process_id("<", 9), b""], "<", before)
    pids = [None if process is None else process.pid for process, _, _ in frames(reader(data))]
    assert pids == [1, 2, 1, 3, None, None, None]
    texts = [option("<", 1, b"PID=%d" % pid) for pid in (1, 2, 3, 1, 2, 3, 1)]
    assert [process.pid for process, _, _ in frames(reader(of_packets(texts))) if process] == [1, 2, 3, 1, 2, 3, 1]


def test_as_many_processes_as_frames_have_room_for() -> None:
    before = b"".join(process_event("<", pid, "") for pid in range(1, 16_400))
    source = reader(
        of_packets(
            [process_options("<", which, which) + direction("<", PACKETS[0]) for which in (16_382, 16_383)], "<", before
        )
    )
    assert frames(source)[:2] == [(Process(16_383, ""), Process(16_383, ""), OUTBOUND), (None, None, OUTBOUND)]


# --- whose process it is


def test_where_no_direction_is_told_the_process_is_that_of_the_host_with_all_the_connections() -> None:
    talks = [Talk(("10.0.0.5", 50_000 + turn), (f"192.0.2.{turn}", 80)).opened() for turn in range(3)]
    talks.append(Talk(("192.0.2.99", 60_000), ("10.0.0.5", 22)).opened())
    packets = [
        packet_block("<", packet, process_options("<", which // 3))
        for which, talk in enumerate(talks)
        for packet in talk.packets
    ]
    data = (
        section("<")
        + interface("<")
        + process_event("<", 1, "curl")
        + process_event("<", 2, "sshd")
        + b"".join(packets)
    )
    _, seen = watched(reader(data))
    told = [seen.process_of(endpoint) for endpoint in range(8)]
    assert [one and one.name for one in told] == ["curl", None] * 3 + [None, "sshd"]


def test_where_no_direction_is_told_and_each_side_has_its_own_process_both_are() -> None:
    packets = [packet_block("<", packet, process_options("<", 1 - packet.outgoing)) for packet in PACKETS]
    data = (
        section("<")
        + interface("<")
        + process_event("<", 1, "curl")
        + process_event("<", 2, "httpd")
        + b"".join(packets)
    )
    _, seen = watched(reader(data))
    assert [seen.process_of(0), seen.process_of(1)] == [Process(1, "curl"), Process(2, "httpd")]
    assert seen.process_listening([1]) == Process(2, "httpd")
    assert seen.process_listening([]) is None
    assert seen.process_of(2) is None


def udp(source: tuple[str, int], target: tuple[str, int], outgoing: bool, payload: bytes = b"hello") -> Packet:
    addresses = ipaddress.ip_address(source[0]).packed + ipaddress.ip_address(target[0]).packed
    datagram = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0)
    return Packet(PACKETS[0].time, head + addresses + datagram, outgoing)


def test_udp_sockets_have_processes_where_datagrams_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = ("10.0.0.5", 5353), ("10.0.0.1", 53)
    packets = [udp(own, other, True), udp(other, own, False), udp(("10.0.0.5", 9), other, True)]
    options = [process_options("<", 0) + direction("<", packet) for packet in packets]
    data = section("<") + interface("<") + process_event("<", 1, "mDNSResponder")
    data += b"".join(packet_block("<", packet, own) for packet, own in zip(packets, options, strict=True))
    local, remote = ((0, 0xFFFF00000000 | int(ipaddress.ip_address(one))) for one in ("10.0.0.5", "10.0.0.1"))
    _, seen = watched(reader(data), datagrams=True)
    assert seen.process_of_socket(local, 5353) == seen.process_of_socket(local, 9) == Process(1, "mDNSResponder")
    assert seen.process_of_socket(remote, 53) is None
    assert watched(reader(data))[1].process_of_socket(local, 5353) is None
    monkeypatch.setattr(watcher, "SOCKETS", 1)
    _, seen = watched(reader(data), datagrams=True)
    assert [seen.process_of_socket(local, port) is None for port in (9, 5353)].count(True) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=7, max_size=7))
def test_whatever_directions_and_processes_packets_claim(claims: list[tuple[int, int]]) -> None:
    options = [option("<", 2, struct.pack("<I", way)) + process_options("<", which) for way, which in claims]
    before = b"".join(process_event("<", 1 + which, "p") for which in range(3))
    _, seen = watched(reader(of_packets(options, "<", before)))
    # What is told exactly, with a direction, stands; the last one counts.
    last: dict[int, int] = {}
    for packet, (way, which) in zip(PACKETS, claims, strict=True):
        if way and which < 3:
            last[int((not packet.outgoing) ^ (way == INBOUND))] = 1 + which
    for endpoint, pid in last.items():
        assert seen.process_of(endpoint) == Process(pid, "p")


def test_votes_of_one_socket_are_bounded() -> None:
    """A capture may name another process for each of a connection's packets."""
    votes: weighing.Votes = {}
    for turn in range(5_000):
        weighing.cast(votes, [(turn << weighing.RANK_BITS | weighing.SENT, 1), (7 << 2 | weighing.CERTAIN, 1)])
        weighing.cast(votes, [(9 << weighing.RANK_BITS | weighing.SENT, 2)])
    assert len(votes) == weighing.DIFFERENT
    assert votes[9 << weighing.RANK_BITS | weighing.SENT] > 5_000
    assert weighing.directed(votes) == 7
