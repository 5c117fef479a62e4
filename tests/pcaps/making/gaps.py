"""Captures that lack packets: from the start, in one direction, or in the middle."""

from __future__ import annotations

from .files import pcap
from .packets import LINE, REQUEST, SECOND, START, Talk, merged, whole_talk
from .registry import capture


@capture(".pcap")
def joined_late() -> bytes:
    """The capture starts in the middle of a connection and sees it close."""
    talk = Talk().opened()
    talk.packets.clear()
    talk.exchange()
    return pcap(talk.closed_by(talk.server).packets)


@capture(".pcap")
def one_direction_client() -> bytes:
    """Only what the client sent was captured."""
    return pcap([packet for packet in whole_talk() if packet.outgoing])


@capture(".pcap")
def one_direction_server() -> bytes:
    """Only what the server sent was captured."""
    return pcap([packet for packet in whole_talk() if not packet.outgoing])


@capture(".pcap")
def one_direction_one_byte() -> bytes:
    """Only what the server sent: the client's first byte looks like a FIN until the server acknowledges its second."""
    talk = Talk().opened()
    for _ in range(2):
        talk.client.data(b"x")
        talk.server.ack()
    return pcap([packet for packet in talk.packets if not packet.outgoing])


@capture(".pcap")
def fin_behind_a_hole() -> bytes:
    """A data segment is lost before the capture; the FIN behind it counts only once that segment has come again."""
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
    """The end of what the server sent, its FIN, is missing; then the client closes, and nothing tells who was first."""
    talk = Talk().opened().exchange()
    talk.server.send("PA", LINE, captured=False)
    talk.server.send("FA", captured=False)
    talk.client.ack()
    talk.client.fin()
    talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def gap_then_more() -> bytes:
    """Data of the server is missing; the client closes, and what the server sends after that shows who was first."""
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
