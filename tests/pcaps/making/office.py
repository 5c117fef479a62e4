"""A minute in an office, as a laptop that has just been woken up captures it: for the pages about netstat."""

from __future__ import annotations

import struct

from .device_messages import discovery, http, ipp, lldp, ntp, sip, snmp_question
from .lan import error_about, icmp, igmp_report, listener_report, neighbor_option, packed, solicited, udp
from .name_messages import (
    AUTHORITATIVE,
    FLUSH,
    PTR,
    SRV,
    TXT,
    A,
    Record,
    addresses,
    dhcp,
    dns,
    extension,
    netbios_registration,
    service,
    strings,
)
from .office_connections import browse, close, fail, reach_branch, rename, serve
from .office_talks import of_laptop
from .office_wire import (
    COLLEAGUE,
    EXCHANGE,
    LAPTOP,
    LAPTOP6,
    NAS,
    PREFIX,
    PRINTER,
    ROUTER,
    SWITCH,
    Wire,
    chance,
    moment,
)
from .packets import SECOND
from .registry import capture

CLOCK = "192.0.2.123"
GROUP, GROUP6 = "224.0.0.251", "ff02::fb"


@capture(".pcapng")
def office() -> bytes:
    """Eighty seconds of a laptop in an office, captured on macOS: it gets its addresses, then does a bit of
    everything.
    """
    wire = Wire()
    for part in (_arrives, _neighbours, _devices, _errors, browse, close, rename, reach_branch, serve, fail):
        part(wire)
    return wire.file()


def _arrives(wire: Wire) -> None:
    """Give the laptop its addresses: IPv6 link-local, DHCP, a router advertisement; it tells its own name."""
    local = LAPTOP.link_local
    wire.ip(0.0, listener_report("::", solicited(local)))
    wire.ip(0.004_311, _solicitation("::", local))
    _leased(wire)
    wire.arp(1.012_4, LAPTOP, ROUTER)
    solicit = struct.pack("!I", 0) + neighbor_option(1, LAPTOP.mac)
    wire.ip(1.101_7, icmp(local, "ff02::2", 133, 0, solicit, ttl=255))
    wire.ip(1.103_2, _advertisement())
    wire.ip(1.104_9, _solicitation("::", LAPTOP6))
    wire.ip(1.105_4, listener_report(local, solicited(LAPTOP6), GROUP6))
    wire.ip(1.110_2, igmp_report(LAPTOP.ip, GROUP))
    own = addresses("laptop.local", LAPTOP.ip, LAPTOP6, lifetime=120, of_class=FLUSH)
    wire.ip(1.36, _multicast_dns(LAPTOP.ip, dns(0, AUTHORITATIVE, [], own)), "mDNSResponder")
    wire.ip(72.4, _advertisement())


def _solicitation(source: str, about: str) -> bytes:
    option = b"" if source == "::" else neighbor_option(1, ROUTER.mac)
    return icmp(source, solicited(about), 135, 0, bytes(4) + packed(about) + option, ttl=255)


def _advertisement() -> bytes:
    prefix = struct.pack("!BBIII", 64, 0xC0, 86_400, 14_400, 0) + packed(PREFIX)
    options = neighbor_option(1, ROUTER.mac) + neighbor_option(5, struct.pack("!HI", 0, 1500))
    options += neighbor_option(3, prefix)
    rest = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + options
    return icmp(ROUTER.link_local, "ff02::1", 134, 0, rest, ttl=255)


