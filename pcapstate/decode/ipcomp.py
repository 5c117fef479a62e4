"""Decompression of IP payloads (RFC 3173) with DEFLATE (RFC 2394)."""

from __future__ import annotations

import struct
import zlib

from .ip import network_layer
from .protocols import ETHERTYPE_IPV4, ETHERTYPE_IPV6, PROTOCOL_IPCOMP

LARGEST = 0xFFFF - 20
"""Most bytes of a decompressed payload: no IP packet has more."""


def inflated(packet: bytes, wire: int) -> bytes | None:
    """Return an IP packet with its payload decompressed, without headers between the IP header and the payload.

    ``wire``: most bytes it had on the wire. None if the payload cannot be decompressed completely.
    """
    ipv4 = packet[0] >> 4 == 4
    ethertype = ETHERTYPE_IPV4 if ipv4 else ETHERTYPE_IPV6
    protocol, at, _, end = network_layer(packet, ethertype, 0, len(packet), wire)
    if protocol != PROTOCOL_IPCOMP or len(packet) - at < 4:
        return None
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        payload = stream.decompress(packet[at + 4 : end], LARGEST)
    except zlib.error:
        return None
    # A negotiated number does not name the algorithm, so this may not be DEFLATE.
    if not stream.eof or stream.unused_data:
        return None
    inside = packet[at]
    if ipv4:
        header = struct.pack("!BBH2sHBBH", 0x45, 0, 20 + len(payload), packet[4:6], 0, 64, inside, 0)
        return header + packet[12:20] + payload
    return struct.pack("!IHBB", 6 << 28, len(payload), inside, 64) + packet[8:40] + payload
