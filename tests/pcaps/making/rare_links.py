"""Captures of link types that few captures have: each packet comes from an interface of another link type."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from .files import enhanced, interface, pcap, section
from .packets import CLIENT_MAC, SERVER_MAC, Framing, Packet, ethernet, whole_talk
from .registry import capture

LIKE = "close-by-client.pcap"
SNAP = bytes.fromhex("aaaa03 000000 0800")
DATA, QUALITY = "0801 0000", "8801 0000"
"""Frame control and duration of 802.11 data frames to an access point, without and with quality of service."""
ADDRESSES = SERVER_MAC + CLIENT_MAC + SERVER_MAC
AMSDU = SERVER_MAC + CLIENT_MAC


def on_interfaces(links: Sequence[tuple[int, Framing]]) -> bytes:
    """Return a pcapng file with an interface for each link type, from which the packets come in turn."""
    out = section("<") + b"".join(interface("<", linktype=linktype) for linktype, _ in links)
    for packet, (which, (_, frame)) in zip(whole_talk(), cycle(enumerate(links)), strict=False):
        out += enhanced("<", packet, which=which, frame=frame)
    return out


def behind(header: str, rest: Framing = lambda packet: packet.ip) -> Framing:
    """Return frames with a header (hexadecimal)."""
    return lambda packet: bytes.fromhex(header) + rest(packet)


def snap(packet: Packet) -> bytes:
    """Return an IP packet behind LLC and SNAP."""
    return SNAP + packet.ip


def wlan(control: str = DATA, more: str = "", filling: int = 0) -> Framing:
    """Return 802.11 frames; ``more`` stands behind the sequence number."""
    return behind(control, lambda packet: ADDRESSES + b"\x10\0" + bytes.fromhex(more) + b"\0" * filling + snap(packet))


def gathered(packet: Packet) -> bytes:
    """Return an 802.11 frame that holds two (A-MSDU), the second one without IP."""
    inside = snap(packet)
    first = AMSDU + len(inside).to_bytes(2, "big") + inside
    first += b"\0" * (-len(first) % 4)
    return bytes.fromhex(QUALITY) + ADDRESSES + b"\x10\0" + b"\x80\0" + first + AMSDU + b"\0\4" + b"\x42\x42\3\0"


def nflog(packet: Packet) -> bytes:
    """Return an IP packet among the values of a netfilter log."""
    values = bytes.fromhex("02000000 08000100 08000100 06000a00 61620000")
    return values + (4 + len(packet.ip)).to_bytes(2, "little") + b"\x09\0" + packet.ip


@capture(".pcapng", like=LIKE)
def link_types_wireless() -> bytes:
    """802.11: bare, with quality of service, four addresses, A-MSDU; behind radiotap, Prism, AVS and PPI headers."""
    four = behind("0803 0000", lambda packet: ADDRESSES + b"\x10\0" + CLIENT_MAC + snap(packet))
    return on_interfaces(
        [
            (105, wlan()),
            (105, wlan(QUALITY, "0000")),
            (105, wlan("8881 0000", "0000 00000000")),
            (105, four),
            (105, gathered),
            (127, behind("0000 0800 00000000", wlan())),
            (127, behind("0000 1900 030000a0 00000000 00000000 0000000000000000 20", wlan(QUALITY, "0000", 2))),
            (119, behind("44000000 90000000" + "00" * 136, wlan())),
            (119, behind("80211001 00000040" + "00" * 56, wlan())),
            (163, behind("80211001 00000040" + "00" * 56, wlan())),
            (192, behind("0000 0800 69000000", wlan())),
        ]
    )


@capture(".pcapng", like=LIKE)
def link_types_serial() -> bytes:
    """PPP (plain, HDLC-like, Cisco's, with direction), PPPoE, Cisco HDLC, Frame Relay, SLIP, ATM."""

    def pppoe(packet: Packet) -> bytes:
        return bytes.fromhex("1100 0007") + (2 + len(packet.ip)).to_bytes(2, "big") + b"\0\x21" + packet.ip

    return on_interfaces(
        [
            (9, behind("ff03 0021")),
            (9, behind("21")),
            (50, behind("0f00 0800")),
            (204, behind("01 ff03 0021")),
            (51, pppoe),
            (104, behind("0f00 0800")),
            (107, behind("1841 03 cc")),
            (107, behind("1841 0800")),
            (8, behind("00" * 16)),
            (100, snap),
            (100, behind("aaaa03 0080c2 0007 0000", ethernet)),
        ]
    )


@capture(".pcapng", like=LIKE)
def link_types_others() -> bytes:
    """Token Ring, FDDI, ARCNET, Fibre Channel, IEEE 1394, NFLOG, PFLOG, IP over InfiniBand, exported PDUs, DSA tags."""
    return on_interfaces(
        [
            (6, behind("1040", lambda packet: SERVER_MAC + b"\x82" + CLIENT_MAC[1:] + b"\x02\x30" + snap(packet))),
            (10, behind("50", lambda packet: SERVER_MAC + CLIENT_MAC + snap(packet))),
            (129, behind("01 02 0000 d4 00 0001")),
            (7, behind("01 02 f0")),
            (122, behind("00" * 16, snap)),
            (138, behind("00" * 16 + "0800")),
            (239, nflog),
            (117, behind("3d 02 0000" + "00" * 60)),
            (242, behind("00" * 40 + "0800 0000")),
            (252, behind("000c 0004 69700000 0000 0000")),
            (
                285,
                behind(
                    "", lambda packet: SERVER_MAC + CLIENT_MAC + bytes.fromhex("dada0000 40000000 0800") + packet.ip
                ),
            ),
        ]
    )


@capture(".pcapng", like=LIKE)
def link_types_wireless_others() -> bytes:
    """802.11 in meshes, behind a big-endian Prism header and cooked headers; other link types behind PPI headers."""
    mesh = "0001 001f 01000000"
    cooked = "0323 0006" + "020000000001 0000 0003"
    return on_interfaces(
        [
            (105, wlan("8802 0000", mesh)),
            (105, behind("8803 0000", lambda p: ADDRESSES + b"\x10\0" + CLIENT_MAC + bytes.fromhex(mesh) + snap(p))),
            (105, wlan("8802 0000", "0001 021f 01000000" + "00" * 12)),
            (119, behind("00000044 00000090" + "00" * 136, wlan())),
            (113, behind("0000" + cooked, behind("0000 0800 00000000", wlan()))),
            (276, behind("0003 0000 00000001 0323 00 06 020000000001 0000", behind("0000 0800 00000000", wlan()))),
            (192, behind("0000 0800 65000000")),
            (192, behind("0000 0800 01000000", ethernet)),
            (192, behind("0000 0800 7f000000", behind("0000 0800 00000000", wlan()))),
            (192, behind("0000 0800 09000000 ff03 0021")),
            (192, behind("0000 0800 71000000 0000 0001 0006 020000000001 0000 0800")),
        ]
    )


@capture(".pcapng", like=LIKE)
def link_types_juniper() -> bytes:
    """Juniper: Ethernet with and without its header, PPP, Frame Relay, Cisco HDLC, PPPoE, ATM of two kinds, voice."""
    listed = "81 0006 010102 020106"
    return on_interfaces(
        [
            (178, behind("4d4743 00", ethernet)),
            (178, behind("4d4743" + listed, ethernet)),
            (178, behind("4d4743 02 02000000")),
            (179, behind("4d4743 00 ff03 0021")),
            (180, behind("4d4743 00 1841 03 cc")),
            (181, behind("4d4743 00 0f00 0800")),
            (167, behind("4d4743 00", ethernet)),
            (137, behind("4d4743 00 00000000", snap)),
            (135, behind("4d4743 00 0000000000000000", snap)),
            (135, behind("4d4743 00 0000000000000000")),
            (183, behind("4d4743" + listed + "00" * 18)),
        ]
    )


@capture(".pcapng", like=LIKE)
def link_types_rare() -> bytes:
    """ATM: classical IP, LAN emulation; Juniper multilink PPP; ERF; exported PDUs with raw IP, PPP and 802.11."""
    return on_interfaces(
        [
            (106, behind("")),
            (123, behind("00000064", snap)),
            (123, behind("01000064 0001", ethernet)),
            (130, behind("4d4743 00 0000 0021")),
            (197, behind("0000000000000000 02 04 0052 0000 0040 0000", ethernet)),
            (197, behind("0000000000000000 90 04 005a 0000 0040" + "8400000000000000 0400000000000000 0000", ethernet)),
            (197, behind("0000000000000000 16 04 0038 0000 0028")),
            (252, behind("000c 0008 7261775f69700000 0000 0000")),
            (252, behind("000c 0004 70707000 0000 0000 0021")),
            (252, behind("000c 0010 776c616e5f776974686f757466637300 0000 0000", wlan())),
        ]
    )


@capture(".pcap", exit_code=0, says="10 frames could not be read: 10 encrypted 802.11")
def wireless_encrypted() -> bytes:
    """Encrypted 802.11 frames, and one without data: counted."""
    frames = {packet: wlan("0841 0000")(packet) for packet in whole_talk()}
    first = next(iter(frames))
    frames[first] = bytes.fromhex("d4000000") + CLIENT_MAC
    return pcap(frames, frames.__getitem__, linktype=105)
