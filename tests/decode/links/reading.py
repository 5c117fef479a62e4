"""Link headers (hexadecimal), read by the function that all kernels call."""

from __future__ import annotations

from pcapstate.decode.links.dispatch import link_layer

WLAN = "0801 0000" + "02" * 18 + "1000" + "aaaa03 000000 0800"
"""The header of an 802.11 data frame, with LLC and SNAP for IPv4."""
IP = {0x86DD: b"\x60" + bytes(39)}
PPPOE_HEADER = 6


def read(linktype: int, frame: bytes) -> tuple[int, int, int, int]:
    """Return what ``link_layer`` tells about a frame; what stands around it in memory must not count."""
    found = link_layer(memoryview(b"\xff" * 7 + frame + b"\xff" * 80), 7, 7 + len(frame), linktype)
    return found[0], *(at - 7 for at in found[1:])  # type: ignore[return-value]


def follows(linktype: int, header: str, ethertype: int) -> bool:
    """Tell whether that EtherType is what a header says, right behind it."""
    octets = bytes.fromhex(header)
    kind, at, _, _ = read(linktype, octets + IP.get(ethertype, b"\x45" + bytes(19)))
    # A session header of PPPoE is read later, as that of a tunnel.
    return (kind, at) == (ethertype, len(octets) if ethertype != 0x8864 else len(octets) - PPPOE_HEADER - 2)


def cut_off(linktype: int, header: str) -> bool:
    """Tell whether nothing is read of a header, whatever stands behind it in memory."""
    return read(linktype, bytes.fromhex(header))[0] < 0
