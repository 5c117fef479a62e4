"""One capture in every file format: each gives the same output as close-by-client.pcap."""

from __future__ import annotations

from .files import block, enhanced, interface, obsolete, option, pcap, section, simple
from .packets import whole_talk
from .registry import capture

LIKE = "close-by-client.pcap"
LITTLE, BIG = "<", ">"


@capture(".pcap", like=LIKE)
def pcap_big_endian() -> bytes:
    """A pcap file in big-endian byte order."""
    return pcap(whole_talk(), order=BIG)


@capture(".pcap", like=LIKE)
def pcap_nanoseconds() -> bytes:
    """A pcap file with nanoseconds."""
    return pcap(whole_talk(), nanoseconds=True)


@capture(".pcap", like=LIKE)
def pcap_big_endian_nanoseconds() -> bytes:
    """A pcap file in big-endian byte order with nanoseconds."""
    return pcap(whole_talk(), order=BIG, nanoseconds=True)


@capture(".pcap", like=LIKE)
def pcap_aix() -> bytes:
    """A pcap file of AIX: version 2.2, with interface types in place of link types, and nanoseconds."""
    data = pcap(whole_talk(), order=BIG, nanoseconds=True, linktype=6)
    return bytes.fromhex("a1b2c3d4 0002 0002") + data[8:]


@capture(".pcap", like=LIKE)
def pcap_snaplen() -> bytes:
    """A pcap file whose snap length leaves only the first 20 bytes of each TCP header."""
    return pcap(whole_talk(), snaplen=14 + 20 + 20)


def _pcapng(order: str) -> bytes:
    return section(order) + interface(order) + b"".join(enhanced(order, packet) for packet in whole_talk())


@capture(".pcapng", like=LIKE)
def pcapng_little_endian() -> bytes:
    """A pcapng file with enhanced packet blocks."""
    return _pcapng(LITTLE)


@capture(".pcapng", like=LIKE)
def pcapng_big_endian() -> bytes:
    """A pcapng file in big-endian byte order."""
    return _pcapng(BIG)


@capture(".pcapng", like=LIKE)
def pcapng_two_sections() -> bytes:
    """Two sections of different byte order, the second with other interfaces."""
    packets = whole_talk()
    out = section(LITTLE) + interface(LITTLE) + b"".join(enhanced(LITTLE, packet) for packet in packets[:4])
    out += section(BIG) + interface(BIG, linktype=113) + interface(BIG, resolution=9)
    return out + b"".join(enhanced(BIG, packet, which=1, unit=1) for packet in packets[4:])


@capture(".pcapng", like=LIKE)
def pcapng_two_interfaces() -> bytes:
    """Two interfaces: time stamps in nanoseconds before an if_tsoffset, and in 1/1024 seconds (if_tsresol 0x8a)."""
    offset = 1_600_000_000
    out = section(LITTLE)
    out += interface(LITTLE, name="eth0", resolution=9, offset=offset) + interface(LITTLE, name="eth1", resolution=0x8A)
    for packet in whole_talk():
        if packet.outgoing:
            out += enhanced(LITTLE, packet, which=0, unit=1, offset=offset)
        else:
            out += enhanced(LITTLE, packet, which=1, unit=-10)
    return out


@capture(".pcapng", like=LIKE)
def pcapng_simple_packets() -> bytes:
    """Simple packet blocks, which have no time."""
    return section(LITTLE) + interface(LITTLE) + b"".join(simple(LITTLE, packet) for packet in whole_talk())


@capture(".pcapng", like=LIKE)
def pcapng_obsolete_packets() -> bytes:
    """Packet blocks of the obsolete kind."""
    return section(BIG) + interface(BIG) + b"".join(obsolete(BIG, packet) for packet in whole_talk())


@capture(".pcapng", like=LIKE)
def pcapng_unknown_blocks() -> bytes:
    """Blocks other than packets, known and unknown, between the packets."""
    unknown = block(LITTLE, 0x0BADF00D, b"nothing that anybody knows")
    statistics = block(LITTLE, 5, bytes(12) + option(LITTLE, 1, b"fine") + option(LITTLE, 0, b""))
    out = section(LITTLE) + unknown + interface(LITTLE)
    for turn, packet in enumerate(whole_talk()):
        out += (unknown, statistics, b"")[turn % 3] + enhanced(LITTLE, packet)
    return out + statistics
