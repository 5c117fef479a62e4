"""What generate.py can put its packets into: VLANs, tunnels, other link layers.

A wrapping is bytes that stand before the IP packet or the Ethernet frame. They are the same for each packet, but for
the lengths in them.
"""

from __future__ import annotations

from typing import NamedTuple

STATIONS = bytes.fromhex("020000000002 020000000001")
"""Both stations; an EtherType follows."""
ROUTERS = bytes.fromhex("c6336401 c6336402")
"""The ends of a tunnel, 198.51.100.1 and .2."""


class Wrapping(NamedTuple):
    """What stands before each packet, and the link type that it makes of the capture."""

    before: bytes
    lengths: tuple[tuple[int, int], ...] = ()
    """Lengths of 16 bits (big-endian) in it: where each stands, and from where to the frame's end it counts."""
    holds_ethernet: bool = False
    """Whether the Ethernet frame follows, or the IP packet."""
    linktype: int = 1


def _ethernet(header: str) -> bytes:
    return STATIONS + bytes.fromhex(header)


def _ip(protocol: int) -> bytes:
    return _ethernet("0800 4500 0000 0000 4000") + bytes([64, protocol, 0, 0]) + ROUTERS


def _udp(source: int, target: int, header: str) -> bytes:
    return _ip(17) + source.to_bytes(2) + target.to_bytes(2) + bytes(4) + bytes.fromhex(header)


IP_LENGTH, UDP_LENGTH = (16, 14), (38, 34)
RADIOTAP = bytes.fromhex("00001800 2f080000 0000000000000000 00 6c 8509c000 c4 00")
"""Time, flags, rate, channel, signal and antenna."""
QOS_DATA = bytes.fromhex("8802 3000 020000000002 020000000003 020000000001 1000 0000")
"""The header of an 802.11 frame from an access point."""
SNAP = bytes.fromhex("aaaa03 000000 0800")

PLAIN = Wrapping(b"", holds_ethernet=True)
WRAPPINGS = {
    "plain": PLAIN,
    "vlan": Wrapping(_ethernet("8100 0064 0800")),
    "qinq": Wrapping(_ethernet("88a8 0064 8100 00c8 0800")),
    "mpls": Wrapping(_ethernet("8847 03e81040 03e82140")),  # two labels
    "pppoe": Wrapping(_ethernet("8864 1100 0001 0000 0021"), ((18, 20),)),
    "4in6": Wrapping(
        _ethernet("86dd 60000000 0000 0440") + bytes.fromhex("20010db8" + "00" * 11 + "01") * 2, ((18, 54),)
    ),
    "gre": Wrapping(_ip(47) + bytes.fromhex("0000 0800"), (IP_LENGTH,)),
    "vxlan": Wrapping(_udp(49_152, 4789, "08000000 00006400"), (IP_LENGTH, UDP_LENGTH), holds_ethernet=True),
    "geneve": Wrapping(_udp(49_152, 6081, "00006558 00006400"), (IP_LENGTH, UDP_LENGTH), holds_ethernet=True),
    "gtp": Wrapping(_udp(2152, 2152, "30ff0000 00000001"), (IP_LENGTH, UDP_LENGTH, (44, 50))),
    "sll2": Wrapping(bytes.fromhex("0800 0000 00000002 0001 00 06 020000000001 0000"), linktype=276),
    "ppp": Wrapping(bytes.fromhex("ff03 0021"), linktype=9),
    "radiotap": Wrapping(RADIOTAP + QOS_DATA + SNAP, linktype=127),
}
"""By name: a VLAN tag, two, MPLS labels, PPPoE, IPv4 in IPv6, four tunnels, Linux cooked v2, PPP, and 802.11."""
