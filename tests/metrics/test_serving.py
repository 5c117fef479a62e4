"""The HTTP side: what is answered, and that no client blocks another, or leaves anything behind."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapstate.errors import CaptureError, ListenError
from pcapstate.metrics import serving
from pcapstate.metrics.serving import MOST, REQUEST, UNREAD, Listener, Server, parse_place, response
from pcapstate.metrics.text import OPEN_METRICS, PROMETHEUS
from tests.helpers.paths import PCAPS
from tests.helpers.running import process, run

BODY = b"some 1\n" * 30_000
"""More than a socket takes at once."""


class Served:
    """A server on loopback, and sockets to it."""

    def __init__(self) -> None:
        self.listener = Listener("127.0.0.1", 0)
        self.place = self.listener.socket.getsockname()
        self.server = Server(self.listener, lambda kind: (kind, BODY))
        self.opened: list[socket.socket] = []

    def connect(self) -> socket.socket:
        one = socket.create_connection(self.place, 10)
        self.opened.append(one)
        return one

    def ask(self, request: bytes) -> bytes:
        """Return all that comes back."""
        one = self.connect()
        one.sendall(request)
        return received(one)

    def get(self) -> bytes:
        answer: bytes = urllib.request.urlopen(self.listener.url, timeout=10).read()
        return answer


def received(one: socket.socket) -> bytes:
    parts = []
    with suppress(ConnectionResetError):
        while part := one.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    try:
        yield served
    finally:
        for one in served.opened:
            one.close()
        served.server.stop()


def head(answer: bytes) -> tuple[str, dict[str, str]]:
    """Return the status line and the headers."""
    first, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines)


GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


def test_metrics_are_answered(served: Served) -> None:
    status, headers = head(answer := served.ask(GET))
    assert status == "HTTP/1.1 200 OK"
    assert headers["Content-Type"] == PROMETHEUS
    assert (headers["Content-Length"], headers["Connection"]) == (str(len(BODY)), "close")
    assert answer.partition(b"\r\n\r\n")[2] == BODY
    assert served.get() == BODY


def test_the_client_may_ask_for_open_metrics(served: Served) -> None:
    accept = b"accept: text/plain;q=0.1\r\nACCEPT: application/openmetrics-text;version=1.0.0\r\n"
    assert head(served.ask(GET[:-2] + accept + b"\r\n"))[1]["Content-Type"] == OPEN_METRICS


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET /metrics?x=1 HTTP/1.0\n\n", 200),
        (b"GET /other HTTP/1.1\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde", 405),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 40000\r\n\r\n" + b"x" * 40_000, 405),
        (b"\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /metrics\r\n\r\n", 400),
        (b"GET  /metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET /metrics SPDY/3\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n", 400),
        (bytes(range(256)) + b"\n\n", 400),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * REQUEST + b"\r\n\r\n", 431),
        (b"x" * (REQUEST + 1), 431),
        (b"x" * (REQUEST + UNREAD // 2), 431),
    ],
)
def test_other_requests(served: Served, request_: bytes, status: int) -> None:
    first, headers = head(served.ask(request_))
    assert first.startswith(f"HTTP/1.1 {status} ")
    assert int(headers["Content-Length"]) > 0
    assert served.get() == BODY


@given(st.binary(max_size=200), st.sampled_from([b"", b"GET /metrics HTTP/1.1\r\n", b"GET ", b"HEAD /metrics?"]))
def test_any_bytes_have_an_answer(octets: bytes, before: bytes) -> None:
    answer = response(before + octets, lambda kind: (kind, BODY))
    status, headers = head(answer)
    assert status.startswith("HTTP/1.1 ")
    assert int(headers["Content-Length"]) > 0


def test_head_has_no_body(served: Served) -> None:
    status, headers = head(answer := served.ask(GET.replace(b"GET", b"HEAD")))
    assert (status, headers["Content-Length"]) == ("HTTP/1.1 200 OK", str(len(BODY)))
    assert answer.endswith(b"\r\n\r\n")


def test_a_request_in_pieces_is_answered(served: Served) -> None:
    one = served.connect()
    for at in range(len(GET)):
        one.sendall(GET[at : at + 1])
    assert received(one).endswith(BODY)


def test_silent_clients_block_nobody(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "SECONDS", 0.5)
    silent = [served.connect() for _ in range(MOST - 1)]
    silent[0].sendall(b"GET /metr")
    # One takes no answer.
    silent[1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    silent[1].sendall(GET)
    began = time.monotonic()
    assert served.get() == BODY
    assert time.monotonic() - began < 0.4
    time.sleep(1)
    assert served.get() == BODY
    # Their time is over.
    assert all(one.recv(1) == b"" for one in silent[2:])
    assert len(served.server._clients) <= 1


def test_many_clients_block_nobody(served: Served) -> None:
    silent = [served.connect() for _ in range(5 * MOST)]
    for _ in range(3):
        assert served.get() == BODY
    assert len(served.server._clients) <= MOST
    # The one that was there longest has made room.
    assert silent[0].recv(1) == b""


def test_clients_that_are_gone_leave_nothing(served: Served) -> None:
    assert served.get() == BODY
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for what in (b"", b"GET", GET) * 30:
        one = served.connect()
        one.sendall(what)
        if len(what) == 3:
            # Its end is a RST.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()
        assert served.opened.pop() is one
    assert served.get() == BODY
    deadline = time.monotonic() + 10
    while served.server._clients and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not served.server._clients
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before


def test_a_flood_of_requests_is_answered(served: Served) -> None:
    found: list[bool] = []

    def ask() -> None:
        for _ in range(20):
            with suppress(urllib.error.URLError, ConnectionError):
                found.append(served.get() == BODY)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert found == [True] * 160


def test_once_stopped_nobody_listens(served: Served) -> None:
    waiting = served.connect()
    assert served.get() == BODY
    served.server.stop()
    assert waiting.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        served.connect()
    assert not any(one.name == "pcapstate-metrics" for one in threading.enumerate())


# --- the place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (":9100", ("127.0.0.1", 9100)),
        ("localhost:1", ("127.0.0.1", 1)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("192.0.2.1:65535", ("192.0.2.1", 65535)),
        ("[::1]:9100", ("::1", 9100)),
        ("[::]:9100", ("::", 9100)),
    ],
)
def test_places(text: str, place: tuple[str, int]) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "9100",
        "x",
        ":x",
        ":-1",
        ":65536",
        ":123456",
        ":٣",
        "::1:80",
        "[::1]",
        "[127.0.0.1]:80",
        "a.b:80",
        "[:80",
    ],
)
def test_what_is_no_place_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"ADDRESS:PORT|IP address|brackets"):
        parse_place(text)


def test_a_bad_place_is_one_line() -> None:
    done = process("timeline", "-i", "lo", "--metrics", "9100")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert b"--metrics" in done.stderr


def test_a_port_in_use_is_one_line(served: Served) -> None:
    with pytest.raises(ListenError, match="Address already in use"):
        Listener(*served.place)
    done = process("timeline", "--follow", PCAPS / "example.pcapng", "--metrics", f":{served.place[1]}")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == f"pcapstate: metrics on 127.0.0.1:{served.place[1]}: Address already in use\n".encode()


def test_a_file_at_rest_has_no_metrics() -> None:
    done = run("timeline", PCAPS / "example.pcapng", "--metrics", ":0")
    assert done.exit_code == 2
    assert "goes with -i, --follow or standard input" in done.output


def test_where_reading_cannot_begin_nobody_listens() -> None:
    """The socket is open by then; left open, it would be an error of this test."""
    with pytest.raises(CaptureError):
        run("timeline", "--follow", PCAPS / "damaged-text.txt", "--metrics", ":0")
    gc.collect()
