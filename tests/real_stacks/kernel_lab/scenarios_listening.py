"""What listeners do: fast open, a full queue, deferred accepting, cookies, requests that die, and closing early."""

from __future__ import annotations

import socket

from kernel_lab.hosts import Connection, receive
from kernel_lab.lab import Lab, close_client_first, scenario

BOTH = ("client", "server")
TCP_DEFER_ACCEPT = 9
MSG_FASTOPEN = 0x20000000


@scenario(
    "No ACK of the handshake ever arrives: the request dies at the server, and later data is answered with a RST",
    at=BOTH,
)
def request_times_out(lab: Lab) -> None:
    lab.may_seem("server", "ESTABLISHED", "as if an ACK had been taken, and then reset")
    lab.server.namespace.sysctl(tcp_synack_retries=1)
    lab.listen()
    lab.wire.drop(lab.client.sends("A", lacks="S"), times=9)
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.states(connection, client="ESTABLISHED", server="CLOSED")
    lab.wire.restore()
    connection.client.sendall(b"too late")
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("TCP Fast Open: the cookie is fetched, then data comes in the SYN", at=BOTH)
def fast_open(lab: Lab) -> None:
    _fast_open_cookie(lab)
    connection = _fast_open_start(lab)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    receive(connection.server, 10)
    connection.server.sendall(b"a" * 3000)
    receive(connection.client, 3000)
    close_client_first(lab, connection)


@scenario("TCP Fast Open: the server answers and closes before the handshake is over", at=BOTH)
def fast_open_server_closes_early(lab: Lab) -> None:
    lab.may_seem("server", "ESTABLISHED", "the ACK that came too late was sent in time", at="client", connection=1)
    _fast_open_cookie(lab)
    release = lab.wire.hold(lab.client.sends("A", lacks="S"))
    connection = _fast_open_start(lab)
    receive(connection.server, 10)
    connection.server.sendall(b"a" * 300)
    connection.server.close()
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_1")
    receive(connection.client, 300)
    release()
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("TCP Fast Open: the SYN with data is lost, and sent again without", at=BOTH)
def fast_open_syn_lost(lab: Lab) -> None:
    _fast_open_cookie(lab)
    lab.wire.drop(lab.client.sends("S"))
    connection = _fast_open_start(lab)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    receive(connection.server, 10)
    close_client_first(lab, connection)


@scenario("TCP Fast Open: the server does not take the data of the SYN", at=BOTH)
def fast_open_data_not_taken(lab: Lab) -> None:
    _fast_open_cookie(lab)
    lab.server.namespace.sysctl(tcp_fastopen=0)
    connection = _fast_open_start(lab)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    receive(connection.server, 10)
    close_client_first(lab, connection)


@scenario("TCP Fast Open: the client resets before the handshake is over", at=BOTH)
def fast_open_reset(lab: Lab) -> None:
    _fast_open_cookie(lab)
    release = lab.wire.hold(lab.server.sends("SA"))
    connection = _fast_open_start(lab)
    lab.states(connection, client="SYN_SENT", server="SYN_RECEIVED")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="SYN_RECEIVED")
    release()
    lab.states(connection, client="CLOSED", server="CLOSED")


def _fast_open_cookie(lab: Lab) -> None:
    """A first connection with fast open, which only fetches the cookie."""
    for host in lab.hosts:
        host.namespace.sysctl(tcp_fastopen=3)
    lab.listen(80, 16, (socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5))
    connection = _fast_open_start(lab)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    receive(connection.server, 10)
    close_client_first(lab, connection)


def _fast_open_start(lab: Lab) -> Connection:
    client = lab.client.socket(lab.free_port())
    lab.keep(client)
    client.setblocking(False)
    try:
        client.sendto(b"q" * 10, MSG_FASTOPEN, (lab.server.address, 80))
    except BlockingIOError:
        # Without a cookie, the data waits for the end of the handshake; what was not taken is sent then.
        client.settimeout(8)
        client.sendall(b"q" * 10)
    client.settimeout(8)
    return lab.connection(client, 80)


@scenario("The accept queue is full: the last ACK of the handshake is dropped, until a place is free", at=BOTH)
def backlog_full(lab: Lab) -> None:
    connection, waiting = _fill_backlog(lab)
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    # They are accepted in the order of the queue.
    assert all(one.server for one in waiting)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    # Where the SYN-ACK came twice by then, as on a busy machine, only what the server sends tells that it took an ACK.
    lab.exchange(connection)


@scenario("The accept queue is full, and the server resets what does not fit", at=BOTH)
def backlog_full_reset(lab: Lab) -> None:
    lab.may_seem("server", "ESTABLISHED", "as if it had been, and then reset", connection=3)
    lab.server.namespace.sysctl(tcp_abort_on_overflow=1)
    connection, _ = _fill_backlog(lab)
    lab.states(connection, client="CLOSED", server="CLOSED")


def _fill_backlog(lab: Lab) -> tuple[Connection, list[Connection]]:
    """Connections one more than the queue holds; return the one left out and those that wait to be accepted."""
    lab.listen(80, 2)
    waiting = [lab.start(), lab.start()]
    for connection in waiting:
        lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    release = lab.wire.hold(lab.client.sends("A", lacks="S"), times=2)
    third = lab.start()
    lab.states(third, client="ESTABLISHED", server="SYN_RECEIVED")
    fourth = lab.start()
    lab.states(fourth, client="ESTABLISHED", server="SYN_RECEIVED")
    release()
    lab.states(third, client="ESTABLISHED", server="ESTABLISHED")
    return fourth, [*waiting, third]


@scenario("The server defers accepting until data comes (TCP_DEFER_ACCEPT)", at=BOTH)
def deferred_accept(lab: Lab) -> None:
    lab.listen(80, 16, (socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 5))
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.exchange(connection)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario(
    "The server defers accepting, and no data ever comes: the SYN-ACK is sent again and the ACK of it taken", at=BOTH
)
def deferred_accept_without_data(lab: Lab) -> None:
    lab.listen(80, 16, (socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 1))
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("The server deferring accepting gets a FIN without data", at=BOTH)
def deferred_accept_fin(lab: Lab) -> None:
    lab.listen(80, 16, (socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 5))
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")


@scenario("SYN cookies: the server keeps nothing until the handshake is over", syn_cookies=True)
def syn_cookies(lab: Lab) -> None:
    lab.unknowable("server", "with SYN cookies the kernel keeps no state before the last ACK", "SYN_RECEIVED")
    lab.server.namespace.sysctl(tcp_syncookies=2)
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("The listener is closed before the handshake is over: the last ACK is answered with a RST", at=BOTH)
def listener_closed_in_handshake(lab: Lab) -> None:
    lab.may_seem("server", "ESTABLISHED", "as if it had been, and then reset")
    lab.listen()
    release = lab.wire.hold(lab.client.sends("A", lacks="S"))
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.close_listener()
    release()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("The listener is closed with a connection nobody has accepted: it is reset", at=BOTH)
def listener_closed_before_accept(lab: Lab) -> None:
    lab.listen()
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    lab.close_listener()
    lab.states(connection, client="CLOSED", server="CLOSED")
