"""A wire between two network namespaces: programs capture at one end, frames are sent at the other. Linux, as root."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WIRE = "benchwire"
BURST = 64
"""Frames at a call."""
PCAPSTATE = [sys.executable, "-m", "pcapstate"]
SETTLE = 3.0
"""Seconds from the start of a program until its capture socket is open for sure."""


class Wire:
    """The wire, while it is entered; ``capturing`` and ``sending`` begin commands at either end."""

    def __init__(self) -> None:
        self._names = [f"bench-{os.getpid()}-{end}" for end in "ab"]
        self.capturing, self.sending = (["ip", "netns", "exec", name] for name in self._names)

    def __enter__(self) -> Wire:
        # In the background of a script it is ignored, and would be in every program begun here.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ours, peer = self._names
        for name in self._names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        link = ["link", "add", WIRE, "type", "veth", "peer", "name", WIRE, "netns", peer]
        subprocess.run(["ip", "-n", ours, *link], check=True)
        for name in self._names:
            quiet = ["sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1"]
            subprocess.run(["ip", "netns", "exec", name, *quiet], check=False, stderr=subprocess.DEVNULL)
            subprocess.run(["ip", "-n", name, "link", "set", WIRE, "up"], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], check=False)


@dataclass
class Ended:
    """A program that has ended."""

    code: int
    stderr: str
    processor: float
    """Seconds of all cores, in the program and in the kernel for it."""


class Program:
    """A program that captures on the wire."""

    def __init__(self, wire: Wire, command: Sequence[str]) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115 (read and closed by end)
        self.process = subprocess.Popen(
            [*wire.capturing, *command], stdout=subprocess.DEVNULL, stderr=self._stderr, env=environment
        )

    def resident(self) -> int:
        """Return how many bytes of memory it has, with the program that it runs (VmRSS)."""
        own = Path("/proc", str(self.process.pid))
        programs = [own, *(Path("/proc", one) for one in (own / "task" / own.name / "children").read_text().split())]
        statuses = [one.joinpath("status").read_text(encoding="ascii") for one in programs]
        return sum(1024 * int(status.partition("VmRSS:")[2].split()[0]) for status in statuses)

    def end(self) -> Ended:
        """End it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        with self._stderr as file:
            file.seek(0)
            said = file.read()
        return Ended(self.process.returncode, said, usage.ru_utime + usage.ru_stime)


class Sender:
    """Puts frames on the wire, many at a call; to be used at its sending end."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.bind((WIRE, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        self._call = ctypes.CDLL(None, use_errno=True).sendmmsg

    def send_all(self, frames: Sequence[bytes]) -> None:
        """Send frames at once."""
        prepared, at = Prepared(frames), 0
        while at < len(frames):
            at += self._send(prepared, at, min(BURST, len(frames) - at))

    def send_at(self, frames: Sequence[bytes], rate: float, seconds: float) -> int:
        """Send frames over and over at an even rate; return how many were sent."""
        prepared = Prepared(frames)
        sent, begin = 0, time.monotonic()
        total = int(rate * seconds)
        while sent < total:
            due = int((time.monotonic() - begin) * rate)
            if due - sent < BURST and due < total:
                time.sleep(0.0005)
                continue
            at = sent % len(frames)
            sent += self._send(prepared, at, min(BURST, total - sent, len(frames) - at))
            if time.monotonic() - begin > 3 * seconds:
                break
        return sent

    def _send(self, prepared: Prepared, at: int, count: int) -> int:
        """Send so many of the frames from one on; return how many were sent."""
        return max(self._call(self._socket.fileno(), ctypes.byref(prepared.messages, 64 * at), count, 0), 0)


class Prepared:
    """Frames as an array of ``struct mmsghdr``."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._buffers = [ctypes.create_string_buffer(one, len(one)) for one in frames]
        self._vector = (ctypes.c_uint64 * (2 * len(frames)))()
        self.messages = (ctypes.c_uint64 * (8 * len(frames)))()
        for index, one in enumerate(self._buffers):
            self._vector[2 * index], self._vector[2 * index + 1] = ctypes.addressof(one), len(one)
            # struct mmsghdr: name, its length, vector, its length, control, its length, flags, bytes sent
            self.messages[8 * index + 2] = ctypes.addressof(self._vector) + 16 * index
            self.messages[8 * index + 3] = 1
