"""Capture filters for packet sockets; that the kernel runs them is tested live (test_live.py)."""

from __future__ import annotations

import struct

import pytest

from pcapstate.errors import LiveError
from pcapstate.sources.socket_filters import Instruction, Program, compiled, keeping, program_for

SLL2, RAW = 276, 12
SKF_AD_OFF = -0x1000 & 0xFFFFFFFF
FILTERS = (
    "tcp port 80", "not host 10.0.0.1", "tcp[tcpflags] & tcp-fin != 0", "ip6 or arp", "net 10.0.0.0/8 and udp",
    "src host 2001:db8::1", "inbound", "outbound and tcp", "ifindex 3", "link[0:2] = 0x86dd", "link[8:2] = 772",
)  # fmt: skip


@pytest.fixture(autouse=True)
def libpcap() -> None:
    try:
        compiled("tcp", SLL2)
    except LiveError as error:
        pytest.skip(f"needs libpcap: {error}")


def verdict(program: Program, packet: bytes, known: dict[int, int]) -> int:
    """Run a program as the kernel does, with what it knows beside the packet; return how many bytes are accepted."""
    a = x = at = 0
    memory = [0] * 16
    while True:
        one = program[at]
        at += 1
        kind, k = one.code & 7, one.value
        if kind in (0, 1):
            mode, size = one.code & 0xE0, {0: 4, 8: 2, 0x10: 1}[one.code & 0x18]
            if mode in (0x20, 0x40) and k >= SKF_AD_OFF:
                value = known[k - SKF_AD_OFF]
            elif mode in (0x20, 0x40, 0xA0):
                start = k + (x if mode == 0x40 else 0)
                if start + size > len(packet):
                    return 0
                value = int.from_bytes(packet[start : start + size], "big")
                value = (value & 15) * 4 if mode == 0xA0 else value
            else:
                value = {0: k, 0x60: memory[k % 16], 0x80: len(packet)}[mode]
            a, x = (a, value) if kind == 1 else (value, x)
        elif kind in (2, 3):
            memory[k] = a if kind == 2 else x
        elif kind == 4:
            other = x if one.code & 8 else k
            a = {0: a + other, 0x50: a & other}[one.code & 0xF0]
        elif kind == 5:
            other = x if one.code & 8 else k
            if one.code & 0xF0 == 0:
                at += k
            else:
                true = {0x10: a == other, 0x20: a > other, 0x30: a >= other, 0x40: a & other != 0}[one.code & 0xF0]
                at += one.if_true if true else one.if_false
        elif kind == 6:
            return a if one.code & 0x18 == 0x10 else k
        else:
            a, x = (a, a) if one.code & 0xF8 == 0 else (x, x)


def packets() -> list[tuple[int, int, int, int, bytes]]:
    """Return protocol, interface, hardware type, kind, and what follows the link layer."""
    ipv4 = bytes.fromhex("450000280001000040060000") + bytes([10, 0, 0, 1, 192, 0, 2, 5])
    tcp = struct.pack(">HHIIBBHHH", 4000, 80, 1, 2, 0x50, 0x11, 100, 0, 0)
    ipv6 = bytes.fromhex("60000000001406ff20010db8000000000000000000000001") + bytes(16) + tcp
    udp = ipv4[:9] + b"\x11" + ipv4[10:12] + bytes([10, 9, 9, 9, 10, 9, 9, 8]) + bytes(20)
    return [
        (0x0800, 1, 772, 0, ipv4 + tcp),
        (0x0800, 3, 1, 4, ipv4 + tcp[:13] + b"\x10" + tcp[14:]),
        (0x86DD, 3, 1, 0, ipv6),
        (0x0806, 2, 1, 1, bytes(28)),
        (0x0800, 2, 1, 4, udp),
        (0x0800, 2, 1, 0, ipv4[:10]),
    ]


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_accepts_the_same_packets_without_their_cooked_header(text: str) -> None:
    whole, moved = compiled(text, SLL2), program_for(text, SLL2, True, 262_144)
    found = []
    for protocol, interface, hardware, kind, behind in packets():
        header = struct.pack(">HHIHBB8x", protocol, 0, interface, hardware, kind, 6)
        known = {0: protocol, 4: kind, 8: interface, 28: hardware}
        found.append(bool(verdict(moved, behind, known)))
        assert found[-1] == bool(verdict(whole, header + behind, {}))
    assert set(found) == {True, False}


def test_what_the_kernel_does_not_know_is_refused() -> None:
    for text in ("link[12] = 3", "link[0] = 8", "link[4:2] = 0"):
        with pytest.raises(LiveError, match="the kernel does not know byte"):
            program_for(text, SLL2, True, 262_144)


def test_a_program_says_how_much_is_kept() -> None:
    assert keeping((), 96) == (Instruction(6, 0, 0, 96),)
    assert program_for(None, RAW, False, 262_144) == ()
    values = [one.value for one in program_for("tcp", RAW, False, 96) if one.code == 6]
    assert sorted(values) == [0, 96]
    assert program_for(None, SLL2, True, 96)[0].value == 76
