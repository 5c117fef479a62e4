"""The corners of pcap and pcapng, and the formats that are known and not read."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from pcapstate.errors import CaptureError
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from tests.helpers.captures import START, answers, pcap, story_frames
from tests.helpers.pcapng import FRAME, block, interface, option, packet, section, simple
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

FRAMES = story_frames(parse(STORIES["half_close"]))
SECOND = 10**9


def read(data: bytes) -> tuple[list[dict[str, Any]], str]:
    one = CaptureReader(io.BytesIO(data), Kernels())
    found = []
    for batch in one.batches():
        for row in batch.frames:
            at, size = int(row["offset"]), int(row["captured"])
            names = ("time", "length", "linktype", "interface")
            found.append({name: int(row[name]) for name in names} | {"data": batch.data[at : at + size].tobytes()})
    return found, str(one.damage or "")


def times(data: bytes) -> list[int]:
    found, damage = read(data)
    assert damage == ""
    return [one["time"] for one in found]


def test_sections_of_different_byte_order_each_with_its_interfaces() -> None:
    micro = START * 1_000_000
    data = section("<") + interface("<", 1) + packet(micro, order="<")
    data += section(">") + interface(">", 101) + interface(">", 113) + packet(micro + 1, which=1, order=">")
    data += section("<") + interface("<", 276) + packet(micro + 2, order="<")
    found, damage = read(data)
    assert damage == ""
    assert [(one["time"], one["linktype"], one["interface"]) for one in found] == [
        (START * SECOND, 1, 0), (START * SECOND + 1000, 113, 1), (START * SECOND + 2000, 276, 0),
    ]  # fmt: skip
    assert "not described" in read(data + section("<") + packet(micro))[1]


@pytest.mark.parametrize(
    ("resolution", "stamp", "expected"),
    [
        (0, START, START * SECOND),
        (3, START * 1000 + 7, START * SECOND + 7_000_000),
        (9, START * SECOND + 7, START * SECOND + 7),
        (12, 1000 * 10**12 + 7999, 1000 * SECOND + 7),
        (0x80, START, START * SECOND),
        (0x80 | 10, (START << 10) + 512, START * SECOND + SECOND // 2),
        (0x80 | 20, (START << 20) + 1, START * SECOND + SECOND // 2**20),
        (0x80 | 32, (START << 32) + 2**31, START * SECOND + SECOND // 2),
        (0x80 | 60, (3 << 60) + 2**59, 3 * SECOND + SECOND // 2),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_resolutions(resolution: int, stamp: int, expected: int, order: str) -> None:
    data = section(order) + interface(order, options=option(9, bytes([resolution]), order))
    assert times(data + packet(stamp, order=order)) == [expected]


def test_interfaces_of_different_resolution_and_offset() -> None:
    data = section() + interface() + interface(options=option(9, b"\x09"))
    data += interface(options=option(9, b"\x00") + option(14, struct.pack("<q", START - 5)))
    data += interface(options=option(14, struct.pack("<q", -3)))
    stamps = [packet(START * 10**6), packet(START * SECOND, which=1), packet(5, which=2)]
    assert times(data + b"".join(stamps)) == [START * SECOND] * 3
    assert times(data + packet(START * 10**6, which=3)) == [(START - 3) * SECOND]


@pytest.mark.parametrize(
    "options",
    [
        option(9, b"\x09\x09"),
        option(9, b""),
        option(14, b"abc"),
        option(9, b"", length=60_000),
        option(2, b"eth0", length=5),
        b"\x09\x00",
        option(0, b"") + option(9, b"\x09"),
    ],
)
def test_options_of_wrong_length_are_passed_over(options: bytes) -> None:
    assert times(section() + interface(options=options) + packet(START * 10**6)) == [START * SECOND]


@pytest.mark.parametrize("options", [option(2, b"ab"), option(1, b"x", length=9999), b"\x01\x00\x04", option(4, b"")])
def test_packet_options_of_wrong_length_are_passed_over(options: bytes) -> None:
    found, damage = read(section(options=options) + interface() + packet(START * 10**6, options=options) + packet(1))
    assert (len(found), damage) == (2, "")
    assert found[0]["data"] == FRAME


def test_other_blocks_between_the_packets() -> None:
    journal = block(9, b"__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=hello\n")
    secrets = block(10, struct.pack("<II", 0x544C534B, 12) + b"CLIENT_RANDO")
    empty = block(4, b"") + block(5, b"") + block(0x0BAD, b"") + block(0x40000BAD, b"\0\0")
    custom = block(0x0BAD, struct.pack("<I", 32473) + b"anything") + block(0x7777, b"") + block(0x80000002, bytes(5))
    other = journal + secrets + empty + custom
    data = section() + other + interface() + other + packet(START * 10**6) + other + packet(START * 10**6) + other
    assert times(data) == [START * SECOND] * 2
    assert read(section() + other) == ([], "")
    assert read(section()) == ([], "")
    assert read(section(length=0) + interface() + packet(0))[1] == ""
    assert read(section(length=2**60) + interface() + packet(0))[1] == ""


def test_simple_packets_are_cut_at_the_snap_length() -> None:
    data = section() + interface(snaplen=40) + simple(FRAME[:40], len(FRAME)) + simple(FRAME[:20])
    found, damage = read(data)
    assert damage == ""
    assert [(len(one["data"]), one["length"]) for one in found] == [(40, len(FRAME)), (20, 20)]
    assert "not described" in read(section() + simple(FRAME))[1]


def test_a_packet_without_bytes() -> None:
    found, damage = read(section() + interface() + packet(START * 10**6, b"") + simple(b"") + packet(START * 10**6))
    assert ([len(one["data"]) for one in found], damage) == ([0, 0, len(FRAME)], "")


# --- pcap


def old(magic: int, order: str, unit: int, extra: int = 0, behind: bytes = b"", link: int = 1) -> bytes:
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link) + behind
    for time, frame in FRAMES:
        out += struct.pack(order + "IIII", time // SECOND, time % SECOND // unit, len(frame), len(frame))
        out += bytes(extra) + frame
    return out


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "unit", "extra", "behind"),
    [(0xA1B2C3D4, 1000, 0, b""), (0xA1B23C4D, 1, 0, b""), (0xA1B2CD34, 1000, 8, b""), (0x1C0001AC, 1, 0, bytes(4)),
     (0x1C0001AB, 1000, 0, bytes(4))],
)  # fmt: skip
def test_kinds_of_pcap(magic: int, unit: int, extra: int, behind: bytes, order: str) -> None:
    found, damage = read(old(magic, order, unit, extra, behind))
    assert damage == ""
    assert [(one["time"], one["data"]) for one in found] == FRAMES


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_frame_check_sequence_is_no_payload(order: str) -> None:
    # The f bit and a length of two 16-bit words; and bits that are reserved.
    link = 2 << 28 | 1 << 26 | 1
    with_fcs = [(at, frame + b"\xde\xad\xbe\xef") for at, frame in FRAMES]
    head = struct.pack(order + "IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, link)
    records = b"".join(
        struct.pack(order + "IIII", at // SECOND, at % SECOND, len(frame), len(frame)) + frame for at, frame in with_fcs
    )
    assert answers(head + records) == answers(pcap(FRAMES))
    assert {one["linktype"] for one in read(head + records)[0]} == {1}


# --- what is not read

ERF = struct.pack("<II", 0, START) + struct.pack(">BBHHH", 2, 4, 80, 0, 62) + bytes(64)
OTHERS = {
    b"snoop\0\0\0": "snoop",
    b"GMBU": "Network Monitor",
    b"XCP\0": "NetXRay",
    b"TRSNIFF data    \x1a": "Sniffer",
    b"iptrace 2.0": "iptrace",
    b"TR\0d\0": "nettl",
    b"\xaa\xaa\xaa\xaa": "5Views",
    b"\x05VNF": "Visual Networks",
    b"\x7fver": "OmniPeek",
    b"EyeSDN": "EyeSDN",
    b"ObserverPktBufferVersion=15.00": "Observer",
    ERF * 60: "ERF",
}


@pytest.mark.parametrize("head", OTHERS, ids=lambda head: OTHERS[head])
def test_other_captures_are_named_with_what_converts_them(head: bytes) -> None:
    with pytest.raises(CaptureError) as raised:
        read(head + bytes(600))
    assert OTHERS[head] in str(raised.value)
    assert str(raised.value).endswith("editcap -F pcapng IN OUT")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04" + bytes(40), "unzip"),
        (b"7z\xbc\xaf\x27\x1c", "7z x"),
        (b"\x1f\x9d\x90", "uncompress"),
        (b"\x02\x21\x4c\x18" + bytes(9), "lz4 -d"),
        (bytes(257) + b"ustar\x0000", "tar -xf"),
        (b"btsnoop\0" + bytes(8), "Bluetooth"),
        (bytes.fromhex("a12b3c4d") + bytes(30), "Navtel"),
        (bytes(72) + b"\x02\x00\x02\xc0" + bytes(90), "etl2pcapng IN OUT"),
    ],
)
def test_other_files_are_named_with_what_helps(data: bytes, what: str) -> None:
    with pytest.raises(CaptureError, match=what):
        read(data)


def test_what_is_only_like_erf_is_not_called_so() -> None:
    for data in (
        b"Hello, this is just text of some length\n",
        ERF[:4] + b"\xff" * 4 + ERF[8:],
        ERF + b"\xff" * 200,
        bytes(600),
    ):
        with pytest.raises(CaptureError, match="neither pcap nor pcapng"):
            read(data)
