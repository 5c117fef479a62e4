"""Names of link types, EtherTypes and IP protocols, for the counts of skipped frames."""

from __future__ import annotations

import numpy as np

from ..decode import protocols

LINK_TYPES = {
    3: "AX.25", 19: "ATM CLIP", 143: "DOCSIS", 147: "user-defined", 149: "PKTAP", 177: "LAPD", 187: "Bluetooth",
    189: "USB", 192: "PPI", 195: "802.15.4", 201: "Bluetooth", 220: "USB", 227: "CAN", 249: "USB", 251: "Bluetooth LE",
    253: "Netlink", 258: "PKTAP", 264: "ISO 14443", 272: "Bluetooth LE",
}  # fmt: skip
"""Unsupported link types; ``decode.links`` has the names of the supported ones."""

ETHERTYPES = {
    0x0806: "ARP", 0x0842: "Wake-on-LAN", 0x22F3: "TRILL", 0x6003: "DECnet", 0x8035: "RARP", 0x80F3: "AARP",
    0x809B: "AppleTalk", 0x8137: "IPX", 0x8808: "flow control", 0x8809: "slow protocols", 0x8847: "MPLS",
    0x8848: "MPLS", 0x8863: "PPPoE discovery", 0x8864: "PPPoE", 0x886D: "Intel ANS", 0x888E: "802.1X",
    0x8892: "PROFINET", 0x88A2: "ATA over Ethernet", 0x88B8: "GOOSE", 0x88BA: "sampled values", 0x88BE: "ERSPAN",
    0x88CC: "LLDP", 0x88E5: "MACsec", 0x88E7: "MAC-in-MAC", 0x88F7: "PTP", 0x8903: "FabricPath", 0x8906: "FCoE",
    0x8926: "VN-Tag", 0x9000: "loopback test",
}  # fmt: skip

PROTOCOLS = {
    0: "hop-by-hop", 1: "ICMP", 2: "IGMP", 4: "IP-in-IP", 17: "UDP", 41: "IPv6-in-IP", 46: "RSVP", 47: "GRE",
    50: "ESP", 51: "AH", 58: "ICMPv6", 59: "no next header", 88: "EIGRP", 89: "OSPF", 94: "IP-in-IP", 97: "EtherIP",
    103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDP-Lite", 137: "MPLS-in-IP",
}  # fmt: skip

REASONS = {
    protocols.SHORT_LINK: "cut off in the link header",
    protocols.SHORT_IP: "cut off in the IP header",
    protocols.SHORT_TCP: "cut off in the TCP header",
    protocols.BAD_IP: "invalid IP header",
    protocols.BAD_TCP: "invalid TCP header",
    protocols.NOT_IP: "not IP",
    protocols.LLC: "LLC",
    protocols.INCOMPLETE_FRAGMENT: "fragments of incomplete packets",
    protocols.ENCRYPTED_WLAN: "encrypted 802.11",
    protocols.WLAN_NO_DATA: "802.11 without data",
}


NO_FAULT = (protocols.NOT_IP, protocols.LLC, protocols.WLAN_NO_DATA)
"""Reasons that describe the frame; all others mean that it is unreadable."""

Kinds = list[tuple[str, int]]


def account(skipped: np.ndarray) -> tuple[Kinds, Kinds]:
    """Return the skipped frames as names with counts, most first: those without TCP, and the unreadable ones."""
    others: dict[str, int] = {}
    unreadable: dict[str, int] = {}
    for index in np.flatnonzero(skipped):
        found = others
        if index >= protocols.SKIPPED_REASON:
            reason = int(index) - protocols.SKIPPED_REASON
            name = REASONS[reason]
            found = others if reason in NO_FAULT else unreadable
        elif index >= protocols.SKIPPED_PROTOCOL:
            number = int(index) - protocols.SKIPPED_PROTOCOL
            name = PROTOCOLS.get(number, f"IP protocol {number}")
        elif index >= protocols.SKIPPED_ETHERTYPE:
            number = int(index) - protocols.SKIPPED_ETHERTYPE
            name = ETHERTYPES.get(number, f"EtherType 0x{number:04x}")
        else:
            number = int(index) - protocols.SKIPPED_LINKTYPE
            name = LINK_TYPES.get(number, f"link type {number}")
            found = unreadable
        found[name] = found.get(name, 0) + int(skipped[index])
    return _most_first(others), _most_first(unreadable)


def _most_first(found: dict[str, int]) -> Kinds:
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))
