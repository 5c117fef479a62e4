"""Captures in which later packets contradict what was assumed."""

from __future__ import annotations

from .files import pcap
from .packets import LINE, Talk
from .registry import capture


@capture(".pcap")
def lost_final_ack() -> bytes:
    """The last ACK of the handshake is lost behind the capture: the server sends its SYN-ACK again."""
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
    """The ACK of the server's FIN is lost behind the capture: the server, still in LAST_ACK, sends its FIN again."""
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
    """The server drops the client's ACKs, as where its accept queue is full, and sends its SYN-ACK again and again."""
    return pcap(_dropping(3).packets)


@capture(".pcap")
def full_backlog_then_accepted() -> bytes:
    """The same, but in the end the server takes the connection and answers a request."""
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
    """The server has lost the connection, as by a reboot: a RST without ACK answers the client's FIN."""
    talk = Talk().opened()
    talk.client.fin()
    talk.server.send("R", window=0)
    return pcap(talk.packets)


@capture(".pcap")
def lost_reset() -> bytes:
    """The client's RST is lost behind the capture: the server sends on, which draws a RST without ACK."""
    talk = Talk().opened().exchange()
    talk.client.send("RA", window=0)
    talk.server.data(LINE)
    talk.client.send("R", seq=talk.client.next, window=0)
    return pcap(talk.packets)


@capture(".pcap")
def forged_reset() -> bytes:
    """A RST with the right number, forged in the server's name and lost behind the capture: both sides go on."""
    talk = Talk().opened().exchange()
    talk.server.send("RA", window=0)
    talk.server.data(LINE)
    talk.client.ack()
    return pcap(talk.packets)
