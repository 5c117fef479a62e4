"""Captures of what TCP connections go through."""

from __future__ import annotations

from .files import pcap
from .packets import ANSWER, LINE, REQUEST, SECOND, START, STEP, Packet, Talk, merged, whole_talk
from .registry import capture


@capture(".pcap")
def close_by_client() -> bytes:
    """Handshake, request and answer, then the client closes: it ends in TIME_WAIT, the server in CLOSED."""
    return pcap(whole_talk())


@capture(".pcap")
def close_by_server() -> bytes:
    """The same, over IPv6, but the server closes first and ends in TIME_WAIT."""
    talk = Talk(("2001:db8::5", 51_813), ("2001:db8:80::1", 80)).opened().exchange()
    return pcap(talk.closed_by(talk.server).packets)


@capture(".pcap")
def simultaneous_open() -> bytes:
    """Both sides send a SYN at once, then a SYN-ACK each (RFC 9293 figure 7)."""
    talk = Talk(("10.0.0.5", 7001), ("192.0.2.80", 7002))
    talk.client.syn()
    talk.server.syn()
    talk.client.syn_ack()
    talk.server.syn_ack()
    talk.client.data(LINE)
    talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def simultaneous_close() -> bytes:
    """Two FINs cross, so that both sides pass CLOSING and end in TIME_WAIT (RFC 9293 figure 13)."""
    talk = Talk().opened()
    last = talk.client.next
    talk.client.fin()
    talk.server.fin(ack=last)
    talk.client.ack()
    talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def fin_and_ack_in_one() -> bytes:
    """The server answers the client's FIN with one segment that is its ACK and its own FIN: a close in three."""
    talk = Talk().opened()
    talk.client.fin()
    talk.server.fin()
    talk.client.ack()
    return pcap(talk.packets)


@capture(".pcap")
def half_close() -> bytes:
    """The client closes its direction at once; the server sends from CLOSE_WAIT for a while, then closes too."""
    talk = Talk().opened()
    talk.client.data(REQUEST)
    talk.client.fin()
    talk.server.ack()
    for _ in range(3):
        talk.server.data(LINE)
        talk.client.ack()
    talk.server.fin()
    talk.client.ack()
    return pcap(talk.packets)


@capture(".pcap")
def half_closed_at_end() -> bytes:
    """The server never closes: CLOSE_WAIT is left, as by a program that forgets its sockets."""
    talk = Talk().opened().exchange()
    talk.client.fin()
    talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def refused() -> bytes:
    """A RST answers the SYN: the port is closed."""
    talk = Talk(server=("192.0.2.80", 8080))
    talk.client.syn()
    talk.server.send("RA", seq=0, window=0)
    return pcap(talk.packets)


@capture(".pcap")
def unanswered() -> bytes:
    """A SYN and five retransmissions after 1, 2, 4, 8 and 16 seconds, without an answer."""
    talk = Talk(step=0)
    syn = talk.client.syn()
    for turn in range(5):
        talk.wait(2**turn)
        talk.client.emit(syn)
    return pcap(talk.packets)


@capture(".pcap")
def timed_out() -> bytes:
    """The server is silent after the handshake: the client retransmits its request four times."""
    talk = Talk().opened()
    request = talk.client.data(REQUEST)
    for turn in range(4):
        talk.wait(2**turn)
        talk.client.emit(request)
    return pcap(talk.packets)


@capture(".pcap")
def reset_by_client() -> bytes:
    """The client ends an open connection with a RST."""
    talk = Talk().opened().exchange()
    talk.client.send("RA", window=0)
    return pcap(talk.packets)


@capture(".pcap")
def reset_by_server() -> bytes:
    """The server ends an open connection with a RST instead of an answer."""
    talk = Talk().opened()
    talk.client.data(REQUEST)
    talk.server.ack()
    talk.server.send("RA", window=0)
    return pcap(talk.packets)


@capture(".pcap")
def stray_reset() -> bytes:
    """A RST far outside the window, perhaps forged, changes nothing; the connection goes on."""
    talk = Talk().opened()
    talk.server.send("R", seq=talk.server.next + 0x10000000, window=0)
    talk.exchange()
    return pcap(talk.packets)


