"""Numbers of protocols, and the layout of the histogram of frames without a TCP segment."""

from __future__ import annotations

ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_ARP = 0x0800, 0x86DD, 0x0806
ETHERTYPE_VLAN, ETHERTYPE_QINQ = 0x8100, 0x88A8
ETHERTYPE_QINQ_OLD, ETHERTYPE_QINQ_9200, ETHERTYPE_QINQ_9300 = 0x9100, 0x9200, 0x9300
"""QinQ before 802.1ad."""
ETHERTYPE_BRIDGED, ETHERTYPE_PPP, ETHERTYPE_PPPOE = 0x6558, 0x880B, 0x8864
"""Ethernet frames, PPP frames, and PPP in a PPPoE session."""
ETHERTYPE_MPLS, ETHERTYPE_MPLS_UPSTREAM = 0x8847, 0x8848
ETHERTYPE_LLC = 0
"""An LLC header follows: a length stands in place of the EtherType (IEEE 802.3)."""
LENGTHS = 1500
"""EtherTypes up to here are lengths."""
BY_VERSION = -1
"""In place of an EtherType: IPv4 or IPv6 follows, by its version field."""
NOTHING = -1
"""In place of an EtherType: no tunnel, or an unreadable one."""

PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMPV6, PROTOCOL_IPCOMP = 1, 6, 17, 58, 108
ICMP_UNREACHABLE, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMP_PARAMETER_PROBLEM = 3, 5, 11, 12
ICMPV6_UNREACHABLE, ICMPV6_TIME_EXCEEDED, ICMPV6_PARAMETER_PROBLEM = 1, 3, 4
"""Types of ICMP (RFC 792) and ICMPv6 (RFC 4443)."""
ICMP_PORT_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, ICMPV6_PORT_UNREACHABLE = 3, 4, 4
"""Codes of ``unreachable``."""
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, MOBILITY, HIP, SHIM6 = 0, 43, 44, 51, 60, 135, 139, 140

# The histogram of skipped frames, in one array: by link type, by EtherType, by IP protocol, by other reason.
SKIPPED_LINKTYPE = 0
SKIPPED_ETHERTYPE = 0x10000
SKIPPED_PROTOCOL = 0x20000
SKIPPED_REASON = 0x20100
(
    SHORT_LINK, SHORT_IP, SHORT_TCP, BAD_IP, BAD_TCP, NOT_IP, LLC, INCOMPLETE_FRAGMENT, ENCRYPTED_WLAN, WLAN_NO_DATA,
) = range(10)  # fmt: skip
SKIPPED_SIZE = SKIPPED_REASON + 10
GATHERED = -1 - SKIPPED_SIZE
"""In place of an EtherType, and no reason to skip the frame: an 802.11 A-MSDU begins here."""
COMPRESSED = GATHERED - 1
"""The same: an IP packet with a compressed payload (RFC 3173) begins here."""
FRAGMENTED = COMPRESSED - 1
"""The same: an IP packet begins here that is, or may be, a fragment of a tunnel packet."""

FRAGMENT_BITS = 0x3FFF
"""More-fragments flag and fragment offset in the IPv4 header: zero in a whole packet."""
OFFSET_BITS_IPV4, OFFSET_BITS_IPV6 = 0x1FFF, 0xFFF8
FRAGMENT_HEADER = UDP_HEADER = 8
"""Bytes of each of these headers."""
UP_TO_FLAGS = 14
"""Bytes of a TCP header up to its flags, the fewest that are useful; a snap length may cut off the rest."""
UNKNOWN_WINDOW = 0xFFFF
"""The value for a window field that was cut off; 0 would look like a zero window."""
