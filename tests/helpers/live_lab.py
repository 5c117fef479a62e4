"""Two hosts in network namespaces of our own, a wire between them, and commands that capture on one of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

OURS, PEERS = "10.93.0.2", "10.93.0.1"
WIRE = "pcapwire0"
USER = {"SUDO_UID": "1000", "SUDO_GID": "1001"}
"""Whom sudo names."""

SLOW = """
import sys, time
from pcapstate import capture
from pcapstate.cli.main import main
from pcapstate.sources import capture_thread

{change}
main()
"""
"""Runs the program with a change."""

NO_RING = """
from pcapstate.sources import interfaces
def refused(*given):
    raise OSError(1, "Operation not permitted")
interfaces.PacketRing = refused
"""
"""A kernel that has no ring."""

TALK = """
import socket, sys
where, port, count, size = sys.argv[1], *map(int, sys.argv[2:])
server = socket.create_server((where, port))
print("ready", flush=True)
for _ in range(count):
    accepted, _ = server.accept()
    left = size
    while left:
        left -= len(accepted.recv(left))
    accepted.close()
"""
CALL = """
import socket, sys
for _ in range(int(sys.argv[3])):
    client = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
    client.sendall(b"x" * int(sys.argv[4]))
    client.recv(1)
    client.close()
"""
FLOOD = """
import socket, sys
opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
opened.bind((sys.argv[1], 0))
frame = bytes.fromhex(sys.argv[2])
for _ in range(int(sys.argv[3])):
    while True:
        try:
            opened.send(frame)
            break
        except OSError:
            pass
"""


TUNNEL = """
import fcntl, os, struct, sys
opened = os.open("/dev/net/tun", os.O_RDWR)
TUNSETIFF, TUNSETLINK, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x400454CD, 1, 0x1000
fcntl.ioctl(opened, TUNSETIFF, struct.pack("16sH22x", sys.argv[1].encode(), IFF_TUN | IFF_NO_PI))
fcntl.ioctl(opened, TUNSETLINK, int(sys.argv[2]))
print("ready", flush=True)
for line in sys.stdin:
    os.write(opened, bytes.fromhex(line))
"""


def usable() -> bool:
    return sys.platform.startswith("linux") and os.geteuid() == 0 and shutil.which("ip") is not None


class Lab:
    """The namespaces; ``ours`` and ``peers`` begin commands in them."""

    def __init__(self) -> None:
        names = [f"pcapstate-{os.getpid()}-{side}" for side in "ab"]
        self.names = names
        self.ours, self.peers = (["ip", "netns", "exec", name] for name in names)
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            self.run(name, "link", "set", "lo", "up")
            # Neighbour discovery would be among what is captured, now and then.
            quiet = "for one in all default; do echo 1 > /proc/sys/net/ipv6/conf/$one/disable_ipv6; done"
            subprocess.run(["ip", "netns", "exec", name, "sh", "-c", quiet], check=False, stderr=subprocess.DEVNULL)
        self.wire()

    def wire(self) -> None:
        """Put the wire between them, anew where it is there."""
        ours, peers = self.names
        subprocess.run(["ip", "-n", ours, "link", "del", WIRE], check=False, stderr=subprocess.DEVNULL)
        self.run(ours, "link", "add", WIRE, "type", "veth", "peer", "name", WIRE, "netns", peers)
        ends = [(ours, OURS, "02:00:00:00:00:02"), (peers, PEERS, "02:00:00:00:00:01")]
        for name, address, hardware in ends:
            self.run(name, "link", "set", WIRE, "address", hardware)
            self.run(name, "addr", "add", f"{address}/24", "dev", WIRE)
            self.run(name, "link", "set", WIRE, "up")
        # Who knows the neighbour never asks for it: ARP would be among what is captured, now and then.
        for (name, _, _), (_, address, hardware) in (ends, ends[::-1]):
            self.run(name, "neigh", "replace", address, "lladdr", hardware, "nud", "permanent", "dev", WIRE)

    def run(self, name: str, *arguments: str) -> None:
        subprocess.run(["ip", "-n", name, *arguments], check=True)

    def close(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)

    def talk(self, caller: list[str], where: str = OURS, port: int = 8765, count: int = 1, size: int = 5) -> None:
        """Have so many connections to our host, with so many bytes each."""
        told = [where, str(port), str(count), str(size)]
        with subprocess.Popen([*self.ours, sys.executable, "-c", TALK, *told], stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            subprocess.run([*caller, sys.executable, "-c", CALL, *told], check=True, timeout=30)
            assert server.wait(20) == 0

    @contextmanager
    def tunnel(self, name: str, hardware: int) -> Iterator[Tunnel]:
        """Have a tunnel device on our host, of a hardware type (ARPHRD_), with our program at its other end."""
        command = [*self.ours, sys.executable, "-c", TUNNEL, name, str(hardware)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            self.run(self.names[0], "link", "set", name, "up")
            yield Tunnel(process)
            process.communicate(timeout=10)

    def index(self, name: str) -> int:
        """Return the index of an interface of our host."""
        told = subprocess.run(["ip", "-n", self.names[0], "-j", "link"], check=True, capture_output=True, text=True)
        return next(int(one["ifindex"]) for one in json.loads(told.stdout) if one["ifname"] == name)

    def flood(self, frame: bytes, count: int) -> None:
        """Let the peer send a frame so many times."""
        command = [*self.peers, sys.executable, "-c", FLOOD, WIRE, frame.hex(), str(count)]
        subprocess.run(command, check=True, timeout=60)


class Tunnel:
    """The other end of a tunnel device."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, packet: bytes) -> None:
        """Let a packet come in."""
        assert self._process.stdin is not None
        self._process.stdin.write(packet.hex() + "\n")
        self._process.stdin.flush()


