"""Serves metrics over HTTP, in a thread of its own: one small answer a connection, and nothing a client does blocks it.

Every client has SECONDS and REQUEST bytes; there are MOST at once, and the one that is there longest makes room.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from ..errors import ListenError
from ..escaping import quoted
from ..messages import Message, reason
from .text import PROMETHEUS, kind_for

LOOPBACK = "127.0.0.1"
PATH = "/metrics"
MOST = 32
"""Clients at once."""
SECONDS = 5.0
"""How long a client may take, from its connection to its end."""
REQUEST = 8_192
"""Bytes of a request with all headers, at most."""
UNREAD = 65_536
"""Bytes that are read behind a request before it ends: a client that is still sending would miss the answer."""
AT_ONCE = 16_384
END = re.compile(rb"\r?\n\r?\n")
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
Answer = Callable[[str], tuple[str, bytes]]


def parse_place(text: str) -> tuple[str, int]:
    """Return the address and port of ``ADDRESS:PORT`` or ``:PORT``, which is on loopback. Raises ValueError."""
    import ipaddress

    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) < 1 << 16):
        raise ValueError(Message("{text} is not an ADDRESS:PORT such as 127.0.0.1:9100 or :9100", text=quoted(text)))
    if host in ("", "localhost"):
        return LOOPBACK, int(port)
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        raise ValueError(
            Message("{host} is not an IP address, and no name but localhost is looked up", host=quoted(host))
        ) from None
    if (address.version == 6) != bracketed:
        raise ValueError(Message("{text}: an IPv6 address stands in brackets, as in [::1]:9100", text=quoted(text)))
    return str(address), int(port)


class Listener:
    """A socket that listens; opened before privileges are given up, served later. Raises ListenError."""

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            try:
                # Elsewhere than on POSIX systems this would let two programs listen.
                if os.name == "posix":
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.socket.bind((host, port))
                self.socket.listen(MOST)
                self.socket.setblocking(False)
            except BaseException:
                self.socket.close()
                raise
        except OSError as error:
            place = f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"
            raise ListenError(Message("metrics on {place}: {why}", place=place, why=reason(error))) from None
        place = f"[{host}]" if family == socket.AF_INET6 else host
        self.url = f"http://{place}:{self.socket.getsockname()[1]}{PATH}"

    def close(self) -> None:
        """Listen no more."""
        self.socket.close()


class Server:
    """Answers the clients of a listener until ``stop``; ``answer`` returns the content type and the metrics.

    ``answer`` gets what the client accepts, and is called in the server's thread.
    """

    def __init__(self, listener: Listener, answer: Answer) -> None:
        self._listener, self._answer = listener, answer
        self._clients: dict[socket.socket, _Client] = {}
        self._selector = selectors.DefaultSelector()
        self._wakes, self._wake = socket.socketpair()
        self._selector.register(listener.socket, READ)
        self._selector.register(self._wakes, READ)
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="pcapstate-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more, and close the listener."""
        self._ended = True
        with suppress(OSError):
            self._wake.send(b"x")
        self._thread.join()

    # --- the thread

    def _run(self) -> None:
        try:
            while not self._ended:
                for key, _ in self._selector.select(self._patience()):
                    if key.fileobj is self._listener.socket:
                        self._accept()
                    elif (client := self._clients.get(key.fileobj)) is not None:  # type: ignore[call-overload]
                        self._go_on(client)
                now = time.monotonic()
                for client in [one for one in self._clients.values() if one.deadline <= now]:
                    self._forget(client)
        finally:
            for client in list(self._clients.values()):
                self._forget(client)
            self._selector.close()
            for one in (self._listener, self._wakes, self._wake):
                one.close()

    def _patience(self) -> float | None:
        """Return how long to wait: until the first deadline."""
        first = min((one.deadline for one in self._clients.values()), default=None)
        return None if first is None else max(0.0, first - time.monotonic())

    def _accept(self) -> None:
        try:
            opened, _ = self._listener.socket.accept()
        except BlockingIOError:
            return
        except OSError:
            # It is gone already, or there are too many open files, which passes.
            time.sleep(0.05)
            return
        opened.setblocking(False)
        if len(self._clients) >= MOST:
            self._forget(next(iter(self._clients.values())))
        self._clients[opened] = _Client(opened)
        self._selector.register(opened, READ)

    def _go_on(self, client: _Client) -> None:
        try:
            if client.reads():
                client.answers(self._answer)
                self._selector.modify(client.socket, WRITE)
            if client.writes():
                client.socket.shutdown(socket.SHUT_WR)
                self._selector.modify(client.socket, READ)
        except BlockingIOError:
            pass
        except (OSError, _Gone):
            self._forget(client)

    def _forget(self, client: _Client) -> None:
        del self._clients[client.socket]
        self._selector.unregister(client.socket)
        client.socket.close()


class _Gone(Exception):
    """The client has closed its end."""


class _Client:
    """One client: what it has sent, and what it still gets. Raises _Gone, OSError."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.deadline = time.monotonic() + SECONDS
        self._request = b""
        self._unread = 0
        self._left: memoryview | None = None

    def reads(self) -> bool:
        """Read some more, unless it is being answered; tell whether it is to be answered now."""
        if self._left is not None and len(self._left):
            return False
        octets = self.socket.recv(AT_ONCE)
        if not octets:
            raise _Gone
        if self._left is not None:
            self._unread += len(octets)
            if self._unread > UNREAD:
                raise _Gone
            return False
        self._request += octets
        ended = END.search(self._request)
        if ended is not None:
            self._request = self._request[: ended.start()]
        return ended is not None or len(self._request) > REQUEST

    def answers(self, answer: Answer) -> None:
        """Work out what it gets."""
        self._left = memoryview(response(self._request, answer) if len(self._request) <= REQUEST else TOO_LARGE)

    def writes(self) -> bool:
        """Write some more; tell whether that was the last of it."""
        if self._left is None or not len(self._left):
            return False
        self._left = self._left[self.socket.send(self._left) :]
        return not len(self._left)


def response(request: bytes, answer: Answer) -> bytes:
    """Return what a client gets for a request, which is without the blank line behind its headers."""
    line, *headers = request.decode("latin-1").splitlines() or [""]
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        return _plain(HTTPStatus.BAD_REQUEST)
    method, target, _ = parts
    if method not in ("GET", "HEAD"):
        return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "Allow: GET, HEAD\r\n")
    path = target.partition("?")[0]
    if path == "/":
        return _written(HTTPStatus.OK, PROMETHEUS, f"# pcapstate: {PATH}\n".encode(), method)
    if path != PATH:
        return _plain(HTTPStatus.NOT_FOUND)
    accepts = (value for name, _, value in (one.partition(":") for one in headers) if name.lower() == "accept")
    kind, body = answer(kind_for(",".join(accepts)))
    return _written(HTTPStatus.OK, kind, body, method)


def _plain(status: HTTPStatus, more: str = "") -> bytes:
    return _written(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode(), more=more)


def _written(status: HTTPStatus, kind: str, body: bytes, method: str = "GET", more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == "HEAD" else body)


TOO_LARGE = _plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
