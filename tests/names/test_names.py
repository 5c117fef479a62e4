"""Names of hosts from what the capture says: which one held when, for whom, and what is no name at all."""

from __future__ import annotations

import io
import re
import socket
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.addresses import Address, packed, parse_address
from pcapstate.capture import Capture
from pcapstate.escaping import safe
from pcapstate.kernels.running import Kernels
from pcapstate.names import dhcp, dns, netbios, resolver, services
from pcapstate.names.book import NameBook
from pcapstate.names.host_names import LONGEST, host_name, short
from pcapstate.names.packets import NamePackets
from pcapstate.names.searching import Ipv4Search, Ipv6Search
from pcapstate.sources.reader import CaptureReader
from tests.helpers import payloads as p
from tests.helpers.captures import pcap
from tests.helpers.name_messages import CLIENT, RESOLVER, at, gathered, told

OTHER = ("10.0.0.2", 40_000)
FIRST, LAST = "192.0.2.1", "2001:db8::1"


def names(book: NameBook, address: str, when: float = 0, asker: str | None = None) -> tuple[str, str] | None:
    found = book.name(parse_address(address), at(when), parse_address(asker) if asker else None)
    return (found.fqdn, found.source) if found else None


# --- services


def test_services_of_both_protocols() -> None:
    assert services.TCP[443] == services.UDP[443] == "https"
    assert services.UDP[53] == "domain"
    assert [services.service(port, udp=True) for port in (67, 123, 137, 161, 500, 514, 1900, 5353, 5355, 40_000)] == [
        *("bootps", "ntp", "netbios-ns", "snmp", "isakmp", "syslog", "ssdp", "mdns", "llmnr", "40000"),
    ]
    assert services.service(514) == "shell"
    assert len(services.TCP) > 400
    for table in (services.TCP, services.UDP):
        # What the registry allows (RFC 6335 §5.1), with what it has from older times.
        assert all(
            0 < port < 65_536 and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}", name) for port, name in table.items()
        )


# --- what is a name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"www.Example.ORG.", "www.example.org"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        (b"_dmarc.example.org", "_dmarc.example.org"),
        (b"r3---sn-abc.example", "r3---sn-abc.example"),
        (b"printer", "printer"),
        (b"a" * 63 + b".example", "a" * 63 + ".example"),
    ],
)
def test_a_name(raw: bytes | str, name: str) -> None:
    assert host_name(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        b"10.0.0.1", b"10.0.0.1.", b"1", b"0x7f.1", b"0x7f000001", b"host.0x1f", b"dead:beef::1", b"example.org:443",
        b"", b".", b"a..b", b".a", b"a b.example", b"-a.example", b"a-.example", b"\x1b[31mred.example", b"a\0b",
        b"\xff\xfe.example", "bücher.example", "\u202egro.elpmaxe", b"a" * 64 + b".example", b"a." * 127 + b"aa",
        b"a" * 10_000, b"localhost", b"localhost.localdomain", b"evil.localhost", b"[x].example", b"a,b", b"=cmd()",
    ],
)  # fmt: skip
def test_no_name(raw: bytes | str) -> None:
    assert host_name(raw) is None


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300), st.from_regex(r"[a-z0-9.:_-]{1,40}", fullmatch=True)))
def test_a_name_misleads_nobody(raw: bytes | str) -> None:
    name = host_name(raw)
    if name is not None:
        assert re.fullmatch(r"[a-z0-9_.-]+", name)
        assert len(name) <= LONGEST
        assert safe(name) == name
        assert host_name(name) == name
        with pytest.raises(ValueError, match="does not appear"):
            parse_address(name)
        with pytest.raises(OSError, match="illegal IP address"):
            socket.inet_aton(name)


def test_the_first_label() -> None:
    assert short("www.example.org") == "www"
    assert short("printer") == "printer"


# --- DNS


def claimed(message: bytes, multicast: bool = False) -> list[tuple[Address, str, str]]:
    return [tuple(one) for one in dns.claims(message, multicast)]  # type: ignore[misc]


def test_an_answer_names_what_was_asked_for() -> None:
    message = p.answer(
        "www.Example.org",
        p.cname("www.example.org", "example.cdn.test"),
        p.cname("example.cdn.test", "e7.cdn.test"),
        p.a("e7.cdn.test", FIRST),
        p.a("e7.cdn.test", LAST),
    )
    assert claimed(message) == [(parse_address(one), "www.example.org", "e7.cdn.test") for one in (FIRST, LAST)]


