"""Link types of Linux' interfaces by their hardware; without anything that takes time to load."""

from __future__ import annotations

LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_SLL2 = 1, 12, 276
LINKTYPES = {
    **dict.fromkeys((1, 772), LINKTYPE_ETHERNET),  # Ethernet, loopback
    **dict.fromkeys((256, 257, 258, 259, 264, 518, 519, 768, 769, 776, 65534), LINKTYPE_RAW),  # SLIP, tunnels, none
    801: 105,  # 802.11
    802: 119,  # with Prism headers
    803: 127,  # with radiotap headers
}
"""LINKTYPE_ value of frames by hardware type (ARPHRD_), as libpcap has them. Of others, such as PPP, the kernel has a
link layer that differs from what is on the wire, or none: their frames get cooked headers."""


def linktype_of(hardware: int) -> int:
    """Return the LINKTYPE_ value of frames by hardware type."""
    return LINKTYPES.get(hardware, LINKTYPE_SLL2)
