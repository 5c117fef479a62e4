"""The same connections seen otherwise: late, early, on loopback, one way only, twice, or only in part."""

from __future__ import annotations

from kernel_lab.hosts import abort
from kernel_lab.lab import Lab, close_client_first, scenario

UNSEEN = "its segments are not captured"


@scenario("The capture starts in the middle of a connection")
def capture_starts_late(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    lab.checkpoint()
    lab.record("", lab.client)
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("The capture starts in the middle of an idle connection, right before the FIN")
def capture_starts_before_fin(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    lab.checkpoint()
    lab.record("", lab.server)
    close_client_first(lab, connection)


@scenario("The capture starts in the middle of a connection that is reset")
def capture_starts_before_reset(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    lab.checkpoint()
    lab.record("", lab.client)
    lab.exchange(connection)
    abort(connection.server)
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("The capture starts after the SYN, with the SYN-ACK")
def capture_starts_with_syn_ack(lab: Lab) -> None:
    lab.listen()
    release = lab.wire.hold(lab.server.sends("SA"), times=1)
    connection = lab.start()
    lab.states(connection, client="SYN_SENT", server="SYN_RECEIVED")
    lab.record("", lab.client)
    release()
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("The capture ends in the middle of several connections")
def capture_ends_early(lab: Lab) -> None:
    recording = lab.record("", lab.client)
    connections = [lab.open() for _ in range(4)]
    for connection in connections:
        lab.exchange(connection)
    connections[1].client.close()
    connections[2].server.close()
    lab.states(connections[1], client="FIN_WAIT_2", server="CLOSE_WAIT")
    lab.states(connections[2], client="CLOSE_WAIT", server="FIN_WAIT_2")
    close_client_first(lab, connections[3])
    recording.capture.stop()
    for connection in connections:
        connection.client.close()
        connection.server.close()


@scenario("Loopback: both ends have the same address", loopback=True)
def loopback(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)
    lab.states(lab.start(9001), client="CLOSED", server="CLOSED")


@scenario("Loopback over IPv6", loopback=True, ipv6=True)
def loopback_v6(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    connection.server.close()
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("Only what the client sends is captured, and only what it gets")
def one_direction(lab: Lab) -> None:
    lab.unknowable("server", UNSEEN, at="sent")
    lab.unknowable("client", UNSEEN, at="received")
    lab.unknowable("server", "the FIN before its own is not captured", "LAST_ACK", at="received")
    lab.may_seem("server", "FIN_WAIT_1", "the FIN before its own is not captured", at="received")
    lab.record("sent", lab.client, None, "-Q", "out")
    lab.record("received", lab.client, None, "-Q", "in")
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("Only what the server sends is captured, of a connection it closes first")
def one_direction_server_first(lab: Lab) -> None:
    lab.unknowable("client", UNSEEN)
    lab.record("", lab.server, None, "-Q", "out")
    connection = lab.open()
    lab.exchange(connection)
    connection.server.close()
    lab.states(connection, client="CLOSE_WAIT", server="FIN_WAIT_2")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="TIME_WAIT")


@scenario("All interfaces are captured, with both kinds of Linux cooked headers")
def all_interfaces(lab: Lab) -> None:
    lab.record("cooked", lab.client, "any", "-y", "LINUX_SLL")
    lab.record("cooked_v2", lab.client, "any", "-y", "LINUX_SLL2")
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("All interfaces are captured on a host with a bridge: every packet is seen twice", bridge=True)
def all_interfaces_seen_twice(lab: Lab) -> None:
    lab.record("cooked", lab.client, "any", "-y", "LINUX_SLL")
    lab.record("cooked_v2", lab.client, "any", "-y", "LINUX_SLL2")
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)
    lab.states(lab.start(9001), client="CLOSED", server="CLOSED")
    again = lab.open()
    abort(again.client)
    lab.states(again, client="CLOSED", server="CLOSED")


@scenario("Every packet seen twice, in a handshake and a close with losses", bridge=True)
def seen_twice_with_losses(lab: Lab) -> None:
    lab.record("", lab.client, "any", "-y", "LINUX_SLL2")
    lab.listen()
    lab.wire.drop(lab.server.sends("SA"))
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    lab.exchange(connection)
    lab.wire.drop(lab.client.sends("F"))
    close_client_first(lab, connection)


@scenario("Only SYN, FIN and RST are captured")
def only_syn_fin_and_rst(lab: Lab) -> None:
    lab.record("", lab.client, None, "tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0")
    connection = lab.open()
    lab.exchange(connection)
    close_client_first(lab, connection)
    again = lab.open()
    lab.exchange(again)
    abort(again.server)
    lab.states(again, client="CLOSED", server="CLOSED")


@scenario("Segments with data are not captured")
def no_data_captured(lab: Lab) -> None:
    lab.record("", lab.server, None, "ip[2:2] < 100")
    connection = lab.open()
    lab.exchange(connection, request=500)
    close_client_first(lab, connection)
