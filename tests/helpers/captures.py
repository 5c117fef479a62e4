"""Captures made in memory, for tests that vary them."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

from pcapstate.capture import Capture
from pcapstate.decode.segment import ACK
from pcapstate.kernels.running import Kernels
from pcapstate.output.formats import render
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp.history import History
from pcapstate.views import connections, timeline
from tests.helpers import packets
from tests.helpers.stories import Packet, Variant

START = 1_700_000_000


def tcp_frame(packet: Packet, variant: Variant) -> bytes:
    """Return an Ethernet frame with IPv4 and TCP; the payload is spaces."""
    assert packet.flags is not None
    client, server = (bytes([10, 0, 0, 1]), 51_000), (bytes([10, 0, 0, 2]), 80)
    if variant.mirrored:
        client, server = (server[0], 81), (client[0], 51_001)
    source, target = (client, server) if packet.side == "C" else (server, client)
    own, other = variant.isn if packet.side == "C" else variant.isn[::-1]
    ack = (other + packet.ack) % 2**32 if packet.flags & ACK else 0
    seq, payload = (own + packet.seq) % 2**32, b" " * packet.length
    segment = packets.tcp((source[1], target[1]), packet.flags, seq=seq, ack=ack, payload=payload)
    return packets.ethernet(packets.ipv4(source[0], target[0], 6, segment, fragment=0x4000))


def pcap(frames: list[tuple[int, bytes]], linktype: int = 1, snaplen: int = 262_144) -> bytes:
    """Return a pcap file (little-endian, nanoseconds) of frames with their times."""
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snaplen, linktype)
    for time, frame in frames:
        captured = frame[:snaplen]
        out += struct.pack("<IIII", time // 10**9, time % 10**9, len(captured), len(frame)) + captured
    return out


def story_frames(packets: list[Packet], variant: Variant | None = None) -> list[tuple[int, bytes]]:
    """Return the frames of a story with their times, twice as far apart as in the story."""
    time, out = START * 10**9, []
    for packet in packets:
        if packet.flags is None:
            time += packet.length * 10**9
        else:
            time += 2 * packet.after
            out.append((time, tcp_frame(packet, variant or Variant())))
    return out


def answers(data: bytes, kernels: Kernels | None = None) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """Return timeline and connections of a capture in memory, and what was damaged."""
    source = CaptureReader(io.BytesIO(data), kernels or Kernels())
    history = History(1 << 20)
    capture = Capture(source, history=history)
    for batch in capture.follow():
        history.add(batch)
    rows = history.take()
    found = []
    for table in (
        timeline.view(capture.table, [rows], None, None, final=False),
        connections.view(capture.table),
    ):
        text = b"".join(render(table, "jsonl", source.kernels)).decode()
        found.append([json.loads(line) for line in text.splitlines()])
    found[0].append({"skipped": capture.decoder.skipped.nonzero()[0].tolist(), "frames": capture.frames})
    return found[0], found[1], "; ".join(str(damage) for damage in capture.damages)


__all__ = ["START", "answers", "pcap", "story_frames", "tcp_frame"]