def _leased(wire: Wire) -> None:
    """Lease an address: discover, offer, request, acknowledge (RFC 2131)."""
    own, router = packed(LAPTOP.ip), packed(ROUTER.ip)
    transaction = 0x5CA1AB1E
    asks = [(55, bytes([1, 121, 3, 6, 15, 51, 54])), (57, struct.pack("!H", 1500)), (61, b"\x01" + LAPTOP.mac)]
    name = [(12, b"laptop")]
    gives = [(54, router), (51, struct.pack("!I", 86_400)), (1, packed("255.255.255.0")), (28, packed("10.0.0.255"))]
    gives += [(3, router), (6, router), (15, b"office.example")]
    wanted = [(50, own), (54, router)]
    client, server = ("0.0.0.0", 68), (ROUTER.ip, 67)
    everybody, given = ("255.255.255.255", 67), (LAPTOP.ip, 68)
    for at, kind, more in ((0.312_5, 1, []), (0.361_2, 3, wanted)):
        message = dhcp(1, transaction, LAPTOP.mac, "0.0.0.0", [(53, bytes([kind])), *asks, *more, *name])
        wire.ip(at, udp(client, everybody, message, identification=0x3C01 + kind))
    for at, kind in ((0.349_8, 2), (0.389_6, 5)):
        message = dhcp(2, transaction, LAPTOP.mac, LAPTOP.ip, [(53, bytes([kind])), *gives])
        wire.ip(at, udp(server, given, message, identification=0x0A10 + kind))


def _neighbours(wire: Wire) -> None:
    """Meet the neighbours: who asks for whom, who has which name."""
    wire.arp(6.9, LAPTOP, NAS)
    wire.arp(11.87, LAPTOP, PRINTER)
    wire.arp(16.93, COLLEAGUE, ROUTER)
    wire.arp(17.62, EXCHANGE, LAPTOP)
    wire.arp(32.98, COLLEAGUE, LAPTOP)
    wire.arp(44.31, PRINTER, NAS)
    asked = [("_ipp._tcp.local", PTR)]
    wire.ip(11.21, _multicast_dns(LAPTOP.ip, dns(0, 0, asked)), "mDNSResponder")
    instance = "Office Printer._ipp._tcp.local"
    found = [
        Record("_ipp._tcp.local", PTR, instance, 4500),
        Record(instance, SRV, service("printer.local", 631), 120, FLUSH),
        Record(instance, TXT, strings("txtvers=1") + strings("rp=ipp/print"), 4500, FLUSH),
        *addresses("printer.local", PRINTER.ip, lifetime=120, of_class=FLUSH),
    ]
    wire.ip(11.33, _multicast_dns(PRINTER.ip, dns(0, AUTHORITATIVE, [], found[:1], found[1:])), "mDNSResponder")
    registration = netbios_registration(0x8D21, "DESK-31", COLLEAGUE.ip)
    for turn in range(3):
        broadcast = udp((COLLEAGUE.ip, 137), ("10.0.0.255", 137), registration, 128, 0x2210 + turn)
        wire.ip(17.02 + 0.75 * turn, broadcast)
    question = dns(0x51F3, 0, [("wpad", A)])
    wire.ip(17.41, udp((COLLEAGUE.ip, 58_114), ("224.0.0.252", 5355), question, 1, 0x2220))
    wire.ip(17.44, udp((COLLEAGUE.ip, 58_115), ("239.255.255.250", 1900), discovery(), 1, 0x2221))
    asked_back = "31.0.0.10.in-addr.arpa"
    wire.resolve(33.9, asked_back, PTR, [Record(asked_back, PTR, "desk-31.office.example", 3600)])
    # The router wants to know whether the laptop is still there.
    wire.ip(61.3, _solicitation(ROUTER.link_local, LAPTOP6))
    told = struct.pack("!I", 0x6000_0000) + packed(LAPTOP6) + neighbor_option(2, LAPTOP.mac)
    wire.ip(61.300_082, icmp(LAPTOP6, ROUTER.link_local, 136, 0, told, ttl=255))


def _multicast_dns(source: str, message: bytes) -> bytes:
    return udp((source, 5353), (GROUP, 5353), message, 255, chance(1, 65_535, source, message))


