"""Captures read and compared, without the command line."""

from __future__ import annotations

from pathlib import Path

from pcapstate.comparing.comparison import Comparison, compare
from pcapstate.comparing.packets import KeptPackets
from pcapstate.comparing.pairing import Read
from pcapstate.reading import Origin, Reading
from pcapstate.tcp.settling import in_time, settled


def read(path: Path | str) -> Read:
    kept = KeptPackets(1_000_000)
    reading = Reading(Origin((str(path),)), record=True, watchers=lambda _: [kept])
    kept.attach(reading.capture.table)
    rows, _ = settled(in_time(reading.history()))
    return Read(reading.capture.table, kept.packets(), rows, reading.start, reading.capture.clock or 0)


def compared(first: Path | str, second: Path | str, offset: int | None = None) -> Comparison:
    return compare(read(first), read(second), offset)
