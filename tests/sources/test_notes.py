"""What a capture tells beside processes: names, interfaces, lost packets; and several captures as one."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner

from pcapstate.cli.main import cli
from pcapstate.kernels.running import Kernels
from pcapstate.sources import blocks
from pcapstate.sources.merging import MergedReader
from pcapstate.sources.reader import CaptureReader
from pcapstate.sources.sections import BLOCKS_SKIPPED, INTERFACES_DROPPED, NAMES_DROPPED
from tests.helpers.annotated import (
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
    monkeypatch.setattr("pcapstate.sources.sections.NOTES", 10)
    source = reader(data)
    assert [len(batch.frames) for batch in source.batches()] == [500]
    assert (source.drops, source.damage) == (9, None)
    assert source.overflow == {BLOCKS_SKIPPED: 490}


def interfaces_flood(order: str, count: int, packets: dict[int, int]) -> bytes:
    """A section with so many interfaces; ``packets``: how many on which of them."""
    out = [section(order), interface(order, name="first")]
    out += [interface(order, linktype=101)] * (count - 1)
    for which, many in packets.items():
        one = bytearray(packet_block(order, PACKETS[0], END[order]))
        struct.pack_into(order + "I", one, 8, which)
        out.append(bytes(one) * many)
    return b"".join(out)


@pytest.mark.parametrize("way", ["plain", "compiled"])
def test_a_flood_of_interfaces(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as have room are known; packets on others are left out, and counted."""
    monkeypatch.setenv("PCAPSTATE_KERNELS", way)
    kernels = Kernels()
    most, more = 65_536, 1_000
    data = interfaces_flood(">", most + more, {0: 2, most + more - 1: 3, most - 1: 5})
    source = reader(data + interfaces_flood("<", 2, {1: 1}), kernels)
    found = [(one["number"], one["linktype"]) for batch in source.batches() for one in batch.frames]
    assert found == [*((number, 1) for number in (1, 2)), *((number, 101) for number in (6, 7, 8, 9, 10, 11))]
    assert (source.left_out_packets, source.damage, len(source.interfaces)) == (3, None, most)
    # Those of the second section are known to read its packets, but not told of.
    assert source.overflow == {INTERFACES_DROPPED: more + 2}
    assert len(source._sections.timing) == most
    source = reader(interfaces_flood("<", most + more, {most + more: 1}), kernels)
    assert [len(batch.frames) for batch in source.batches()] == []
    assert "an interface that was not described" in str(source.damage)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    path = tmp_path / "flood.pcapng"
    path.write_bytes(interfaces_flood("<", 65_540, {0: 1, 65_537: 2}))
    for captures in ([str(path)], [str(path), str(path)]):
        result = CliRunner().invoke(cli, ["connections", *captures, "--format", "csv"])
        assert result.exit_code == 1
        many = len(captures)
        assert f"{2 * many:,} packets on interfaces beyond the first 65,536 were left out" in result.stderr
        dropped = 4 if many == 1 else 4 + 65_540
        assert f"{dropped:,} interface descriptions were dropped: too many to keep" in result.stderr


def test_names_and_their_characters_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All captures that are read as one share the room."""
    records = [block("<", 4, name_record("<", bytes([10, 0, 0, one]), f"host{one}.example")) for one in range(9)]
    data = section("<") + interface("<", name="eth0") + b"".join(records)
    monkeypatch.setattr("pcapstate.sources.blocks.NAMES", 7)
    source = reader(data)
    assert list(source.batches()) == []
    assert len(source.names) == 7
    assert source.overflow == {NAMES_DROPPED: 2}
    monkeypatch.setattr("pcapstate.sources.blocks.LENGTH", 4 + 3 * len("host0.example") + 2)
    source = reader(data + section("<") + interface("<", name="eth1"))
    assert list(source.batches()) == []
    assert [one.name for one in source.interfaces] == ["eth0", "et"]
    assert source.overflow == {NAMES_DROPPED: 6}


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
