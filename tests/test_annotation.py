"""``pcapstate annotate``: a comment for each change, and nothing else changed; read back by tshark, too."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pcapstate.kernels.running import Kernels
from pcapstate.sources.comments import LONGEST, MOST_DIGITS, Commenter, in_columns
from pcapstate.sources.framing import is_numbered, is_packet
from tests.helpers import pcapng
from tests.helpers.paths import CAPTURES, PCAPS, SAMPLES
from tests.helpers.running import dangerous, process, run
from tests.test_extraction import blocks, frames

OURS = [one for one in (*CAPTURES, *SAMPLES) if one.suffix in (".pcap", ".pcapng") and "damaged" not in one.name]
SECTION, PACKETS, COMMENT = 0x0A0D0D0A, (2, 6), 1
Options = list[tuple[int, bytes]]


def parsed(data: bytes) -> list[tuple[bytes, Options]]:
    """Return the blocks of a pcapng file: without the options of packets, and these options."""
    found, at, order = [], 0, "<"
    while at < len(data):
        if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, total = struct.unpack_from(f"{order}II", data, at)
        block = data[at : at + total]
        assert struct.unpack_from(f"{order}I", block, total - 4)[0] == total
        at += (total + 3) & ~3
        options: Options = []
        if kind == SECTION:
            # The length of a section whose blocks grow is not stated any more.
            block = block[:16] + b"\xff" * 8 + block[24:]
        if kind in PACKETS:
            captured = struct.unpack_from(f"{order}I", block, 20)[0]
            place = 28 + (captured + 3 & ~3)
            head = block[:4] + block[8:place]
            while place < total - 4:
                code, length = struct.unpack_from(f"{order}HH", block, place)
                if code == 0:
                    break
                options.append((code, block[place + 4 : place + 4 + length]))
                place += 4 + (length + 3 & ~3)
            block = head
        found.append((block, options))
    return found


def annotated(tmp_path: Path, *arguments: str | Path, code: tuple[int, ...] = (0,)) -> bytes:
    out = tmp_path / "annotated.pcapng"
    done = run("annotate", *arguments, "-o", out)
    assert done.exit_code in code, done.stderr
    return out.read_bytes()


def expected(*paths: Path, options: tuple[str, ...] = ()) -> dict[int, list[str]]:
    """Return the comments by packet that ``timeline`` asks for."""
    found: dict[int, list[str]] = {}
    done = run("timeline", *paths, "--format", "jsonl", "--quiet", *options)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if row["packet"]:
            names = [{"LISTEN": "LISTENING"}.get(row[key], row[key]) for key in ("from", "to")]
            sure = f" ({row['certainty']})" if row["certainty"] not in ("seen", "timer") else ""
            text = f"{row['endpoint']} {names[0]} → {names[1]}: {row['cause']}{sure} [connection {row['connection']}]"
            found.setdefault(row["packet"], []).append(text)
    return found


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_only_comments_are_added(path: Path, tmp_path: Path) -> None:
    data = annotated(tmp_path, path, "--no-findings", code=(0, 1))
    assert frames(tmp_path / "annotated.pcapng") == frames(path)
    after, known = parsed(data), expected(path)
    before: list[tuple[bytes, Options]] = [(block, []) for block, _ in after]
    if path.suffix == ".pcapng":
        before = parsed(path.read_bytes())
        assert [block for block, _ in after] == [block for block, _ in before]
    held = [options[len(old) :] for (_, options), (_, old) in zip(after, before, strict=True)]
    assert [options[: len(old)] for (_, options), (_, old) in zip(after, before, strict=True)] == [
        old for _, old in before
    ]
    assert [[value.decode() for _, value in options] for options in held if options] == [
        known[number] for number in sorted(known) if number in held_by(after, known)
    ]


def held_by(blocks: list[tuple[bytes, Options]], known: dict[int, list[str]]) -> set[int]:
    """Return which packets with comments have a block that can hold them."""
    number, found = 0, set()
    for block, _ in blocks:
        kinds = {int.from_bytes(block[:4], order) for order in ("little", "big")}
        number += any(is_packet(kind) or is_numbered(kind) for kind in kinds)
        if number in known and kinds & set(PACKETS):
            found.add(number)
    return found


@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng", "refused.pcap", "pcapng-big-endian.pcapng"])
def test_tshark_reads_each_comment(name: str, tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("needs tshark")
    annotated(tmp_path, PCAPS / name, "--no-findings")
    fields = ["-T", "fields", "-E", "aggregator=|", "-e", "frame.number", "-e", "frame.comment"]

    def read(filter: str) -> dict[int, list[str]]:
        command = [tshark, "-n", "-r", str(tmp_path / "annotated.pcapng"), "-Y", filter, *fields]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        return {int(line.split("\t")[0]): line.split("\t")[1].split("|") for line in out.splitlines()}

    known = expected(PCAPS / name)
    assert read("frame.comment") == known
    for word in ("ESTABLISHED", "CLOSE_WAIT", "sent FIN"):
        assert read(f'frame.comment contains "{word}"').keys() == {
            number for number, texts in known.items() if any(word in text for text in texts)
        }


def test_packets_that_diagnose_names(tmp_path: Path) -> None:
    data = annotated(tmp_path, PCAPS / "office.pcapng")
    found = json.loads(process("diagnose", PCAPS / "office.pcapng", "--format", "json").stdout)
    named = {packet for one in found for packet in one["packets"]}
    assert named
    number, commented = 0, set()
    for block, options in parsed(data):
        if int.from_bytes(block[:4], "little") in PACKETS:
            number += 1
            commented |= {number} if any(value.startswith(b"diagnose: ") for _, value in options) else set()
    assert commented == named


def test_comments_that_were_there_stay_and_nothing_is_obeyed(tmp_path: Path) -> None:
    path = PCAPS / "hostile-comments.pcapng"
    before = [value for _, options in parsed(path.read_bytes()) for code, value in options if code == COMMENT]
    after = [value for _, options in parsed(annotated(tmp_path, path)) for code, value in options if code == COMMENT]
    assert before
    assert [value for value in after if value in before] == before
    for value in after:
        assert value in before or dangerous(value.decode()) == []


def test_languages_and_styles(tmp_path: Path) -> None:
    path = PCAPS / "refused.pcap"
    assert "クライアント CLOSED → SYN_SENT".encode() in annotated(tmp_path, path, "--lang", "ja")
    assert b"SYN-SENT" in annotated(tmp_path, path, "--style", "rfc")


def test_until_a_moment(tmp_path: Path) -> None:
    data = annotated(tmp_path, PCAPS / "example.pcapng", "--at", "#9", "--no-findings")
    whole = parsed((PCAPS / "example.pcapng").read_bytes())
    assert [block for block, _ in parsed(data)] == [block for block, _ in whole]
    known = expected(PCAPS / "example.pcapng", options=("--at", "#9"))
    assert sum(bool(options) for _, options in parsed(data)) == len(known)


def test_several_files(tmp_path: Path) -> None:
    """One after the other they stay sections; where they overlap, all packets are in one."""
    data = (PCAPS / "example.pcapng").read_bytes()
    blocks, at = [], 0
    while at < len(data):
        total = int.from_bytes(data[at + 4 : at + 8], "little")
        blocks.append(data[at : at + total])
        at += total
    heads = [one for one in blocks if int.from_bytes(one[:4], "little") in (SECTION, 1)]
    packets = [one for one in blocks if int.from_bytes(one[:4], "little") == 6]
    known = expected(PCAPS / "example.pcapng")
    for parts in ((packets[:40], packets[40:]), (packets[::2], packets[1::2])):
        paths = [tmp_path / f"{number}.pcapng" for number in range(2)]
        for path, part in zip(paths, parts, strict=True):
            path.write_bytes(b"".join([*heads, *part]))
        number = 0
        for block, options in parsed(annotated(tmp_path, *paths, "--no-findings")):
            if int.from_bytes(block[:4], "little") == 6:
                number += 1
                assert [value.decode() for code, value in options if code == COMMENT] == known.get(number, [])
        assert number == len(packets)


def test_a_simple_packet_block_holds_none_and_that_is_said(tmp_path: Path) -> None:
    path = PCAPS / "pcapng-simple-packets.pcapng"
    done = process("annotate", path, "--no-findings", "-o", tmp_path / "x.pcapng")
    assert b"a Simple Packet Block cannot hold one" in done.stderr


Comment = tuple[int, bytes, int]
"""Number of the packet, text in front of a number, and the number; -1: none."""


def commented(blocks: bytes, comments: list[Comment], order: str = "<", kernels: Kernels | None = None) -> bytes:
    packets, values = (np.array([one[at] for one in comments], dtype=np.int64) for at in (0, 2))
    parts = [(text, b"]" if value >= 0 else b"") for _, text, value in comments]
    commenter = Commenter(kernels or Kernels(), in_columns(packets, np.arange(len(comments)), values, parts))
    return b"".join(map(bytes, commenter.of(blocks, big=order == ">")))


@pytest.mark.parametrize("order", ["<", ">"])
def test_options_of_a_block(order: str) -> None:
    for options in (b"", pcapng.option(2, b"\0\0\0\1", order), pcapng.option(1, "é".encode() * 3, order)):
        for end in (b"", bytes(4)):
            block = pcapng.packet(7, b"x" * 61, order=order, options=options + (end if options else b""))
            made = commented(block, [(1, b"a", -1), (1, b"bcde", 120)], order)
            ((head, found),) = parsed(pcapng.section(order) + made)[1:]
            ((plain, old),) = parsed(pcapng.section(order) + block)[1:]
            assert (head, found) == (plain, [*old, (1, b"a"), (1, b"bcde120]")])


def test_a_long_comment_is_cut_between_characters() -> None:
    made = commented(pcapng.packet(7, b"x" * 60), [(1, "é".encode() * 40_000, -1)])
    ((_, ((_, value),)),) = parsed(pcapng.section() + made)[1:]
    assert LONGEST - MOST_DIGITS - 2 <= len(value) <= LONGEST - MOST_DIGITS
    assert set(value.decode()) == {"é"}


def test_options_that_do_not_fit_count_for_nothing() -> None:
    made = commented(pcapng.packet(7, b"x" * 60, options=b"\1\0\xff\x7fabcd"), [(1, b"a", -1)])
    ((_, found),) = parsed(pcapng.section() + made)[1:]
    assert found == [(1, b"a")]


def test_a_packet_that_leaves_its_block_has_no_comment() -> None:
    block = pcapng.packet(7, b"x" * 60)
    for data in (block[:20] + struct.pack("<I", 0xFFFFFFFF) + block[24:], pcapng.block(6, bytes(8))):
        assert commented(data, [(1, b"a", -1)]) == data


def test_blocks_longer_than_the_room_for_them(both: tuple[Kernels, Kernels]) -> None:
    some = [pcapng.packet(at, b"x" * (at % 1_400)) for at in range(2_000)]
    some[700:700] = [pcapng.block(0x0BADCAFE, bytes(3 << 20))]
    comments = [(1 + at, b"number ", 10**at) for at in range(19)] + [(1_400, b"a", -1), (2_000, b"b", 0)]
    made = [commented(b"".join(some), comments, kernels=kernels) for kernels in both]
    assert made[0] == made[1]
    after, before = (parsed(pcapng.section() + one)[1:] for one in (made[0], b"".join(some)))
    assert [block for block, _ in after] == [block for block, _ in before]
    del after[700]
    assert [(at, *value) for at, (_, options) in enumerate(after, 1) for _, *value in options] == [
        (at, text + (b"" if value < 0 else b"%d]" % value)) for at, text, value in comments
    ]


@pytest.mark.parametrize("overlap", [False, True])
def test_blocks_longer_than_any_that_is_read(overlap: bool, tmp_path: Path) -> None:
    """They are copied, and the packets around them keep their comments."""
    large, some = tmp_path / "large.pcapng", blocks((PCAPS / "example.pcapng").read_bytes())
    some.insert(20, pcapng.block(0x0BADCAFE, b"abcd" * (17 << 18)))
    large.write_bytes(b"".join(some))
    others = [PCAPS / "example.pcapng"] if overlap else []
    after, known = parsed(annotated(tmp_path, large, *others, "--no-findings")), expected(large, *others)
    assert sum(len(block) > 16 << 20 for block, _ in after) == 1
    assert [[value.decode() for _, value in options] for _, options in after if options] == [
        known[number] for number in sorted(known)
    ]


@pytest.mark.parametrize("name", ["example.pcapng", "refused.pcap", "pcapng-big-endian.pcapng", "office.pcapng"])
def test_plain_kernels_write_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = annotated(tmp_path, PCAPS / name)
    monkeypatch.setenv("PCAPSTATE_KERNELS", "plain")
    assert annotated(tmp_path, PCAPS / name) == compiled


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a capture"),
        (["-"], "several times"),
        ([PCAPS / "damaged-text.txt"], "not a capture"),
        ([PCAPS / "no-such.pcap"], "no-such.pcap"),
    ],
)
def test_mistakes_write_nothing(arguments: list[str | Path], said: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pcapng"
    done = process("annotate", *arguments, "-o", out)
    assert (done.returncode, done.stderr.decode().count("\n")) == (2, 1)
    assert said in done.stderr.decode()
    assert not out.exists()


def test_what_comes_before_damage_is_annotated(tmp_path: Path) -> None:
    data = annotated(tmp_path, PCAPS / "damaged-last-packet.pcap", code=(1,))
    assert any(options for _, options in parsed(data))