def test_hints_of_https_records() -> None:
    parameters = struct.pack("!HH", 4, 8) + packed_text("192.0.2.8") + packed_text("192.0.2.9")
    parameters = struct.pack("!HH", 1, 3) + b"\x02h2" + parameters + struct.pack("!HH", 6, 16) + packed_text(LAST)
    message = p.answer(
        "_8443._https.example.org",
        p.record("_8443._https.example.org", 65, struct.pack("!H", 1) + b"\0" + parameters),
        p.a("_8443._https.example.org", FIRST),
        kind=65,
    )
    assert claimed(message) == [
        (parse_address(one), *2 * ("example.org",)) for one in ("192.0.2.8", "192.0.2.9", LAST, FIRST)
    ]


def packed_text(address: str) -> bytes:
    high, low = parse_address(address)
    return (
        low.to_bytes(8, "big")[4:]
        if high == 0 and low >> 32 == 0xFFFF
        else (high.to_bytes(8, "big", signed=True) + low.to_bytes(8, "big", signed=True))
    )


def test_nobody_asked_for_it() -> None:
    message = p.answer("example.org", p.a("www.bank.example", FIRST), additional=(p.a("example.org", "192.0.2.2"),))
    assert claimed(message) == []
    # Nobody asks in multicast DNS, and its additional records count.
    message = p.answer(None, p.a("a.local", FIRST), additional=(p.a("a.local", LAST),), flags=0x8400)
    assert claimed(message, multicast=True) == [(parse_address(one), "a.local", "a.local") for one in (FIRST, LAST)]


def test_reverse_answers() -> None:
    reverse = ".".join(reversed("20010db8" + "0" * 23 + "1")) + ".ip6.arpa"
    for asked in (None, reverse):
        message = p.answer(
            asked,
            p.record(reverse.upper(), 12, p.dns_name("six.example")),
            p.record("1.2.0.192.in-addr.arpa", 12, p.dns_name("four.example")),
            p.record("1.2.0.in-addr.arpa", 12, p.dns_name("no.example")),
            kind=12,
        )
        found = [(one.address, one.name) for one in dns.reverse_claims(message)]
        # Nobody asked for the second, where there is a question.
        assert (
            found == [(parse_address(LAST), "six.example"), (parse_address(FIRST), "four.example")][: 1 if asked else 2]
        )
    shared = p.answer(
        "1.2.0.192.in-addr.arpa",
        p.cname("1.2.0.192.in-addr.arpa", "1.0/25.2.0.192.in-addr.arpa"),
        p.record("1.0/25.2.0.192.in-addr.arpa", 12, p.dns_name("host.example")),
        kind=12,
    )
    assert [(one.address, one.name) for one in dns.reverse_claims(shared)] == [(parse_address(FIRST), "host.example")]
    assert names(NameBook(gathered([(1, told(shared))])), FIRST, 9) == ("host.example", "ptr")


def compressed(*pairs: tuple[bytes, bytes]) -> bytes:
    """Return an answer with A records of raw names."""
    body = b"".join(name + struct.pack("!HHIH", 1, 1, 1, len(data)) + data for name, data in pairs)
    return struct.pack("!6H", 1, 0x8180, 0, len(pairs), 0, 0) + body


HOST = b"\x04host\x07example\x00"


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (compressed((HOST, b"\xc0\x00\x02\x01"), (b"\xc0\x0c", b"\xc0\x00\x02\x02")), 2),
        (compressed((b"\xc0\x0c", b"\xc0\x00\x02\x01")), 0),  # a name that is itself
        (compressed((b"\x01a\xc0\x0c", b"\xc0\x00\x02\x01")), 0),  # a loop with a label
        (compressed((b"\xc0\xff", b"\xc0\x00\x02\x01")), 0),  # forward
        (compressed((b"\x81abc", b"\xc0\x00\x02\x01")), 0),  # reserved bits
        (compressed((b"\x01a" * 200 + b"\0", b"\xc0\x00\x02\x01")), 0),  # too long
        (compressed((HOST, b"\xc0\x00\x02\x01"), (b"\x3f" + b"a" * 20, b"")), 1),  # the second is cut off
        (compressed((HOST, b"\xc0\x00\x02")), 0),  # an address of three bytes
        (compressed((b"\x0510.0.\x00", b"\xc0\x00\x02\x01")), 0),  # a dot within a label
        (compressed((b"\x06\x1b[31mx\x00", b"\xc0\x00\x02\x01")), 0),
        (compressed((b"\x02\xc3\x28\x00", b"\xc0\x00\x02\x01")), 0),  # not UTF-8
        (b"", 0),
        (struct.pack("!6H", 1, 0x8180, 0, 0xFFFF, 0, 0), 0),
        (struct.pack("!6H", 1, 0xA980, 0, 1, 0, 0) + compressed((HOST, b"\xc0\x00\x02\x01"))[12:], 0),  # an update
    ],
)
def test_hostile_answers(message: bytes, found: int) -> None:
    assert len(dns.claims(message)) == found


