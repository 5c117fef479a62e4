"""Captures of the tunnels that a TCP segment may be in: each packet comes in another one."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Sequence
from itertools import cycle

from .files import pcap
from .packets import (
    ANSWER,
    CLIENT_MAC,
    REQUEST,
    SERVER_MAC,
    Packet,
    ethernet,
    fragments,
    ipv4,
    ipv6,
    whole_talk,
    whole_talk_ipv6,
)
from .registry import capture

LIKE = "close-by-client.pcap"
Wrapping = Callable[[Packet], bytes]
"""A packet to an Ethernet frame around it."""

OUTER = ipaddress.ip_address("198.51.100.1").packed + ipaddress.ip_address("203.0.113.2").packed
OUTER_IPV6 = ipaddress.ip_address("2001:db8:1::1").packed + ipaddress.ip_address("2001:db8:2::2").packed
STATIONS = SERVER_MAC + CLIENT_MAC


def in_turn(packets: Sequence[Packet], wrappings: Sequence[Wrapping]) -> bytes:
    """Return a pcap file in which each packet has the next of the wrappings."""
    frames = {packet: wrap(packet) for packet, wrap in zip(packets, cycle(wrappings), strict=False)}
    return pcap(packets, frames.__getitem__)


def layer(kind: int, header: str, rest: Wrapping) -> Wrapping:
    """Return an Ethernet frame with an EtherType and a header (hexadecimal) before the rest."""
    return lambda packet: STATIONS + struct.pack("!H", kind) + bytes.fromhex(header) + rest(packet)


def over_ip(protocol: int, header: str, rest: Wrapping) -> Wrapping:
    """Return a frame with an IPv4 packet of a protocol, with a header (hexadecimal) before the rest."""

    def wrap(packet: Packet) -> bytes:
        inside = ipv4(OUTER, bytes.fromhex(header) + rest(packet), 60, 7, 0, protocol)
        return STATIONS + b"\x08\x00" + inside

    return wrap


def over_ipv6(protocol: int, header: str, rest: Wrapping) -> Wrapping:
    """Return the same with IPv6."""
    return lambda packet: STATIONS + b"\x86\xdd" + ipv6(OUTER_IPV6, bytes.fromhex(header) + rest(packet), 60, protocol)


def over_udp(port: int, header: str, rest: Wrapping, around: Callable[..., Wrapping] = over_ip) -> Wrapping:
    """Return a frame with a UDP datagram to a port."""

    def datagram(packet: Packet) -> bytes:
        inside = bytes.fromhex(header) + rest(packet)
        return struct.pack("!HHHH", 50_000, port, 8 + len(inside), 0) + inside

    return around(17, "", datagram)


def bare(packet: Packet) -> bytes:
    """Return the IP packet itself."""
    return packet.ip


def wlan_swapped(packet: Packet) -> bytes:
    """Return an 802.11 data frame, the bytes of its frame control field swapped."""
    return bytes.fromhex("0108 0000") + CLIENT_MAC + SERVER_MAC * 2 + b"\0\0" + SNAP + packet.ip


SNAP = bytes.fromhex("aaaa03 000000 0800")


@capture(".pcap", like=LIKE)
def tunnels_tags() -> bytes:
    """Tags and headers before the network layer.

    Three VLAN tags, VN-Tag, E-Tag, Cisco metadata, MAC-in-MAC, FabricPath, HSR, TRILL, NSH, MACsec without encryption,
    LLC with SNAP.
    """
    llc = lambda packet: STATIONS + struct.pack("!H", 8 + len(packet.ip)) + SNAP + packet.ip  # noqa: E731
    return in_turn(
        whole_talk(),
        [
            layer(0x9100, "0001 9200 0002 9300 0003 0800", bare),
            layer(0x8926, "80010002 0800", bare),
            layer(0x893F, "000100020000 0800", bare),
            layer(0x8909, "0101 0001 0064 0800", bare),
            layer(0x88E7, "00000064", ethernet),
            layer(0x8903, "0001", ethernet),
            layer(0x892F, "1064 0001 0800", bare),
            layer(0x22F3, "0040 0001 0002 00000000", ethernet),
            layer(0x894F, "0fc2 0201 00006401", bare),
            layer(0x88E5, "2000 00000001 0200000000050001 0800", bare),
            llc,
        ],
    )


@capture(".pcap", like=LIKE)
def tunnels_mpls() -> bytes:
    """MPLS: one label, three labels, pseudowires with and without control word, over IP, UDP and GRE."""
    label, stack = "00064140", "00064040 000c8040 00064140"
    return in_turn(
        whole_talk(),
        [
            layer(0x8847, label, bare),
            layer(0x8847, stack, bare),
            layer(0x8848, label, bare),
            layer(0x8847, stack + "00000000", ethernet),
            layer(0x8847, label, ethernet),
            over_ip(137, label, bare),
            over_udp(6635, label, bare),
            over_ip(47, "0000 8847" + label, bare),
        ],
    )


@capture(".pcap", like=LIKE)
def tunnels_ppp() -> bytes:
    """PPP in PPPoE, PPTP's GRE and L2TP, also with compressed protocol field and with VLAN tags."""

    def pppoe(ppp: str) -> Wrapping:
        def wrap(packet: Packet) -> bytes:
            inside = bytes.fromhex(ppp) + packet.ip
            return bytes.fromhex("1100 0007") + struct.pack("!H", len(inside)) + inside

        return wrap

    return in_turn(
        whole_talk(),
        [
            layer(0x8864, "", pppoe("0021")),
            layer(0x8864, "", pppoe("21")),
            layer(0x8100, "0007 8864", pppoe("0021")),
            over_ip(47, "3081 880b 0040 0001 00000001 00000002 ff03 0021", bare),
            over_ip(47, "3001 880b 0040 0001 00000001 0021", bare),
            over_udp(1701, "0002 0001 0002 ff03 0021", bare),
            over_udp(1701, "4a02 0060 0001 0002 0001 0001 0000 0021", bare),
        ],
    )


