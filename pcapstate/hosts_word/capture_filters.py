"""What a capture filter leaves out, by running it on a segment of a connection."""

from __future__ import annotations

import ipaddress
import re
import struct
from functools import cache

from ..addresses import address
from ..errors import LiveError
from ..sources.socket_filters import Instruction, Program, compiled
from .host_socket import HostSocket
from .places import ports_named

RAW = 12
"""DLT_RAW: frames begin with IP."""
MOST_STEPS = 10_000
LOW_32 = 0xFFFFFFFF
WORDS = re.compile(r"[\w.:/-]+|[^\w\s]+")
KEYWORDS = frozenset(
    (
        *("and", "or", "not", "tcp", "udp", "ip", "ip6", "icmp", "icmp6", "arp", "port", "portrange", "host", "net"),
        *("mask", "src", "dst", "proto", "less", "greater", "len", "tcpflags"),
    )
)
SIGNS = re.compile(r"[^\w\s]+")
VALUE = re.compile(r"\d+(-\d+)?|0x[0-9a-f]+|\d+(\.\d+){1,3}(/\d+)?|(?=[^:]*:)[0-9a-f:.]+(/\d+)?", re.IGNORECASE)
"""Numbers, ranges of ports, and addresses: what is no name."""
LD, LDX, ST, STX, ALU, JMP, RET, MISC = range(8)
IMM, ABS, IND, MEM, LEN, MSH = 0x00, 0x20, 0x40, 0x60, 0x80, 0xA0
SIZES = {0x00: 4, 0x08: 2, 0x10: 1}
X = 0x08
TCP, UDP, ACK = 6, 17, 0x10


def leaves_out(text: str, host: HostSocket) -> bool:
    """Tell whether a filter accepts no segment of a connection, in neither direction; False where it cannot be run."""
    program = _program(text)
    if program is None:
        return False
    return not any(accepts(program, frame(host, turned)) for turned in (False, True))


@cache
def _program(text: str) -> Program | None:
    plain = without_names(text)
    if plain is None:
        return None
    try:
        return tuple(one._replace(value=one.value & LOW_32) for one in compiled(plain, RAW))
    except LiveError:
        return None


def without_names(text: str) -> str | None:
    """Return a filter with numbers for the names of services; None where there are other names.

    The name of a host would be looked up in the network.
    """
    found = []
    for word in WORDS.findall(text):
        number = ports_named(False).get(word.lower())
        if word in KEYWORDS or VALUE.fullmatch(word) or SIGNS.fullmatch(word):
            found.append(word)
        elif number is not None:
            found.append(str(number))
        else:
            return None
    return " ".join(found)


def frame(host: HostSocket, turned: bool) -> bytes:
    """Return a segment of a connection, from IP on: sent by the host, or ``turned``, sent to it."""
    assert host.local is not None
    assert host.foreign is not None
    ends = [(address(*host.local), host.local_port), (address(*host.foreign), host.foreign_port)]
    (source, source_port), (target, target_port) = ends[::-1] if turned else ends
    if host.udp:
        protocol, rest = UDP, struct.pack(">HHHH", source_port, target_port, 8, 0)
    else:
        protocol, rest = TCP, struct.pack(">HHIIBBHHH", source_port, target_port, 1, 1, 0x50, ACK, 1000, 0, 0)
    if isinstance(source, ipaddress.IPv6Address):
        return struct.pack(">IHBB", 6 << 28, len(rest), protocol, 64) + source.packed + target.packed + rest
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(rest), 1, 0x4000, 64, protocol, 0)
    return head + source.packed + target.packed + rest


def accepts(program: Program, data: bytes) -> bool:
    """Run a program of classic BPF on a frame; tell whether it keeps any of it."""
    a = x = at = 0
    memory = [0] * 16
    for _ in range(MOST_STEPS):
        if at >= len(program):
            return False
        one = program[at]
        at += 1
        kind = one.code & 7
        if kind in (LD, LDX):
            value = _loaded(one, data, x, memory)
            if value is None:
                return False
            a, x = (value, x) if kind == LD else (a, value)
        elif kind == ST:
            memory[one.value & 15] = a
        elif kind == STX:
            memory[one.value & 15] = x
        elif kind == ALU:
            a = _computed(one, a, x if one.code & X else one.value)
        elif kind == JMP:
            at += _jumped(one, a, x if one.code & X else one.value)
        elif kind == RET:
            return bool(a if one.code & 0x18 == 0x10 else one.value)
        elif one.code & 0xF8:
            a = x
        else:
            x = a
    return False


def _loaded(one: Instruction, data: bytes, x: int, memory: list[int]) -> int | None:
    mode, size = one.code & 0xE0, SIZES.get(one.code & 0x18, 4)
    if mode == IMM:
        return one.value
    if mode == MEM:
        return memory[one.value & 15]
    if mode == LEN:
        return len(data)
    if mode == MSH:
        return 4 * (data[one.value] & 15) if one.value < len(data) else None
    start = one.value + (x if mode == IND else 0)
    return int.from_bytes(data[start : start + size], "big") if start + size <= len(data) else None


def _computed(one: Instruction, a: int, b: int) -> int:
    kind = one.code & 0xF0
    if kind == 0x30:
        return a // b if b else 0
    if kind == 0x90:
        return a % b if b else 0
    if kind == 0x80:
        return -a & LOW_32
    shift = min(b, 32)
    results = {0x00: a + b, 0x10: a - b, 0x20: a * b, 0x40: a | b, 0x50: a & b, 0x60: a << shift, 0x70: a >> shift}
    return results.get(kind, a ^ b) & LOW_32


def _jumped(one: Instruction, a: int, b: int) -> int:
    kind = one.code & 0xF0
    if kind == 0x00:
        return one.value
    true = {0x10: a == b, 0x20: a > b, 0x30: a >= b, 0x40: bool(a & b)}.get(kind, False)
    return one.if_true if true else one.if_false
