"""Capture filters of packet sockets: programs of libpcap, changed so that the kernel runs them on what a socket gets.

Formats: Linux, Documentation/networking/filter.rst. The changes are those that libpcap makes for its own sockets.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import NamedTuple

from ..errors import LiveError
from ..escaping import safe
from ..messages import Message
from ..scapy_modules import scapy_module
from .framing import MAXIMUM_CAPTURED
from .ring_blocks import SLL2_HEADER

SO_ATTACH_FILTER = 26
BPF_LD, BPF_LDX, BPF_RET = 0, 1, 6
"""Classes of instructions."""
BPF_W, BPF_H, BPF_B = 0, 8, 16
"""Sizes of loads."""
BPF_ABS, BPF_IND, BPF_MSH = 0x20, 0x40, 0xA0
"""Modes of loads from the packet."""
SKF_AD_OFF = 0x1_0000_0000 - 0x1000
"""From here on, loads are of what the kernel knows beside the packet."""
SKF_AD_PROTOCOL, SKF_AD_PKTTYPE, SKF_AD_IFINDEX, SKF_AD_HATYPE = 0, 4, 8, 28
FIELDS = {
    (0, BPF_H): SKF_AD_PROTOCOL,
    (4, BPF_W): SKF_AD_IFINDEX,
    (8, BPF_H): SKF_AD_HATYPE,
    (10, BPF_B): SKF_AD_PKTTYPE,
}
"""Fields of the cooked header (version 2), by offset and size, that the kernel knows."""


class Instruction(NamedTuple):
    """A struct sock_filter."""

    code: int
    if_true: int
    if_false: int
    value: int


Program = tuple[Instruction, ...]


def compiled(text: str, linktype: int) -> Program:
    """Compile a capture filter for frames of a link type. Raises LiveError."""
    arch = scapy_module("arch.common")
    try:
        program = arch.compile_filter(text, linktype=linktype)
    except ImportError:
        raise LiveError("a capture filter needs libpcap, which is not installed") from None
    except scapy_module("error").Scapy_Exception:
        raise LiveError(Message("not a valid capture filter (BPF): {text}", text=safe(text))) from None
    try:
        return tuple(Instruction(one.code, one.jt, one.jf, one.k) for one in program.bf_insns[: program.bf_len])
    finally:
        arch.free_filter(program)


def for_cooked(program: Program) -> Program:
    """Change a program for frames with a cooked header (version 2), which the kernel runs on what follows the header.

    Raises ValueError if it loads a part of the header that the kernel does not know.
    """
    return tuple(one._replace(value=_moved(one)) for one in program)


def _moved(one: Instruction) -> int:
    size, mode = one.code & 0x18, one.code & 0xE0
    if one.code & 7 not in (BPF_LD, BPF_LDX) or mode not in (BPF_ABS, BPF_IND, BPF_MSH) or one.value >= SKF_AD_OFF:
        return one.value
    if one.value >= SLL2_HEADER:
        return one.value - SLL2_HEADER
    if mode == BPF_ABS and (one.value, size) in FIELDS:
        return SKF_AD_OFF + FIELDS[one.value, size]
    raise ValueError(f"the kernel does not know byte {one.value} of the link layer")


def keeping(program: Program, most: int) -> Program:
    """Let a program keep so many bytes of each packet that it accepts; an empty one accepts all."""
    if not program:
        return (Instruction(BPF_RET, 0, 0, most),)
    return tuple(one._replace(value=most) if one.code == BPF_RET and one.value else one for one in program)


def attach(opened: socket.socket, program: Program) -> None:
    """Let the kernel run a program on the packets of a socket. Raises OSError."""
    octets = b"".join(struct.pack("=HBBI", *one) for one in program)
    held = ctypes.create_string_buffer(octets, len(octets))
    opened.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(held)))


def program_for(text: str | None, linktype: int, cooked: bool, most: int) -> Program:
    """Return what is to be attached to a socket: for a filter, and for the bytes of a frame that are kept at most.

    An empty program is nothing to attach. Raises LiveError where the filter is not valid.
    """
    program = () if text is None else compiled(text, linktype)
    if cooked:
        try:
            program = for_cooked(program)
        except ValueError as error:
            raise LiveError(
                Message("this capture filter cannot be used on cooked frames: {error}", error=str(error))
            ) from None
    if not program and most >= MAXIMUM_CAPTURED:
        return ()
    return keeping(program, max(most - SLL2_HEADER, 1) if cooked else most)