@capture(".pcap", like=LIKE)
def tunnels_gre() -> bytes:
    """GRE: plain, with checksum, key and sequence number, bridging, ERSPAN of three types, WCCP, over UDP; EtherIP."""
    return in_turn(
        whole_talk(),
        [
            over_ip(47, "0000 0800", bare),
            over_ip(47, "b000 0800 0000 0000 00000007 00000001", bare),
            over_ip(47, "2000 6558 00000007", ethernet),
            over_ip(47, "0000 88be", ethernet),
            over_ip(47, "1000 88be 00000001 1001 0007 00000000", ethernet),
            over_ip(47, "1000 22eb 00000001 2001 0007 00000000 0000 0000", ethernet),
            over_ip(47, "1000 22eb 00000001 2001 0007 00000000 0000 0001 0000000000000000", ethernet),
            over_ip(47, "0000 883e 00000000", bare),
            over_ip(97, "3000", ethernet),
            over_ipv6(47, "0000 0800", bare),
            over_udp(4754, "0000 0800", bare),
        ],
    )


@capture(".pcap", like=LIKE)
def tunnels_ip() -> bytes:
    """IPv4 in IPv4 and in IPv6, with authentication headers, and in two layers."""
    authentication = "04 04 0000 00000100 00000001 000102030405060708090a0b"
    return in_turn(
        whole_talk(),
        [
            over_ip(4, "", bare),
            over_ipv6(4, "", bare),
            over_ip(51, authentication, bare),
            over_ipv6(51, authentication, bare),
            over_ip(94, "", bare),
            over_ip(41, "", lambda packet: over_ipv6(4, "", bare)(packet)[14:]),
        ],
    )


