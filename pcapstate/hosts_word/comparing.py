"""Compare a host's table with the packets' one: rows that agree, rows that differ, rows that only one has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ..addresses import Address, is_ipv4
from ..findings.finding import Text
from ..tcp.machine import Certainty
from ..tcp.states import State
from . import differences, reasons
from .evidence import End, Ends, Evidence
from .host_socket import ANY, HostSocket, HostsWord
from .packets_word import PacketSocket, PacketsWord

AGREES, DIFFERS, ONLY_HOST, ONLY_PACKETS = range(4)
VERDICTS = ("agrees", "differs", "only_host", "only_packets")


class Compared(NamedTuple):
    """A socket that the host, the packets or both have."""

    verdict: int
    host: HostSocket | None
    packets: PacketSocket | None
    reason: str | None
    """A code of ``reasons``; None where they agree."""
    why: Text | None
    connection: int | None
    packet: int | None
    """The packet that proves the packets' state, or the reason."""
    certainty: Certainty | None
    """Of the packets' state."""
    packet_state: State | None
    """Also CLOSED, which has no row of netstat."""

    @property
    def udp(self) -> bool:
        """Whether it is of UDP."""
        one = self.host or self.packets
        assert one is not None
        return one.udp

    @property
    def local(self) -> tuple[Address, int]:
        """Its own address and port."""
        return self._end("local")

    @property
    def foreign(self) -> tuple[Address, int]:
        """The other end's address and port; unspecified where there is none."""
        return self._end("foreign")

    def _end(self, which: str) -> tuple[Address, int]:
        one = self.host or self.packets
        assert one is not None
        address: Address | None = getattr(one, which)
        return ANY[one.ipv6] if address is None else address, getattr(one, f"{which}_port")


def compared(word: HostsWord, packets: PacketsWord, evidence: Evidence, within: int) -> list[Compared]:
    """Return all sockets, those of the file first; ``within``: ns that a change may be from the moment."""
    judge = differences.Judge(word, packets, evidence, within)
    by_ends = {_ends_of(one): one for one in packets.sockets if one.connection >= 0}
    ports = _Ports(one for one in packets.sockets if one.connection < 0)
    unknown = [_key(one) for one in word.sockets if not one.udp and one.connected and _key(one) not in by_ends]
    elsewhere = evidence.ends(unknown)
    found, taken = [], set[int]()
    for one in word.sockets:
        if not one.udp and one.connected:
            there = by_ends.get(_key(one))
            found.append(_connection(one, there, judge, elsewhere.get(_key(one), [])))
            matched = [] if there is None else [there]
        else:
            matched = ports.matching(one)
            found.append(_port(one, matched[0] if matched else None, judge))
        taken.update(map(id, matched))
    found.extend(_only_packets(one, judge) for one in packets.sockets if id(one) not in taken and judge.asked(one))
    return found


def count(rows: list[Compared]) -> Counter[int]:
    """Return how many rows have each verdict."""
    return Counter(one.verdict for one in rows)


def _key(one: HostSocket) -> Ends:
    assert one.local is not None
    assert one.foreign is not None
    return one.local, one.local_port, one.foreign, one.foreign_port


def _ends_of(one: PacketSocket) -> Ends:
    return one.local, one.local_port, one.foreign, one.foreign_port


class _Ports:
    """Ports of the packets without a connection: TCP that listens, and UDP."""

    def __init__(self, sockets: Iterator[PacketSocket]) -> None:
        self._by_port: dict[tuple[bool, int], list[PacketSocket]] = {}
        for one in sockets:
            self._by_port.setdefault((one.udp, one.local_port), []).append(one)

    def matching(self, one: HostSocket) -> list[PacketSocket]:
        """Return the ports that a socket of the host is, or one for any address."""
        if not one.udp and one.state not in (State.LISTEN, None):
            return []
        there = self._by_port.get((one.udp, one.local_port), [])
        if one.local is not None:
            return [other for other in there if other.local == one.local]
        # A socket of IPv6 for any address mostly takes IPv4, too.
        return [other for other in there if one.ipv6 or is_ipv4(*other.local)]


def _connection(
    one: HostSocket, packets: PacketSocket | None, judge: differences.Judge, elsewhere: list[End]
) -> Compared:
    if packets is None:
        why = judge.only_host(one, elsewhere)
        return _row(ONLY_HOST, one, None, why)
    end = judge.evidence.end_of(packets.connection, packets.side)
    if one.state in (None, packets.state):
        return _row(AGREES, one, packets, judge.proof(end))
    return _row(DIFFERS, one, packets, judge.differs(one, packets, end))


def _port(one: HostSocket, packets: PacketSocket | None, judge: differences.Judge) -> Compared:
    if packets is not None:
        return _row(AGREES, one, packets, differences.Reason(None))
    return _row(ONLY_HOST, one, None, judge.only_host_port(one))


def _only_packets(one: PacketSocket, judge: differences.Judge) -> Compared:
    end = None if one.connection < 0 else judge.evidence.end_of(one.connection, one.side)
    return _row(ONLY_PACKETS, None, one, judge.only_packets(one, end))


def _row(verdict: int, host: HostSocket | None, packets: PacketSocket | None, why: differences.Reason) -> Compared:
    connection = why.connection
    state = why.state
    if packets is not None:
        state = packets.state
        connection = packets.connection if packets.connection >= 0 else None
    sentence = None if why.code is None else Text(reasons.SENTENCES[why.sentence or why.code], why.fields)
    return Compared(verdict, host, packets, why.code, sentence, connection, why.packet, why.certainty, state)
