"""Captures in which virtual networks use the same addresses."""

from __future__ import annotations

import struct

from .files import pcap
from .packets import STEP, Packet, Talk, ethernet, merged
from .registry import capture
from .tunnels import over_udp


def _overlapping() -> tuple[list[Packet], set[int]]:
    """Return the packets of two conversations with the same addresses and ports, and the times of the first one's."""
    first = Talk().opened().exchange()
    first.closed_by(first.client)
    second = Talk(isn=(0x70000000, 0x81234000), start=first.packets[0].time + STEP // 2).opened().exchange()
    return merged(first, second), {packet.time for packet in first.packets}


@capture(".pcap")
def overlapping_vlans() -> bytes:
    """Two conversations in two VLANs (10 and 20) at once, with the same addresses and ports. VLAN 10 has that of
    close-by-client.pcap; in VLAN 20 the client does not close.
    """
    packets, first = _overlapping()
    tag = lambda packet: struct.pack("!HH", 0x8100, 10 if packet.time in first else 20)  # noqa: E731
    return pcap(packets, lambda packet: ethernet(packet, tag(packet)))


@capture(".pcap")
def overlapping_vnis() -> bytes:
    """The same two conversations in two virtual networks of VXLAN (VNI 5000 and 6000)."""
    packets, first = _overlapping()
    wraps = [over_udp(4789, f"08000000 {number << 8:08x}", ethernet) for number in (5000, 6000)]
    return pcap(packets, lambda packet: wraps[packet.time not in first](packet))
