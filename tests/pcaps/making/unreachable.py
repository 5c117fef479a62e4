"""A capture of ICMP errors about TCP segments (RFC 792, RFC 4443)."""

from __future__ import annotations

import ipaddress
import struct

from .connections import LINE
from .files import pcap
from .packets import Packet, Side, Talk, checksum, ipv4, ipv6, merged
from .registry import capture

ROUTER, ROUTER_IPV6 = "10.0.0.1", "2001:db8::1"


def icmp_error(about: bytes, sender: str, kind: int, code: int, quoted: int | None = None) -> bytes:
    """Return an ICMP packet to who sent an IP packet; ``quoted``: how many bytes of that it quotes."""
    source = ipaddress.ip_address(sender).packed
    body = struct.pack("!BBHI", kind, code, 0, 0) + about[:quoted]
    if len(source) == 4:
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        return ipv4(source + about[12:16], body, 64, 0x4321, 0, 1)
    addresses = source + about[8:24]
    body = body[:2] + struct.pack("!H", checksum(addresses + struct.pack("!II", len(body), 58) + body)) + body[4:]
    return ipv6(addresses, body, 64, 58)


def answered(side: Side, sender: str, kind: int, code: int, quoted: int | None = None) -> None:
    """Let an ICMP error come back about the last packet of a side."""
    talk = side.talk
    about = next(one.ip for one in reversed(talk.packets) if one.outgoing == (side is talk.client))
    talk.packets.append(Packet(talk.time, icmp_error(about, sender, kind, code, quoted), side is not talk.client))
    talk.time += talk.step


@capture(".pcap")
def unreachable() -> bytes:
    """SYNs answered by ICMP errors. Host unreachable (quoting eight bytes of TCP, after the second SYN),
    administratively prohibited, and from the server itself port unreachable; over IPv6 address unreachable, and
    time exceeded in transit. Then a connection that survives “fragmentation needed”, a host unreachable about its
    data, and an error that quotes a segment that was never sent.
    """
    talks = [Talk(("10.0.0.5", 51_812 + number), (f"192.0.2.{80 + number}", 80)) for number in range(4)]
    talks += [Talk(("2001:db8::5", 51_820 + number), (f"2001:db8:80::{number}", 443)) for number in range(2)]
    for number, talk in enumerate(talks):
        talk.wait(number)
    host, forbidden, port, open_, address, hops = talks
    syn = host.client.syn()
    host.wait(1)
    host.client.emit(syn)
    answered(host.client, ROUTER, 3, 1, 28)
    forbidden.client.syn()
    answered(forbidden.client, ROUTER, 3, 13)
    port.client.syn()
    answered(port.client, "192.0.2.82", 3, 3)
    address.client.syn()
    answered(address.client, ROUTER_IPV6, 1, 3)
    hops.client.syn()
    answered(hops.client, ROUTER_IPV6, 3, 0)
    open_.opened()
    line = open_.client.data(LINE)
    answered(open_.client, ROUTER, 3, 4)
    answered(open_.client, ROUTER, 3, 1)
    open_.wait(0.3)
    open_.client.emit(line)
    open_.server.ack()
    never = open_.packets[0]._replace(ip=open_.packets[0].ip[:24] + b"\x55" * 4 + open_.packets[0].ip[28:])
    open_.packets.append(Packet(open_.time, icmp_error(never.ip, ROUTER, 3, 1), False))
    return pcap(merged(*talks))
