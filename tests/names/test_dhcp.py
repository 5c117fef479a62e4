"""Names in DHCP and NetBIOS messages: hosts name themselves."""

from __future__ import annotations

from pcapstate.addresses import parse_address
from pcapstate.names import dhcp, netbios
from pcapstate.names.book import NameBook
from tests.helpers import payloads as p
from tests.helpers.name_messages import FIRST, LAST, dhcp6, gathered, names, packed_text


def test_leases() -> None:
    ack = p.dhcp(5, {12: b"Laptop\0"}, given=FIRST)
    assert dhcp.lease(ack) == dhcp.Lease(dhcp.ACK, parse_address(FIRST), "laptop")
    request = p.dhcp(3, {50: packed_text(FIRST), 12: b"laptop", 81: b"\x04\0\0" + p.dns_name("pc.example")})
    assert dhcp.lease(request) == dhcp.Lease(dhcp.REQUEST, parse_address(FIRST), "pc.example")
    renewal = p.dhcp(3, {81: b"\0\0\0pc.example"}, own=FIRST)
    assert dhcp.lease(renewal) == dhcp.Lease(dhcp.REQUEST, parse_address(FIRST), "pc.example")
    assert dhcp.lease(p.dhcp(1, {12: b"laptop"})) is None
    assert dhcp.claims6(dhcp6()) == [(parse_address(LAST), "six.example")]


def test_netbios_names() -> None:
    assert netbios.claims(p.netbios_answer("FILESERVER", FIRST, 0x20)) == [(parse_address(FIRST), "fileserver")]
    assert netbios.claims(p.netbios_registration("PC", FIRST)) == [(parse_address(FIRST), "pc")]
    assert netbios.claims(p.netbios_answer("WORKGROUP", FIRST, group=True)) == []
    assert netbios.claims(p.netbios_answer("DOMAIN", FIRST, 0x1C)) == []
    assert netbios.claims(p.netbios_answer("A B", FIRST)) == []


def test_hosts_name_themselves() -> None:
    server, anyone = ("10.0.0.53", 67), ("255.255.255.255", 68)
    frames = [
        (1, p.udp_frame(("0.0.0.0", 68), ("255.255.255.255", 67), p.dhcp(3, {50: packed_text(FIRST), 12: b"pc"}))),
        (2, p.udp_frame(server, anyone, p.dhcp(5, {}, given=FIRST))),
        (3, p.udp_frame(("0.0.0.0", 68), server, p.dhcp(3, {50: packed_text("192.0.2.2"), 12: b"no"}, client=2))),
        (4, p.udp_frame(server, anyone, p.dhcp(6, {}, client=2))),
        (5, p.udp_frame(("192.0.2.3", 137), ("192.0.2.255", 137), p.netbios_registration("OLD", "192.0.2.3"))),
        (6, p.udp_frame(("fe80::1", 547), ("fe80::2", 546), dhcp6())),
    ]
    book = NameBook(gathered(frames))
    assert names(book, FIRST, 3) == ("pc", "dhcp")
    # The server said no.
    assert names(book, "192.0.2.2", 9) is None
    assert names(book, "192.0.2.3", 9) == ("old", "nbns")
    assert names(book, LAST, 9) == ("six.example", "dhcp")
