"""ICMP errors about SYNs, SYN-ACKs and what open connections send."""

from __future__ import annotations

from kernel_lab.hosts import receive
from kernel_lab.lab import Lab, close_client_first, scenario
from kernel_lab.scenarios_opening import crossing_syns
from kernel_lab.segments import Segment

BOTH = ("client", "server")

# Type, code, and by how much the quoted sequence number is wrong. All codes, and some that do not exist.
_ERRORS = [
    *((3, code, 0) for code in range(17)),
    *((11, code, 0) for code in range(3)),
    *((12, code, 0) for code in range(3)),
    *((3, 1, shift) for shift in (-1, 2, 100_000)),
]
_ERRORS_IPV6 = [
    *((1, code, 0) for code in range(9)),
    (2, 0, 0),
    *((3, code, 0) for code in range(3)),
    *((4, code, 0) for code in range(4)),
    *((1, 4, shift) for shift in (-1, 2, 100_000)),
]


def _errors(lab: Lab) -> list[tuple[int, int, int]]:
    return _ERRORS_IPV6 if lab.scenario.ipv6 else _ERRORS


def _syns(lab: Lab) -> None:
    """A SYN for each error, which is its only answer."""
    lab.meet()
    with lab.wire.losing(lab.client.sends("S")):
        for kind, code, shift in _errors(lab):
            port = lab.free_port()
            lab.start(80, port)
            lab.answer(lab.wire.await_segment(lab.client.sends("S", port=port)), kind, code, shift=shift)
        lab.checkpoint()


@scenario("ICMP errors answer SYNs")
def errors_about_syn(lab: Lab) -> None:
    _syns(lab)


@scenario("IPv6: ICMP errors answer SYNs", ipv6=True)
def errors_about_syn_v6(lab: Lab) -> None:
    _syns(lab)


def _syn_acks(lab: Lab) -> None:
    """A SYN-ACK for each error; it never arrives."""
    lab.listen(backlog=99)
    lab.meet()
    lab.wire.drop(lab.server.sends("SA"), times=9999)
    ends = [lab.start().client_end for _ in _errors(lab)]
    found: dict[str, Segment] = {}
    for count in range(1, len(ends) + 1):
        segment = lab.wire.await_segment(lab.server.sends("SA"), count)
        found[segment.destination] = segment
    # No request is made anew.
    lab.wire.drop(lab.client.sends("S"), times=9999)
    for end, (kind, code, shift) in zip(ends, _errors(lab), strict=True):
        lab.answer(found[end], kind, code, shift=shift)
    lab.checkpoint()


@scenario("ICMP errors answer SYN-ACKs", at=("server",))
def errors_about_syn_ack(lab: Lab) -> None:
    _syn_acks(lab)


@scenario("IPv6: ICMP errors answer SYN-ACKs", at=("server",), ipv6=True)
def errors_about_syn_ack_v6(lab: Lab) -> None:
    _syn_acks(lab)


def _open(lab: Lab) -> None:
    """Errors about all that an open connection sends, and about what its closing ends send."""
    connection = lab.open()
    lab.exchange(connection)
    for host in (lab.client, lab.server):
        for choice in (host.sends("S"), host.sends(data=True)):
            for kind, code, _ in _errors(lab):
                if not lab.scenario.ipv6 or kind != 2:
                    lab.answer(lab.last(choice), kind, code)
    lab.states(connection, client="ESTABLISHED", server="ESTABLISHED")
    release = lab.wire.hold(lab.client.sends(data=True))
    connection.client.sendall(b"under way")
    for kind, code, shift in _errors(lab):
        if (kind, code) not in ((3, 4), (2, 0)):
            lab.answer(lab.wire.await_segment(lab.client.sends(data=True), 2), kind, code, shift=shift)
    lab.checkpoint()
    release()
    receive(connection.server, 9)
    close_client_first(lab, connection)


@scenario("ICMP errors about what open connections send", at=BOTH)
def errors_about_open(lab: Lab) -> None:
    _open(lab)


@scenario("IPv6: ICMP errors about what open connections send", at=BOTH, ipv6=True)
def errors_about_open_v6(lab: Lab) -> None:
    _open(lab)


@scenario("ICMP errors about the SYN-ACKs of a simultaneous open", at=BOTH)
def errors_about_simultaneous_open(lab: Lab) -> None:
    lab.wire.drop(lambda s: s.has("SA"), times=99)
    connection = crossing_syns(lab)
    lab.states(connection, client="SYN_RECEIVED", server="SYN_RECEIVED")
    for host, error in ((lab.client, (3, 3)), (lab.server, (11, 1))):
        lab.answer(lab.last(host.sends("SA")), *error)
    lab.states(connection, client="CLOSED", server="SYN_RECEIVED")
