"""The wire between the two hosts: carries frames from one TAP interface to the other.

It loses, repeats or holds back the segments a scenario chooses, so that no loss depends on chance or on timing.
"""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kernel_lab.segments import Segment, from_frame

Choice = Callable[[Segment], bool]

_ETHERTYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}


@dataclass
class _Rule:
    """What to do with chosen segments, and how many more of them."""

    choice: Choice
    action: str
    left: int
    kept: list[tuple[int, bytes]] = field(default_factory=list)


class Wire:
    """Joins the TAP descriptors of two hosts."""

    def __init__(self, client: int, server: int) -> None:
        self._other = {client: server, server: client}
        self.ends = {"client": client, "server": server}
        self._rules: list[_Rule] = []
        self._headers: dict[int, bytes] = {}
        self._changed = threading.Condition()
        self.seen: list[Segment] = []
        self.lost: list[Segment] = []
        self.frames = {client: 0, server: 0}
        self.failure: Exception | None = None
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="wire", daemon=True)
        self._thread.start()

    # What a scenario asks for.

    def drop(self, choice: Choice, times: int = 1) -> None:
        """Lose the next segments chosen."""
        self._add(_Rule(choice, "drop", times))

    @contextmanager
    def losing(self, choice: Choice) -> Iterator[None]:
        """Lose every segment chosen for a while, however often it is sent again."""
        rule = _Rule(choice, "drop", 1_000_000)
        self._add(rule)
        try:
            yield
        finally:
            rule.left = 0

    def repeat(self, choice: Choice, times: int = 1_000_000) -> None:
        """Deliver the next segments chosen twice."""
        self._add(_Rule(choice, "repeat", times))

    def hold(self, choice: Choice, times: int = 1_000_000) -> Callable[[], None]:
        """Keep the next segments chosen back, until the function returned is called."""
        rule = _Rule(choice, "hold", times)
        self._add(rule)
        return lambda: self._release(rule)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Carry nothing for a while but what is released or injected meanwhile."""
        with self._changed:
            yield

    def restore(self) -> None:
        """Forget all rules: from now on everything arrives."""
        with self._changed:
            self._rules.clear()

    def inject(self, packet: bytes, to: str) -> None:
        """Deliver a forged IP packet to one host, as if it had come over the wire."""
        target = self.ends[to]
        with self._changed:
            self._write(target, self.link_header(to, packet) + packet)

    def link_header(self, to: str, packet: bytes) -> bytes:
        """The Ethernet header for an IP packet to that host (known once a frame has gone there)."""
        return self._headers[self.ends[to]] + _ETHERTYPES[packet[0] >> 4]

    def reachable(self) -> set[str]:
        """The hosts whose link address is known."""
        return {name for name, end in self.ends.items() if end in self._headers}

    def await_segment(self, choice: Choice, count: int = 1, timeout: float = 8.0) -> Segment:
        """Wait until this many of the chosen segments have been sent (also if they were lost), return the last."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while len(found := [segment for segment in self.seen if choice(segment)]) < count:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise TimeoutError("a segment expected on the wire never came")
            return found[count - 1]

    def count(self, choice: Choice) -> int:
        """How many of the chosen segments have been sent so far."""
        return sum(choice(segment) for segment in self.seen)

    def activity(self) -> int:
        """A number that grows with every frame."""
        return len(self.seen) + sum(self.frames.values())

    def close(self) -> None:
        """Cut the wire."""
        os.close(self._stopped)
        self._thread.join()
        for descriptor in (*self._other, self._stop):
            os.close(descriptor)

    # How it works.

    def _add(self, rule: _Rule) -> None:
        with self._changed:
            self._rules.append(rule)

    def _carry(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                for descriptor in (*self._other, self._stop):
                    selector.register(descriptor, selectors.EVENT_READ)
                while True:
                    for key, _ in selector.select():
                        if key.fd == self._stop:
                            return
                        self._take(key.fd)
        except Exception as error:  # kept for the thread that runs the scenario
            self.failure = error

    def _take(self, origin: int) -> None:
        """Read one frame from a host and do with it what the first rule that chooses it says."""
        try:
            frame = os.read(origin, 65536)
        except BlockingIOError:
            return
        segment = from_frame(frame, time.time())
        with self._changed:
            self.frames[origin] += 1
            target = self._other[origin]
            if frame[0] & 1 == 0:
                self._headers[target] = frame[:12]
            rule = self._rule_for(segment) if segment else None
            if rule is None:
                self._write(target, frame)
            elif rule.action == "repeat":
                self._write(target, frame)
                self._write(target, frame)
            elif rule.action == "hold":
                rule.kept.append((target, frame))
            elif segment:
                self.lost.append(segment)
            if segment:
                self.seen.append(segment)
                self._changed.notify_all()

    def _rule_for(self, segment: Segment) -> _Rule | None:
        for rule in self._rules:
            if rule.left and rule.choice(segment):
                rule.left -= 1
                return rule
        return None

    def _release(self, rule: _Rule) -> None:
        with self._changed:
            rule.left = 0
            for target, frame in rule.kept:
                self._write(target, frame)
            rule.kept.clear()

    def _write(self, target: int, frame: bytes) -> None:
        os.write(target, frame)
        self.frames[target] += 1
