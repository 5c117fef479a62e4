"""Captures that say more than their packets: which process sent them, names, what was lost."""

from __future__ import annotations

import struct

from .files import block, interface, option, pcap, section
from .packets import Packet, Side, Talk, ethernet, merged
from .registry import capture

LITTLE, BIG = "<", ">"
INBOUND, OUTBOUND = 1, 2
UUID = bytes.fromhex("0f1e2d3c4b5a69788796a5b4c3d2e1f0")
LAPTOP = "10.0.0.5"


def packet_block(order: str, packet: Packet, options: bytes, which: int = 0) -> bytes:
    """Return an enhanced packet block with options."""
    raw, stamp = ethernet(packet), packet.time // 1000
    head = struct.pack(order + "IIIII", which, stamp >> 32, stamp & 0xFFFFFFFF, len(raw), len(raw))
    return block(order, 6, head + raw + b"\0" * (-len(raw) % 4) + options)


def direction(order: str, packet: Packet) -> bytes:
    """Return epb_flags: what the client sends is outbound."""
    return option(order, 2, struct.pack(order + "I", OUTBOUND if packet.outgoing else INBOUND))


def process_event(order: str, pid: int, name: str, uuid: bytes = b"") -> bytes:
    """Return a Darwin process event block."""
    options = option(order, 2, name.encode()) + (option(order, 4, uuid) if uuid else b"") + option(order, 0, b"")
    return block(order, 0x80000001, struct.pack(order + "I", pid) + options)


def process_options(order: str, process: int, effective: int | None = None) -> bytes:
    """Return the options that name processes by their process event blocks."""
    out = option(order, 0x8001, struct.pack(order + "I", process))
    return out if effective is None else out + option(order, 0x8003, struct.pack(order + "I", effective))


def process_id(order: str, pid: int) -> bytes:
    """Return epb_processid_threadid, with thread 1."""
    return option(order, 8, struct.pack(order + "II", pid, 1))


@capture(".pcapng")
def processes_macos() -> bytes:
    """macOS process blocks: curl, nsurlsessiond for Safari, a server handed over by launchd."""
    order = LITTLE
    curl, safari = Talk().opened().exchange(), Talk((LAPTOP, 51_900), ("203.0.113.7", 443)).opened().exchange()
    shell = Talk(("192.0.2.9", 40_022), (LAPTOP, 22)).opened().exchange()
    owners = {51_812: process_options(order, 0), 51_900: process_options(order, 1, 2)}
    out = section(order) + interface(order, name="en0")
    out += process_event(order, 611, "curl", UUID) + process_event(order, 388, "nsurlsessiond")
    out += process_event(order, 402, "Safari") + process_event(order, 1, "launchd")
    turn = 0
    for packet in merged(curl, safari, shell):
        ports = struct.unpack("!HH", packet.ip[20:24])
        if 22 in ports:
            # The laptop is the server here: what its peer, the client, sends is inbound.
            sent = packet._replace(outgoing=not packet.outgoing)
            if turn == 3:
                out += process_event(order, 977, "sshd-session")
            owner = process_options(order, 3 if turn < 3 else 4)
            turn += 1
        else:
            sent, owner = packet, owners[max(ports)]
        out += packet_block(order, packet, owner + direction(order, sent) + option(order, 0, b""))
    return out


@capture(".pcapng")
def processes_by_id() -> bytes:
    """Two sections, big-endian, with process ids only, as from a Windows trace: inbound packets have a random one."""
    order = BIG
    talk = Talk().opened().exchange()
    out = b""
    for packets in (talk.packets[:4], talk.packets[4:]):
        out += section(order) + interface(order)
        for packet in packets:
            pid = 4312 if packet.outgoing and len(packet.ip) > 60 else 4
            out += packet_block(
                order, packet, direction(order, packet) + process_id(order, pid) + option(order, 0, b"")
            )
    return out


@capture(".pcapng")
def processes_in_comments() -> bytes:
    """ptcpdump on Linux writes the process into packet comments."""
    order = LITTLE
    text = b"PID: 2218\nCmd: /usr/bin/wget\nArgs: wget http://www.example.com/"
    out = section(order) + interface(order)
    for packet in Talk().opened().exchange().packets:
        options = option(order, 1, text) + direction(order, packet) + option(order, 0, b"")
        out += packet_block(order, packet, options)
    return out


def pktap_header(
    dlt: int, name: str, flags: int, trailer: int, process: tuple[int, bytes], effective: tuple[int, bytes]
) -> bytes:
    """Return a PKTAP header of the first version, which ends behind the effective process."""
    lengths = struct.pack("<IIII", 2, 14, trailer, process[0] & 0xFFFFFFFF)
    return (
        struct.pack("<III", 108, 1, dlt) + name.encode().ljust(24, b"\0") + struct.pack("<I", flags) + lengths
        + process[1].ljust(20, b"\0") + struct.pack("<IHHi", 0, 6, 0, effective[0]) + effective[1].ljust(20, b"\0")
    )  # fmt: skip


@capture(".pcap")
def processes_pktap() -> bytes:
    """LINKTYPE_PKTAP: each frame begins with its process and link type, Ethernet with a trailer and bare IP."""
    first = Talk().opened().exchange()
    second = Talk((LAPTOP, 51_900), ("203.0.113.7", 443)).opened().exchange()

    def frame(packet: Packet) -> bytes:
        flags = OUTBOUND if packet.outgoing else INBOUND
        if 51_812 in struct.unpack("!HH", packet.ip[20:24]):
            return pktap_header(1, "en0", flags, 4, (611, b"curl"), (-1, b"")) + ethernet(packet) + bytes(4)
        return pktap_header(12, "utun3", flags, 0, (388, b"nsurlsessiond"), (402, b"Safari")) + packet.ip

    return pcap(merged(first, second), frame, linktype=258)


def name_record(order: str, address: bytes, *names: str) -> bytes:
    """Return a record of a name resolution block."""
    return option(order, {4: 1, 16: 2}[len(address)], address + b"".join(name.encode() + b"\0" for name in names))


def statistics(order: str, which: int, received: int, dropped: int, dropped_by_system: int) -> bytes:
    """Return an interface statistics block."""
    counts = ((4, received), (5, dropped), (7, dropped_by_system))
    options = b"".join(option(order, code, struct.pack(order + "Q", count)) for code, count in counts)
    return block(order, 5, struct.pack(order + "III", which, 0, 0) + options + option(order, 0, b""))


@capture(".pcapng")
def names_and_drops() -> bytes:
    """Two interfaces with names and drop counts, and a name resolution block."""
    order = LITTLE
    talk = Talk().opened().exchange()
    server: Side = talk.server
    out = section(order) + interface(order, name="eth0") + interface(order, name="wlan0")
    out += statistics(order, 0, 3, 0, 0)
    for packet in talk.packets:
        drops = option(order, 4, struct.pack(order + "Q", 1)) if packet.outgoing else b""
        out += packet_block(order, packet, drops + option(order, 0, b""))
    records = name_record(order, server.address.packed, "www.example.com", "example.com")
    records += name_record(order, bytes.fromhex("20010db8008000000000000000000001"), "www.example.com")
    out += block(order, 4, records + option(order, 0, b""))
    return out + statistics(order, 0, 7, 2, 3) + statistics(order, 1, 90, 10, 0)