class Capturing:
    """A command that captures on our host; entered once there are so many capture sockets."""

    def __init__(
        self,
        lab: Lab,
        *arguments: str | Path,
        cwd: Path | None = None,
        program: str | None = None,
        sockets: int | None = None,
        **environment: str,
    ) -> None:
        start = ["-m", "pcapstate"] if program is None else ["-c", program]
        self._sockets = arguments.count("-i") if sockets is None else sockets
        self._namespace = os.stat(f"/run/netns/{lab.names[0]}").st_ino
        self.process = subprocess.Popen(
            [*lab.ours, sys.executable, "-P", *start, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, **environment},
        )

    def __enter__(self) -> Capturing:
        self.wait_for_sockets(self._sockets)
        return self

    def wait_for_sockets(self, count: int) -> None:
        """Wait until it has so many capture sockets."""
        deadline = time.monotonic() + 30
        while self.process.poll() is None and self._opened() < count:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # By then it is bound, and has its filter.
        time.sleep(0.7)

    def _opened(self) -> int:
        """Return how many bound capture sockets there are in its namespace, once it is in there."""
        process = Path(f"/proc/{self.process.pid}")
        if (process / "ns/net").stat().st_ino != self._namespace:
            return 0
        sockets = (process / "net/packet").read_text(encoding="ascii").splitlines()[1:]
        # One that has no protocol yet is not bound.
        return sum(line.split()[3] != "0000" for line in sockets)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def end(self, how: int | None = signal.SIGINT) -> tuple[str, str, int]:
        """End it with a signal (None: wait for its end); return stdout, stderr and the exit code."""
        if how is not None:
            time.sleep(0.5)
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=60)
        return out, err, self.process.returncode


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def undropped(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what only live capture has, once no packet was dropped."""
    assert row.pop("drops") == 0
    return row


@pytest.fixture(name="lab", scope="module")
def laboratory() -> Iterator[Lab]:
    """The two hosts as the fixture ``lab``, for all tests of a module; they skip where there can be none."""
    if not usable():
        pytest.skip("needs root on Linux with iproute2: it captures live in a network namespace")
    made = Lab()
    try:
        yield made
    finally:
        made.close()
