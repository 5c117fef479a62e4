"""The same loop as in with_dpkt.py with Scapy, which reads ``MOST`` packets at most."""

from __future__ import annotations

import sys

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether  # noqa: F401 - without it the reader does not know Ethernet
from scapy.utils import PcapReader

MOST = 200_000


def main(path: str) -> None:
    """Print the number of connections."""
    flags: dict[tuple[str, int, str, int], int] = {}
    with PcapReader(path) as packets:
        for number, packet in enumerate(packets):
            if number == MOST:
                break
            if TCP in packet:
                ip, tcp = packet[IP], packet[TCP]
                key = (ip.src, tcp.sport, ip.dst, tcp.dport)
                flags[key] = flags.get(key, 0) | int(tcp.flags)
    print(len({frozenset((key[:2], key[2:])) for key in flags}))


if __name__ == "__main__":
    main(sys.argv[1])
