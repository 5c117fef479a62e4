"""What a situation can do with the two ends of a connection, whichever stack is at which."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from kernel_lab.hosts import Host, abort
from kernel_lab.recorder import Table, socket_table
from kernel_lab.segments import Segment, forge
from kernel_lab.wire import Choice, Wire

from lwip_lab.stack import PATIENCE, LwipHost

INTERFACE = "tap0"
_POLL = 0.03


class Kernel:
    """The Linux host, with the kernel's socket table as it was a moment ago."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.tables: list[tuple[float, Table]] = []
        self._stop = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()

    def _look(self) -> None:
        while not self._stop.wait(_POLL):
            before = time.time()
            table = socket_table(self.host.namespace)
            self.tables.append(((before + time.time()) / 2, table))

    def wait(self, own: str, peer: str, states: tuple[str, ...]) -> None:
        """Wait until the table lists one of these states; what is not listed is CLOSED."""
        deadline = time.monotonic() + PATIENCE
        begin = time.time()
        while True:
            looks = self.tables[-1:]
            if looks and looks[0][0] > begin and looks[0][1].get((own, peer), "CLOSED") in states:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"Linux {own} is not in {' or '.join(states)}")
            time.sleep(_POLL)

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
        self._looking.join()


class LinuxEnd:
    """The end of a connection that is Linux'."""

    def __init__(
        self, kernel: Kernel, own_port: int, peer: tuple[str, int], keep: Callable[[socket.socket], None]
    ) -> None:
        self.address = kernel.host.at(own_port)
        self._peer_address = f"{peer[0]}:{peer[1]}"
        self._kernel, self._peer, self._keep = kernel, peer, keep
        self._socket = kernel.host.socket(own_port)
        self._listening = False
        keep(self._socket)

    def listen(self) -> None:
        """Wait for the peer to open."""
        self._socket.listen()
        self._listening = True

    def connect(self) -> None:
        """Begin to open, without waiting."""
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            self._socket.connect(self._peer)

    def opened(self) -> None:
        """Wait until the connection is open."""
        self.wait("ESTABLISHED", "CLOSE_WAIT")
        if self._listening:
            listener, (self._socket, _) = self._socket, self._socket.accept()
            listener.close()
            self._keep(self._socket)

    def send(self, count: int) -> None:
        """Send so many bytes."""
        self._socket.send(bytes(count))

    def close(self) -> None:
        """Close, with everything read that has come."""
        self._socket.setblocking(False)
        with suppress(OSError):
            while self._socket.recv(65536):
                pass
        self._socket.close()

    def finish(self, count: int) -> None:
        """Send so many bytes and close, in one segment."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self.send(count)
        self.close()

    def shutdown(self) -> None:
        """Close one's own direction."""
        self._socket.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """Close with a RST."""
        abort(self._socket)

    def send_raw(self, frame: bytes) -> None:
        """Send a frame from the host's interface."""
        with self._kernel.host.namespace.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((INTERFACE, 0))
            raw.send(frame)

    def wait(self, *states: str) -> None:
        """Wait until the kernel lists one of these states."""
        self._kernel.wait(self.address, self._peer_address, states)


class LwipEnd:
    """The end of a connection that is lwIP's."""

    def __init__(self, host: LwipHost, own_port: int, peer: tuple[str, int]) -> None:
        self.address = f"{host.address}:{own_port}"
        self._host, self._own_port, self._peer = host, own_port, peer

    def listen(self) -> None:
        """Wait for the peer to open."""
        self._host.tell(f"listen {self._own_port}")

    def connect(self) -> None:
        """Begin to open."""
        self._host.tell(f"connect {self._own_port} {self._peer[0]} {self._peer[1]}")

    def opened(self) -> None:
        """Wait until the connection is open."""
        self.wait("ESTABLISHED", "CLOSE_WAIT")

    def _do(self, what: str, *more: int) -> None:
        self._host.tell(" ".join(map(str, (what, self._own_port, self._peer[1], *more))))

    def send(self, count: int) -> None:
        """Send so many bytes."""
        self._do("send", count)

    def close(self) -> None:
        """Close."""
        self._do("close")

    def finish(self, count: int) -> None:
        """Send so many bytes and close, in one segment."""
        self._do("finish", count)

    def shutdown(self) -> None:
        """Close one's own direction."""
        self._do("shutdown")

    def abort(self) -> None:
        """Close with a RST."""
        self._do("abort")

    def wait(self, *states: str) -> None:
        """Wait until lwIP has shown one of these states."""
        self._host.wait(self._own_port, self._peer[1], states)


End = LinuxEnd | LwipEnd


class Pair:
    """The two ends of a situation: `a` opens, `b` is opened to."""

    def __init__(self, wire: Wire, a: End, b: End) -> None:
        self.wire, self.a, self.b = wire, a, b

    def open(self) -> None:
        """Open a connection, and wait until both ends have."""
        self.b.listen()
        self.a.connect()
        self.a.opened()
        self.b.opened()

    def sends(self, end: End, flags: str = "", lacks: str = "") -> Choice:
        """A choice of segments of this connection from one end, with these flags and without those."""
        other = self.b if end is self.a else self.a

        def choice(segment: Segment) -> bool:
            mine = (segment.source, segment.destination) == (end.address, other.address)
            return mine and segment.has(flags) and not any(map(segment.has, lacks))

        return choice

    def last(self, end: End, flags: str = "") -> Segment:
        """The last segment from one end."""
        choice = self.sends(end, flags)
        return [segment for segment in self.wire.seen if choice(segment)][-1]

    def forge(self, like: Segment, flags: str, shift: int = 0) -> None:
        """Send a segment that goes on after another one of the same sender, past the sender's TCP."""
        packet = forge(like.source, like.destination, flags, (like.end + shift) & 0xFFFFFFFF, like.ack)
        linux = next(end for end in (self.a, self.b) if isinstance(end, LinuxEnd))
        if like.source == linux.address:
            # Past TCP, but seen by the host's own interface as sent.
            linux.send_raw(self.wire.link_header("server", packet) + packet)
        else:
            self.wire.inject(packet, "client")
