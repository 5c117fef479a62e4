"""Captures that lack packets: from the start, in one direction, or in the middle."""

from __future__ import annotations

from .files import pcap
from .packets import LINE, REQUEST, SECOND, START, Talk, merged, whole_talk
from .registry import capture


@capture(".pcap")
def joined_late() -> bytes:
    """The capture begins in the middle of a connection and has its close."""
    talk = Talk().opened()
    talk.packets.clear()
    talk.exchange()
    return pcap(talk.closed_by(talk.server).packets)


@capture(".pcap")
def one_direction_client() -> bytes:
    """Only the client's packets."""
    return pcap([packet for packet in whole_talk() if packet.outgoing])


@capture(".pcap")
def one_direction_server() -> bytes:
    """Only the server's packets."""
    return pcap([packet for packet in whole_talk() if not packet.outgoing])


@capture(".pcap")
def one_direction_one_byte() -> bytes:
    """Only the server's packets: the client's first byte looks like a FIN until the server acknowledges its second."""
    talk = Talk().opened()
    for _ in range(2):
        talk.client.data(b"x")
        talk.server.ack()
    return pcap([packet for packet in talk.packets if not packet.outgoing])


@capture(".pcap")
def fin_behind_a_hole() -> bytes:
    """A data segment is lost before the capture point; the FIN behind it counts only after the retransmission."""
    talk = Talk().opened()
    before = talk.client.next
    lost = talk.client.send("PA", REQUEST, captured=False)
    talk.client.fin()
    talk.server.ack(ack=before)
    talk.wait(0.25)
    talk.client.emit(lost)
    talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def gap_before_fin() -> bytes:
    """The end of the server's data, with its FIN, is missing; then the client closes. Who closed first is unknown."""
    talk = Talk().opened().exchange()
    talk.server.send("PA", LINE, captured=False)
    talk.server.send("FA", captured=False)
    talk.client.ack()
    talk.client.fin()
    talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def gap_then_more() -> bytes:
    """Data of the server is missing; the client closes, and later data of the server shows who closed first."""
    talk = Talk().opened().exchange()
    talk.server.send("PA", LINE, captured=False)
    talk.client.ack()
    talk.client.fin()
    talk.server.ack()
    talk.server.data(LINE)
    talk.client.ack()
    return pcap(talk.packets)


@capture(".pcap")
def only_syn_fin_rst() -> bytes:
    """Only segments with SYN, FIN or RST: one connection that closes, one that the server resets."""
    first = Talk().opened().exchange()
    first.closed_by(first.client)
    second = Talk(("10.0.0.5", 51_813), start=START + SECOND).opened().exchange()
    second.server.send("RA", window=0)
    return pcap([packet for packet in merged(first, second) if packet.ip[20 + 13] & 0x07])
