"""Names in DNS messages, hostile ones too."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.addresses import Address, parse_address
from pcapstate.names import dhcp, dns, netbios
from pcapstate.names.book import NameBook
from pcapstate.names.host_names import host_name
from tests.helpers import payloads as p
from tests.helpers.name_messages import FIRST, LAST, dhcp6, gathered, names, packed_text, told


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


@settings(max_examples=200, deadline=None)
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
