"""What a capture tells beside processes: names, interfaces, lost packets; and several captures as one."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from pcapstate.sources import blocks
from pcapstate.sources.merging import MergedReader
from pcapstate.sources.reader import CaptureReader

from .annotated import (
    END,
    INBOUND,
    ORDERS,
    OUTBOUND,
    PACKETS,
    block,
    direction,
    frames,
    interface,
    name_record,
    of_packets,
    option,
    ours,
    packet_block,
    pcap,
    process_event,
    process_options,
    reader,
    section,
    statistics,
)


def test_names_and_drops_are_told() -> None:
    source = ours("names-and-drops.pcapng")
    assert source.drops is None
    assert frames(source) == [(None, None, 0)] * 7
    assert [(str(ipaddress.ip_address(address)), names) for address, names in source.names] == [
        ("192.0.2.80", ["www.example.com", "example.com"]),
        ("2001:db8:80::1", ["www.example.com"]),
    ]
    told = [(one.name, one.received, one.dropped, one.dropped_by_system) for one in source.interfaces]
    assert told == [("eth0", 7, 2, 3), ("wlan0", 90, 10, 0)]
    assert source.drops == 15


# --- names and statistics


@pytest.mark.parametrize("order", ORDERS)
def test_name_records(order: str) -> None:
    four, six = bytes([10, 0, 0, 1]), bytes(range(16))
    good = (
        name_record(order, four, "a", "b") + option(order, 3, b"\2\0\0\0\0\1mac\0") + name_record(order, six, "c" * 300)
    )
    odd = (
        option(order, 1, four)
        + option(order, 1, four + b"\0\0")
        + option(order, 2, four)
        + option(order, 1, four + b"\xffx")
    )
    data = of_packets(
        [b""], order, block(order, 4, good + odd + END[order] + name_record(order, four, "behind the end"))
    )
    source = reader(data + block(order, 4, name_record(order, four, "late") + struct.pack(order + "HH", 1, 99)))
    assert len(frames(source)) == 7
    assert source.names == [(four, ["a", "b"]), (six, ["c" * 255]), (four, ["\ufffdx"]), (four, ["late"])]


def test_only_so_many_names_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "NAMES", 3)
    records = [name_record("<", bytes([10, 0, 0, turn]), "a", "b") for turn in range(3)]
    source = reader(of_packets([b""], "<", b"".join(block("<", 4, record) for record in records)))
    frames(source)
    assert [names for _, names in source.names] == [["a", "b"], ["a"]]


@pytest.mark.parametrize("order", ORDERS)
def test_drops_are_summed_over_interfaces_and_sections(order: str) -> None:
    unknown, short = statistics(order, 0, 2**64 - 1, 2**64 - 1, 1), block(order, 5, b"\0\0\0\0")
    other = option(order, 5, b"\0\0\0\1") + option(order, 9, bytes(8))
    odd = block(order, 5, struct.pack(order + "III", 0, 0, 0) + other) + statistics(order, 8, 1, 1, 1)
    data = of_packets([b""], order, statistics(order, 0, 10, 4, 2)) + of_packets([b""], order, unknown + short + odd)
    source = reader(data)
    frames(source)
    told = [(one.section, one.number, one.received, one.dropped, one.dropped_by_system) for one in source.interfaces]
    assert told == [(0, 0, 10, 4, 2), (1, 0, None, None, 1)]
    assert source.drops == 7
    assert reader(of_packets([b""])).drops is None


def test_blocks_beside_the_packets_neither_cut_batches_nor_count_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    packets = [packet_block("<", PACKETS[0], END["<"]) + statistics("<", 0, turn, turn, 0) for turn in range(500)]
    data = section("<") + interface("<") + b"".join(packets)
    source = reader(data)
    sizes = [len(batch.frames) for batch in source.batches()]
    assert sizes == [500]
    assert source.drops == 499
    monkeypatch.setattr("pcapstate.sources.reader.NOTES", 11)
    source = reader(data)
    assert [len(batch.frames) for batch in source.batches()] == [500]
    # One interface description, and ten blocks of statistics.
    assert (source.drops, source.damage) == (9, None)


# --- several captures as one


def test_captures_merged_number_their_processes_anew() -> None:
    def one(names: list[str], shift: int, order: str) -> CaptureReader:
        out = section(order) + interface(order)
        out += b"".join(process_event(order, len(name), name) for name in names)
        for turn, packet in enumerate(PACKETS):
            options = process_options(order, turn % len(names), 0) + direction(order, packet)
            out += packet_block(order, packet._replace(time=packet.time + shift), options)
        return reader(
            out + statistics(order, 0, 1, 2, 0) + block(order, 4, name_record(order, b"\x0a\0\0\1", names[0]))
        )

    merged = MergedReader([one(["a", "bb"], 0, "<"), one(["ccc", "bb"], 5_000, ">"), reader(of_packets([b""]))])
    found = frames(merged)
    assert [process.name for process in merged.processes] == ["a", "bb", "ccc"]
    assert sorted((p.name, e.name, way) for p, e, way in found if p and e) == sorted(
        (names[turn % 2], names[0], OUTBOUND if packet.outgoing else INBOUND)
        for names in (["a", "bb"], ["ccc", "bb"])
        for turn, packet in enumerate(PACKETS)
    )
    assert merged.drops == 4
    assert [names for _, names in merged.names] == [["a"], ["ccc"]]
    assert len(merged.interfaces) == 3


def test_a_cut_off_capture_gives_what_came_before() -> None:
    data = of_packets([process_options("<", 0)], "<", process_event("<", 1, "a")) + statistics("<", 0, 1, 1, 1)
    source = reader(data[:-4])
    assert [process and process.name for process, _, _ in frames(source)] == ["a"] * 7
    assert "the file ends in the middle of a block" in str(source.damage)
    source = reader(data[:-4] + b"\1\0\0\0")
    assert len(frames(source)) == 7
    assert "a block contradicts its own length" in str(source.damage)
    assert source.damage is not None
    assert source.damage.packets == 7


def test_pcaps_of_old_say_nothing() -> None:
    source = reader(pcap(PACKETS))
    assert frames(source) == [(None, None, 0)] * 7
    assert (source.processes, source.names, source.interfaces, source.drops) == ([], [], [], None)
