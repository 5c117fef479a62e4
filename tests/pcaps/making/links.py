"""Captures of the ways a TCP segment is wrapped."""

from __future__ import annotations

from .connections import LINE
from .files import pcap
from .packets import (
    CLIENT_MAC,
    REQUEST,
    SERVER_MAC,
    Packet,
    Talk,
    ethernet,
    extended,
    fragments,
    whole_talk,
    whole_talk_ipv6,
)
from .registry import capture

LIKE = "close-by-client.pcap"


def _fragmented(client: tuple[str, int], server: tuple[str, int]) -> bytes:
    talk = Talk(client, server).opened().exchange()
    talk.client.fin(LINE)
    talk.server.ack()
    talk.server.fin(LINE)
    talk.client.ack()
    out: list[Packet] = []
    for packet in talk.packets:
        if LINE in packet.ip:
            out += fragments(packet, 24, (1, 0) if packet.outgoing else None)
        elif REQUEST in packet.ip:
            out += fragments(packet, 32, (1, 0))
        else:
            out.append(packet)
    return pcap(out)


@capture(".pcap")
def fragments_ipv4() -> bytes:
    """Data and both FINs come in IP fragments, two of them in the wrong order: a segment counts with its last one."""
    return _fragmented(("10.0.0.5", 51_812), ("192.0.2.80", 80))


@capture(".pcap")
def fragments_ipv6() -> bytes:
    """The same with IPv6 fragment headers."""
    return _fragmented(("2001:db8::5", 51_812), ("2001:db8:80::1", 80))


@capture(".pcap", like=LIKE)
def vlan() -> bytes:
    """A VLAN tag (802.1Q)."""
    return pcap(whole_talk(), lambda packet: ethernet(packet, bytes.fromhex("8100 002a")))


@capture(".pcap", like=LIKE)
def qinq() -> bytes:
    """Two VLAN tags (802.1ad)."""
    return pcap(whole_talk(), lambda packet: ethernet(packet, bytes.fromhex("88a8 0064 8100 002a")))


@capture(".pcap", like=LIKE)
def linux_cooked() -> bytes:
    """Linux "any" interface, version 1 (LINKTYPE_LINUX_SLL)."""

    def frame(packet: Packet) -> bytes:
        kind, mac = (b"\0\4", CLIENT_MAC) if packet.outgoing else (b"\0\0", SERVER_MAC)
        return kind + b"\0\1\0\6" + mac + b"\0\0" + b"\x08\x00" + packet.ip

    return pcap(whole_talk(), frame, linktype=113)


@capture(".pcap", like=LIKE)
def linux_cooked_2() -> bytes:
    """Linux "any" interface, version 2 (LINKTYPE_LINUX_SLL2)."""

    def frame(packet: Packet) -> bytes:
        kind, mac = (b"\4", CLIENT_MAC) if packet.outgoing else (b"\0", SERVER_MAC)
        return b"\x08\x00\0\0" + b"\0\0\0\2" + b"\0\1" + kind + b"\6" + mac + b"\0\0" + packet.ip

    return pcap(whole_talk(), frame, linktype=276)


@capture(".pcap", like=LIKE)
def null() -> bytes:
    """BSD loopback, the address family in the byte order of the host (LINKTYPE_NULL)."""
    return pcap(whole_talk(), lambda packet: b"\2\0\0\0" + packet.ip, linktype=0)


@capture(".pcap", like=LIKE)
def loop() -> bytes:
    """OpenBSD loopback, the address family in network byte order (LINKTYPE_LOOP)."""
    return pcap(whole_talk(), lambda packet: b"\0\0\0\2" + packet.ip, linktype=108)


@capture(".pcap", like=LIKE)
def raw() -> bytes:
    """IP packets without a link layer (LINKTYPE_RAW)."""
    return pcap(whole_talk(), lambda packet: packet.ip, linktype=101)


@capture(".pcap")
def ipv6_extension_headers() -> bytes:
    """Hop-by-hop, routing, destination, authentication and (whole-packet) fragment headers before TCP."""
    hop_by_hop = (0, bytes.fromhex("06 00 0502 0000 0100"))
    destination = (60, bytes.fromhex("06 00 0104 00000000"))
    routing = (43, bytes.fromhex("06 02 04 00 00000000 20010db8000000000000000000000099"))
    whole_fragment = (44, bytes.fromhex("06 00 0000 00000007"))
    authentication = (51, bytes.fromhex("06 04 0000 00000100 00000001") + bytes(range(12)))
    chains = [
        [hop_by_hop],
        [destination, hop_by_hop],
        [routing],
        [whole_fragment],
        [authentication],
        [destination, authentication, whole_fragment, routing, hop_by_hop],
    ]
    out = []
    for turn, packet in enumerate(whole_talk_ipv6()):
        ip = packet.ip
        # Each header is put directly behind the IPv6 header, before the ones put there already.
        for kind, extension in chains[turn % len(chains)]:
            ip = extended(ip, kind, ip[6:7] + extension[1:])
        out.append(Packet(packet.time, ip, packet.outgoing))
    return pcap(out)