def _devices(wire: Wire) -> None:
    """Talk with a clock, a switch, a printer, a telephone exchange, and a server for files."""
    for turn in range(3):
        tells = lldp(SWITCH.mac, "ge-0/0/7", "switch-1")
        wire.add(moment(4.2 + 30 * turn), SWITCH.mac, bytes.fromhex("0180c200000e"), 0x88CC, tells)
    wire.resolve(2.55, "time.example.net", A, addresses("time.example.net", CLOCK))
    sent, got = moment(2.6), moment(2.613)
    wire.ip_at(sent, udp((LAPTOP.ip, 123), (CLOCK, 123), ntp(3, 0, 0, 0, 0, sent)), "timed")
    answer = ntp(4, 2, sent - 17 * SECOND, sent, sent + 6_100_000, sent + 6_140_000, reference=packed("192.0.2.1"))
    wire.ip_at(got, udp((CLOCK, 123), (LAPTOP.ip, 123), answer, 57), "timed")

    print_ = of_laptop(49_216, (PRINTER.ip, 631), 11.9, 0.9, "cupsd").opened()
    uri = (0x45, "printer-uri", "ipp://printer.local/ipp/print")
    headers = ("Host: printer.local:631", "Content-Type: application/ipp", "User-Agent: CUPS/2.3.4")
    request = http("POST /ipp/print HTTP/1.1", *headers, body=ipp(0x000B, 1, uri))
    segment = print_.client.data(request)
    print_.wait(0.214)  # it is lost behind the laptop, and sent again
    print_.client.emit(segment)
    print_.server.ack()
    print_.server.data(http("HTTP/1.1 200 OK", "Content-Type: application/ipp", body=ipp(0, 1)))
    print_.client.ack()
    print_.until(12.6).closed_by(print_.client).onto(wire)

    exchange, phone = (EXCHANGE.ip, 5060), (LAPTOP.ip, 5060)
    for turn in range(3):
        at, call = 18.1 + 25 * turn, f"{chance(0, 2**32, turn, 'call'):08x}@10.0.0.50"
        via = f"10.0.0.50:5060;branch=z9hG4bK{chance(0, 2**24, turn, 'branch'):06x}"
        to, sender = "<sip:laptop@10.0.0.5>", "<sip:exchange@10.0.0.50>;tag=49583"
        question = sip("OPTIONS sip:laptop@10.0.0.5:5060 SIP/2.0", via, to, sender, call, "Max-Forwards: 70")
        wire.ip(at, udp(exchange, phone, question, 64, 0x6100 + turn), "Telephone")
        reply = sip("SIP/2.0 200 OK", via, f"{to};tag=7f3a", sender, call, "Allow: INVITE, ACK, BYE, OPTIONS")
        wire.ip(at + 0.000_8, udp(phone, exchange, reply, 64, 0x4D00 + turn), "Telephone")

    wire.resolve(6.86, "nas.office.example", A, addresses("nas.office.example", NAS.ip, lifetime=3600))
    copy = of_laptop(49_209, (NAS.ip, 873), 7.0, 0.6).opened()
    copy.server.data(b"@RSYNCD: 31.0\n")
    copy.client.data(b"@RSYNCD: 31.0\n")
    copy.server.ack()
    copy.answered(b"#list\n", b"backup         \tBackups\n").onto(wire)


def _errors(wire: Wire) -> None:
    """Ask whether the router is there, and be asked on a port that is closed; get a long answer in fragments."""
    for turn in range(3):
        content = struct.pack("!HHQ", 790, turn, moment(20 + turn)) + bytes(range(8, 56))
        wire.ip(20 + turn, icmp(LAPTOP.ip, ROUTER.ip, 8, 0, content, 64, 0x7A10 + turn), "ping")
        wire.ip(20.000_7 + turn, icmp(ROUTER.ip, LAPTOP.ip, 0, 0, content, 64, 0x0B20 + turn), "ping")
    for turn in range(2):
        probe = udp((NAS.ip, 40_161), (LAPTOP.ip, 161), snmp_question(0x1F4A_6B00 + turn), 64, 0x5510 + turn)
        wire.ip(23.1 + turn, probe)
        unreachable = icmp(LAPTOP.ip, NAS.ip, 3, 3, bytes(4) + error_about(probe), 64, 0x7A20 + turn)
        wire.ip(23.100_064 + turn, unreachable)
    key = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" * 40
    name = "mail._domainkey.example.org"
    wire.resolve(38.2, name, TXT, [Record(name, TXT, strings(key), 3600)], [extension(4096)], 1480)
