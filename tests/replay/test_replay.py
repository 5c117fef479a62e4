"""Any moment of what was read, tracked again: it is what a reading up to that moment knows."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from pcapstate.decode.segment import ACK, FIN, SYN
from pcapstate.errors import CaptureError, MomentError
from pcapstate.moments import CLOCK, Moment
from pcapstate.reading import Origin, Reading
from pcapstate.replay import log as log_module
from pcapstate.replay.log import PacketLog
from pcapstate.replay.replay import Replay
from pcapstate.tcp.flow_table import FlowTable
from tests.helpers import packets
from tests.helpers.captures import START, pcap
from tests.helpers.paths import CAPTURES, PCAPS

TABLES = ("connections", "extras", "seldom", "endpoints", "details", "troubles")


def short_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let chapters be short: they end with a batch of frames."""
    monkeypatch.setattr(log_module, "CHAPTER", 7)
    monkeypatch.setattr("pcapstate.sources.reader.FRAMES", 10)


def logged(path: Path, room: int = 10**9, most: int | None = None) -> tuple[Reading, PacketLog]:
    """Read a capture to its end, and keep its packets; ``most``: connections that the table keeps."""
    log = PacketLog(room)
    reading = Reading(
        Origin((path,)), record=True, details=True, watchers=lambda _: [log], followers=[log.moved], memory=most
    )
    log.attach(reading.capture.table)
    for rows in reading.transitions():
        log.changed(rows)
    return reading, log


def until(path: Path, moment: int, most: int | None = None) -> FlowTable:
    """Return the table of a reading that ends at a moment."""
    reading = Reading(Origin((path,)), at=Moment(CLOCK, moment, ""), record=True, details=True, memory=most)
    reading.read()
    return reading.capture.table


def same(one: FlowTable, other: FlowTable) -> Iterable[str]:
    """Yield the tables that differ."""
    assert one.count == other.count
    for name in TABLES:
        if not np.array_equal(getattr(one, name), getattr(other, name)):
            yield name


@pytest.mark.parametrize("path", CAPTURES[::2], ids=lambda path: path.name)
def test_table_at_any_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short_chapters(monkeypatch)
    with suppress(CaptureError):
        reading, log = logged(path)
        replay = Replay(log, reading.capture.source.kernels)
        chance = random.Random(path.name)
        first, last = sorted((reading.start, reading.moment))
        moments = [chance.randint(first, last + 10**9) for _ in range(6)]
        # On from one to the next, and back.
        for moment in (*moments, *sorted(moments), *sorted(moments, reverse=True)):
            with suppress(MomentError):
                assert not [*same(replay.to(moment), until(path, moment))]


CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
EXCHANGE = (
    (True, SYN, 0, 0),
    (False, SYN | ACK, 0, 1),
    (True, ACK, 1, 1),
    (True, FIN | ACK, 1, 1),
    (False, FIN | ACK, 1, 2),
    (True, ACK, 2, 2),
)
"""The packets of a connection: whether the client sends it, flags, sequence and acknowledgment number."""


def many(tmp_path: Path, count: int) -> Path:
    """Write a capture of so many connections, of which several are open at a time."""
    frames = []
    for number in range(count):
        for place, (up, flags, seq, ack) in enumerate(EXCHANGE):
            ports = (10_000 + number, 80) if up else (80, 10_000 + number)
            ends = (CLIENT, SERVER) if up else (SERVER, CLIENT)
            segment = packets.tcp(ports, flags, seq=1000 + seq, ack=1000 + ack if flags & ACK else 0)
            frames.append(
                (START * 10**9 + number * 10**8 + place * 10**8 // 2, packets.ethernet(packets.ipv4(*ends, 6, segment)))
            )
    path = tmp_path / "many.pcap"
    path.write_bytes(pcap(sorted(frames)))
    return path


def test_oldest_packets_are_dropped_where_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short_chapters(monkeypatch)
    path = many(tmp_path, 300)
    whole = logged(path)[1]
    reading, log = logged(path, room=sum(one.size for one in whole.chapters()[1]) // 2)
    assert whole.dropped == 0
    assert whole.start == 0
    assert log.dropped > 10
    assert reading.start < log.start < reading.moment
    replay = Replay(log, reading.capture.source.kernels)
    chance = random.Random(1)
    for moment in [chance.randint(log.start, reading.moment) for _ in range(20)]:
        assert not [*same(replay.to(moment), until(path, moment))]
    # What is before it is no longer known.
    replay.to(reading.start)
    assert replay.moment == log.start


def test_evicted_connections_are_there_at_moments_before_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short_chapters(monkeypatch)
    path = many(tmp_path, 300)
    whole = logged(path)[0].capture.table
    monkeypatch.setattr("pcapstate.reading.connections_within", lambda *_: 100)
    reading, log = logged(path)
    assert sum(reading.losses().evicted.values()) >= 200
    replay = Replay(log, reading.capture.source.kernels)
    replay.to(reading.moment)
    assert not [*same(replay.table, reading.capture.table)]
    early = replay.to(reading.start + 10**9)
    assert early.numbers(np.arange(len(early.connections))).tolist() == [*range(11)]
    assert replay.epoch == 0
    assert (early.connections["port_0"] == whole.connections["port_0"][:11]).all()


def test_log_can_be_read_while_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    short_chapters(monkeypatch)
    path = PCAPS / "office.pcapng"
    log = PacketLog(10**9)
    reading = Reading(Origin((path,)), record=True, details=True, watchers=lambda _: [log], every=0.5)
    log.attach(reading.capture.table)
    replay = Replay(log, reading.capture.source.kernels)
    reached: list[int] = []
    for rows in reading.transitions(reached.append):
        log.changed(rows)
        if reached:
            assert not [*same(replay.to(reached.pop()), reading.capture.table)]
    assert replay.moment > reading.start
