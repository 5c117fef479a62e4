"""The numbers that say what a frame holds, and the histogram of frames that held no TCP segment."""

from __future__ import annotations

ETHERTYPE_IPV4, ETHERTYPE_IPV6 = 0x0800, 0x86DD
ETHERTYPE_VLAN, ETHERTYPE_QINQ = 0x8100, 0x88A8
ETHERTYPE_QINQ_OLD, ETHERTYPE_QINQ_9200, ETHERTYPE_QINQ_9300 = 0x9100, 0x9200, 0x9300
"""Of QinQ before there was 802.1ad."""
ETHERTYPE_BRIDGED, ETHERTYPE_PPP, ETHERTYPE_PPPOE = 0x6558, 0x880B, 0x8864
"""Ethernet frames, PPP frames, and PPP behind the header of a PPPoE session."""
ETHERTYPE_MPLS, ETHERTYPE_MPLS_UPSTREAM = 0x8847, 0x8848
ETHERTYPE_LLC = 0
"""An LLC header follows: what a length in the place of an EtherType stands for (IEEE 802.3)."""
LENGTHS = 1500
"""EtherTypes up to here are lengths."""
BY_VERSION = -1
"""In the place of an EtherType: the IP version tells which IP follows."""
NOTHING = -1
"""In the place of an EtherType: no tunnel, or none that can be read."""

PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMPV6, PROTOCOL_IPCOMP = 1, 6, 17, 58, 108
ICMP_UNREACHABLE, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMP_PARAMETER_PROBLEM = 3, 5, 11, 12
ICMPV6_UNREACHABLE, ICMPV6_TIME_EXCEEDED, ICMPV6_PARAMETER_PROBLEM = 1, 3, 4
"""Types of ICMP (RFC 792) and ICMPv6 (RFC 4443)."""
ICMP_PORT_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, ICMPV6_PORT_UNREACHABLE = 3, 4, 4
"""Codes of ``unreachable``."""
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, MOBILITY, HIP, SHIM6 = 0, 43, 44, 51, 60, 135, 139, 140

# What was skipped, as a histogram in one array: by link type, by EtherType, by IP protocol, by other reason.
SKIPPED_LINKTYPE = 0
SKIPPED_ETHERTYPE = 0x10000
SKIPPED_PROTOCOL = 0x20000
SKIPPED_REASON = 0x20100
(
    SHORT_LINK, SHORT_IP, SHORT_TCP, BAD_IP, BAD_TCP, NOT_IP, LLC, INCOMPLETE_FRAGMENT, ENCRYPTED_WLAN, WLAN_NO_DATA,
) = range(10)  # fmt: skip
SKIPPED_SIZE = SKIPPED_REASON + 10
GATHERED = -1 - SKIPPED_SIZE
"""In the place of an EtherType: several frames in one (802.11's A-MSDU) begin here, which is no reason to skip it."""
COMPRESSED = GATHERED - 1
"""The same: an IP packet begins here whose payload is compressed (RFC 3173)."""
FRAGMENTED = COMPRESSED - 1
"""The same: an IP packet begins here that is a fragment of a tunnel's, or may be one."""

FRAGMENT_BITS = 0x3FFF
"""More-fragments flag and fragment offset in IPv4's header: zero in a packet that is whole."""
OFFSET_BITS_IPV4, OFFSET_BITS_IPV6 = 0x1FFF, 0xFFF8
FRAGMENT_HEADER = UDP_HEADER = 8
"""Bytes of both headers."""
UP_TO_FLAGS = 14
"""Bytes of a TCP header without which it tells nothing; a snap length may cut off what follows."""
UNKNOWN_WINDOW = 0xFFFF
"""Stands for a window that was cut off, which must not look like one of zero."""
