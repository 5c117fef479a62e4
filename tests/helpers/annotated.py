"""Captures with more than packets, made in memory or by ``pcaps/making``, and what reading them tells."""

from __future__ import annotations

import io
from typing import Any

from making.files import block, interface, option, pcap, section
from making.packets import Packet, Talk, ethernet
from making.processes import (
    direction,
    name_record,
    packet_block,
    pktap_header,
    process_event,
    process_id,
    process_options,
    statistics,
)

from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.processes.watcher import Processes
from pcapstate.sources.process_blocks import Process
from pcapstate.sources.reader import CaptureReader
from tests.helpers.paths import PCAPS

ORDERS = ("<", ">")
INBOUND, OUTBOUND = 1, 2
PACKETS = Talk().opened().exchange().packets
END = {order: option(order, 0, b"") for order in ORDERS}
UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def reader(data: bytes, kernels: Kernels | None = None) -> CaptureReader:
    return CaptureReader(io.BytesIO(data), kernels or Kernels())


def frames(source: Any) -> list[tuple[Process | None, Process | None, int]]:
    """Process, effective process and direction of each frame."""
    found = []
    for batch in source.batches():
        for process, effective in zip(
            batch.frames["process"].tolist(), batch.frames["effective"].tolist(), strict=True
        ):
            named = [source.processes[number - 1] if number else None for number in (process & 0x3FFF, effective)]
            found.append((*named, process >> 14))
    return found


def watched(source: Any, datagrams: bool = False) -> tuple[Capture, Processes]:
    seen = Processes(source, datagrams)
    capture = Capture(source, watchers=[seen])
    for _ in capture.follow():
        pass
    return capture, seen


def ours(name: str) -> CaptureReader:
    """A capture of ours, by its file name."""
    return reader((PCAPS / name).read_bytes())


def owners(name: str) -> list[tuple[int | None, str] | None]:
    """Process of each endpoint of a capture of ours."""
    capture, seen = watched(ours(name))
    told = [seen.process_of(endpoint) for endpoint in range(len(capture.table.endpoints))]
    return [one and (one.pid, one.name) for one in told]


def of_packets(options: list[bytes], order: str = "<", before: bytes = b"") -> bytes:
    """A capture of PACKETS with the options given, in turn; ``before`` stands before the first packet."""
    turns = [options[turn % len(options)] for turn in range(len(PACKETS))]
    packets = [packet_block(order, packet, own) for packet, own in zip(PACKETS, turns, strict=True)]
    return section(order) + interface(order) + before + b"".join(packets)


__all__ = [
    "END",
    "INBOUND",
    "ORDERS",
    "OUTBOUND",
    "PACKETS",
    "PCAPS",
    "UUID",
    "Packet",
    "Talk",
    "block",
    "direction",
    "ethernet",
    "frames",
    "interface",
    "name_record",
    "of_packets",
    "option",
    "ours",
    "owners",
    "packet_block",
    "pcap",
    "pktap_header",
    "process_event",
    "process_id",
    "process_options",
    "reader",
    "section",
    "statistics",
    "watched",
]
