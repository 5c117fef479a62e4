"""Captures in which later packets contradict what was assumed."""

from __future__ import annotations

from .files import pcap
from .packets import ANSWER, LINE, SECOND, SYN_OPTIONS, Talk
from .registry import capture


@capture(".pcap")
def lost_final_ack() -> bytes:
    """The last ACK of the handshake is lost behind the capture point: the server retransmits its SYN-ACK."""
    talk = Talk()
    talk.client.syn()
    answer = talk.server.syn_ack()
    talk.client.ack()
    talk.wait(1)
    talk.server.emit(answer)
    talk.client.ack()
    return pcap(talk.exchange().packets)


@capture(".pcap")
def lost_last_ack() -> bytes:
    """The ACK of the server's FIN is lost behind the capture point: the server, still in LAST_ACK, retransmits its
    FIN.
    """
    talk = Talk().opened()
    talk.client.fin()
    talk.server.ack()
    fin = talk.server.fin()
    talk.client.ack()
    talk.wait(0.25)
    talk.server.emit(fin)
    talk.client.ack()
    return pcap(talk.packets)


@capture(".pcap")
def full_backlog() -> bytes:
    """The server drops the client's ACKs, as with a full accept queue, and keeps retransmitting its SYN-ACK."""
    return pcap(_dropping(3).packets)


@capture(".pcap")
def full_backlog_then_accepted() -> bytes:
    """The same, but in the end the server accepts the connection and answers a request."""
    return pcap(_dropping(2).exchange().packets)


def _dropping(times: int) -> Talk:
    talk = Talk()
    talk.client.syn()
    answer = talk.server.syn_ack()
    talk.client.ack()
    for turn in range(times):
        talk.wait(2**turn)
        talk.server.emit(answer)
        talk.client.ack()
    return talk


@capture(".pcap")
def fin_answered_by_reset() -> bytes:
    """The server has lost the connection, as after a reboot: a RST without ACK answers the client's FIN."""
    talk = Talk().opened()
    talk.client.fin()
    talk.server.send("R", window=0)
    return pcap(talk.packets)


@capture(".pcap")
def lost_reset() -> bytes:
    """The client's RST is lost behind the capture point: the server keeps sending, which draws a RST without ACK."""
    talk = Talk().opened().exchange()
    talk.client.send("RA", window=0)
    talk.server.data(LINE)
    talk.client.send("R", seq=talk.client.next, window=0)
    return pcap(talk.packets)


@capture(".pcap")
def forged_reset() -> bytes:
    """A RST with the right number, forged in the server's name and lost behind the capture point: both sides go on."""
    talk = Talk().opened().exchange()
    talk.server.send("RA", window=0)
    talk.server.data(LINE)
    talk.client.ack()
    return pcap(talk.packets)


@capture(".pcap")
def close_cut_off() -> bytes:
    """The client has closed its socket: it answers further data of the server with a RST."""
    talk = Talk().opened()
    talk.client.fin()
    talk.server.fin(ANSWER)
    talk.client.send("R", window=0)
    return pcap(talk.packets)


@capture(".pcap")
def close_cut_off_by_abort() -> bytes:
    """The server closes; before its FIN arrives, the client aborts: its RST acknowledges the data but not the FIN."""
    talk = Talk().opened().exchange()
    before = talk.server.next
    talk.server.fin()
    talk.client.send("RA", ack=before, window=0)
    return pcap(talk.packets)


@capture(".pcap")
def stray_fin() -> bytes:
    """A FIN far ahead, in the client's name, which the server refuses; later the client closes."""
    talk = Talk().opened().exchange()
    before = talk.client.next
    talk.client.send("FA", seq=before + 9_000_000)
    talk.client.next = before
    talk.server.send("A", ack=before)
    talk.wait(0.5)
    talk.client.fin()
    talk.server.ack()
    return pcap(talk.packets)


@capture(".pcap")
def given_up() -> bytes:
    """Three attempts: a SYN without answer, a SYN-ACK without acknowledgment, and a FIN without answer."""
    lost = Talk(("10.0.0.5", 51_900))
    syn = lost.client.syn()
    for seconds in (1, 2, 4):
        lost.wait(seconds)
        lost.client.emit(syn)
    half = Talk(("10.0.0.5", 51_901), isn=(0x2A2B3C00, 0x6E6F7000))
    half.client.syn()
    answer = half.server.syn_ack()
    for seconds in (1, 2, 4):
        half.wait(seconds)
        half.server.emit(answer)
    left = Talk(("10.0.0.5", 51_902), isn=(0x3A2B3C00, 0x7E6F7000)).opened()
    fin = left.client.fin()
    for seconds in (0.5, 1, 2):
        left.wait(seconds)
        left.client.emit(fin)
    later = Talk(("10.0.0.5", 51_903), isn=(0x4A2B3C00, 0x8E6F7000), start=lost.time + 30 * SECOND).opened()
    talks = (lost, half, left, later)
    return pcap(sorted((packet for talk in talks for packet in talk.packets), key=lambda packet: packet.time))


@capture(".pcap")
def self_connected() -> bytes:
    """A socket connected to itself: a program connects to an ephemeral port and gets that port."""
    talk = Talk(("127.0.0.1", 51_904), ("127.0.0.1", 51_904), isn=(0x1A2B3C00, 0x1A2B3C00))
    one = talk.client
    one.peer = one
    one.syn()
    one.send("SA", seq=one.isn, options=SYN_OPTIONS)
    one.ack()
    one.data(LINE)
    one.ack()
    one.fin()
    one.ack()
    return pcap(talk.packets)