def test_pointers_that_point_to_pointers() -> None:
    pointers = b"".join(struct.pack("!H", 0xC000 | (2 * index + 4 if index else 0)) for index in range(40))
    chain = b"\x04host\x00" + pointers
    assert dns.read_name(chain, 6 + 2 * 5) == ("host", 6 + 2 * 6)
    assert dns.read_name(chain, len(chain) - 2) == ("", -1)


def test_a_message_costs_little() -> None:
    many = p.answer("a.example", *[p.a("a.example", f"192.0.2.{index}") for index in range(250)])
    assert len(dns.claims(many)) == dns.RECORDS
    # Records of other types, service records full of parameters, names full of pointers: little of it is read.
    empty = struct.pack("!H", 1) + b"\0" + struct.pack("!HH", 4, 0) * 90
    services_ = p.answer("a.example", *[p.record("a.example", 65, empty)] * 40, kind=65)
    given = dns.read(services_, False)
    assert given is not None
    assert len(given.records) == 1
    texts = p.answer("a.example", *[p.record("a.example", 16, b"\x01x" * 100)] * 50, p.a("a.example", FIRST))
    began = time.perf_counter()
    assert len(dns.claims(texts)) == 1
    assert time.perf_counter() - began < 1


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=120), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6))
def test_any_message_is_read_or_not(tail: bytes, changes: list[tuple[int, int]]) -> None:
    for message in (
        p.answer("www.example.org", p.cname("www.example.org", "b.example"), p.a("b.example", FIRST)) + tail,
        p.answer("a.example", p.record("a.example", 65, b"\0\1\0" + struct.pack("!HH", 4, 4) + b"\1\2\3\4"), kind=65),
        p.dhcp(5, {12: b"host", 81: b"\0\0\0host.example"}, given=FIRST) + tail,
        p.netbios_answer("HOST", FIRST),
        dhcp6(tail),
        tail,
    ):
        damaged = bytearray(message)
        for where, value in changes:
            if damaged:
                damaged[where % len(damaged)] = value
        given = bytes(damaged)
        for one in (*dns.claims(given), *dns.claims(given, True), *dns.reverse_claims(given)):
            assert host_name(one.name) == one.name
        for address, name in (*netbios.claims(given), *dhcp.claims6(given)):
            assert host_name(name) == name
            assert isinstance(address, tuple)
        dhcp.lease(given)


# --- DHCP, NetBIOS


def dhcp6(more: bytes = b"") -> bytes:
    address = packed_text(LAST)
    inner = struct.pack("!HH", 5, 24) + address + bytes(8)
    options = struct.pack("!HHIII", 3, 12 + len(inner), 1, 0, 0) + inner
    return b"\x07\x01\x02\x03" + options + struct.pack("!HH", 39, 14) + b"\x00" + p.dns_name("six.example") + more


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


# --- the book


def test_the_name_that_held_at_that_time() -> None:
    frames = [
        (second, told(p.answer(f"n{second}.example", p.a(f"n{second}.example", FIRST)))) for second in (10, 20, 30)
    ]
    book = NameBook(gathered(frames))
    assert [names(book, FIRST, when) for when in (5, 10, 15, 20, 29, 99)] == [
        (f"n{second}.example", "dns") for second in (10, 10, 10, 20, 20, 30)
    ]
    found = book.name(parse_address(FIRST), at(15))
    assert found is not None
    assert (found.number, found.time, found.canonical) == (1, at(10), "n10.example")
    assert names(book, "192.0.2.99", 15) is None
    assert book.unnamed([parse_address(FIRST), parse_address("192.0.2.99"), parse_address("127.0.0.1")], at(15)) == [
        parse_address("192.0.2.99")
    ]


def test_what_was_told_to_the_asker_counts_first() -> None:
    def say(name: str, to: tuple[str, int]) -> bytes:
        return told(p.answer(name, p.a(name, FIRST)), to)

    frames = [(10, say("mine.example", CLIENT)), (20, say("theirs.example", OTHER)), (40, say("late.example", CLIENT))]
    book = NameBook(gathered(frames))
    assert names(book, FIRST, 30, CLIENT[0]) == ("mine.example", "dns")
    assert names(book, FIRST, 30, OTHER[0]) == ("theirs.example", "dns")
    assert names(book, FIRST, 30) == ("theirs.example", "dns")
    assert names(book, FIRST, 5, OTHER[0]) == ("theirs.example", "dns")
    assert names(book, FIRST, 5, "10.0.0.3") == ("mine.example", "dns")


