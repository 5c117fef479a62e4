"""IP headers, read in one place: what frames, quotes, fragments and statistics take from it."""

from __future__ import annotations

import pytest

from pcapstate.addresses import packed
from pcapstate.decode.icmp_errors import quoted_segment
from pcapstate.decode.ip import CUT_OFF, INVALID, TOO_SHORT, address_at, hop_limit, ip_header, network_layer
from pcapstate.decode.protocols import ETHERTYPE_IPV4, ETHERTYPE_IPV6, PROTOCOL_ICMP

CLIENT, WAYPOINT, SERVER = "0a000005", "cb007103", "c0000250"
WIRE = 1_000
TCP = "c7380050 00000001 00000000 50020000 00000000"


def ipv4(protocol: int = 6, options: str = "", rest: str = TCP, fragment: int = 0, total: int | None = None) -> bytes:
    size = 20 + len(bytes.fromhex(options))
    body = bytes.fromhex(rest)
    length = size + len(body) if total is None else total
    head = f"4{size // 4:x}00 {length:04x} 1234 {fragment:04x} 40 {protocol:02x} 0000 {CLIENT} {WAYPOINT} {options}"
    return bytes.fromhex(head) + body


def ipv6(following: int, rest: str, total: int | None = None) -> bytes:
    body = bytes.fromhex(rest)
    length = len(body) if total is None else total
    addresses = "20010db8000000000000000000000005" + "20010db8000f00000000000000000001"
    return bytes.fromhex(f"60000000 {length:04x} {following:02x} 40 {addresses}") + body


LOOSE = f"83 0b 04 {CLIENT} {SERVER} 00"
AH = "06 04 0000 00000001 00000001 000000000000000000000000"
ROUTED = "06 02 00 01 00000000 20010db8008000000000000000000001"


@pytest.mark.parametrize(
    ("packet", "protocol", "upper", "fragment", "end", "target"),
    [
        (ipv4(), 6, 20, 0, 40, 16),
        (ipv4(total=0), 6, 20, 0, WIRE, 16),  # offloaded to the network card
        (ipv4(total=2_000), 6, 20, 0, WIRE, 16),
        (ipv4(options="01010101"), 6, 24, 0, 44, 16),
        (ipv4(options=LOOSE), 6, 32, 0, 52, 27),
        (ipv4(options=LOOSE.replace("0b 04", "0b 0c")), 6, 32, 0, 52, 16),  # the route is done
        (ipv4(51, rest=AH + TCP), 6, 44, 0, 64, 16),
        (ipv4(51, rest=AH + TCP, fragment=0x2000), 51, 20, 0x2000, 64, 16),
        (ipv4(51, rest="06"), CUT_OFF, 20, 0, 21, 16),
        (ipv6(6, TCP), 6, 40, 0, 60, 24),
        (ipv6(43, ROUTED + TCP), 6, 64, 0, 84, 48),
        (ipv6(43, ROUTED.replace("00 01 00", "00 00 00", 1) + TCP), 6, 64, 0, 84, 24),
        (ipv6(44, "06 00 0001 00000007" + TCP), 6, 40, 1, 68, 24),
        (ipv6(0, "06"), CUT_OFF, 40, 0, 41, 24),
    ],
)
def test_fields(packet: bytes, protocol: int, upper: int, fragment: int, end: int, target: int) -> None:
    kind = ETHERTYPE_IPV4 if packet[0] >> 4 == 4 else ETHERTYPE_IPV6
    around = b"\xff" * 5 + packet + b"\xff" * 80
    found = ip_header(memoryview(around), kind, 5, 5 + len(packet), 5 + WIRE)
    source = 12 if kind == ETHERTYPE_IPV4 else 8
    assert found == (protocol, upper + 5, fragment, end + 5, source + 5, target + 5)
    assert hop_limit(memoryview(around), kind, 5) == 64
    raw = packet[target : target + (4 if kind == ETHERTYPE_IPV4 else 16)]
    assert address_at(memoryview(packet), kind, target) == packed(raw)


@pytest.mark.parametrize(
    ("kind", "packet", "reason"),
    [
        (ETHERTYPE_IPV4, ipv4()[:19], TOO_SHORT),
        (ETHERTYPE_IPV6, ipv6(6, "")[:39], TOO_SHORT),
        (ETHERTYPE_IPV4, b"\x44" + ipv4()[1:], INVALID),
        (ETHERTYPE_IPV4, b"\x65" + ipv4()[1:], INVALID),
        (ETHERTYPE_IPV6, b"\x45" + ipv6(6, TCP)[1:], INVALID),
    ],
)
def test_no_header(kind: int, packet: bytes, reason: int) -> None:
    assert ip_header(memoryview(packet + b"\xff" * 80), kind, 0, len(packet), WIRE)[0] == reason
    assert network_layer(memoryview(packet + b"\xff" * 80), kind, 0, len(packet), WIRE)[0] < 0


def test_the_first_fragment_tells_what_is_behind_its_authentication_header() -> None:
    packet = memoryview(ipv4(51, rest=AH + TCP, fragment=0x2000))
    assert network_layer(packet, ETHERTYPE_IPV4, 0, len(packet), WIRE) == (6, 44, 0, 44 + 0xFFFF)
    later = memoryview(ipv4(51, rest=AH + TCP, fragment=0x2001))
    assert network_layer(later, ETHERTYPE_IPV4, 0, len(later), WIRE)[:3] == (51, 20, 1)


def test_a_quote_is_of_the_connection_that_its_source_route_leads_to() -> None:
    message = memoryview(bytes.fromhex("0301 0000 00000000") + ipv4(options=LOOSE))
    row: dict[str, int] = {}
    client = packed(bytes.fromhex(CLIENT))
    assert quoted_segment(message, PROTOCOL_ICMP, 0, len(message), *client, row) == 1
    assert (row["target_high"], row["target_low"]) == packed(bytes.fromhex(SERVER))
    assert row["target_port"] == 80
    assert quoted_segment(message, PROTOCOL_ICMP, 0, len(message), *packed(bytes.fromhex(SERVER)), {}) == 0
