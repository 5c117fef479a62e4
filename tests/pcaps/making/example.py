"""A busy minute of one host, for the README and whoever wants to try the commands."""

from __future__ import annotations

import hashlib

from .files import enhanced, interface, section
from .packets import SECOND, START, Packet, Talk, merged
from .registry import capture

HOST = "10.0.0.5"
DATABASE = ("10.0.0.20", 5432)
MILLISECOND = SECOND // 1000


@capture(".pcapng")
def example() -> bytes:
    """Eighteen seconds of the host 10.0.0.5: connections open, opening, refused, reset, closing, leaking."""
    talks = [
        _shell(),
        _name_lookup(),
        _web(51_804, "203.0.113.80", 1.55),
        _web_closed(51_806, "203.0.113.80", 1.61),
        _left_open_by_client(),
        _database(51_816, 3.02),
        _database_leaked(51_818, 3.05),
        _refused(),
        _waits_for_server(),
        _plain_web_closed(),
        _reset(),
        _unanswered(),
    ]
    packets = merged(*talks, _incoming())
    blocks = [enhanced("<", packet) for packet in packets]
    return section("<") + interface("<", name="eth0", resolution=6) + b"".join(blocks)


def _talk(port: int, server: tuple[str, int], at: float, round_trip: int) -> Talk:
    """Start a conversation ``at`` seconds into the capture with half of ``round_trip`` ms between packets."""
    seed = hashlib.sha256(f"{port} {server}".encode()).digest()
    isn = int.from_bytes(seed[:4], "big"), int.from_bytes(seed[4:8], "big")
    start = START + round(at * 1000) * MILLISECOND + 1000 * (seed[8] + 256 * (seed[9] & 1))
    return Talk((HOST, port), server, isn=isn, start=start, step=round_trip * MILLISECOND // 2 + 37_000)


def _record(length: int, name: str) -> bytes:
    """Return a TLS record of application data, which looks like noise."""
    noise = b"".join(hashlib.sha256(f"{name} {turn}".encode()).digest() for turn in range(length // 32 + 1))
    return b"\x17\x03\x03" + length.to_bytes(2, "big") + noise[:length]


def _shell() -> Talk:
    talk = _talk(51_790, ("198.51.100.22", 22), 0.0, 24).opened()
    talk.server.data(b"SSH-2.0-OpenSSH_9.6\r\n")
    talk.client.data(b"SSH-2.0-OpenSSH_9.7\r\n")
    talk.server.ack()
    talk.wait(12.4)
    talk.client.data(_record(36, "shell")[5:])
    talk.server.data(_record(52, "answer")[5:])
    talk.client.ack()
    return talk


def _name_lookup() -> Talk:
    question = b"\3www\7example\3com\0" + b"\0\1\0\1"
    query = bytes.fromhex("3a1f 0100 0001 0000 0000 0000") + question
    answer = bytes.fromhex("3a1f 8180 0001 0001 0000 0000") + question
    answer += bytes.fromhex("c00c 0001 0001 00000e10 0004") + bytes([203, 0, 113, 80])
    talk = _talk(51_802, ("10.0.0.1", 53), 1.5, 2).opened()
    talk.client.data(len(query).to_bytes(2, "big") + query)
    talk.server.data(len(answer).to_bytes(2, "big") + answer)
    talk.client.ack()
    return talk.closed_by(talk.client)


def _web(port: int, server: str, at: float) -> Talk:
    talk = _talk(port, (server, 443), at, 18).opened()
    for turn in range(2):
        talk.exchange(_record(43 + 20 * turn, f"{port} request {turn}"), _record(90, f"{port} answer {turn}"))
        talk.wait(7.2)
    return talk


def _web_closed(port: int, server: str, at: float) -> Talk:
    talk = _talk(port, (server, 443), at, 18).opened()
    talk.exchange(_record(57, f"{port} request"), _record(74, f"{port} answer"))
    talk.wait(4)
    return talk.closed_by(talk.client)


def _plain_web_closed() -> Talk:
    talk = _talk(51_830, ("203.0.113.44", 80), 8.4, 31).opened()
    talk.exchange(b"HEAD / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n")
    return talk.closed_by(talk.client)


def _left_open_by_client() -> Talk:
    talk = _talk(51_810, ("203.0.113.44", 80), 2.2, 31).opened()
    talk.exchange(b"GET /news HTTP/1.0\r\n\r\n", b"HTTP/1.0 304 Not Modified\r\n\r\n")
    talk.server.fin()
    talk.client.ack()
    return talk


def _database(port: int, at: float) -> Talk:
    talk = _talk(port, DATABASE, at, 1).opened()
    talk.client.data(bytes.fromhex("00000008 04d2162f"))
    talk.server.data(b"N")
    talk.client.ack()
    return talk


def _database_leaked(port: int, at: float) -> Talk:
    talk = _database(port, at)
    talk.wait(10)
    talk.server.fin()
    talk.client.ack()
    return talk


def _refused() -> Talk:
    talk = _talk(51_824, ("10.0.0.20", 8080), 6.1, 1)
    talk.client.syn()
    talk.server.send("RA", seq=0, window=0)
    return talk


def _waits_for_server() -> Talk:
    talk = _talk(51_826, ("198.51.100.7", 443), 7.3, 46).opened()
    talk.exchange(_record(48, "upload"), _record(40, "received"))
    talk.client.fin()
    talk.server.ack()
    return talk


def _reset() -> Talk:
    talk = _talk(51_834, ("198.51.100.7", 443), 10.0, 46).opened()
    talk.client.data(_record(64, "rejected"))
    talk.server.send("RA", window=0)
    return talk


def _unanswered() -> Talk:
    talk = _talk(51_840, ("192.0.2.199", 443), 14.0, 0)
    syn = talk.client.syn()
    talk.wait(1)
    talk.client.emit(syn)
    talk.wait(2)
    talk.client.emit(syn)
    return talk


def _incoming() -> Talk:
    seed = hashlib.sha256(b"incoming").digest()
    isn = int.from_bytes(seed[:4], "big"), int.from_bytes(seed[4:8], "big")
    talk = Talk(
        ("10.0.0.31", 49_877), (HOST, 22), isn=isn, start=START + 9213 * MILLISECOND, step=MILLISECOND // 2
    ).opened()
    talk.server.data(b"SSH-2.0-OpenSSH_9.7\r\n")
    talk.client.ack()
    # Its client is another host: the frames go the other way.
    talk.packets = [Packet(packet.time, packet.ip, not packet.outgoing) for packet in talk.packets]
    return talk
