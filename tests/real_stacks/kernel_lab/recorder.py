"""What is recorded while a scenario runs: packets, state changes and the socket tables of the hosts."""

from __future__ import annotations

import ipaddress
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel_lab.namespaces import Namespace
from kernel_lab.segments import CaptureFile, endpoint, read_capture

TRACING = Path("/sys/kernel/tracing")
_EVENT = "events/sock/inet_sock_set_state"
_INSTANCE_PREFIX = "tcp-states-"

# The kernel's names for states, and RFC 9293's.
_RFC_NAMES = {
    "TCP_ESTABLISHED": "ESTABLISHED",
    "TCP_SYN_SENT": "SYN_SENT",
    "TCP_SYN_RECV": "SYN_RECEIVED",
    "TCP_NEW_SYN_RECV": "SYN_RECEIVED",
    "TCP_FIN_WAIT1": "FIN_WAIT_1",
    "TCP_FIN_WAIT2": "FIN_WAIT_2",
    "TCP_TIME_WAIT": "TIME_WAIT",
    "TCP_CLOSE": "CLOSED",
    "TCP_CLOSE_WAIT": "CLOSE_WAIT",
    "TCP_LAST_ACK": "LAST_ACK",
    "TCP_LISTEN": "LISTEN",
    "TCP_CLOSING": "CLOSING",
}
# The numbers of the states in the kernel's socket table (include/net/tcp_states.h), from 1.
_BY_NUMBER = [
    "",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECEIVED",
    "FIN_WAIT_1",
    "FIN_WAIT_2",
    "TIME_WAIT",
    "CLOSED",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "SYN_RECEIVED",
]


@dataclass(frozen=True)
class StateEvent:
    """One state change of a socket, as the kernel told it."""

    time: float
    local: str
    remote: str
    before: str
    now: str


