"""Captures that are damaged, cut short, or none."""

from __future__ import annotations

import struct

from .files import enhanced, interface, pcap, section
from .packets import whole_talk
from .registry import capture


@capture(".pcap", exit_code=2, says="the file is empty")
def damaged_empty() -> bytes:
    """An empty file."""
    return b""


@capture(".pcap", exit_code=2, says="the file ends inside the pcap header")
def damaged_header() -> bytes:
    """A pcap file that ends inside its header."""
    return pcap([])[:20]


@capture(".pcap", exit_code=1, says="the file ends in the middle of a packet at byte 852; 10 packets read before that")
def damaged_last_packet() -> bytes:
    """The last packet is cut off, as on a full disk."""
    return pcap(whole_talk())[:-20]


@capture(".pcap", exit_code=1, says="a packet's length field is impossible at byte 106; 1 packet read before that")
def damaged_length() -> bytes:
    """The second packet claims to have 2**31 bytes."""
    packets = whole_talk()
    out = bytearray(pcap(packets))
    struct.pack_into("<I", out, len(pcap(packets[:1])) + 8, 1 << 31)
    return bytes(out)


@capture(
    ".pcapng", exit_code=1, says="the file ends in the middle of a block at byte 1,044; 10 packets read before that"
)
def damaged_last_block() -> bytes:
    """The last block of a pcapng file is cut off."""
    return (section("<") + interface("<") + b"".join(enhanced("<", packet) for packet in whole_talk()))[:-20]


@capture(".pcapng", exit_code=1, says="a block's length field is impossible at byte 148; 1 packet read before that")
def damaged_block_length() -> bytes:
    """The second packet's block has a length of 0."""
    first, *others = (enhanced("<", packet) for packet in whole_talk())
    out = bytearray(section("<") + interface("<") + first)
    at = len(out) + 4
    out += b"".join(others)
    struct.pack_into("<I", out, at, 0)
    return bytes(out)


@capture(
    ".pcapng",
    exit_code=1,
    says="a packet names an interface that was not described at byte 248; 2 packets read before that",
)
def damaged_interface() -> bytes:
    """The third packet names an interface that was not described."""
    return (
        section("<")
        + interface("<")
        + b"".join(enhanced("<", packet, which=3 if turn == 2 else 0) for turn, packet in enumerate(whole_talk()))
    )


@capture(".pcap", exit_code=0, says="11 frames could not be read: 11 cut off in the TCP header")
def damaged_snaplen() -> bytes:
    """The snap length cuts every TCP header before its flags, so no packet is evidence."""
    return pcap(whole_talk(), snaplen=14 + 20 + 12)


@capture(".txt", exit_code=2, says="not a capture file")
def damaged_text() -> bytes:
    """What tcpdump prints, kept instead of what it captures."""
    return b"12:00:00.000000 IP 10.0.0.5.51812 > 192.0.2.80.80: Flags [S], seq 439041024, win 64240, length 0\n"
