"""Frames behind a PKTAP header."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.sources import interfaces, live
from pcapstate.sources.packet_options import PROCESS_NUMBER
from pcapstate.sources.process_blocks import Process
from tests.helpers.annotated import (
    END,
    INBOUND,
    OUTBOUND,
    PACKETS,
    UUID,
    block,
    ethernet,
    interface,
    option,
    ours,
    owners,
    packet_block,
    pktap_header,
    reader,
    section,
    watched,
)
from tests.helpers.captures import pcap as plain_pcap


def test_behind_a_pktap_header_is_a_frame_of_its_own_link_type() -> None:
    assert owners("processes-pktap.pcap") == [(611, "curl"), None, (388, "nsurlsessiond (for Safari)"), None]
    capture, _ = watched(ours("processes-pktap.pcap"))
    assert capture.decoder.skipped.sum() == 0
    assert capture.table.endpoints["packets"].tolist() == [4, 3, 4, 3]


def test_pktap_in_pcapng_and_with_uuids() -> None:
    uuid = bytes.fromhex(UUID.replace("-", ""))
    header = pktap_header(1, "en0", INBOUND, 0, (7, b"seven"), (0, b""))
    longer = struct.pack("<I", 156) + header[4:] + bytes(16) + uuid + bytes(16)
    out = section("<") + interface("<", linktype=258) + interface("<")
    for packet in PACKETS:
        raw = longer + ethernet(packet)
        head = struct.pack("<IIIII", 0, packet.time // 1000 >> 32, packet.time // 1000 & 0xFFFFFFFF, len(raw), len(raw))
        out += block("<", 6, head + raw + bytes(-len(raw) % 4) + option("<", 2, b"\2\0\0\0") + END["<"])
    out += packet_block("<", PACKETS[0], END["<"], which=1)
    capture, seen = watched(reader(out))
    assert capture.frames == 8
    assert capture.table.endpoints["packets"].sum() == 8
    # The header's direction stands over that of the block.
    assert seen.process_of(0) == seen.process_of(1) == Process(7, "seven", UUID)


def test_executables_of_one_name_and_id_are_told_apart_by_their_uuids() -> None:
    header = pktap_header(1, "en0", OUTBOUND, 0, (7, b"seven"), (0, b""))
    uuids = [bytes([number]) * 16 for number in (1, 2)]
    longer = [struct.pack("<I", 156) + header[4:] + bytes(16) + uuid + bytes(16) for uuid in uuids]
    wrapped = zip([header, longer[0], longer[1], longer[0]], PACKETS, strict=False)
    source = reader(plain_pcap([(0, head + ethernet(packet)) for head, packet in wrapped], 258))
    (batch,) = source.batches()
    told = [source.processes[number - 1].uuid for number in (batch.frames["process"] & PROCESS_NUMBER).tolist()]
    assert told == [None, "01010101-" + "0101-" * 3 + "01" * 6, "02020202-" + "0202-" * 3 + "02" * 6, told[1]]


headers_of_all_kinds = st.tuples(
    st.sampled_from([107, 108, 110, 156, 2**31]),  # length
    st.integers(0, 2),  # what follows
    st.sampled_from([0, 1, 12, 258, 2**20]),  # DLT
    st.integers(0, 200),  # length of the trailer
    st.binary(max_size=120),
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([258, 149]), st.lists(headers_of_all_kinds, max_size=5))
def test_whatever_a_pktap_header_says(linktype: int, headers: list[tuple[int, int, int, int, bytes, bool]]) -> None:
    whole = []
    for length, following, dlt, trailer, rest, cut in headers:
        header = pktap_header(dlt, "en0", 3, trailer, (-1, b""), (0, b"\xff" * 20))
        header = struct.pack("<II", length, following) + header[8:]
        whole.append((0, (header[: len(rest)] if cut else header) + rest))
    source = reader(plain_pcap(whole, linktype))
    for batch in source.batches():
        at = 24
        for frame, (_, raw) in zip(batch.frames, whole, strict=True):
            start, end = at + 16, at + 16 + len(raw)
            assert start <= frame["offset"] <= frame["offset"] + frame["captured"] <= end
            assert 0 <= frame["captured"] <= frame["length"]
            if frame["linktype"] != linktype:
                assert frame["linktype"] in (0, 1, 101)
                assert frame["offset"] >= start + 108
            at = end
    assert all(process.pid == 0 for process in source.processes)


class Socket:
    """A capture socket that gives some frames, then nothing."""

    def __init__(self, frames: list[bytes]) -> None:
        self.frames = frames

    def recv_raw(self, size: int) -> tuple[Any, bytes, float]:
        return None, self.frames.pop(0), 1.0

    @staticmethod
    def select(sockets: list[Socket], seconds: float) -> list[Socket]:
        return [one for one in sockets if one.frames]

    def close(self) -> None:
        self.frames = []


def test_a_live_interface_that_names_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    header = pktap_header(1, "en0", OUTBOUND, 0, (7, b"seven"), (-1, b""))
    socket = Socket([header + ethernet(packet) for packet in PACKETS])
    monkeypatch.setattr(interfaces, "can_be_read", lambda: False)
    monkeypatch.setattr(interfaces, "_open_with_scapy", lambda *_: (socket, 258, ()))
    monkeypatch.setattr("scapy.supersocket.SuperSocket.select", Socket.select)
    source = live.LiveReader("pktap", duration=0.1)
    batch = next(source.batches())
    assert batch.frames["linktype"].tolist() == [1] * len(PACKETS)
    assert source.processes == [Process(7, "seven")]
    source.close()