@capture(".pcap", like=LIKE)
def tunnels_udp() -> bytes:
    """Tunnels over UDP.

    VXLAN, VXLAN-GPE (IP and Ethernet), Geneve (with an option, bridged and not), GTP-U (with and without extension
    header), CAPWAP (802.3 and 802.11), TZSP, VXLAN over IPv6.
    """
    return in_turn(
        whole_talk(),
        [
            over_udp(4789, "08000000 00000700", ethernet),
            over_udp(4790, "0c000001 00000700", bare),
            over_udp(4790, "0c000003 00000700", ethernet),
            over_udp(6081, "0200 6558 00000700 0102 0001 00000000", ethernet),
            over_udp(6081, "0000 0800 00000700", bare),
            over_udp(2152, "30ff 0040 00000001", bare),
            over_udp(2152, "34ff 0048 00000001 0000 00 85 01 10 09 00", bare),
            over_udp(5247, "00 100000 00000000", ethernet),
            over_udp(5247, "00 100300 00000000", wlan_swapped),
            over_udp(4789, "08000000 00000700", ethernet, over_ipv6),
            over_udp(37_008, "0100 0001 0a01b0 00 01", ethernet),
        ],
    )


@capture(".pcap", like=LIKE)
def tunnels_others() -> bytes:
    """ERSPAN of type III with IP alone, GRE with source routes, LISP, LLC in a long frame, VXLAN, GTP-U."""
    return in_turn(
        whole_talk(),
        [
            over_ip(47, "1000 22eb 00000001 2001 0007 00000000 0000 0800", bare),
            over_ip(47, "4000 0800 0000 0000 0800 0004 c6336407 0000 0000", bare),
            over_udp(4341, "80000000 00000000", bare),
            layer(0x8870, SNAP.hex(), bare),
            over_udp(4789, "88000001 00000700", ethernet),
            over_udp(2152, "32ff 0044 00000001 0007 0000", bare),
        ],
    )


@capture(".pcap", like=LIKE)
def tunnels_compressed() -> bytes:
    """Compressed payloads (IPComp): IPv4 in IPv4, TCP itself, with a number agreed on, behind AH, over IPv6."""
    authentication = "6c 04 0000 00000100 00000001 000102030405060708090a0b"

    def stored(data: bytes) -> bytes:
        # The one form of DEFLATE that all compressors would write in the same way: as it was.
        return b"\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data

    def transport(packet: Packet) -> bytes:
        header = bytes.fromhex("06 00 0002")
        compressed = ipv4(packet.ip[12:20], header + stored(packet.ip[20:]), 60, 7, 0, 108)
        return STATIONS + b"\x08\x00" + compressed

    def inside(packet: Packet) -> bytes:
        return stored(packet.ip)

    return in_turn(
        whole_talk(),
        [
            over_ip(108, "04 00 0002", inside),
            transport,
            over_ip(108, "04 00 4b00", inside),
            over_ip(51, authentication + "04 00 0002", inside),
            over_ipv6(108, "04 00 0002", inside),
            over_ipv6(51, authentication + "04 00 4b00", inside),
        ],
    )


@capture(".pcap")
def tunnels_ipv6() -> bytes:
    """IPv6 in tunnels: 6in4, 6in6, Teredo with and without indications, AYIYA, GRE, MPLS."""
    return in_turn(
        whole_talk_ipv6(),
        [
            over_ip(41, "", bare),
            over_ipv6(41, "", bare),
            over_udp(3544, "", bare),
            over_udp(3544, "0001 0000 0000000000000000 00 0000 1388 c0000201", bare),
            over_udp(5072, "4152 1129 65538f00" + "00" * 16 + "11" * 20, bare),
            over_ip(47, "0000 86dd", bare),
            layer(0x8847, "00064140", bare),
        ],
    )


@capture(".pcap")
def tunnels_fragments() -> bytes:
    """GRE: the request in IP fragments inside the tunnel, the answer in a fragmented tunnel packet. A segment counts
    with the last fragment.
    """
    wrap = over_ip(47, "0000 0800", bare)
    out: list[Packet] = []
    for packet in whole_talk():
        if REQUEST in packet.ip:
            out += [part._replace(ip=wrap(part)[14:]) for part in fragments(packet, 32, (1, 0))]
        elif ANSWER in packet.ip:
            out += fragments(packet._replace(ip=wrap(packet)[14:]), 56)
        else:
            out.append(packet._replace(ip=wrap(packet)[14:]))
    return pcap(out)
