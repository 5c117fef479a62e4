"""Packets in short words, and what Zeek's log has of them."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

import numpy as np

from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from pcapstate.zeek.connections import STATES, InZeeksTerms
from pcapstate.zeek.watcher import Stories
from tests.helpers import packets
from tests.helpers.captures import START, pcap

FLAGS = {"S": 2, "F": 1, "R": 4, "P": 8, "A": 16, "N": 0}
HOSTS = {"C": (bytes([10, 0, 0, 1]), 51_000), "S": (bytes([10, 0, 0, 2]), 80)}
STEP = 1_000_000
"""Nanoseconds between two packets."""


class Seen(NamedTuple):
    """A connection in Zeek's terms."""

    conn_state: str
    history: str | None
    bytes: tuple[int, int]
    packets: tuple[int, int]
    ip_bytes: tuple[int, int]
    missed: int
    lasting: int
    """Nanoseconds."""


def frame(words: str, isn: tuple[int, int] = (1_000, 5_000)) -> bytes:
    """Return the frame of a packet: ``side flags seq ack length``, then what is odd of it.

    ``side``: C and S are the ends. Sequence numbers count from the first of each end. Odd: ``w0`` is its window;
    ``bad``, ``none``, ``half`` its checksum: wrong, not there, or only the sum over the addresses, as before a network
    card completes it.
    """
    side, letters, *numbers = words.split()
    odd = set(numbers[3:])
    seq, ack, length = (int(one) for one in numbers[:3])
    own, other = isn if side == "C" else isn[::-1]
    source, target = (HOSTS[one] for one in (side, "S" if side == "C" else "C"))
    flags = sum(FLAGS[letter] for letter in letters)
    fields = {"seq": (own + seq) % 2**32, "ack": (other + ack) % 2**32 if flags & 16 else 0}
    window = 0 if "w0" in odd else 501
    payload = b"x" * length

    def segment(checksum: int) -> bytes:
        return packets.tcp((source[1], target[1]), flags, **fields, window=window, checksum=checksum, payload=payload)

    pseudo = source[0] + target[0] + struct.pack("!HH", 6, 20 + length)
    right = 0xFFFF - ones_sum(pseudo + segment(0))
    checksum = {"bad": right ^ 0x1234, "none": 0, "half": ones_sum(pseudo)}.get(next(iter(odd - {"w0"}), ""), right)
    return packets.ethernet(packets.ipv4(source[0], target[0], 6, segment(checksum)))


def ones_sum(octets: bytes) -> int:
    """Return the sum of 16-bit words in ones' complement (RFC 1071)."""
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def capture_of(*lines: str, isn: tuple[int, int] = (1_000, 5_000), snaplen: int = 262_144) -> bytes:
    """Return a capture of packets, a millisecond apart."""
    frames = [(START * 10**9 + STEP * index, frame(line, isn)) for index, line in enumerate(lines)]
    return pcap(frames, snaplen=snaplen)


def gathered(
    data: bytes, kernels: Kernels | None = None, *, checksums: bool = False, most: int = 1 << 20
) -> tuple[Capture, Stories]:
    """Return a capture in memory that was read, and its stories; ``most``: as for ``capture.Capture``."""
    source = CaptureReader(io.BytesIO(data), kernels or Kernels())
    stories = Stories(checksums, source.kernels)
    capture = Capture(source, watchers=[stories], record=False, most=most)
    stories.follow(capture.table)
    for _ in capture.follow():
        pass
    return capture, stories


def seen(data: bytes, kernels: Kernels | None = None, *, checksums: bool = False, most: int = 1 << 20) -> list[Seen]:
    """Return the connections of a capture in memory."""
    capture, stories = gathered(data, kernels, checksums=checksums, most=most)
    found = InZeeksTerms(stories, np.arange(len(capture.table.connections)))
    both = (found.sender, found.answerer), (found.answerer, found.sender)
    sizes, counts, octets = (
        list(zip(*(read(*ends).tolist() for ends in both), strict=True))
        for read in (found.sizes, lambda one, _: one["packets"], lambda one, _: one["ip_bytes"])
    )
    lasting = (found.story["last"] - found.story["first"]).tolist()
    states = [STATES[index] for index in found.states()]
    rest = sizes, counts, octets, found.story["missed"].tolist(), lasting
    return [Seen(*one) for one in zip(states, found.histories(), *rest, strict=True)]
