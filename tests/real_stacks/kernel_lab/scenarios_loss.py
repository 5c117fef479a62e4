"""Segments lost, repeated and reordered on the wire, captured at either end."""

from __future__ import annotations

from kernel_lab.hosts import Connection, abort, receive
from kernel_lab.lab import Lab, close_client_first, scenario

BOTH = ("client", "server")


@scenario("The client's FIN is lost", at=BOTH)
def fin_lost(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    with lab.wire.losing(lab.client.sends("F")):
        connection.client.close()
        lab.states(connection, client="FIN_WAIT_1", server="ESTABLISHED")
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The server's FIN, the second one, is lost", at=BOTH)
def second_fin_lost(lab: Lab) -> None:
    connection = lab.open()
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    with lab.wire.losing(lab.server.sends("F")):
        connection.server.close()
        lab.states(connection, client="FIN_WAIT_2", server="LAST_ACK")
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The ACK of the first FIN is lost", at=BOTH)
def ack_of_fin_lost(lab: Lab) -> None:
    connection = lab.open()
    with lab.wire.losing(lab.server.sends("A")):
        connection.client.close()
        lab.states(connection, client="FIN_WAIT_1", server="CLOSE_WAIT")
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The ACK of the first FIN is lost, and the second FIN says the same", at=BOTH)
def ack_of_fin_lost_then_fin(lab: Lab) -> None:
    connection = lab.open()
    with lab.wire.losing(lab.server.sends("A", lacks="F")):
        connection.client.close()
        lab.states(connection, client="FIN_WAIT_1", server="CLOSE_WAIT")
        connection.server.close()
        lab.wire.await_segment(lab.server.sends("F"))
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The last ACK is lost: the FIN is sent again from LAST_ACK", at=BOTH)
def last_ack_lost(lab: Lab) -> None:
    connection = lab.open()
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    with lab.wire.losing(lab.client.sends("A")):
        connection.server.close()
        lab.states(connection, client="TIME_WAIT", server="LAST_ACK")
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("Data before the FIN is lost: behind the hole the FIN leaves its receiver ESTABLISHED", at=BOTH)
def fin_behind_a_hole(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    with lab.wire.losing(lab.client.sends(data=True)):
        connection.client.sendall(b"lost at first")
        connection.client.close()
        lab.wire.await_segment(lab.client.sends("F"))
        lab.states(connection, client="FIN_WAIT_1", server="ESTABLISHED")
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    receive(connection.server, 13)
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The FIN overtakes the data before it", at=BOTH)
def fin_overtakes_data(lab: Lab) -> None:
    connection = lab.open()
    release = lab.wire.hold(lab.client.sends(data=True))
    connection.client.sendall(b"held up")
    connection.client.close()
    lab.wire.await_segment(lab.client.sends("F"))
    lab.states(connection, client="FIN_WAIT_1")
    release()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    receive(connection.server, 7)
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("The second FIN overtakes data, in FIN_WAIT_2", at=BOTH)
def second_fin_overtakes_data(lab: Lab) -> None:
    connection = lab.open()
    connection.client.shutdown(1)
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    release = lab.wire.hold(lab.server.sends(data=True), times=1)
    # Data sent again would draw another last ACK, the RST answering that would end TIME_WAIT.
    lab.wire.drop(lab.server.sends(data=True), times=99)
    connection.server.sendall(b"held up")
    connection.server.close()
    lab.wire.await_segment(lab.server.sends("F"))
    lab.states(connection, server="LAST_ACK")
    release()
    lab.states(connection, server="CLOSED")


@scenario("Data is lost on the way to the server, and on the way to the client", at=BOTH)
def data_loss(lab: Lab) -> None:
    connection = lab.open()
    lab.wire.drop(lab.client.sends(data=True))
    lab.wire.drop(lab.server.sends(data=True), times=2)
    lab.exchange(connection, request=5000, answer=20000)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("Every segment arrives twice: the second last ACK finds no socket, and its RST ends TIME_WAIT", at=BOTH)
def everything_twice(lab: Lab) -> None:
    lab.wire.repeat(lambda segment: True)
    connection = lab.open()
    lab.exchange(connection)
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("Every segment arrives twice, but for the last ACK", at=BOTH)
def nearly_everything_twice(lab: Lab) -> None:
    lab.wire.repeat(lambda segment: True)
    connection = lab.open()
    lab.exchange(connection)
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    lab.wire.restore()
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("Segments of an answer arrive in another order")
def reordered_data(lab: Lab) -> None:
    connection = lab.open()
    release = lab.wire.hold(lab.server.sends(data=True), times=1)
    connection.server.sendall(b"a" * 8000)
    lab.wire.await_segment(lab.server.sends(data=True), 3)
    release()
    receive(connection.client, 8000)
    close_client_first(lab, connection)


@scenario("Both FINs cross, and the client's is lost once", at=BOTH)
def simultaneous_close_fin_lost(lab: Lab) -> None:
    # From the client the server seems to have got the FIN sent before its own came, until the FIN is sent again.
    lab.unknowable("server", "it seems to have got the FIN first", "FIN_WAIT_2", at="client")
    lab.unknowable("client", "that its FIN went before its ACK shows only in the sequence number of that", at="server")
    lab.may_seem("server", "CLOSING", "it seems to have got the FIN that was lost", at="client")
    connection = lab.open()
    lab.wire.drop(lab.client.sends("F"))
    release = lab.wire.hold(lab.server.sends("F"), times=1)
    connection.client.close()
    lab.wire.await_segment(lab.client.sends("F"))
    connection.server.close()
    lab.wire.await_segment(lab.server.sends("F"))
    release()
    lab.states(connection, client="TIME_WAIT", server="TIME_WAIT")


@scenario("Both FINs cross, and the ACK of the client's is lost", at=BOTH)
def simultaneous_close_ack_lost(lab: Lab) -> None:
    connection = lab.open()
    releases = [lab.wire.hold(host.sends("F"), times=1) for host in lab.hosts]
    # The wire is deaf to retransmissions for a while, so that nothing but the held FINs decides the states.
    lab.wire.drop(lambda s: s.has("F"), times=99)
    connection.client.close()
    connection.server.close()
    lab.states(connection, client="FIN_WAIT_1", server="FIN_WAIT_1")
    lab.wire.drop(lab.server.sends("A", lacks="F"))
    for release in releases:
        release()
    lab.states(connection, client="CLOSING", server="TIME_WAIT")
    lab.wire.restore()
    lab.states(connection, client="TIME_WAIT", server="TIME_WAIT")


@scenario("A RST is lost, and data from the other side draws another", at=BOTH)
def reset_lost_then_data(lab: Lab) -> None:
    connection = _lose_reset(lab)
    connection.server.sendall(b"still here")
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("A RST is lost, and the other side closes: its FIN draws another RST", at=BOTH)
def reset_lost_then_fin(lab: Lab) -> None:
    lab.may_seem("client", "CLOSE_WAIT", "as if it had taken the FIN, and then reset", at="server")
    connection = _lose_reset(lab)
    connection.server.close()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("A RST is lost, and nothing more is said", at=BOTH)
def reset_lost_for_good(lab: Lab) -> None:
    lab.unknowable("server", "the RST to it was lost after the capture point", at="client")
    _lose_reset(lab)


def _lose_reset(lab: Lab) -> Connection:
    connection = lab.open()
    lab.wire.drop(lab.client.sends("R"))
    abort(connection.client)
    lab.states(connection, client="CLOSED", server="ESTABLISHED")
    return connection


@scenario("The SYN-ACK and the last ACK of the handshake are lost, then the FIN and its ACK", at=BOTH)
def much_lost(lab: Lab) -> None:
    lab.listen()
    lab.wire.drop(lab.server.sends("SA"))
    lab.wire.drop(lab.client.sends("A", lacks="SF"))
    connection = lab.start()
    lab.states(connection, client="SYN_SENT", server="SYN_RECEIVED")
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    lab.wire.drop(lab.client.sends("F"))
    lab.wire.drop(lab.server.sends("A", lacks="S"))
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")
