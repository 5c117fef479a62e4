"""Tunnels: from a frame's outermost IP header to the innermost, whose TCP segment counts, as in Wireshark.

Not entered for plain TCP over IP. A tunnel is accepted if its content can be read up to an IP header. Otherwise the
packet counts by its own protocol, since a port number alone does not make a tunnel.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, i64, inner, rare, u8
from .encapsulations import logical_link, of_version, point_to_point
from .gre import generic
from .ip import ip_header, network_layer
from .protocols import (
    COMPRESSED,
    ETHERTYPE_BRIDGED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ETHERTYPE_MPLS_UPSTREAM,
    ETHERTYPE_PPP,
    ETHERTYPE_PPPOE,
    ETHERTYPE_QINQ,
    ETHERTYPE_QINQ_9200,
    ETHERTYPE_QINQ_9300,
    ETHERTYPE_QINQ_OLD,
    ETHERTYPE_VLAN,
    FRAGMENTED,
    GATHERED,
    LENGTHS,
    NOTHING,
    PROTOCOL_IPCOMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    SKIPPED_ETHERTYPE,
)
from .udp_tunnels import NSH, behind_udp, service_header
from .virtual_networks import EARLY, EARLY_MORE, FRAGMENTS, FRAGMENTS_SIZE, I_SID, NOTED, note, note_tags

LAYERS = 24
"""Most layers of a frame."""
LABELS = 32
"""Most labels in an MPLS stack."""

TRILL, MACSEC, MAC_IN_MAC, FABRICPATH, CISCO_METADATA, VN_TAG, HSR, E_TAG, R_TAG = (
    0x22F3, 0x88E5, 0x88E7, 0x8903, 0x8909, 0x8926, 0x892F, 0x893F, 0xF1C1,
)  # fmt: skip
JUMBO_LLC = 0x8870
"""An LLC header follows, in frames of more than 1,500 bytes, which have no length field."""
IP_IN_IP, IPV6_IN_IP, GRE, IPIP, ETHER_IP, MPLS_IN_IP = 4, 41, 47, 94, 97, 137
FACTOR = 0x3779B1
DEFLATE, NEGOTIATED = 2, 256
"""Compression parameter indices (RFC 3173): DEFLATE (RFC 2394), the only algorithm read, and the first negotiated one,
which may mean any algorithm."""


@rare
def innermost(data: Any, ethertype: int, at: int, end: int, wire: int, networks: Any) -> tuple[int, int, int, int]:
    """Return EtherType and offset of the innermost IP header, and upper bounds of its end in ``data`` and on the wire.

    Without one, the first is -1 minus the index in ``skipped`` of the reason. Virtual networks on the way are noted.
    """
    carrier, carrier_at, carrier_end, carrier_wire = NOTHING, at, end, wire
    noted = i64(networks[NOTED])
    for _ in range(LAYERS):
        if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
            if ethertype == ETHERTYPE_IPV4 and end > at and u8(data, at) >> 4 == 6:
                # The version field counts, as in Wireshark.
                ethertype = ETHERTYPE_IPV6
            protocol, upper, offset, packet_end = network_layer(data, ethertype, at, end, wire)
            if protocol < 0 and carrier >= 0:
                break
            if protocol < 0 or protocol == PROTOCOL_TCP:
                return ethertype, at, end, wire
            identity = fragment_of(data, ethertype, at, end, protocol)
            if offset != 0:
                return FRAGMENTED if is_collected(networks, identity, protocol) else ethertype, at, end, wire
            inside_end = min(end, packet_end)
            noted = i64(networks[NOTED])
            inside, inside_at = behind_ip(data, protocol, upper, inside_end, networks)
            if inside == GATHERED:
                return inside, inside_at, inside_end, packet_end
            if inside == COMPRESSED:
                return inside, at, end, wire
            if identity != 0 and may_carry(protocol):
                networks[FRAGMENTS + identity % FRAGMENTS_SIZE] = identity if inside < 0 else -identity
                if inside >= 0:
                    networks[EARLY] += EARLY_MORE
                    networks[NOTED] = noted
                    return FRAGMENTED, at, end, wire
            if inside < 0:
                networks[NOTED] = noted
                return ethertype, at, end, wire
            carrier, carrier_at, carrier_end, carrier_wire = ethertype, at, end, wire
            ethertype, at, end, wire = inside, inside_at, inside_end, packet_end
        else:
            inside, inside_at = behind_ethertype(data, ethertype, at, end, networks)
            if inside < 0:
                if carrier < 0:
                    # A reason is smaller than NOTHING, which tells no more than the EtherType.
                    return (inside if inside < NOTHING else -1 - SKIPPED_ETHERTYPE - ethertype), at, end, wire
                break
            ethertype, at = inside, inside_at
    if carrier < 0:
        return -1 - SKIPPED_ETHERTYPE - (ethertype & 0xFFFF), at, end, wire
    networks[NOTED] = noted
    return carrier, carrier_at, carrier_end, carrier_wire


@inner
def may_carry(protocol: int) -> bool:
    """Tell whether fragments of an IP protocol are reassembled since it may be a tunnel."""
    return protocol in (PROTOCOL_UDP, IP_IN_IP, IPV6_IN_IP, GRE, IPIP, ETHER_IP, MPLS_IN_IP)


@rare
def is_collected(networks: Any, identity: int, protocol: int) -> bool:
    """Tell whether a later fragment is collected; only the first one shows whether it is a tunnel packet."""
    if not may_carry(protocol):
        return False
    known = i64(networks[FRAGMENTS + identity % FRAGMENTS_SIZE])
    if known == identity or known == -identity:
        return known < 0
    networks[EARLY] -= 1
    return networks[EARLY] >= 0


@rare
def fragment_of(data: Any, ethertype: int, at: int, end: int, protocol: int) -> int:
    """Return a number for the datagram of a fragment (with a valid IP header); 0 for a whole packet."""
    _, upper, bits, _, _, _ = ip_header(data, ethertype, at, end, end)
    if bits == 0:
        return 0
    if ethertype == ETHERTYPE_IPV4:
        mixed, start, words = be16(data, at + 4) << 8 | protocol, at + 12, 2
    else:
        mixed, start, words = be32(data, upper + 4), at + 8, 8
    for word in range(words):
        mixed = (mixed ^ be32(data, start + 4 * word)) * FACTOR
        mixed = (mixed >> 31 ^ mixed) & 0x7FFFFFFF
    return mixed | 1


@rare
def behind_ethertype(data: Any, ethertype: int, at: int, end: int, networks: Any) -> tuple[int, int]:
    """Return EtherType and offset of the payload of a layer between link and network."""
    if end - at < 4:
        return NOTHING, at
    if ethertype <= LENGTHS or ethertype == JUMBO_LLC:
        return logical_link(data, at, end)
    if ethertype == ETHERTYPE_BRIDGED:
        return ethernet(data, at, end)
    if ethertype in (
        ETHERTYPE_VLAN, ETHERTYPE_QINQ, ETHERTYPE_QINQ_OLD, ETHERTYPE_QINQ_9200, ETHERTYPE_QINQ_9300
    ):  # fmt: skip
        note_tags(networks, data, at, at + 4)
        return be16(data, at + 2), at + 4
    if ethertype in (ETHERTYPE_MPLS, ETHERTYPE_MPLS_UPSTREAM):
        return mpls(data, at, end)
    if ethertype == ETHERTYPE_PPP:
        return point_to_point(data, at, end)
    if end - at < 8:
        return NOTHING, at
    if ethertype == ETHERTYPE_PPPOE:
        return (ETHERTYPE_PPP, at + 6) if u8(data, at + 1) == 0 else (NOTHING, at)
    if ethertype == MAC_IN_MAC:
        note(networks, I_SID | be32(data, at) & 0xFFFFFF)
        return ETHERTYPE_BRIDGED, at + 4
    if ethertype == FABRICPATH:
        return ETHERTYPE_BRIDGED, at + 2
    if ethertype in (VN_TAG, HSR, R_TAG):
        return be16(data, at + 4), at + 6
    if ethertype == CISCO_METADATA:
        return be16(data, at + 6), at + 8
    if ethertype == E_TAG:
        return be16(data, at + 6), at + 8
    if ethertype == TRILL:
        return ETHERTYPE_BRIDGED, at + 6 + ((be16(data, at) >> 6 & 0x1F) << 2)
    if ethertype == NSH:
        return service_header(data, at, end)
    if ethertype == MACSEC and u8(data, at) & 0x0C == 0:
        # Authenticated but not encrypted; an EtherType follows the tag, which may contain a sender identifier.
        at += 14 if u8(data, at) & 0x20 else 6
        return (be16(data, at), at + 2) if end - at >= 2 else (NOTHING, at)
    return NOTHING, at


@rare
def ethernet(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the header of a tunneled Ethernet frame."""
    if end - at < 14:
        return NOTHING, at
    return be16(data, at + 12), at + 14


