"""Packets with names: which are kept, and for how long."""

from __future__ import annotations

import io
import struct

import pytest

from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.names.book import NameBook
from pcapstate.names.packets import NamePackets
from pcapstate.sources.reader import CaptureReader
from tests.helpers import payloads as p
from tests.helpers.captures import pcap
from tests.helpers.name_messages import CLIENT, FIRST, RESOLVER, at, gathered, names, told


def test_dns_over_tcp() -> None:
    message = p.answer("t.example", p.a("t.example", FIRST))
    whole = struct.pack("!H", len(message)) + message
    frames = [(1, p.tcp_frame(RESOLVER, CLIENT, whole)), (2, p.tcp_frame(RESOLVER, CLIENT, whole[:20], 9))]
    assert names(NameBook(gathered(frames)), FIRST, 9) == ("t.example", "dns")


def test_only_answers_of_name_servers_are_kept() -> None:
    message = p.answer("a.example", p.a("a.example", FIRST))
    query = bytearray(message)
    query[2] = 1
    frames = [
        (1, p.udp_frame(CLIENT, RESOLVER, message)),  # who says so is no name server
        (2, told(bytes(query))),
        (3, told(p.answer("a.example"))),
        (4, p.udp_frame(("10.0.0.1", 5000), ("10.0.0.2", 6000), message)),
        (5, told(message[:11])),
        (6, told(message[: len(message) - 3])),
    ]
    packets = gathered(frames)
    assert [len(block.rows) for block in packets.blocks()] == [1]
    assert names(NameBook(packets), FIRST, 9) is None


def test_the_oldest_gives_way() -> None:
    frames = [(n, told(p.answer(f"n{n}.example", p.a(f"n{n}.example", f"192.0.2.{n}")))) for n in range(1, 101)]
    packets = NamePackets(Kernels(), most=2_000)
    for n, frame in frames:
        one = CaptureReader(io.BytesIO(pcap([(at(n), frame)])), Kernels())
        for _ in Capture(one, watchers=[packets]).follow():
            pass
    assert 50 < packets.evicted < 100
    assert sum(block.size for block in packets.blocks()) <= 2_000
    book = NameBook(packets)
    assert names(book, "192.0.2.1", 200) is None
    assert names(book, "192.0.2.100", 200) == ("n100.example", "dns")


def test_plain_and_compiled_copy_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [(n, told(p.answer(f"n{n}.example", p.a(f"n{n}.example", f"192.0.2.{n}")))) for n in range(40)]
    kept = []
    for choice in ("plain", "compiled"):
        monkeypatch.setenv("PCAPSTATE_KERNELS", choice)
        kernels = Kernels()
        assert kernels.compiled == (choice == "compiled")
        (block,) = gathered(frames, kernels=kernels).blocks()
        kept.append((block.rows.tolist(), block.data.tobytes()))
    assert kept[0] == kept[1]
    assert len(kept[0][0]) == 40
