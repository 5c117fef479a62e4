"""Connections that are reset, resets that are not to be taken, and pairs of endpoints used again."""

from __future__ import annotations

import socket
import time

from kernel_lab.hosts import Connection, abort, receive, vanish
from kernel_lab.lab import Lab, close_client_first, scenario
from kernel_lab.segments import forge

BOTH = ("client", "server")


@scenario("The client resets")
def reset_by_client(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    abort(connection.client)
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("The server resets", at=BOTH)
def reset_by_server(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    abort(connection.server)
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("Closed with data unread: a RST instead of a FIN", at=BOTH)
def close_with_unread_data(lab: Lab) -> None:
    connection = lab.open()
    connection.client.sendall(b"never read")
    lab.checkpoint()
    connection.server.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("CLOSE_WAIT is left with a RST", at=BOTH)
def reset_in_close_wait(lab: Lab) -> None:
    connection = lab.open()
    connection.client.sendall(b"never read")
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("FIN_WAIT_2 is left with a RST", at=BOTH)
def reset_in_fin_wait_2(lab: Lab) -> None:
    connection = lab.open()
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    abort(connection.client)
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("FIN_WAIT_1 is left with a RST, after the FIN", at=BOTH)
def reset_in_fin_wait_1(lab: Lab) -> None:
    lab.may_seem("client", "FIN_WAIT_2", "the ACK of its FIN is sent before its RST comes", at="server")
    connection = lab.open()
    release = lab.wire.hold(lab.client.sends())
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_1", server="ESTABLISHED")
    abort(connection.client)
    lab.states(connection, client="CLOSED", server="ESTABLISHED")
    release()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("An orphan in FIN_WAIT_2 gets a RST", at=BOTH)
def reset_to_orphan_in_fin_wait_2(lab: Lab) -> None:
    connection = lab.open()
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    abort(connection.server)
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("A RST for endpoints that never had a connection")
def stray_reset(lab: Lab) -> None:
    for end in ("client", "server"):
        lab.may_seem(end, "CLOSED", "as if the RST ended a connection older than the capture", connection=1)
    connection = lab.open()
    lab.send_forged(lab.client, forge(lab.client.at(41000), lab.server.at(80), "R", seq=12345))
    lab.wire.await_segment(lab.client.sends("R"))
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("An ACK for endpoints that never had a connection is answered with a RST")
def stray_ack(lab: Lab) -> None:
    lab.meet()
    lab.unknowable("client", "a raw socket sent the ACK, no TCP socket")
    lab.unknowable("server", "a stray ACK looks like one of a connection older than the capture")
    lab.send_forged(lab.client, forge(lab.client.at(41000), lab.server.at(80), "A", seq=12345, ack=54321))
    lab.wire.await_segment(lab.server.sends("R"))


@scenario("Forged RSTs outside the window change nothing", at=BOTH)
def reset_outside_window(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    for target, sender in ((lab.server, lab.client), (lab.client, lab.server)):
        like = lab.last(sender.sends("A"))
        lab.inject(target, "R", like=like, shift=-1000)
        lab.inject(target, "R", like=like, shift=10_000_000)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("Forged RSTs within the window, but not exactly at its beginning, draw a challenge ACK", at=BOTH)
def reset_not_exact(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    for target, sender in ((lab.server, lab.client), (lab.client, lab.server)):
        lab.inject(target, "R", like=lab.last(sender.sends("A")), shift=100)
        lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("A forged RST at exactly the right place ends one side; the other learns of it when it sends", at=BOTH)
def reset_forged(lab: Lab) -> None:
    lab.unknowable("client", "the RST was not its own", at="server")
    connection = lab.open()
    lab.exchange(connection)
    lab.inject(lab.server, "R", like=lab.last(lab.client.sends("A")))
    lab.states(connection, client="ESTABLISHED", server="CLOSED")
    connection.client.sendall(b"hello?")
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("Forged RSTs in FIN_WAIT_2 and CLOSE_WAIT: not exact, so nothing changes", at=BOTH)
def reset_not_exact_when_closing(lab: Lab) -> None:
    connection = lab.open()
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    lab.inject(lab.server, "R", like=lab.last(lab.client.sends("F")), shift=100)
    lab.inject(lab.client, "R", like=lab.last(lab.server.sends("A")), shift=100)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("A RST at exactly the next sequence number ends TIME_WAIT")
def reset_in_time_wait(lab: Lab) -> None:
    connection = _closed(lab)
    lab.inject(lab.client, "R", like=lab.last(lab.server.sends("F")))
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("A RST elsewhere does not end TIME_WAIT")
def wrong_reset_in_time_wait(lab: Lab) -> None:
    connection = _closed(lab)
    last = lab.last(lab.server.sends("F"))
    lab.inject(lab.client, "R", like=last, shift=100)
    lab.inject(lab.client, "R", like=last, shift=-1)
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("Old copies of SYN, data and FIN arrive in TIME_WAIT, and are only acknowledged", at=BOTH)
def old_segments_in_time_wait(lab: Lab) -> None:
    lab.may_seem("server", "CLOSED", "the RST to it was lost after the capture point", at="client")
    connection = lab.open()
    lab.exchange(connection)
    connection.server.close()
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")
    # What the answers draw from the other end, which knows nothing any more, must not arrive: it would end TIME_WAIT.
    lab.wire.drop(lab.client.sends("R"), times=9)
    for choice in (lab.client.sends("S"), lab.client.sends(data=True), lab.client.sends("F")):
        lab.replay(lab.last(choice), lab.server)
        lab.states(connection, client="CLOSED", server="TIME_WAIT")


def _closed(lab: Lab) -> Connection:
    """A connection closed by the client, which is in TIME_WAIT."""
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)
    return connection


@scenario("The same endpoints again after a RST, three times", at=BOTH)
def reuse_after_reset(lab: Lab) -> None:
    for _ in range(3):
        connection = lab.open(client_port=40500)
        lab.exchange(connection)
        abort(connection.client)
        lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("The same endpoints again after being refused, when somebody listens")
def reuse_after_refusal(lab: Lab) -> None:
    lab.states(lab.start(80, 40500), client="CLOSED", server="CLOSED")
    lab.listen()
    connection = lab.start(80, 40500)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("The same endpoints again while the server is in TIME_WAIT", at=BOTH)
def reuse_of_servers_time_wait(lab: Lab) -> None:
    for _ in range(2):
        connection = lab.open(client_port=40500)
        lab.exchange(connection)
        connection.server.close()
        lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
        connection.client.close()
        lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("The same endpoints again while the client is in TIME_WAIT", at=BOTH)
def reuse_of_clients_time_wait(lab: Lab) -> None:
    lab.client.namespace.sysctl(tcp_tw_reuse=1)
    lab.listen()
    connection = lab.open(client_port=40500)
    close_client_first(lab, connection)
    # Linux lets a TIME_WAIT be taken over after one second.
    again = _connect_when_allowed(lab, 40500)
    lab.states(again, client="ESTABLISHED", server="ESTABLISHED")
    lab.exchange(again)
    close_client_first(lab, again)


def _connect_when_allowed(lab: Lab, port: int) -> Connection:
    deadline = time.monotonic() + 5
    while True:
        try:
            return lab.start(80, port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@scenario("The client reboots and connects from the same port: challenge ACK, RST, and the SYN again", at=BOTH)
def rebooted_client(lab: Lab) -> None:
    connection = lab.open(client_port=40500)
    lab.exchange(connection)
    vanish(connection.client)
    lab.states(connection, client="CLOSED", server="ESTABLISHED")
    again = lab.start(80, 40500)
    lab.states(again, client="ESTABLISHED", server="ESTABLISHED")
    lab.exchange(again)
    close_client_first(lab, again)


@scenario("The client reboots while the server is in CLOSE_WAIT, and connects from the same port", at=BOTH)
def rebooted_client_in_close_wait(lab: Lab) -> None:
    connection = lab.open(client_port=40500)
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    vanish(connection.client)
    lab.states(connection, client="CLOSED")
    again = lab.start(80, 40500)
    lab.states(again, client="ESTABLISHED", server="ESTABLISHED")


@scenario("The client reboots, and its SYN comes while the server still waits for the handshake's last ACK", at=BOTH)
def rebooted_client_in_handshake(lab: Lab) -> None:
    lab.may_seem("server", "ESTABLISHED", "the ACK to it was lost after the capture point", at="client", connection=0)
    lab.unknowable("client", "nothing it sent in this state arrived", "ESTABLISHED", at="server", connection=0)
    lab.listen()
    lab.wire.drop(lab.client.sends("A", lacks="S"))
    connection = lab.start(80, 40500)
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    vanish(connection.client)
    lab.states(connection, client="CLOSED")
    again = lab.start(80, 40500)
    lab.states(again, client="ESTABLISHED", server="ESTABLISHED")


@scenario("Half open: the client has vanished, and data to it is answered with a RST", at=BOTH)
def half_open_data_to_vanished_client(lab: Lab) -> None:
    connection = lab.open()
    vanish(connection.client)
    lab.states(connection, client="CLOSED", server="ESTABLISHED")
    connection.server.sendall(b"anyone there?")
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("Half open: the server has vanished, and the client's FIN is answered with a RST", at=BOTH)
def half_open_fin_to_vanished_server(lab: Lab) -> None:
    lab.may_seem("server", "CLOSE_WAIT", "as if it had taken the FIN, and then reset")
    connection = lab.open()
    vanish(connection.server)
    lab.states(connection, client="ESTABLISHED", server="CLOSED")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("Half open: both have closed their half when the client vanishes in FIN_WAIT_2; the FIN draws a RST", at=BOTH)
def half_open_client_vanishes_in_fin_wait_2(lab: Lab) -> None:
    connection = lab.open()
    connection.client.shutdown(socket.SHUT_WR)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    vanish(connection.client)
    lab.states(connection, client="CLOSED", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("A RST arrives together with the data before it, in order", at=BOTH)
def data_then_reset(lab: Lab) -> None:
    connection = lab.open()
    release = lab.wire.hold(lab.server.sends())
    connection.server.sendall(b"a" * 5000)
    abort(connection.server)
    lab.wire.await_segment(lab.server.sends("R"))
    release()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("Urgent data, and half a close, before a RST")
def urgent_data(lab: Lab) -> None:
    connection = lab.open()
    connection.client.send(b"!", socket.MSG_OOB)
    connection.client.sendall(b"q")
    receive(connection.server, 1)
    lab.checkpoint()
    abort(connection.server)
    lab.states(connection, client="CLOSED", server="CLOSED")
