"""Segments of many connections that are all alive, made in memory as the decoder would make them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pcapstate.decode.segment import ACK, PSH, SEGMENT, SYN, TELLING

Rows = np.ndarray[Any, Any]

START = 1_700_000_000 * 1_000_000_000
GAP = 250
"""Nanoseconds between two packets."""
DATA = 930
WINDOW = 64_240
SCRAMBLE = 2_654_435_761
"""Odd, so that different numbers times this are different addresses."""
TURNS = 4
"""A connection goes round these: data of the client, the server's ACK, data of the server, the client's ACK."""


class Population:
    """So many connections over IPv4, each with another client; rows of SEGMENT for what they send.

    Segments are in order, and none is sent twice, however long ``talk`` goes on.
    """

    def __init__(self, alive: int, seed: int = 1) -> None:
        self.alive = alive
        self._random = random = np.random.default_rng(seed)
        self._hosts = np.empty((2, alive), dtype=np.uint32)
        self._hosts[0] = (np.arange(alive, dtype=np.uint64) * np.uint64(SCRAMBLE) + np.uint64(seed)) & 0xFFFFFFFF
        self._hosts[1] = 0xC0A80000 + random.integers(0, 1 << 16, alive, dtype=np.uint32)
        self._ports = np.empty((2, alive), dtype=np.int32)
        self._ports[0] = random.integers(1024, 65_000, alive, dtype=np.int32)
        self._ports[1] = np.array([80, 443, 8080, 5432, 22], dtype=np.int32)[random.integers(0, 5, alive)]
        self._first = random.integers(0, 1 << 32, (2, alive), dtype=np.uint32)
        self._phase = random.integers(0, TURNS, alive, dtype=np.int8)
        """Where each begins to go round, so that no two neighbours need send the same."""
        self._sent = 0

    def opening(self, first: int, end: int) -> Iterator[Rows]:
        """Yield the SYNs of the connections with these numbers, then their SYN-ACKs, then their ACKs."""
        who = np.arange(first, end)
        zero = np.zeros(len(who), dtype=np.int64)
        for back, flags in ((0, SYN), (1, SYN | ACK), (0, ACK)):
            yield self._rows(who, zero + back, flags, zero, zero - bool(flags & SYN), zero - (flags == SYN))

    def talk(self, size: int) -> Iterator[Rows]:
        """Yield runs of ``size`` segments without end: each connection sends one, in random order, then each again."""
        turn, who, turns = 0, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        while True:
            if len(who) < size:
                more = -(-(size - len(who)) // self.alive)
                who = np.concatenate([who, *(self._random.permutation(self.alive) for _ in range(more))])
                turns = np.concatenate([turns, np.repeat(np.arange(turn, turn + more), self.alive)])
                turn += more
            yield self._talk(who[:size], turns[:size])
            who, turns = who[size:], turns[size:]

    def _talk(self, who: Rows, turn: Rows) -> Rows:
        phase = self._phase[who].astype(np.int64)
        step = turn + phase
        kind = step % TURNS
        # How often each side's turn with data came before this one.
        client = (step + 3) // TURNS - (phase + 3) // TURNS
        server = (step + 1) // TURNS - (phase + 1) // TURNS
        back = ((kind == 1) | (kind == 2)).astype(np.int64)
        length = np.where(kind % 2 == 0, DATA, 0)
        flags = np.where(kind % 2 == 0, PSH | ACK, ACK)
        own, other = np.where(back, server, client), np.where(back, client, server)
        return self._rows(who, back, flags, length, own * DATA, other * DATA)

    def _rows(self, who: Rows, back: Rows, flags: Rows | int, length: Rows, seq: Rows, ack: Rows) -> Rows:
        """Return rows; ``seq`` and ``ack`` count from the first byte of data, and -1 is that of a SYN."""
        rows = np.zeros(len(who), dtype=SEGMENT)
        numbers = self._sent + np.arange(len(who))
        self._sent += len(who)
        rows["number"], rows["time"] = numbers + 1, START + GAP * numbers
        for field, side in (("source", back), ("target", 1 - back)):
            rows[f"{field}_low"] = self._hosts[side, who].astype(np.int64) | 0xFFFF << 32
            rows[f"{field}_port"] = self._ports[side, who]
        rows["seq"] = self._first[back, who].astype(np.int64) + 1 + seq & 0xFFFFFFFF
        acks = self._first[1 - back, who].astype(np.int64) + 1 + ack & 0xFFFFFFFF
        rows["ack"] = np.where(np.asarray(flags) & ACK, acks, 0)
        rows["length"], rows["flags"], rows["window"] = length, flags, WINDOW
        rows["endpoint"] = rows["payload"] = -1
        rows["mark"] = self._random.integers(0, 1 << 31, len(who), dtype=np.uint32) | np.uint32(TELLING)
        return rows