def test_which_source_counts_first() -> None:
    reverse = p.answer("1.2.0.192.in-addr.arpa", p.record("1.2.0.192.in-addr.arpa", 12, p.dns_name("ptr.example")))
    frames = [
        (10, told(reverse)),
        (20, told(p.netbios_answer("NETBIOS", FIRST), by=("192.0.2.1", 137))),
        (30, p.udp_frame(("10.0.0.53", 67), (FIRST, 68), p.dhcp(5, {12: b"dhcp"}, given=FIRST))),
        (40, told(p.answer(None, p.a("m.local", FIRST), flags=0x8400), ("224.0.0.251", 5353), (FIRST, 5353))),
    ]
    high, low = parse_address(FIRST)
    for count, source in ((4, "mdns"), (3, "dhcp"), (2, "nbns"), (1, "sni")):
        book = NameBook(gathered(frames[:count]))
        book.add_resolved(high, low, "resolved.example")
        book.add_record(high, low, ["10.0.0.1", b"nrb.example", "other.example"])
        book.add_hint(high, low, at(5), b"http.example", "http", 7)
        book.add_hint(high, low, at(5), b"sni.example", "sni", 8)
        found = names(book, FIRST, 99)
        assert found is not None
        assert found[1] == source
    book = NameBook(gathered(frames[:1]))
    expected = [
        ("resolved.example", "resolver"), ("ptr.example", "ptr"), ("nrb.example", "nrb"), ("http.example", "http")
    ]  # fmt: skip
    book.add_resolved(*parse_address(LAST), "resolved.example")
    assert names(book, LAST) == expected[0]
    assert names(book, FIRST) == expected[1]
    book.add_record(high, low, ["nrb.example"])
    assert names(book, FIRST) == expected[2]
    book.add_hint(high, low, at(5), b"http.example", "http", 7)
    assert names(book, FIRST) == expected[3]


def test_hints_by_time() -> None:
    book = NameBook()
    high, low = parse_address(FIRST)
    for second in (10, 20):
        book.add_hint(high, low, at(second), f"h{second}.example", "sni", second)
    book.add_hint(high, low, at(15), b"\x1b[31m", "sni", 15)
    assert [names(book, FIRST, when) for when in (5, 10, 19, 20)] == [
        (f"h{second}.example", "sni") for second in (10, 10, 10, 20)
    ]


def test_no_names_for_what_is_no_host() -> None:
    frames = [(1, told(p.answer("ads.example", p.a("ads.example", one)))) for one in ("127.0.0.1", "0.0.0.0", "::1")]
    book = NameBook(gathered(frames))
    assert [names(book, one, 9) for one in ("127.0.0.1", "0.0.0.0", "::1", "224.0.0.1", "ff02::1")] == [None] * 5


def test_dns_over_tcp() -> None:
    message = p.answer("t.example", p.a("t.example", FIRST))
    whole = struct.pack("!H", len(message)) + message
    frames = [(1, p.tcp_frame(RESOLVER, CLIENT, whole)), (2, p.tcp_frame(RESOLVER, CLIENT, whole[:20], 9))]
    assert names(NameBook(gathered(frames)), FIRST, 9) == ("t.example", "dns")


def test_only_answers_of_name_servers_are_kept() -> None:
    message = p.answer("a.example", p.a("a.example", FIRST))
    query = bytearray(message)
    query[2] = 1
    frames = [
        (1, p.udp_frame(CLIENT, RESOLVER, message)),  # who says so is no name server
        (2, told(bytes(query))),
        (3, told(p.answer("a.example"))),
        (4, p.udp_frame(("10.0.0.1", 5000), ("10.0.0.2", 6000), message)),
        (5, told(message[:11])),
        (6, told(message[: len(message) - 3])),
    ]
    packets = gathered(frames)
    assert [len(block.rows) for block in packets.blocks()] == [1]
    assert names(NameBook(packets), FIRST, 9) is None


def test_the_oldest_gives_way() -> None:
    frames = [(n, told(p.answer(f"n{n}.example", p.a(f"n{n}.example", f"192.0.2.{n}")))) for n in range(1, 101)]
    packets = NamePackets(Kernels(), most=2_000)
    for n, frame in frames:
        one = CaptureReader(io.BytesIO(pcap([(at(n), frame)])), Kernels())
        for _ in Capture(one, watchers=[packets]).follow():
            pass
    assert 50 < packets.evicted < 100
    assert sum(block.size for block in packets.blocks()) <= 2_000
    book = NameBook(packets)
    assert names(book, "192.0.2.1", 200) is None
    assert names(book, "192.0.2.100", 200) == ("n100.example", "dns")


