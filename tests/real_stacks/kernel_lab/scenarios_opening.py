"""How connections begin: handshakes that go well, are lost, refused, crossed, scanned or given up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from kernel_lab.hosts import Connection
from kernel_lab.lab import Lab, close_client_first, scenario
from kernel_lab.segments import forge

BOTH = ("client", "server")


@scenario("Established, and left so")
def left_established(lab: Lab) -> None:
    lab.exchange(lab.open())


@scenario("Refused by a closed port, three times")
def refused(lab: Lab) -> None:
    for port in (9001, 9002, 9001):
        lab.states(lab.start(port), client="CLOSED", server="CLOSED")


@scenario("IPv6: refused by a closed port", ipv6=True)
def refused_v6(lab: Lab) -> None:
    lab.states(lab.start(9001), client="CLOSED", server="CLOSED")


@scenario("No SYN ever arrives; the client gives up")
def syn_unanswered(lab: Lab) -> None:
    lab.client.namespace.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=1)
    lab.listen()
    lab.wire.drop(lab.client.sends("S"), times=9)
    connection = lab.start()
    lab.states(connection, client="SYN_SENT")
    lab.states(connection, client="CLOSED")


@scenario("The first SYN is lost", at=BOTH)
def syn_lost(lab: Lab) -> None:
    lab.listen()
    with lab.wire.losing(lab.client.sends("S")):
        connection = lab.start()
        lab.states(connection, client="SYN_SENT")
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("The first SYN-ACK is lost", at=BOTH)
def syn_ack_lost(lab: Lab) -> None:
    lab.listen()
    with lab.wire.losing(lab.server.sends("SA")):
        connection = lab.start()
        lab.states(connection, client="SYN_SENT", server="SYN_RECEIVED")
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("The last ACK of the handshake is lost, and nothing is said: the SYN-ACK is sent again", at=BOTH)
def final_ack_lost(lab: Lab) -> None:
    lab.listen()
    with lab.wire.losing(lab.client.sends("A", lacks="S")):
        connection = lab.start()
        lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("The last ACK of the handshake is lost, and data says the same", at=BOTH)
def final_ack_lost_then_data(lab: Lab) -> None:
    lab.listen()
    with lab.wire.losing(lab.client.sends("A", lacks="S")):
        connection = lab.start()
        lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.exchange(connection)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("The last ACK of the handshake is lost, and a FIN says the same: ESTABLISHED and CLOSE_WAIT at once", at=BOTH)
def final_ack_lost_then_fin(lab: Lab) -> None:
    lab.listen()
    with lab.wire.losing(lab.client.sends("A", lacks="S")):
        connection = lab.start()
        lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")


@scenario("Both SYNs cross: simultaneous open, then a normal close", at=BOTH)
def simultaneous_open(lab: Lab) -> None:
    connection = crossing_syns(lab)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    lab.exchange(connection)
    close_client_first(lab, connection)


@scenario("Simultaneous open in which the first SYN is lost", at=BOTH)
def simultaneous_open_syn_lost(lab: Lab) -> None:
    connection = crossing_syns(lab, lose_first=True)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("Simultaneous open, closed by one end while both are half open: its FIN stands for the lost SYN-ACK", at=BOTH)
def simultaneous_open_closed_early(lab: Lab) -> None:
    lab.may_seem("server", "ESTABLISHED", "the SYN-ACK to it was lost after the capture point", at="server")
    lab.wire.drop(lambda s: s.has("SA"), times=99)
    connection = crossing_syns(lab)
    lab.states(connection, client="SYN_RECEIVED", server="SYN_RECEIVED")
    connection.client.close()
    lab.checkpoint()


def crossing_syns(lab: Lab, lose_first: bool = False) -> Connection:
    """Connect both ends to each other with their SYNs crossing on the wire."""
    lab.meet()
    if lose_first:
        lab.wire.drop(lab.client.sends("S", lacks="A"))
    release = lab.wire.hold(lambda s: s.has("S") and not s.has("A"), times=2)
    connection = lab.start(5000, 5001)
    lab.wire.await_segment(lab.client.sends("S"))
    other = lab.server.socket(5000)
    other.setblocking(False)
    lab.keep(other)
    with suppress(BlockingIOError):
        other.connect((lab.client.address, 5001))
    other.settimeout(8)
    lab.wire.await_segment(lab.server.sends("S"))
    lab.states(connection, client="SYN_SENT", server="SYN_SENT")
    release()
    return replace(connection, accepted=other)


@scenario("Half-open port scan of an open port: the scanner's own TCP resets what it knows nothing of", at=BOTH)
def syn_scan_open_port(lab: Lab) -> None:
    lab.unknowable("client", "a raw socket sent the SYN, no TCP socket")
    lab.meet()
    lab.listen()
    lab.send_forged(lab.client, forge(lab.client.at(41000), lab.server.at(80), "S", seq=1_000_000))
    lab.wire.await_segment(lab.client.sends("R"))
    lab.checkpoint()


@scenario("Half-open port scan of a closed port", at=BOTH)
def syn_scan_closed_port(lab: Lab) -> None:
    lab.unknowable("client", "a raw socket sent the SYN, no TCP socket")
    lab.meet()
    lab.send_forged(lab.client, forge(lab.client.at(41000), lab.server.at(81), "S", seq=1_000_000))
    lab.wire.await_segment(lab.server.sends("R"))
    lab.checkpoint()


@scenario("The client gives up before the SYN-ACK comes, and resets", at=BOTH)
def client_gives_up_early(lab: Lab) -> None:
    lab.listen()
    release = lab.wire.hold(lab.server.sends("SA"))
    connection = lab.start()
    lab.states(connection, client="SYN_SENT", server="SYN_RECEIVED")
    connection.client.close()
    lab.states(connection, client="CLOSED", server="SYN_RECEIVED")
    release()
    lab.states(connection, client="CLOSED", server="CLOSED")


@scenario("Every segment of the handshake arrives twice", at=BOTH)
def handshake_twice(lab: Lab) -> None:
    lab.listen()
    lab.wire.repeat(lambda segment: True)
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("An old copy of the SYN, and of the SYN-ACK, arrive when all is established", at=BOTH)
def old_handshake_segments(lab: Lab) -> None:
    connection = lab.open()
    lab.exchange(connection)
    lab.replay(lab.last(lab.client.sends("S")), lab.server)
    lab.checkpoint()
    lab.replay(lab.last(lab.server.sends("SA")), lab.client)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    close_client_first(lab, connection)


@scenario("A forged SYN-ACK acknowledges what was never sent: the client answers it with a RST and goes on waiting")
def wrong_syn_ack(lab: Lab) -> None:
    lab.meet()
    lab.listen()
    release = lab.wire.hold(lab.server.sends("SA"))
    connection = lab.start()
    lab.wire.await_segment(lab.server.sends("SA"))
    syn = lab.last(lab.client.sends("S"))
    lab.wire.inject(forge(syn.destination, syn.source, "SA", seq=77, ack=syn.seq + 100), "client")
    lab.wire.await_segment(lab.client.sends("R"))
    lab.states(connection, client="SYN_SENT", server="SYN_RECEIVED")
    release()
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("Forged RSTs that a client in SYN_SENT must not take: no ACK, or an ACK of something else")
def wrong_resets_in_syn_sent(lab: Lab) -> None:
    lab.meet()
    lab.listen()
    release = lab.wire.hold(lab.server.sends("SA"))
    connection = lab.start()
    lab.wire.await_segment(lab.server.sends("SA"))
    syn = lab.last(lab.client.sends("S"))
    lab.wire.inject(forge(syn.destination, syn.source, "R", seq=77), "client")
    lab.wire.inject(forge(syn.destination, syn.source, "RA", seq=77, ack=syn.seq + 100), "client")
    lab.states(connection, client="SYN_SENT", server="SYN_RECEIVED")
    release()
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("A forged ACK of something else is answered with a RST in SYN_RECEIVED, and changes nothing", at=("server",))
def wrong_final_ack(lab: Lab) -> None:
    lab.listen()
    release = lab.wire.hold(lab.client.sends("A", lacks="S"))
    lab.wire.drop(lab.server.sends("R"))
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.inject(lab.server, "A", like=lab.last(lab.client.sends("S")), ack=lab.last(lab.server.sends("SA")).seq + 100)
    lab.wire.await_segment(lab.server.sends("R"))
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    release()
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")


@scenario("A RST outside the window does not end SYN_RECEIVED, the one that fits does", at=("server",))
def resets_in_syn_received(lab: Lab) -> None:
    lab.unknowable("client", "the RST was forged")
    lab.listen()
    lab.wire.drop(lab.client.sends("A", lacks="S"), times=9)
    connection = lab.start()
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    syn = lab.last(lab.client.sends("S"))
    lab.inject(lab.server, "R", like=syn, shift=1_000_000, ack=0)
    lab.states(connection, client="ESTABLISHED", server="SYN_RECEIVED")
    lab.inject(lab.server, "R", like=syn, ack=0)
    lab.states(connection, client="ESTABLISHED", server="CLOSED")


@scenario("Ten connections at once, side by side")
def ten_side_by_side(lab: Lab) -> None:
    lab.listen()
    connections = [lab.start() for _ in range(10)]
    lab.checkpoint()
    for connection in connections:
        lab.exchange(connection)
    for connection in connections[::2]:
        connection.client.close()
    for connection in connections[1::2]:
        connection.server.close()
    lab.states(connections[0], client="FIN_WAIT_2", server="CLOSE_WAIT")
    for connection in connections:
        connection.client.close()
        connection.server.close()
    lab.states(connections[0], client="TIME_WAIT", server="CLOSED")
    lab.states(connections[9], client="CLOSED", server="TIME_WAIT")
