"""Names in captures with very many addresses, messages and hints: all are looked for at once, and memory is bounded."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapstate.addresses import Address, parse_address
from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.names import book as names_book
from pcapstate.names.book import NameBook, among, halves, whole
from pcapstate.names.evidence import Evidence, recipients
from pcapstate.names.packets import KEPT, Block, NamePackets
from pcapstate.names.reading import Reading
from pcapstate.sockets.annotations import Annotations
from pcapstate.sockets.rows import SocketRows
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp.perspective import perspective
from tests.helpers import payloads as p
from tests.helpers.application_data import watched
from tests.helpers.captures import START, pcap
from tests.helpers.name_messages import at, gathered, told

ANYONE = parse_address("192.0.2.9")


def address(number: int) -> str:
    return f"11.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def mentioning(count: int, messages: int = 1) -> NamePackets:
    """Return messages that mention so many addresses, each, 11.0.0.0 first."""
    frames = []
    for message in range(messages):
        for start in range(0, count, 90):
            name = f"n{message}.example"
            records = [p.a(name, address(one)) for one in range(start, min(start + 90, count))]
            frames.append((float(message), told(p.answer(name, *records))))
    return gathered(frames)


class Counted(NamePackets):
    """Messages, and how often all of them were asked for."""

    asked = 0

    def blocks(self) -> list[Block]:
        type(self).asked += 1
        return super().blocks()


def test_hints_of_many_addresses_are_looked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many connections to servers by name as are told apart from those that no message mentions."""
    monkeypatch.setattr(names_book, "MANY", 50)
    monkeypatch.setattr(Counted, "asked", 0)
    count = 300
    frames = [told(p.answer("a.example", p.a("a.example", address(7))))]
    for one in range(count):
        hello = p.tls_hello(p.server_name(f"s{one}.example".encode()))
        frames.append(p.tcp_frame(("10.0.0.2", 1_024 + one), (address(one), 443), hello))
    data = watched(frames)
    source = CaptureReader(io.BytesIO(pcap([(START, frame) for frame in frames])), Kernels())
    packets = Counted(source.kernels)
    capture = Capture(source, watchers=[packets, data])
    for _ in capture.follow():
        pass
    rows = SocketRows(capture.table, perspective(capture.table, ("10.0.0.2",)), capture.moment or 0)
    words, cells = Annotations(data=data, names=NameBook(packets)).foreign_name(rows)
    shown = {words[cell] for cell in cells.tolist()}
    assert shown == {"a.example", *(f"s{one}.example" for one in range(count) if one != 7)}
    assert Counted.asked < 5


def test_names_are_found_among_many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_book, "MANY", 50)
    book = NameBook(mentioning(100))
    asked = np.array([parse_address(address(one)) for one in range(0, 1_000, 2)], dtype=np.int64)
    book.prepare_all(asked[:, 0], asked[:, 1])
    assert book.may_name(asked[:, 0], asked[:, 1]).tolist() == [one < 100 for one in range(0, 1_000, 2)]
    found = book.name(parse_address(address(98)), at(1))
    assert found is not None
    assert found.fqdn == "n0.example"
    # All others were looked for, too, and are mentioned nowhere.
    assert book.name(parse_address(address(1)), at(1)) is None
    assert book.dropped == (0, 0, 0)


def test_what_finds_no_room_is_counted_and_the_latest_stays() -> None:
    packets = mentioning(90, 20)
    book = NameBook(packets, most=90 * 2 * names_book.ADDRESS)
    asked = [parse_address(address(one)) for one in range(100)]
    book.prepare(asked)
    room = 90 * names_book.ADDRESS // 2 // names_book.EACH
    assert book.dropped == (10, 90 * 20 - room, 0)
    found = book.name(asked[0], at(30))
    assert found is not None
    assert found.fqdn == "n19.example"
    for one in range(2_000):
        book.add_hint(*ANYONE, at(one), f"h{one}.example", "sni", one)
    assert 0 < book.dropped[2] < 2_000
    assert book.name(ANYONE, at(0)) is not None
    # Who is asked for next takes the place of who nobody asks for.
    book.prepare([parse_address(address(one)) for one in range(90)])
    assert book.name(parse_address(address(89)), at(30)) is not None


