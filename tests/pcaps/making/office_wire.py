"""The office network of ``office``: its stations, and what the laptop captures of them in the order of time."""

from __future__ import annotations

import hashlib
import ipaddress
import struct

from .files import block, interface, option, section
from .lan import BROADCAST, Frame, Station, arp, framed, group_mac, udp
from .name_messages import ANSWER, QUERY, Record, dns
from .packets import SECOND, Packet, fragments
from .processes import INBOUND, LITTLE, OUTBOUND, process_event, process_options, statistics

NINE = 1_700_038_800 * SECOND
"""Wednesday, 15 November 2023, 09:00 UTC."""


def _station(last: int, host: int) -> Station:
    return Station(bytes.fromhex("0200000000") + bytes([last]), f"10.0.0.{host}")


LAPTOP, ROUTER, BRANCH_ROUTER = _station(0x05, 5), _station(0x01, 1), _station(0xFE, 254)
NAS, PRINTER, COLLEAGUE, EXCHANGE = _station(0x20, 20), _station(0x30, 30), _station(0x31, 31), _station(0x50, 50)
SWITCH = Station(bytes.fromhex("020000000002"), "0.0.0.0")
STATIONS = (LAPTOP, ROUTER, BRANCH_ROUTER, NAS, PRINTER, COLLEAGUE, EXCHANGE)

PREFIX = "2001:db8:5::"
LAPTOP6 = LAPTOP.in_network(PREFIX)
MACS = {
    address: station.mac
    for station in STATIONS
    for address in (station.ip, station.link_local, station.in_network(PREFIX))
}

DELEGATED = "com.apple.WebKit"
"""The process that opens Safari's connections for it."""
PROCESSES = {
    "mDNSResponder": 412, "timed": 131, DELEGATED: 602, "Safari": 588, "ssh": 733, "taskd": 655,
    "Python": 811, "Telephone": 640, "ping": 790, "cupsd": 702,
    "curl": 741, "curl (nas)": 752, "curl (upload)": 804, "curl (api)": 858, "curl (old)": 871,
}  # fmt: skip
"""Programs on the laptop by name, with their process ids; in parentheses, which run of a program it is."""


def moment(seconds: float) -> int:
    """Return a time, ns since the epoch and whole microseconds, from seconds after nine."""
    return NINE + round(seconds * 1_000_000) * 1000


def chance(least: int, most: int, *of: object) -> int:
    """Return a number between two, the same for the same reason."""
    seed = int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:4], "big")
    return least + seed % (most - least + 1)


class Wire:
    """What is captured, with the process where the laptop knows it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def ip(self, seconds: float, packet: bytes, process: str | None = None, *, via: Station | None = None) -> None:
        """Capture an IP packet; ``via``: the router it comes from or goes to, where that is not the usual one."""
        self.ip_at(moment(seconds), packet, process, via=via)

    def ip_at(self, time: int, packet: bytes, process: str | None = None, *, via: Station | None = None) -> None:
        """Do the same at a time in ns since the epoch."""
        six = packet[0] >> 4 == 6
        where = (packet[8:24], packet[24:40]) if six else (packet[12:16], packet[16:20])
        source, target = (ipaddress.ip_address(one) for one in where)
        router = (via or ROUTER).mac
        if str(target) in ("255.255.255.255", "10.0.0.255"):
            receiver = BROADCAST
        elif target.is_multicast:
            receiver = group_mac(str(target))
        else:
            receiver = MACS.get(str(target), router)
        sender = LAPTOP.mac if source.is_unspecified else MACS.get(str(source), router)
        if receiver == router and sender == router:
            raise ValueError("neither end is on this network")
        # Before it has an address, the laptop is found by its station address.
        if str(source) == ROUTER.ip and str(target) == LAPTOP.ip:
            receiver = LAPTOP.mac
        self.add(time, sender, receiver, 0x86DD if six else 0x0800, packet, process)

    def add(
        self, time: int, sender: bytes, receiver: bytes, ethertype: int, content: bytes, process: str | None = None
    ) -> None:
        """Capture a frame."""
        outgoing = sender == LAPTOP.mac
        self.frames.append(Frame(time, framed(sender, receiver, ethertype, content, outgoing), outgoing, process))

    def arp(self, seconds: float, asker: Station, asked: Station) -> None:
        """Capture who asks whose MAC address, and the answer where the laptop sees it."""
        self.add(moment(seconds), asker.mac, BROADCAST, 0x0806, arp(1, asker, asked))
        if LAPTOP in (asker, asked):
            delay = 0.000_071 if asked == LAPTOP else 0.000_412
            self.add(moment(seconds + delay), asked.mac, asker.mac, 0x0806, arp(2, asked, asker))

    def resolve(
        self,
        seconds: float,
        name: str,
        kind: int,
        answers: list[Record],
        more: list[Record] | None = None,
        size: int = 0,
    ) -> None:
        """Capture a question to the DNS server, and its answer, in fragments of ``size`` bytes where that is given."""
        port, identification = chance(49_152, 65_535, name, kind, "port"), chance(0, 65_535, name, kind, seconds)
        asker, server = (LAPTOP.ip, port), (ROUTER.ip, 53)
        query = dns(identification, QUERY, [(name, kind)], additional=more)
        self.ip(seconds, udp(asker, server, query, identification=chance(1, 65_535, identification)), "mDNSResponder")
        reply = dns(identification, ANSWER, [(name, kind)], answers, more)
        delay = chance(900, 19_000, name, kind, seconds) / 1e6
        packet = udp(server, asker, reply, identification=chance(1, 65_535, name, kind, seconds, "reply"))
        whole = Packet(moment(seconds + delay), packet, False)
        for piece in fragments(whole, size) if size else [whole]:
            self.ip_at(piece.time, piece.ip, "mDNSResponder")

    def file(self) -> bytes:
        """Return the capture as macOS writes it: processes in blocks of their own, named by the packets' options."""
        out = [section(LITTLE), interface(LITTLE, name="en0", resolution=6)]
        known: dict[str, int] = {}

        def number(process: str) -> int:
            if process not in known:
                known[process] = len(known)
                out.append(process_event(LITTLE, PROCESSES[process], process.partition(" (")[0]))
            return known[process]

        frames = sorted(self.frames, key=lambda frame: frame.time)
        for frame in frames:
            options = option(LITTLE, 2, struct.pack("<I", OUTBOUND if frame.outgoing else INBOUND))
            if frame.process == "Safari":
                options += process_options(LITTLE, number(DELEGATED), number("Safari"))
            elif frame.process:
                options += process_options(LITTLE, number(frame.process))
            stamp, raw = frame.time // 1000, frame.raw
            head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(raw), len(raw))
            padding = b"\0" * (-len(raw) % 4)
            out.append(block(LITTLE, 6, head + raw + padding + options + option(LITTLE, 0, b"")))
        return b"".join(out) + statistics(LITTLE, 0, len(frames), 0, 0)
