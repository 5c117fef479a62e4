"""Packet stories: relative sequence numbers beside the states of both ends, played to the tracker without a capture.

A story is text, a packet a line: ``side flags seq ack length -> client state, server state``. ``C`` and ``S`` are
client and server; flags are letters (S F R A P); ``seq`` counts from the sender's initial sequence number, ``ack``
from the receiver's. A line ``+ 61 -> …`` lets that many seconds pass. Time otherwise moves a quarter of a second a
packet, long enough for a retransmission timer; a packet behind ``~`` comes 10 ms after the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pcapstate.decode.segment import ACK, FIN, PSH, RST, SEGMENT, SYN
from pcapstate.kernels.running import Kernels
from pcapstate.tcp import tables as c
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.states import State

FLAGS = {"S": SYN, "F": FIN, "R": RST, "A": ACK, "P": PSH}
SHORT = {
    "-": State.UNKNOWN, "CLOSED": State.CLOSED, "LISTEN": State.LISTEN, "SENT": State.SYN_SENT,
    "RCVD": State.SYN_RECEIVED, "EST": State.ESTABLISHED, "FW1": State.FIN_WAIT_1, "FW2": State.FIN_WAIT_2,
    "CW": State.CLOSE_WAIT, "CLOSING": State.CLOSING, "LACK": State.LAST_ACK, "TW": State.TIME_WAIT,
}  # fmt: skip
STEP, SOON = 250_000_000, 10_000_000


class Packet(NamedTuple):
    """One packet of a story, or a pause (``flags`` None) of ``length`` seconds."""

    side: str
    flags: int | None
    seq: int
    ack: int
    length: int
    states: tuple[State, State]
    """Of the latest connection on the 4-tuple, client and server, after it."""
    after: int = STEP
    """Nanoseconds since the packet before it."""


def parse(text: str) -> list[Packet]:
    """Read a story."""
    packets = []
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        what, _, then = line.partition("->")
        client, server = (SHORT[word.strip()] for word in then.split(","))
        words = what.split()
        after = STEP
        if words[0] == "~":
            after = SOON
            words = words[1:]
        if words[0] == "+":
            packets.append(Packet("", None, 0, 0, int(words[1]), (client, server)))
            continue
        flags = sum(FLAGS[letter] for letter in words[1])
        packets.append(Packet(words[0], flags, *(int(word) for word in words[2:5]), (client, server), after))
    return packets


@dataclass
class Variant:
    """How a story is played: who has the lower address, and the initial sequence numbers."""

    mirrored: bool = False
    isn: tuple[int, int] = (1_000, 5_000)


VARIANTS_OF_ISN = [(1_000, 5_000), (2**32 - 2, 77), (77, 2**32 - 1), (2**31 - 3, 2**31 + 3)]


def ends(variant: Variant) -> dict[str, tuple[int, int, int]]:
    """Return address (high, low) and port of both sides."""
    client, server = (0, 0xFFFF0A000001, 51_000), (0, 0xFFFF0A000002, 80)
    if variant.mirrored:
        client, server = (0, 0xFFFF0A000002, 81), (0, 0xFFFF0A000001, 51_001)
    return {"C": client, "S": server}


def segment(packet: Packet, number: int, time: int, variant: Variant) -> np.ndarray:
    """Return the row of one packet."""
    assert packet.flags is not None
    row = np.zeros(1, dtype=SEGMENT)
    where = ends(variant)
    source, target = where[packet.side], where["S" if packet.side == "C" else "C"]
    own, other = variant.isn if packet.side == "C" else variant.isn[::-1]
    row["time"], row["number"], row["flags"], row["length"] = time, number, packet.flags, packet.length
    row["source_high"], row["source_low"], row["source_port"] = source
    row["target_high"], row["target_low"], row["target_port"] = target
    row["seq"] = (own + packet.seq) % 2**32
    row["ack"] = (other + packet.ack) % 2**32 if packet.flags & ACK else 0
    row["window"], row["options"] = 0xFFFF, 1 if packet.flags & SYN else 0
    return row


def play(
    packets: list[Packet], variant: Variant | None = None, times: int = 1, kernels: Kernels | None = None
) -> tuple[list[tuple[State, State]], list[np.ndarray], FlowTable]:
    """Play packets, each so many ``times``; return the states after each, the transitions, and the table."""
    variant = variant or Variant()
    table = FlowTable(kernels or Kernels())
    states, rows = [], []
    time = 1_700_000_000_000_000_000
    number = 0
    for packet in packets:
        if packet.flags is None:
            time += packet.length * 1_000_000_000
            rows += [batch.copy() for batch in table.pass_time(time)]
        else:
            time += packet.after
            for copy in range(times):
                number += 1
                one = segment(packet, number, time + copy * 1_000, variant)
                rows += [batch.copy() for batch in table.follow(one, 1)]
        states.append(now(table, variant))
    return states, rows, table


def now(table: FlowTable, variant: Variant) -> tuple[State, State]:
    """Return the states of client and server in the latest connection."""
    if not len(table.connections):
        return State.UNKNOWN, State.UNKNOWN
    one = table.connections[-1]
    last = 2 * len(table.connections) - 2
    pair = State(table.endpoints[last]["state"]), State(table.endpoints[last + 1]["state"])
    _, low, port = ends(variant)["C"]
    return pair if (one["low_0"], one["port_0"]) == (low, port) else pair[::-1]


def client_side(table: FlowTable) -> int:
    """Return which endpoint of the latest connection the tracker takes for the client."""
    return 1 if table.connections[-1]["notes"] & c.NOTE_CLIENT_IS_1 else 0
