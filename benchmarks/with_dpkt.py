"""A loop over a capture with dpkt, as one writes it by hand: the flags seen in each direction of each connection."""

from __future__ import annotations

import sys

import dpkt


def main(path: str) -> None:
    """Print the number of connections."""
    flags: dict[tuple[bytes, int, bytes, int], int] = {}
    with open(path, "rb") as file:
        for _, raw in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(raw).data
            if isinstance(ip, dpkt.ip.IP) and isinstance(ip.data, dpkt.tcp.TCP):
                tcp = ip.data
                key = (ip.src, tcp.sport, ip.dst, tcp.dport)
                flags[key] = flags.get(key, 0) | tcp.flags
    print(len({frozenset((key[:2], key[2:])) for key in flags}))


if __name__ == "__main__":
    main(sys.argv[1])
