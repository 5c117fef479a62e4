"""Captures of what ``pcapstate diagnose`` points at, where no other capture shows it."""

from __future__ import annotations

from .files import pcap
from .packets import ANSWER, LINE, REQUEST, SECOND, START, Talk, merged
from .registry import capture

RAW = 101
BLOB = bytes(range(256)) * 2


@capture(".pcap")
def half_open() -> bytes:
    """Idle for 90 seconds, then the client sends more: the server has forgotten the connection and answers with a RST
    without ACK.
    """
    talk = Talk().opened().exchange()
    talk.wait(90)
    talk.client.data(REQUEST)
    talk.server.send("R", window=0)
    return pcap(talk.packets)


@capture(".pcap")
def keepalives_unanswered() -> bytes:
    """Keep-alives are no longer answered: the server was switched off, or the path to it is down."""
    talk = Talk().opened().exchange()
    talk.wait(45)
    talk.client.ack(seq=talk.client.next - 1)
    talk.server.ack()
    for _ in range(4):
        talk.wait(45)
        talk.client.ack(seq=talk.client.next - 1)
    return pcap(talk.packets)


@capture(".pcap")
def handshakes_left() -> bytes:
    """The SYN-ACKs of two handshakes are retransmitted; no ACK ever completes them."""
    talks = []
    for number in range(2):
        talk = Talk(("10.0.0.5", 51_812 + number), start=START + number * SECOND // 2)
        talk.client.syn()
        answer = talk.server.syn_ack()
        for turn in range(3):
            talk.wait(2**turn)
            talk.server.emit(answer)
        talks.append(talk)
    return pcap(merged(*talks))


@capture(".pcap")
def answered_late() -> bytes:
    """Six connections; three get their SYN-ACK only after the SYN is retransmitted, as with a full queue."""
    talks = []
    for number in range(6):
        talk = Talk(("10.0.0.5", 51_812 + number), start=START + number * SECOND // 4)
        syn = talk.client.syn()
        if number >= 3:
            talk.wait(1)
            talk.client.emit(syn)
        talk.server.syn_ack()
        talk.client.ack()
        talk.exchange(LINE, ANSWER)
        talks.append(talk)
    return pcap(merged(*talks))


@capture(".pcap")
def accept_queue_full() -> bytes:
    """The port answers, and is silent 4 ms later: two clients send SYNs in vain, as with a full accept queue."""
    talk = Talk(step=SECOND // 1000).opened()
    talks = [talk]
    for number in range(2):
        later = Talk(("10.0.0.6", 51_900 + number), start=talk.time + (2 + number) * SECOND // 1000)
        syn = later.client.syn()
        for turn in range(2):
            later.wait(2**turn)
            later.client.emit(syn)
        talks.append(later)
    return pcap(merged(*talks))


@capture(".pcap")
def port_scan() -> bytes:
    """SYNs to twenty ports of one host: one is open and reset at once, sixteen are closed, three are filtered."""
    talks = []
    for number in range(20):
        talk = Talk(("198.51.100.66", 40_001), ("192.0.2.80", 70 + number), start=START + number * SECOND // 100)
        talk.client.syn(options=b"")
        if number == 10:
            talk.server.syn_ack()
            talk.client.send("R", window=0)
        elif number > 2:
            talk.server.send("RA", seq=0, window=0)
        talks.append(talk)
    return pcap(merged(*talks))


@capture(".pcap")
def host_scan() -> bytes:
    """SYNs to port 445 of sixteen hosts: one refuses, the others are silent for five seconds."""
    talks = []
    for number in range(16):
        talk = Talk(("10.0.0.66", 49_200 + number), (f"10.0.1.{number + 1}", 445), start=START + number * SECOND // 50)
        talk.client.syn(options=b"")
        if number == 7:
            talk.server.send("RA", seq=0, window=0)
        talks.append(talk)
    talk = Talk(start=START + 5 * SECOND).opened()
    return pcap(merged(*talks, talk))


@capture(".pcap")
def reset_with_data() -> bytes:
    """The server sends an answer and a RST right behind it: nothing shows that the client has read the answer."""
    talk = Talk().opened()
    talk.client.data(REQUEST)
    talk.server.ack()
    talk.server.data(BLOB)
    talk.server.send("RA", window=0)
    return pcap(talk.packets)


@capture(".pcap")
def sent_again() -> bytes:
    """The client sends fourteen lines; twelve are lost and retransmitted."""
    talk = Talk().opened()
    for number in range(14):
        line = talk.client.data(LINE)
        if number >= 2:
            talk.wait(0.25)
            talk.client.emit(line)
        talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def window_stays_zero() -> bytes:
    """The server takes no more data: its window is zero for 25 seconds, until the end."""
    talk = Talk().opened()
    talk.client.data(REQUEST)
    talk.server.ack(window=0)
    for turn in range(4):
        talk.wait(2**turn)
        talk.client.ack(seq=talk.client.next - 1)
        talk.server.ack(window=0)
    talk.wait(10)
    talk.client.ack(seq=talk.client.next - 1)
    return pcap(talk.packets)


@capture(".pcap")
def time_steps_back() -> bytes:
    """The clock is set back by an hour after the handshake."""
    talk = Talk().opened()
    talk.time -= 3600 * SECOND
    return pcap(talk.exchange().packets)


@capture(".pcap")
def stored_again() -> bytes:
    """A connection of six requests, followed by all of its packets again: the capture joined with itself."""
    talk = Talk().opened()
    for number in range(6):
        talk.exchange(b"request %d" % number)
    talk.closed_by(talk.client)
    return pcap(talk.packets + talk.packets)


@capture(".pcap")
def large_segments() -> bytes:
    """Segments of 2,896 bytes, as with segmentation offload, cut off behind their headers."""
    talk = Talk().opened()
    for _ in range(12):
        talk.server.data(bytes(2 * 1448))
        talk.client.ack()
    return pcap(talk.packets, snaplen=66)


@capture(".pcap")
def closed_first() -> bytes:
    """Eleven connections to one server: the server closes eight of them first, the client three."""
    talks = []
    for number in range(11):
        talk = Talk(("10.0.0.5", 51_812 + number), start=START + number * SECOND // 4)
        talk.client.syn(options=b"")
        talk.server.send("SA", seq=talk.server.isn)
        talk.client.ack()
        first = talk.client if number % 4 == 0 else talk.server
        first.fin()
        first.peer.fin()
        first.ack()
        talks.append(talk)
    return pcap(merged(*talks), lambda packet: packet.ip, linktype=RAW)