class Capture:
    """A running tcpdump: nanoseconds, the first 128 bytes of each packet, written packet by packet."""

    def __init__(self, namespace: Namespace, path: Path, interface: str, options: tuple[str, ...] = ()) -> None:
        self.path = path
        command = [
            "tcpdump",
            "-i",
            interface,
            "-n",
            "-s",
            "128",
            "-U",
            "--immediate-mode",
            "-Z",
            "root",
            "--time-stamp-precision=nano",
            "-w",
            str(path),
            *options,
        ]
        with namespace.entered():
            self._process = subprocess.Popen(command, stderr=subprocess.PIPE)
        said = b""
        assert self._process.stderr is not None
        while b"listening on" not in said:
            line = self._process.stderr.readline()
            if not line:
                raise RuntimeError(f"tcpdump: {said.decode(errors='replace').strip()}")
            said += line
        self.start, self.end = time.time(), 0.0

    def stop(self, packets: int | None = None) -> None:
        """End the capture, once it holds this many packets or, where that is not known, has stopped growing."""
        self.end = self.end or time.time()
        if packets is None:
            self._await_quiet()
        else:
            self._await_packets(packets)
        self.kill()

    def kill(self) -> None:
        """End tcpdump, whatever it has written."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def read(self) -> CaptureFile:
        """What has been captured."""
        return read_capture(self.path)

    def _await_packets(self, packets: int) -> None:
        deadline = time.monotonic() + 5
        while (have := self.read().packets) < packets:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.path.name}: {have} packets captured, {packets} were on the interface")
            time.sleep(0.01)

    def _await_quiet(self) -> None:
        size, since = -1, time.monotonic()
        while time.monotonic() - since < 0.1:
            if (now := self.path.stat().st_size) != size:
                size, since = now, time.monotonic()
            time.sleep(0.01)


class StateTrace:
    """The tracepoint `sock:inet_sock_set_state`, in a trace instance of its own so that it disturbs nobody."""

    def __init__(self) -> None:
        _remove_stale_instances()
        self._instance = TRACING / "instances" / f"{_INSTANCE_PREFIX}{os.getpid()}"
        self._instance.mkdir()
        self._write("buffer_size_kb", "4096")
        self._write("trace_clock", "mono")
        self._write(f"{_EVENT}/enable", "1")

    def events(self) -> list[StateEvent]:
        """All state changes of TCP sockets so far, on the clock of the captures."""
        for statistics in self._instance.glob("per_cpu/cpu*/stats"):
            if not re.search(r"^overrun: 0$", statistics.read_text(), re.MULTILINE):
                raise RuntimeError("the trace buffer overflowed")
        offset = _wall_clock_offset()
        lines = (self._instance / "trace").read_text().splitlines()
        return sorted(_events(lines, offset), key=lambda event: event.time)

    def close(self) -> None:
        """Remove the trace instance."""
        self._write(f"{_EVENT}/enable", "0")
        self._instance.rmdir()

    def _write(self, name: str, text: str) -> None:
        (self._instance / name).write_text(text)


@contextmanager
def state_trace() -> Iterator[StateTrace]:
    """A state trace that is removed at the end."""
    trace = StateTrace()
    try:
        yield trace
    finally:
        trace.close()


def _remove_stale_instances() -> None:
    """Remove what a killed run left behind."""
    for instance in (TRACING / "instances").glob(f"{_INSTANCE_PREFIX}*"):
        if not Path(f"/proc/{instance.name.removeprefix(_INSTANCE_PREFIX)}").exists():
            instance.rmdir()


def _wall_clock_offset() -> float:
    """What to add to the trace's clock (CLOCK_MONOTONIC) for the captures' (CLOCK_REALTIME)."""
    samples = []
    for _ in range(20):
        before = time.monotonic_ns()
        wall = time.time_ns()
        later = time.monotonic_ns()
        samples.append((later - before, wall - (before + later) // 2))
    return min(samples)[1] / 1e9


_LINE = re.compile(
    r"(?P<time>\d+\.\d+): inet_sock_set_state: family=\S+ protocol=IPPROTO_TCP "
    r"sport=(?P<sport>\d+) dport=(?P<dport>\d+) "
    r"saddr=(?P<saddr>\S+) daddr=(?P<daddr>\S+) saddrv6=(?P<saddr6>\S+) daddrv6=(?P<daddr6>\S+) "
    r"oldstate=(?P<before>\S+) newstate=(?P<now>\S+)"
)


def _events(lines: list[str], offset: float) -> Iterator[StateEvent]:
    for line in lines:
        found = _LINE.search(line)
        # Closing in FIN_WAIT_2 is told as a change from FIN_WAIT_2 to itself.
        if found and found["before"] != found["now"]:
            yield StateEvent(
                time=float(found["time"]) + offset,
                local=endpoint(_address(found["saddr"], found["saddr6"]), int(found["sport"])),
                remote=endpoint(_address(found["daddr"], found["daddr6"]), int(found["dport"])),
                before=_RFC_NAMES[found["before"]],
                now=_RFC_NAMES[found["now"]],
            )


def _address(v4: str, v6: str) -> str:
    """The address of an event; an IPv4 one is also given as an IPv4-mapped IPv6 one."""
    return v4 if v6.lower().startswith("::ffff:") or (v6 == "::" and v4 != "0.0.0.0") else v6


Table = dict[tuple[str, str], str]


def socket_table(namespace: Namespace) -> Table:
    """The TCP state of every socket of a namespace by local and remote endpoint, as the kernel lists them.

    Unlike the tracepoint, this list has the small sockets too: half-open requests, TIME_WAIT, and FIN_WAIT_2 after
    the process has let go of the socket.
    """
    table = {}
    for name in ("tcp", "tcp6"):
        for line in namespace.read(name).splitlines()[1:]:
            _, local, remote, state, *_ = line.split()
            table[_table_endpoint(local), _table_endpoint(remote)] = _BY_NUMBER[int(state, 16)]
    return table


def _table_endpoint(text: str) -> str:
    """`0100007F:0050` (32-bit words of this machine's byte order) as `127.0.0.1:80`."""
    words, port = text.split(":")
    packed = b"".join(int(words[i : i + 8], 16).to_bytes(4, "little") for i in range(0, len(words), 8))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return endpoint(str(mapped or address), int(port, 16))
