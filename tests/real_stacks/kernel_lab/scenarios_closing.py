"""How connections end without loss: each side first, half, at once, with data, and by the process letting go."""

from __future__ import annotations

import contextlib
import socket

from kernel_lab.hosts import Connection, receive
from kernel_lab.lab import Lab, close_client_first, scenario

BOTH = ("client", "server")
TCP_CORK = 3
TCP_LINGER2 = 8
TCP_USER_TIMEOUT = 18


def _server_first(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    connection.server.close()
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("IPv4: data both ways, the client closes first")
def client_closes_first(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("IPv6: data both ways, the client closes first", ipv6=True)
def client_closes_first_v6(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("IPv4: data both ways, the server closes first", at=BOTH)
def server_closes_first(lab: Lab) -> None:
    _server_first(lab)


@scenario("IPv6: data both ways, the server closes first", ipv6=True)
def server_closes_first_v6(lab: Lab) -> None:
    _server_first(lab)


@scenario("Closed by the client without any data")
def no_data(lab: Lab) -> None:
    close_client_first(lab, lab.open())


@scenario("The server closes the moment it reads the end: FIN and ACK of FIN may share a segment", at=BOTH)
def closed_at_once_by_both(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    connection.client.close()
    assert connection.server.recv(1) == b""
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The client closes its half, the server goes on sending, then closes")
def half_close(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.sendall(b"a" * 20000)
    receive(connection.client, 20000)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The server closes its half, the client goes on sending, then closes")
def half_close_by_server(lab: Lab) -> None:
    connection = lab.open()
    connection.server.shutdown(socket.SHUT_WR)
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.sendall(b"q" * 20000)
    receive(connection.server, 20000)
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("Half closed, then the process of the half-closed end lets go: FIN_WAIT_2 of an orphan, ended by the FIN")
def half_close_then_orphan(lab: Lab) -> None:
    connection = lab.open()
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("Both FINs cross", at=BOTH)
def simultaneous_close(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    release = lab.wire.hold(lambda s: s.has("F"))
    connection.client.close()
    connection.server.close()
    lab.states(connection, client="FIN_WAIT_1", server="FIN_WAIT_1")
    release()
    lab.states(connection, client="TIME_WAIT", server="TIME_WAIT")


@scenario("Both FINs cross, each with data the other has not got yet", at=BOTH)
def simultaneous_close_with_data(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    release = lab.wire.hold(lambda s: s.has("F"))
    for end in (connection.client, connection.server):
        _send_with_fin(end, b"last words")
    lab.states(connection, client="FIN_WAIT_1", server="FIN_WAIT_1")
    release()
    lab.states(connection, client="TIME_WAIT", server="TIME_WAIT")


@scenario("Both FINs cross, the ACKs of both are late: CLOSING on both sides", at=BOTH)
def closing_on_both_sides(lab: Lab) -> None:
    connection = lab.open()
    release_fins = lab.wire.hold(lambda s: True)
    connection.client.close()
    connection.server.close()
    lab.states(connection, client="FIN_WAIT_1", server="FIN_WAIT_1")
    release_answers = lab.wire.hold(lambda s: True)
    release_fins()
    lab.states(connection, client="CLOSING", server="CLOSING")
    release_answers()
    lab.states(connection, client="TIME_WAIT", server="TIME_WAIT")


@scenario("The last data and the FIN share a segment, both ways")
def fin_with_data(lab: Lab) -> None:
    connection = lab.open()
    _send_with_fin(connection.client, b"q" * 100)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    _send_with_fin(connection.server, b"a" * 100)
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


def _send_with_fin(end: socket.socket, data: bytes) -> None:
    """Send data so that its last segment has the FIN."""
    end.setsockopt(socket.IPPROTO_TCP, TCP_CORK, 1)
    end.sendall(data)
    end.shutdown(socket.SHUT_WR)


@scenario("A long answer, closed at once: much is under way when the FIN is entered")
def close_after_long_answer(lab: Lab) -> None:
    connection = lab.open()
    connection.server.sendall(b"a" * 100_000)
    connection.server.close()
    receive(connection.client, 100_000)
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("A FIN that must wait, since the peer's window is closed", at=BOTH)
def fin_behind_closed_window(lab: Lab) -> None:
    connection = _close_window(lab)
    connection.server.close()
    lab.states(connection, client="ESTABLISHED", server="FIN_WAIT_1")
    _read_all(connection.client)
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("The window closes, is probed, and opens again", at=BOTH)
def zero_window(lab: Lab) -> None:
    connection = _close_window(lab)
    probe = lab.server.sends("A", data=False)
    lab.wire.await_segment(probe, lab.wire.count(probe) + 2)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    connection.client.settimeout(0.1)
    with contextlib.suppress(TimeoutError):
        _read_all(connection.client)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


def _close_window(lab: Lab) -> Connection:
    """The server sends more than the client takes, until it can send nothing more."""
    lab.listen()
    connection = lab.start(80, None, (socket.SOL_SOCKET, socket.SO_RCVBUF, 8192))
    connection.server.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        for _ in range(40):
            connection.server.send(b"a" * 10_000)
    lab.wire.await_segment(lambda s: lab.client.sends("A")(s) and s.header[14:16] == b"\0\0")
    return connection


def _read_all(end: socket.socket) -> None:
    while end.recv(65536):
        pass


@scenario("The process lets go in FIN_WAIT_2 and then data comes: answered with a RST", at=BOTH)
def data_to_orphan_in_fin_wait_2(lab: Lab) -> None:
    connection = lab.open()
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.sendall(b"anyone there?")
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("The process lets go and data comes before its FIN has arrived: answered with a RST", at=BOTH)
def data_to_orphan_in_fin_wait_1(lab: Lab) -> None:
    lab.may_seem("client", "FIN_WAIT_2", "the ACK of its FIN is sent before its RST comes", at="server")
    connection = lab.open()
    release = lab.wire.hold(lab.client.sends())
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_1", server="ESTABLISHED")
    connection.server.sendall(b"anyone there?")
    lab.states(connection, client="CLOSED", server="ESTABLISHED")
    release()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("FIN_WAIT_2 of an orphan runs out silently; the FIN that comes later is answered with a RST", at=BOTH)
def orphan_in_fin_wait_2_expires(lab: Lab) -> None:
    lab.client.namespace.sysctl(tcp_fin_timeout=1)
    connection = lab.open()
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    lab.states(connection, client="CLOSED", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("TCP_LINGER2 below zero: the ACK of the FIN is answered with a RST", at=BOTH)
def no_lingering_in_fin_wait_2(lab: Lab) -> None:
    connection = lab.open()
    connection.client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, -1)
    connection.client.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("An orphan in FIN_WAIT_1 gives up silently, since nothing it sends arrives")
def orphan_in_fin_wait_1_gives_up(lab: Lab) -> None:
    lab.client.namespace.sysctl(tcp_orphan_retries=1)
    connection = lab.open()
    lab.unknowable("server", "the FIN never arrived", at="client")
    lab.wire.drop(lab.client.sends(), times=99)
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_1", server="ESTABLISHED")
    lab.states(connection, client="CLOSED", server="ESTABLISHED")


@scenario("An orphan in LAST_ACK gives up silently, since no ACK of its FIN comes", at=BOTH)
def last_ack_gives_up(lab: Lab) -> None:
    lab.server.namespace.sysctl(tcp_orphan_retries=1)
    connection = lab.open()
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    lab.unknowable("client", "the FIN to it never arrived", at="server")
    lab.unknowable("server", "its FIN never arrived", "LAST_ACK", at="client")
    lab.wire.drop(lab.server.sends(), times=99)
    connection.server.close()
    lab.states(connection, client="FIN_WAIT_2", server="LAST_ACK")
    lab.states(connection, client="FIN_WAIT_2", server="CLOSED")


@scenario("Data is never acknowledged: the user timeout ends the connection silently", at=BOTH)
def user_timeout(lab: Lab) -> None:
    connection = lab.open()
    connection.client.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 400)
    lab.wire.drop(lab.client.sends(), times=99)
    connection.client.sendall(b"lost")
    lab.states(connection, client="CLOSED", server="ESTABLISHED")


@scenario("Keepalives go and are answered", at=BOTH)
def keepalive(lab: Lab) -> None:
    connection = lab.open()
    _keep_alive(connection.client)
    lab.wire.await_segment(lab.client.sends("A", data=False), lab.wire.count(lab.client.sends("A", data=False)) + 1)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("Keepalives are not answered: the client gives up with a RST", at=BOTH)
def keepalive_unanswered(lab: Lab) -> None:
    connection = lab.open()
    _keep_alive(connection.client)
    lab.wire.drop(lab.server.sends(), times=99)
    lab.states(connection, client="CLOSED", server="CLOSED")


def _keep_alive(end: socket.socket) -> None:
    """Keepalives after one second, one second apart, given up after the first."""
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
