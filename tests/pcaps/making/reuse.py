"""Captures in which a 4-tuple is used again."""

from __future__ import annotations

from .files import pcap
from .packets import SECOND, Talk, merged
from .registry import capture


@capture(".pcap")
def reused_ports() -> bytes:
    """Five seconds after the close the same two addresses and ports open a new connection."""
    first = Talk()
    first.opened().closed_by(first.client)
    second = Talk(isn=(first.client.next + 90_000, first.server.next + 70_000), start=first.time + 5 * SECOND)
    return pcap(merged(first, second.opened().exchange()))


@capture(".pcap")
def superseded() -> bytes:
    """A new connection takes the 4-tuple of an open one that was silent for 100 seconds."""
    first = Talk().opened().exchange()
    second = Talk(isn=(0x70000000, 0x60000000), start=first.time + 100 * SECOND)
    return pcap(merged(first, second.opened()))


@capture(".pcap")
def superseded_half_closed() -> bytes:
    """The same, but the client had closed its direction of the old connection."""
    first = Talk().opened().exchange()
    first.client.fin()
    first.server.ack()
    second = Talk(isn=(0x70000000, 0x60000000), start=first.time + 100 * SECOND)
    return pcap(merged(first, second.opened()))


@capture(".pcap")
def challenge_ack() -> bytes:
    """A rebooted client's SYN on an open 4-tuple draws a challenge ACK (RFC 5961), which draws a RST; then the SYN
    again.
    """
    first = Talk().opened().exchange()
    second = Talk(isn=(0x70000000, 0x60000000), start=first.time + SECOND)
    syn = second.client.syn()
    second.server.send("A", seq=first.server.next, ack=first.client.next)
    second.client.send("R", seq=first.client.next, window=0)
    second.wait(1)
    second.client.emit(syn)
    second.server.syn_ack()
    second.client.ack()
    return pcap(merged(first, second))


@capture(".pcap")
def old_duplicate_syn() -> bytes:
    """An old duplicate SYN arrives on an open 4-tuple: a challenge ACK, and the connection goes on."""
    first = Talk().opened().exchange()
    late = Talk(isn=(0x10000000, 0x60000000), start=first.time + SECOND)
    late.client.syn()
    late.server.send("A", seq=first.server.next, ack=first.client.next)
    first.wait(2)
    first.exchange()
    return pcap(merged(first.closed_by(first.client), late))


@capture(".pcap")
def refused_then_accepted() -> bytes:
    """A RST answers the SYN; a second later the same SYN is retransmitted and accepted."""
    talk = Talk()
    syn = talk.client.syn()
    talk.server.send("RA", seq=0, window=0)
    talk.wait(1)
    talk.client.emit(syn)
    talk.server.syn_ack()
    talk.client.ack()
    return pcap(talk.packets)
