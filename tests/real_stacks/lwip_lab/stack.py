"""The host whose TCP is lwIP's: a program of our own, compiled against liblwip, at the end of a cable."""

from __future__ import annotations

import queue
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).parent / "lwip_host.c"
_HEADERS = Path("/usr/include/lwip")
PATIENCE = 20.0
"""Seconds to wait for a state: lwIP sends a SYN again after 3 seconds, and twice as many the next time."""


def reason_to_skip() -> str:
    """Why lwIP cannot run here; empty if it can."""
    if shutil.which("cc") is None:
        return "needs a C compiler (cc)"
    if not (_HEADERS / "lwip/tcp.h").exists():
        return "needs lwIP (Debian: liblwip-dev)"
    return ""


def compiled(directory: Path) -> Path:
    """The program, compiled into a directory."""
    program = directory / "lwip_host"
    command = ["cc", "-O1", "-Wall", "-o", str(program), str(_SOURCE), f"-I{_HEADERS}", "-llwip"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"lwip_host.c: {done.stderr.strip()}")
    return program


@dataclass(frozen=True)
class Change:
    """A state entered, as lwIP showed it after an event (Unix seconds)."""

    time: float
    own_port: int
    peer: str
    peer_port: int
    state: str


class LwipHost:
    """The running program; `cable` is the other end of its cable, which carries a frame a message."""

    def __init__(self, program: Path, address: str) -> None:
        self.address = address
        self.cable, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with inner:
            self._process = subprocess.Popen(
                [str(program), str(inner.fileno()), address],
                pass_fds=[inner.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.changes: list[Change] = []
        self._changed = threading.Condition()
        self._telling = threading.Lock()
        self._answers: queue.Queue[str] = queue.Queue()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def tell(self, command: str) -> None:
        """Have it do something, and wait until it has."""
        assert self._process.stdin is not None
        with self._telling:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
            if self._answers.get(timeout=PATIENCE) != "done":
                raise RuntimeError(f"lwIP refuses: {command}")

    def wait(self, own_port: int, peer_port: int, states: tuple[str, ...]) -> None:
        """Wait until a connection is in one of these states; one that never was is CLOSED."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while self._state(own_port, peer_port) not in states:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    state = self._state(own_port, peer_port)
                    raise TimeoutError(f"lwIP port {own_port} is in {state}, not in {' or '.join(states)}")

    def _state(self, own_port: int, peer_port: int) -> str:
        states = [c.state for c in self.changes if (c.own_port, c.peer_port) == (own_port, peer_port)]
        return states[-1] if states else "CLOSED"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line in ("done\n", "failed\n"):
                self._answers.put(line.strip())
                continue
            when, own_port, peer, peer_port, state = line.split()
            with self._changed:
                self.changes.append(Change(float(when), int(own_port), peer, int(peer_port), state))
                self._changed.notify_all()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._listening.join()
        self._process.stdout.close()
