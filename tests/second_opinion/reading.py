"""Captures as packets of the second opinion: plain pcap and pcapng files, headers taken apart by dpkt."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from ipaddress import ip_address
from typing import Any

import dpkt

LINKS = {1: dpkt.ethernet.Ethernet, 101: None, 228: None, 229: None, 113: dpkt.sll.SLL, 276: dpkt.sll2.SLL2}
FLAGS = {dpkt.tcp.TH_SYN: "S", dpkt.tcp.TH_FIN: "F", dpkt.tcp.TH_RST: "R", dpkt.tcp.TH_ACK: "A"}
ICMP_ERRORS = {dpkt.ip.IP: (3, 11, 12), dpkt.ip6.IP6: (1, 2, 3, 4)}


class NotRead(Exception):
    """The capture is of a kind that this reader leaves out."""


def packets_of(data: bytes) -> list[dict[str, Any]]:
    """Return the packets of a capture; frames that are no TCP only tell the time."""
    try:
        return [packet(number, *frame) for number, frame in enumerate(frames(data), 1)]
    except (struct.error, IndexError) as error:
        raise NotRead("damaged") from error


def frames(data: bytes) -> Iterator[tuple[int, Fraction, bytes]]:
    """Yield link type, time and bytes of each frame."""
    magic = data[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        yield from pcapng_frames(data)
        return
    for order in "<>":
        for number, unit in ((0xA1B2C3D4, 10**6), (0xA1B23C4D, 10**9)):
            if magic == struct.pack(order + "I", number):
                yield from pcap_frames(data, order, unit)
                return
    raise NotRead("neither pcap nor pcapng")


def pcap_frames(data: bytes, order: str, unit: int) -> Iterator[tuple[int, Fraction, bytes]]:
    """Yield the frames of a pcap file."""
    (link,) = struct.unpack_from(order + "I", data, 20)
    place = 24
    while place + 16 <= len(data):
        seconds, part, captured, _ = struct.unpack_from(order + "IIII", data, place)
        place += 16
        yield link & 0xFFFF, seconds + Fraction(part, unit), data[place : place + captured]
        place += captured


def pcapng_frames(data: bytes) -> Iterator[tuple[int, Fraction, bytes]]:
    """Yield the frames of a pcapng file with one section."""
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    links: list[tuple[int, int]] = []
    place = 0
    while place + 12 <= len(data):
        kind, size = struct.unpack_from(order + "II", data, place)
        body = data[place + 8 : place + size - 4]
        if kind == 0x0A0D0D0A and place:
            raise NotRead("several sections")
        if kind == 1:
            links.append((struct.unpack_from(order + "H", body)[0], resolution(body[8:], order)))
        elif kind == 6:
            interface, high, low, captured, _ = struct.unpack_from(order + "IIIII", body)
            link, unit = links[interface]
            yield link, Fraction(high << 32 | low, unit), body[20 : 20 + captured]
        elif kind in (2, 3):
            raise NotRead("packet blocks without time, or obsolete")
        place += size or len(data)


def resolution(options: bytes, order: str) -> int:
    """Return the time units a second of an interface."""
    place = 0
    while place + 4 <= len(options):
        code, size = struct.unpack_from(order + "HH", options, place)
        if code == 9:
            value = options[place + 4]
            return int(2 ** (value & 127) if value & 128 else 10**value)
        if code == 14:
            raise NotRead("times with an offset")
        place += 4 + (size + 3) // 4 * 4
    return 10**6


def packet(number: int, link: int, time: Fraction, frame: bytes) -> dict[str, Any]:
    """Return what a frame says of TCP."""
    if link not in LINKS:
        raise NotRead(f"link type {link}")
    other = {"number": number, "time": time, "flags": ""}
    try:
        if LINKS[link]:
            ip = LINKS[link](frame).data
        else:
            ip = dpkt.ip.IP(frame) if frame[0] >> 4 == 4 else dpkt.ip6.IP6(frame)
    except (dpkt.UnpackError, IndexError, AttributeError):
        return other
    if not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6):
        return other
    tcp = ip.data
    if isinstance(tcp, dpkt.icmp.ICMP | dpkt.icmp6.ICMP6) and tcp.type in ICMP_ERRORS[type(ip)]:
        raise NotRead("ICMP errors")
    if getattr(ip, "opts", b"") or dpkt.ip.IP_PROTO_ROUTING in getattr(ip, "extension_hdrs", ()):
        raise NotRead("source routes")
    if not isinstance(tcp, dpkt.tcp.TCP):
        return other
    if isinstance(ip, dpkt.ip.IP):
        if ip.offset or ip.mf:
            return other
        length, mark = ip.len - ip.hl * 4 - tcp.off * 4, ip.id or None
    else:
        length, mark = ip.plen - tcp.off * 4 - sum(map(len, ip.all_extension_headers)), None
    options = dict(dpkt.tcp.parse_opts(tcp.opts))
    stamps = options.get(dpkt.tcp.TCP_OPT_TIMESTAMP)
    scale = options.get(dpkt.tcp.TCP_OPT_WSCALE)
    return {
        **other,
        "source": (str(ip_address(ip.src)), tcp.sport),
        "target": (str(ip_address(ip.dst)), tcp.dport),
        # A segment with none of the flags is a packet all the same.
        "flags": "".join(letter for bit, letter in FLAGS.items() if tcp.flags & bit) or ".",
        "seq": tcp.seq,
        "ack": tcp.ack,
        "length": length,
        "window": tcp.win,
        "scale": min(scale[0], 14) if scale else None,
        "mark": (mark, stamps) if mark or stamps else None,
    }
