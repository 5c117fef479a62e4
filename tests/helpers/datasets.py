"""Datasets for tests: builds in this process, captures with conversations of a sensor, rows of what was built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pcapstate.archive import manifest as m
from pcapstate.archive.adding import Building
from pcapstate.archive.building import Report, build
from pcapstate.archive.parquet import connect, listed
from pcapstate.archive.storage import Storage
from pcapstate.archive.workers import Done
from pcapstate.decode.segment import ACK, FIN, PSH, SYN
from tests.helpers import packets
from tests.helpers.captures import START, pcap

SECOND = 10**9
Frames = list[tuple[int, bytes]]


class Here:
    """Tasks done in this process."""

    def do(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        for index, task in enumerate(tasks):
            yield Done(index, work(task))

    def address(self) -> None:
        pass

    def close(self) -> None:
        pass


def built(out: Path, *sources: Path, final_after: int = 3600 * SECOND, bits: int = 2, **how: Any) -> Report:
    """Build a dataset, or more of it."""
    options = m.Options([("", 60.0)], final_after=final_after, bits=bits)
    return build(Storage(str(out)), Building(tuple(map(str, sources)), options, **how), Here())


def conversation(number: int, time: int, length: int = 100, pause: int = 10_000_000, ended: bool = True) -> Frames:
    """Return the frames of a connection from its handshake to its end, from a time on."""
    hosts = bytes([10, 0, number >> 8, number & 0xFF]), bytes([10, 9, 0, 1 + number % 5])
    ports = 20_000 + number, 443
    told: Frames = []
    seqs = [1_000 * number, 7_777 * number]

    def say(side: int, flags: int, size: int = 0) -> None:
        payload = bytes(size)
        segment = packets.tcp(
            ports if side == 0 else ports[::-1], flags, seq=seqs[side], ack=seqs[1 - side] if flags & ACK else 0,
            payload=payload,
        )  # fmt: skip
        ends = hosts if side == 0 else hosts[::-1]
        identification = (number * 50 + len(told)) % 65_535 + 1
        packet = packets.ipv4(*ends, 6, segment, identification=identification, fragment=0x4000)
        told.append((time + len(told) * pause, packets.ethernet(packet)))
        seqs[side] += size + bool(flags & (SYN | FIN))

    say(0, SYN)
    say(1, SYN | ACK)
    say(0, ACK)
    say(0, ACK | PSH, length)
    say(1, ACK)
    say(1, ACK | PSH, length)
    say(0, ACK)
    if ended:
        say(0, ACK | FIN)
        say(1, ACK | FIN)
        say(0, ACK)
    return told


def conversations(numbers: Iterable[int], start: int = START * SECOND, apart: int = SECOND // 3, **how: Any) -> Frames:
    """Return the frames of connections, one beginning after the other."""
    return sorted(
        frame for at, number in enumerate(numbers) for frame in conversation(number, start + at * apart, **how)
    )


def shifted(frames: Frames, offset: int) -> Frames:
    """Return frames with other times."""
    return [(time + offset, frame) for time, frame in frames]


def written(path: Path, frames: Frames) -> Path:
    """Write a capture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pcap(frames))
    return path


CONNECTION = (
    "client_address, client_port, server_address, server_port, client_state, server_state, opened_ns, last_ns,"
    " closed_ns, outcome, handshake_seen, client_packets, server_packets, client_bytes, server_bytes,"
    " client_retransmissions, server_retransmissions"
)
STATE = (
    "endpoint, address, port, peer_address, peer_port, state, since_ns, until_ns, before, cause, certainty, held, side,"
    " rule, doubt, origin"
)


def rows(out: Path, ids: bool = False) -> tuple[list[Any], list[Any]]:
    """Return connections and states of a dataset in order; ``ids``: with the numbers of connections and packets."""
    storage = Storage(str(out))
    manifest = m.existing(storage)
    database = connect(storage)
    found = []
    for table, columns in (("connections", CONNECTION), ("states", STATE)):
        files = [storage.url(one) for one in manifest.files if one.startswith(f"{table}/")]
        if ids:
            columns += ", connection, capture, frame"
        query = f"SELECT {columns} FROM read_parquet({listed(files)}, hive_partitioning = false) ORDER BY ALL"
        found.append(database.execute(query).fetchall() if files else [])
    return found[0], found[1]
