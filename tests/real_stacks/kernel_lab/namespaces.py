"""Network namespaces that live as long as this process, and TAP interfaces inside them.

The namespaces have no name in the file system: only open file descriptors keep them, so that they vanish with the
process however it ends, and nothing is left behind.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


class Namespace:
    """One network namespace."""

    def __init__(self) -> None:
        self._fd = -1
        failure: list[OSError] = []

        def create() -> None:
            # A thread of its own, since unshare() moves the calling thread into the new namespace for good.
            try:
                _check(_libc.unshare(_CLONE_NEWNET), "unshare")
                self._fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                failure.append(error)

        thread = threading.Thread(target=create)
        thread.start()
        thread.join()
        if failure:
            raise failure[0]
        self.run("ip", "link", "set", "lo", "up")

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Work inside the namespace: sockets opened and programs started by this thread belong to it."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.setns(self._fd, _CLONE_NEWNET), "setns")
            try:
                yield
            finally:
                _check(_libc.setns(home, _CLONE_NEWNET), "setns")
        finally:
            os.close(home)

    def run(self, *command: str) -> None:
        """Run a program inside, and raise with what it said if it fails."""
        with self.entered():
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")

    def sysctl(self, **settings: int | str) -> None:
        """Set `net.ipv4` settings, which are per namespace: ``sysctl(tcp_fastopen=3)``."""
        with self.entered():
            for name, value in settings.items():
                _write(f"/proc/sys/net/ipv4/{name}", str(value))

    def read(self, path: str) -> str:
        """Read a file below `/proc/thread-self/net`."""
        with self.entered(), open(f"/proc/thread-self/net/{path}", encoding="ascii") as file:
            return file.read()

    def add_tap(self, name: str, addresses: list[str], bridge: str = "") -> int:
        """Make a TAP interface with these addresses (`a.b.c.d/n`), and return the descriptor that carries its frames.

        With `bridge`, the interface is a port of a bridge of that name, and the addresses are the bridge's.
        """
        with self.entered():
            # No router solicitations and no multicast reports: only the traffic of the scenario.
            _write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1")
            _write("/proc/sys/net/ipv6/conf/default/accept_dad", "0")
            tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI))
        lines = [f"link set {name} up"]
        if bridge:
            lines += [f"link add {bridge} type bridge", f"link set {name} master {bridge}", f"link set {bridge} up"]
        lines += [f"addr add {address} dev {bridge or name}" for address in addresses]
        with self.entered():
            subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True, capture_output=True)
        return tap

    def close(self) -> None:
        """Let go of the namespace; the kernel removes it once no socket of it is left."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