def test_new_messages_take_the_place_of_what_filled_the_room() -> None:
    packets = mentioning(90, 20)
    book = NameBook(packets, most=90 * 2 * names_book.ADDRESS)
    asked = [parse_address(address(one)) for one in range(90)]
    book.prepare(asked)
    for _, frame in ((99, told(p.answer("late.example", p.a("late.example", address(3))))),):
        source = CaptureReader(io.BytesIO(pcap([(at(99), frame)])), Kernels())
        for _ in Capture(source, watchers=[packets]).follow():
            pass
    book.prepare(asked)
    found = book.name(asked[3], at(100))
    assert found is not None
    assert found.fqdn == "late.example"


def test_mentions_take_the_memory_that_they_are_counted_for() -> None:
    """A flood of addresses that stand at each byte of messages with lists of addresses."""
    rows = np.zeros(256, dtype=KEPT)
    rows["offset"], rows["length"], rows["port"] = np.arange(256) * 4_096, 4_096, 53
    packets = NamePackets(Kernels())
    for octet in range(1, 5):
        octets = np.full(1 << 20, octet, dtype=np.uint8)
        for offset, mark in enumerate(b"\0\x41\0\1", 12):
            octets[offset::4_096] = mark
        packets.tracked(np.zeros(0), (rows, octets))
    book = NameBook(packets, most=2 << 20)
    tracemalloc.start()
    try:
        book.prepare([parse_address(f"{one}.{one}.{one}.{one}") for one in range(1, 5)])
        assert book.may_name(*np.array([parse_address("4.4.4.4")]).T).all()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_what_messages_say_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapstate.names.reading.REMEMBERED", 100)
    reading = Reading(mentioning(90, 10))
    (block,) = reading.blocks()
    for number in range(len(block.rows)):
        assert reading.claim("dns", parse_address(address(0)), number) is not None
        assert sum(map(len, reading._remembered.values())) <= 100


# --- evidence


def around(rows: list[tuple[int, int, int, int]], key: int, time: int, to: int | None) -> Iterator[int]:
    """Yield what ``Evidence.around`` does, in the simplest way."""
    mine = sorted((when, one, whom) for name, when, one, whom in rows if name == key)
    own = [(when, one) for when, one, whom in mine if whom == to]
    all_ = [(when, one) for when, one, _ in mine]
    yield from (one for when, one in reversed(own) if when <= time)
    yield from (one for when, one in reversed(all_) if when <= time)
    yield from (one for when, one in own if when > time)
    yield from (one for when, one in all_ if when > time)


SMALL = st.integers(0, 4)


@given(
    st.lists(st.tuples(SMALL, SMALL, SMALL), max_size=30), st.sets(st.integers(0, 30)), SMALL, SMALL, st.none() | SMALL
)
def test_evidence_around_a_time(
    given_: list[tuple[int, int, int]], cuts: set[int], key: int, time: int, to: int | None
) -> None:
    rows = [(one[0], one[1], number, one[2]) for number, one in enumerate(given_)]
    evidence = Evidence(100)
    start = 0
    for cut in (*sorted(cuts), len(rows)):
        some = np.array(rows[start:cut], dtype=np.int64).reshape(-1, 4)
        evidence.add(*some.T)
        assert set(evidence.keys().tolist()) == {one[0] for one in rows[:cut]}
        start = max(start, min(cut, len(rows)))
    assert list(evidence.around(key, time, to)) == list(around(rows, key, time, to))
    evidence.forget(10)
    assert list(evidence.around(key, time, to)) == list(around(rows[10:], key, time, to))


ADDRESSES = st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))


@given(
    st.lists(ADDRESSES | st.tuples(st.just(0), SMALL), min_size=1), st.lists(ADDRESSES | st.tuples(st.just(0), SMALL))
)
def test_addresses_as_one_array(some: list[Address], all_: list[Address]) -> None:
    one, other = (np.array(given_, dtype=np.int64).reshape(-1, 2) for given_ in (some, all_))
    packed = whole(one[:, 0], one[:, 1])
    assert [tuple(pair) for pair in np.stack(halves(packed), axis=1).tolist()] == some
    assert among(packed, np.unique(whole(other[:, 0], other[:, 1]))).tolist() == [pair in all_ for pair in some]
    assert len(set(recipients(one[:, 0], one[:, 1]).tolist())) <= len(set(some))