@capture(".pcap")
def time_wait_ends() -> bytes:
    """A packet of another connection 61 seconds after the close: TIME_WAIT has expired by then."""
    first = Talk()
    first.opened().closed_by(first.client)
    second = Talk(("10.0.0.5", 51_900), start=first.time - STEP + 61 * SECOND)
    second.client.syn()
    return pcap(merged(first, second))


@capture(".pcap")
def fin_with_data() -> bytes:
    """The FINs of both sides share a segment with the last data."""
    talk = Talk().opened()
    talk.client.fin(REQUEST)
    talk.server.ack()
    talk.server.fin(ANSWER)
    talk.client.ack()
    return pcap(talk.packets)


@capture(".pcap")
def sequence_wrap() -> bytes:
    """Sequence numbers wrap: the client's within its data, the server's with its FIN, which has the last number."""
    talk = Talk(isn=(2**32 - 20, 2**32 - 2 - len(ANSWER))).opened().exchange()
    return pcap(talk.closed_by(talk.client).packets)


@capture(".pcap")
def fast_open() -> bytes:
    """The SYN carries a cookie and the request (RFC 7413); the server answers before the handshake is complete."""
    talk = Talk()
    talk.client.syn(REQUEST, bytes.fromhex("020405b4 220a 0123456789abcdef"))
    talk.server.syn_ack()
    talk.server.data(ANSWER)
    talk.client.ack()
    return pcap(talk.closed_by(talk.client).packets)


@capture(".pcap")
def keepalives() -> bytes:
    """Keep-alives without data and with one byte of garbage (RFC 9293 §3.8.4): the connection stays open."""
    talk = Talk().opened().exchange()
    for _ in range(2):
        talk.wait(45)
        talk.client.ack(seq=talk.client.next - 1)
        talk.server.ack()
    talk.wait(45)
    talk.server.send("A", b"\0", seq=talk.server.next - 1)
    talk.client.ack()
    return pcap(talk.packets)


@capture(".pcap")
def zero_window() -> bytes:
    """The server's window closes; probes with and without a byte of data (RFC 9293 §3.8.6.1), then it opens again."""
    talk = Talk().opened()
    talk.client.data(REQUEST)
    talk.server.ack(window=0)
    full = talk.client.next
    talk.wait(0.25)
    talk.client.ack(seq=full - 1)
    talk.server.ack(window=0)
    talk.wait(0.5)
    talk.client.send("A", LINE[:1])
    talk.server.ack(ack=full, window=0)
    talk.wait(1)
    talk.server.ack(ack=full)
    talk.client.send("PA", LINE, seq=full)
    talk.server.ack()
    return pcap(talk.closed_by(talk.client).packets)


@capture(".pcap")
def syn_flood() -> bytes:
    """Twelve SYNs from twelve addresses; the first four are answered, none is completed."""
    talks = []
    for number in range(12):
        talk = Talk(
            (f"198.51.100.{7 * number + 3}", 1024 + 4099 * number),
            ("192.0.2.80", 443),
            isn=(0x01000193 * (number + 1) & 0xFFFFFFFF, 0x05000000 * (number + 1)),
            start=START + number * STEP // 4,
        )
        talk.client.syn()
        if number < 4:
            talk.server.syn_ack()
        talks.append(talk)
    return pcap(merged(*talks))


@capture(".pcap")
def every_packet_twice() -> bytes:
    """Every packet twice, before and after a router that decrements its TTL: the states are those of one copy."""
    out = []
    for packet in whole_talk():
        # The router changes the header checksum (RFC 1624), not the segment.
        total = int.from_bytes(packet.ip[10:12], "big") + 0x100
        total = (total & 0xFFFF) + (total >> 16)
        later = packet.ip[:8] + bytes([packet.ip[8] - 1]) + packet.ip[9:10] + total.to_bytes(2, "big") + packet.ip[12:]
        out += [packet, Packet(packet.time + 20_000, later, packet.outgoing)]
    return pcap(out)
