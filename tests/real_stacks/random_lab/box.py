"""The box between the two hosts of a random run: what each connection suffers, and what became of every frame.

It reads and writes the TAP interfaces of both hosts in one event loop. Chance is drawn per connection and direction, in
the order of frames, from the seed of the connection.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel_lab.namespaces import Namespace
from kernel_lab.segments import Segment, forge, from_frame

SNAPLEN = 128
"""How many bytes of each frame are kept, as in the captures on the hosts' own interfaces."""
_ETHERTYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}


@dataclass(frozen=True)
class Drop:
    """Lose the first `times` segments from one end (`client`, `server`) with these flags and without those."""

    sender: str
    flags: str
    lacks: str
    times: int


@dataclass(frozen=True)
class Forgery:
    """Deliver a segment that its sender never sent, some seconds after the first segment of the connection.

    `shift` is added to the sequence number that would be next, `ack_shift` to the ACK number; without ACK among the
    flags the latter says nothing.
    """

    after: float
    sender: str
    flags: str
    shift: int = 0
    ack_shift: int = 0
    payload: int = 0


@dataclass(frozen=True)
class Hole:
    """Nothing from these ends arrives from `begin` seconds after the first segment, for `seconds`."""

    begin: float
    seconds: float
    senders: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What a connection suffers; pairs are for the segments of the client and for those of the server.

    `delay` is in seconds, `loss` a probability. `reorder` and `repeat` are a probability and by how many seconds a
    segment, or its copy, comes later. `idle` is after how many seconds of silence a middlebox forgets the connection:
    from then on nothing passes, or (`idle_resets`) is answered with a RST.
    """

    delay: tuple[float, float] = (0.0, 0.0)
    loss: tuple[float, float] = (0.0, 0.0)
    reorder: tuple[float, float] = (0.0, 0.0)
    repeat: tuple[float, float] = (0.0, 0.0)
    drops: tuple[Drop, ...] = ()
    forgeries: tuple[Forgery, ...] = ()
    holes: tuple[Hole, ...] = ()
    idle: float = 0.0
    idle_resets: bool = False


@dataclass
class Passage:
    """One frame with a segment: when it came to the box, and when it was handed on, if it was."""

    segment: Segment
    frame: bytes
    forged: bool = False
    delivered: list[float] = field(default_factory=list)


class _Connection:
    """What the box remembers of a pair of endpoints."""

    def __init__(self, policy: Policy, client: str, seed: str) -> None:
        self.policy, self.client = policy, client
        self.chance = {sender: random.Random(f"{seed} {sender}") for sender in ("client", "server")}
        self.left = [drop.times for drop in policy.drops]
        self.begin = self.latest = 0.0
        self.forgotten = False
        self.last: dict[str, Segment] = {}

    def end(self, segment: Segment) -> str:
        return "client" if segment.source == self.client else "server"


class Box:
    """Joins the TAP descriptors of two hosts, for as long as its event loop runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, taps: dict[str, int]) -> None:
        self._loop, self._taps = loop, taps
        self._headers: dict[str, bytes] = {}
        self._host_of: dict[str, str] = {}
        self._connections: dict[frozenset[str], _Connection] = {}
        self.passages: list[Passage] = []
        for name, tap in taps.items():
            loop.add_reader(tap, self._take, name)

    def expect(self, client: str, server: str, policy: Policy, seed: str) -> None:
        """Treat the connections between these endpoints by a policy, with chance from the seed."""
        self._connections[frozenset((client, server))] = _Connection(policy, client, seed)

    def met(self, hosts: Mapping[str, Namespace]) -> None:
        """Go on once the hosts know each other's link addresses."""

    def incoming(self, origin: str, frame: bytes) -> bytes:
        """Return what a host has sent, as the box treats it."""
        return frame

    def outgoing(self, target: str, frame: bytes) -> bytes:
        """Return what a host gets for a frame."""
        return frame

    def close(self) -> None:
        """Cut the wire."""
        for tap in self._taps.values():
            self._loop.remove_reader(tap)
            os.close(tap)

    def _take(self, origin: str) -> None:
        """Read all frames that a host has sent."""
        while True:
            try:
                frame = self.incoming(origin, os.read(self._taps[origin], 65536))
            except BlockingIOError:
                return
            target = "server" if origin == "client" else "client"
            if frame[0] & 1 == 0:
                self._headers[target] = frame[:12]
            segment = from_frame(frame, time.time())
            if segment is None:
                self._write(target, frame)
                continue
            passage = Passage(segment, frame[:SNAPLEN])
            self.passages.append(passage)
            self._host_of[segment.source.rpartition(":")[0]] = origin
            for delay in self._delays(segment):
                self._send(passage, target, frame, delay)

    def _send(self, passage: Passage, target: str, frame: bytes, delay: float) -> None:
        if delay > 0:
            self._loop.call_later(delay, self._deliver, passage, target, frame)
        else:
            self._deliver(passage, target, frame)

    def _deliver(self, passage: Passage, target: str, frame: bytes) -> None:
        if self._write(target, frame):
            passage.delivered.append(time.time())

    def _write(self, target: str, frame: bytes) -> bool:
        try:
            os.write(self._taps[target], self.outgoing(target, frame))
        except OSError:  # full, or closed at the end of the run: lost like any other
            return False
        return True

    def _delays(self, segment: Segment) -> list[float]:
        """After how many seconds each copy of a segment arrives; empty if it is lost."""
        known = self._connections.get(frozenset((segment.source, segment.destination)))
        if known is None:
            return [0.0]
        policy, end = known.policy, known.end(segment)
        side = ("client", "server").index(end)
        now = self._loop.time()
        if not known.begin:
            known.begin = known.latest = now
            for forgery in policy.forgeries:
                self._loop.call_later(forgery.after, self._forge, known, forgery, segment)
        known.last[end] = segment
        # Always the same number of draws, so that one segment more or less does not change what befalls the others.
        lost, later, again = (known.chance[end].random() for _ in range(3))
        if self._forgets(known, now):
            if policy.idle_resets and not segment.has("R"):
                self._reset(segment)
            return []
        for index, drop in enumerate(policy.drops):
            chosen = drop.sender == end and segment.has(drop.flags) and not any(map(segment.has, drop.lacks))
            if chosen and known.left[index]:
                known.left[index] -= 1
                return []
        since = now - known.begin
        if any(end in hole.senders and 0 <= since - hole.begin < hole.seconds for hole in policy.holes):
            return []
        if lost < policy.loss[side]:
            return []
        delay = policy.delay[side] + (policy.reorder[1] if later < policy.reorder[0] else 0.0)
        return [delay] + ([delay + policy.repeat[1]] if again < policy.repeat[0] else [])

    def _forgets(self, known: _Connection, now: float) -> bool:
        if known.policy.idle and now - known.latest > known.policy.idle:
            known.forgotten = True
        known.latest = now
        return known.forgotten

    def _forge(self, known: _Connection, forgery: Forgery, first: Segment) -> None:
        """Make up a segment out of the last ones of both ends."""
        like = known.last.get(forgery.sender)
        if like is None:
            return
        peer = known.last.get("server" if forgery.sender == "client" else "client", None)
        seq = (like.end + forgery.shift) & 0xFFFFFFFF
        ack = ((peer.end if peer else like.ack) + forgery.ack_shift) & 0xFFFFFFFF
        self._inject(like, forge(like.source, like.destination, forgery.flags, seq, ack, bytes(forgery.payload)))

    def _reset(self, segment: Segment) -> None:
        """Answer a segment in the name of its receiver, as a NAT that has forgotten the connection does."""
        answer = forge(segment.destination, segment.source, "R", segment.ack)
        self._inject(segment, answer, back=True)

    def _inject(self, like: Segment, packet: bytes, back: bool = False) -> None:
        origin = self._host_of[like.source.rpartition(":")[0]]
        other = "server" if origin == "client" else "client"
        target = origin if back else other
        if target not in self._headers:
            return
        frame = self._headers[target] + _ETHERTYPES[packet[0] >> 4] + packet
        segment = from_frame(frame, time.time())
        assert segment is not None
        passage = Passage(segment, frame[:SNAPLEN], forged=True)
        self.passages.append(passage)
        self._deliver(passage, target, frame)