def test_a_capture_that_grows() -> None:
    packets = NamePackets(Kernels())
    book = NameBook(packets)

    def more(second: int, name: str, address: str) -> None:
        frame = told(p.answer(name, p.a(name, address)))
        source = CaptureReader(io.BytesIO(pcap([(at(second), frame)])), Kernels())
        for _ in Capture(source, watchers=[packets]).follow():
            pass

    more(1, "one.example", FIRST)
    assert names(book, FIRST, 99) == ("one.example", "dns")
    more(2, "two.example", FIRST)
    more(3, "three.example", LAST)
    assert names(book, FIRST, 99) == ("one.example", "dns")  # as of the last look
    book.prepare([parse_address(LAST)])
    assert names(book, FIRST, 99) == ("two.example", "dns")
    assert names(book, LAST, 99) == ("three.example", "dns")


def test_an_address_in_many_messages_that_say_nothing_of_it() -> None:
    # 1.0.0.1 stands in each: the class, and a time to live of 300 seconds.
    frames = [(n, told(p.answer(f"n{n}.example", p.a(f"n{n}.example", f"192.0.2.{n}")))) for n in range(1, 60)]
    frames.append((70, told(p.answer("one.example", p.a("one.example", "1.0.0.1")))))
    assert names(NameBook(gathered(frames)), "1.0.0.1", 99) == ("one.example", "dns")


# --- searching


@settings(max_examples=200)
@given(st.binary(max_size=300), st.lists(st.binary(min_size=4, max_size=4), min_size=1, max_size=5, unique=True))
def test_finds_all_of_ipv4(data: bytes, wanted: list[bytes]) -> None:
    data = data + wanted[0] + data[::-1]
    offsets, which = Ipv4Search(np.array([int.from_bytes(one, "big") for one in wanted])).find(
        np.frombuffer(data, dtype=np.uint8)
    )
    expected = {(at, n) for n, one in enumerate(wanted) for at in range(len(data)) if data[at : at + 4] == one}
    assert set(zip(offsets.tolist(), which.tolist(), strict=True)) == expected


@settings(max_examples=200)
@given(st.binary(max_size=100), st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=5, unique=True))
def test_finds_all_of_ipv6(data: bytes, wanted: list[bytes]) -> None:
    data = data + wanted[-1] + data
    offsets, which = Ipv6Search(np.array([packed(one) for one in wanted])).find(np.frombuffer(data, dtype=np.uint8))
    expected = {(at, n) for n, one in enumerate(wanted) for at in range(len(data)) if data[at : at + 16] == one}
    assert set(zip(offsets.tolist(), which.tolist(), strict=True)) == expected


def test_plain_and_compiled_copy_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [(n, told(p.answer(f"n{n}.example", p.a(f"n{n}.example", f"192.0.2.{n}")))) for n in range(40)]
    kept = []
    for choice in ("plain", "compiled"):
        monkeypatch.setenv("PCAPSTATE_KERNELS", choice)
        kernels = Kernels()
        assert kernels.compiled == (choice == "compiled")
        (block,) = gathered(frames, kernels=kernels).blocks()
        kept.append((block.rows.tolist(), block.data.tobytes()))
    assert kept[0] == kept[1]
    assert len(kept[0][0]) == 40


# --- the resolver of this machine


def test_the_resolver_has_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(where: tuple[str, int], flags: int) -> tuple[str, str]:
        asked.append(where[0])
        if where[0] == "192.0.2.2":
            raise socket.gaierror("unknown")
        if where[0] == "192.0.2.3":
            time.sleep(5)
        return ("10.0.0.1" if where[0] == "192.0.2.4" else "Host.example", "0")

    monkeypatch.setattr(socket, "getnameinfo", answer)
    began = time.perf_counter()
    found = resolver.resolve(
        [parse_address(f"192.0.2.{n}") for n in (1, 2, 3, 4)] + [parse_address(LAST), parse_address("::1")], 0.5
    )
    assert time.perf_counter() - began < 3
    assert found == {parse_address(FIRST): "host.example", parse_address(LAST): "host.example"}
    assert sorted(asked) == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::1"]
    assert resolver.resolve([]) == {}


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, pcapstate.names.book, pcapstate.names.packets, pcapstate.application.hints;"
        "print([one for one in ('scapy', 'numba', 'socket') if one in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
