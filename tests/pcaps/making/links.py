"""Captures of the ways a TCP segment is wrapped."""

from __future__ import annotations

import ipaddress

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
    """Data and both FINs in IP fragments, two of them out of order: a segment counts with its last fragment."""
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


@capture(".pcap", like="close-by-client.pcap")
def source_routes() -> bytes:
    """IPv4 packets with a loose, a strict, a used-up and no source route: TCP uses the last address of the route."""
    routes = [(0x83, 4), (0x89, 8), (0x83, 12), None]
    out = []
    for turn, packet in enumerate(whole_talk()):
        ip = packet.ip
        route = routes[turn % len(routes)]
        if route is not None:
            kind, pointer = route
            over = pointer > 11
            # Where it is not used up, the header names the next router, and the route ends with the target.
            hops = bytes.fromhex("cb007101") + (bytes.fromhex("cb007102") if over else ip[16:20])
            option = bytes([1, kind, 11, pointer]) + hops
            target = ip[16:20] if over else bytes.fromhex("cb007103")
            total = int.from_bytes(ip[2:4], "big") + len(option)
            ip = bytes([0x48]) + ip[1:2] + total.to_bytes(2, "big") + ip[4:16] + target + option + ip[20:]
        out.append(Packet(packet.time, ip, packet.outgoing))
    return pcap(out)


@capture(".pcap", like="tunnels-ipv6.pcap")
def ipv6_source_routes() -> bytes:
    """IPv6 packets on their way along routes of types 0, 2 and 4 (segments), and with a home address."""
    router = ipaddress.ip_address("2001:db8:f::1").packed
    out = []
    for turn, packet in enumerate(whole_talk_ipv6()):
        source, target = packet.ip[8:24], packet.ip[24:40]
        kinds = [
            (43, bytes.fromhex("06 04 00 01 00000000") + router + target, source, router),
            (43, bytes.fromhex("06 02 02 01 00000000") + target, source, router),
            (43, bytes.fromhex("06 04 04 01 01 00 0000") + target + router, source, router),
            (60, bytes.fromhex("06 02 0102 0000 c910") + source, router, target),
        ]
        kind, extension, shown_source, shown_target = kinds[turn % len(kinds)]
        ip = extended(packet.ip[:8] + shown_source + shown_target + packet.ip[40:], kind, extension)
        out.append(Packet(packet.time, ip, packet.outgoing))
    return pcap(out)


@capture(".pcap")
def fragments_with_headers() -> bytes:
    """Fragments of packets with a header before TCP: destination options, and over IPv4 authentication."""
    out: list[Packet] = []
    options, authentication = bytes.fromhex("06 00 0104 00000000"), bytes.fromhex("06 04 0000 00000100 00000001")
    for packet in whole_talk():
        ip = packet.ip
        header = authentication + bytes(range(12))
        total = int.from_bytes(ip[2:4], "big") + len(header)
        ip = ip[:2] + total.to_bytes(2, "big") + ip[4:9] + b"\x33" + ip[10:20] + header + ip[20:]
        out += fragments(packet._replace(ip=ip), 32)
    for packet in whole_talk_ipv6():
        out += fragments(packet._replace(ip=extended(packet.ip, 60, options)), 24, None)
    return pcap(sorted(out, key=lambda one: one.time))


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