@rare
def mpls(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read an MPLS label stack (RFC 3032); only the first bits of its payload tell what it is (RFC 4928)."""
    for _ in range(LABELS):
        if end - at < 5:
            return NOTHING, at
        at += 4
        if u8(data, at - 2) & 1 != 0:
            break
    first = u8(data, at) >> 4
    if first == 4 or first == 6:
        return of_version(data, at), at
    # A pseudowire (RFC 4385): its control word begins with 0, that of its associated channel with 1.
    if first == 1:
        return NOTHING, at
    # A MAC address may begin with these bits, too; a common EtherType decides.
    if first != 0 or (end - at >= 18 and not is_usual(be16(data, at + 16)) and is_usual(be16(data, at + 12))):
        return ETHERTYPE_BRIDGED, at
    return ETHERTYPE_BRIDGED, at + 4


@rare
def is_usual(ethertype: int) -> bool:
    """Tell whether a number is an EtherType common in pseudowires."""
    return ethertype in (
        ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN, ETHERTYPE_QINQ, ETHERTYPE_PPPOE, ETHERTYPE_MPLS
    )  # fmt: skip


@rare
def behind_ip(data: Any, protocol: int, at: int, end: int, networks: Any) -> tuple[int, int]:
    """Return EtherType and offset of the payload of a tunnel over IP; NOTHING if the packet is no tunnel."""
    if end - at < 8:
        return NOTHING, at
    if protocol == PROTOCOL_UDP:
        return behind_udp(data, at, end, networks)
    if protocol in (IP_IN_IP, IPIP):
        return ETHERTYPE_IPV4, at
    if protocol == IPV6_IN_IP:
        return ETHERTYPE_IPV6, at
    if protocol == GRE:
        return generic(data, at, end, networks)
    if protocol == ETHER_IP:
        return ETHERTYPE_BRIDGED, at + 2
    if protocol == MPLS_IN_IP:
        return ETHERTYPE_MPLS, at
    if protocol == PROTOCOL_IPCOMP and (be16(data, at + 2) == DEFLATE or be16(data, at + 2) >= NEGOTIATED):
        return COMPRESSED, at
    return NOTHING, at
