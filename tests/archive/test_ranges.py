"""Ranges of captures: together they give what the whole capture gives, or tell that they do not."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import struct
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.archive import ranges
from pcapstate.archive.finding import opened
from pcapstate.archive.ranges import RANGE, RangeReader, boundaries
from pcapstate.errors import CaptureError
from pcapstate.kernels.running import Kernels
from pcapstate.sources.formats import PCAP_LAYOUTS
from pcapstate.sources.reader import CaptureReader
from tests.helpers.annotated import PACKETS, process_event, process_id, process_options, statistics
from tests.helpers.annotated import packet_block as of_process
from tests.helpers.paths import CAPTURES, ROOT
from tests.helpers.pcapng import FRAME, block, interface, option, packet, section, simple

START = 1_700_000_000
ORDERS = ("<", ">")


class Whole(NamedTuple):
    frames: list[Any]
    counted: int
    exact: bool


def read(source: Any, before: int = 0) -> list[Any]:
    """Number, time, bytes, length, link type, interface and processes of each frame."""
    found = []
    for batch in source.batches():
        for one in batch.frames:
            time, number, offset, captured, length, link, process, effective, which = one.tolist()
            named = [source.processes[index - 1] if index else None for index in (process & 0x3FFF, effective)]
            data = batch.data[offset : offset + captured].tobytes()
            found.append((number + before, time, data, length, link, which, process >> 14, *named))
    return found


def in_ranges(data: bytes, cuts: list[int], **more: Any) -> Whole:
    found: list[Any] = []
    counted, exact = 0, []
    for start, end in itertools.pairwise(cuts):
        one = RangeReader(io.BytesIO(data), start, end, **more)
        assert not one.exact
        found += read(one, counted)
        counted += one.counted
        exact.append(one.exact)
        one.close()
    return Whole(found, counted, all(exact))


def cut(data: bytes, wanted: int) -> list[int]:
    cuts = boundaries(io.BytesIO(data), len(data), wanted)
    assert (cuts[0], cuts[-1]) == (0, len(data))
    assert all(one < other for one, other in itertools.pairwise(cuts))
    return cuts


def whole(data: bytes) -> CaptureReader:
    return CaptureReader(io.BytesIO(data))


def check(data: bytes, wanted: int, exact: bool = True, parts: int = 2) -> None:
    """It is cut into several ranges, which give what the whole gives; or they say that they do not."""
    cuts = cut(data, wanted)
    assert len(cuts) > parts
    told = in_ranges(data, cuts)
    assert told.exact == exact
    if exact:
        assert told.frames == read(whole(data))


def never_wrong(data: bytes, cuts: list[int]) -> bool:
    told = in_ranges(data, cuts)
    assert not told.exact or told.frames == read(whole(data))
    return told.exact


def body(index: int, size: int = 60) -> bytes:
    return bytes([index % 251]) * size


def pcap(
    frames: list[bytes],
    magic: str = "d4c3b2a1",
    *,
    times: list[int] | None = None,
    version: tuple[int, int] = (2, 4),
    snaplen: int = 262_144,
) -> bytes:
    layout = PCAP_LAYOUTS[bytes.fromhex(magic)]
    order = ">" if layout.big else "<"
    head = bytes.fromhex(magic) + struct.pack(f"{order}HHIIII", *version, 0, 0, snaplen, 1)
    out = [head + bytes(layout.header - 24)]
    for index, frame in enumerate(frames):
        seconds = START + index if times is None else times[index]
        out.append(struct.pack(f"{order}4I", seconds, 999_999, len(frame), len(frame) + index % 3))
        out += [bytes(layout.record_header - 16), frame]
    return b"".join(out)


def enhanced(index: int, order: str = "<", frame: bytes = FRAME) -> bytes:
    return packet((START + index) * 1_000_000, frame, order=order)


def pcapng(blocks: list[bytes], order: str = "<", head: bytes = b"") -> bytes:
    return section(order) + interface(order) + head + b"".join(blocks)


# --- captures of all kinds


UNCUT = {"pcapng-simple-packets.pcapng", "pcapng-two-sections.pcapng"}
"""Captures in which nothing can be cut."""
NOT_EXACT = {"office.pcapng", "processes-by-id.pcapng", "processes-macos.pcapng", "hostile-processes.pcapng"}
"""Captures that describe processes between their packets, or have another section there."""


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_captures_of_the_tests(path: Path) -> None:
    data = path.read_bytes()
    try:
        reader = whole(data)
    except CaptureError:
        assert boundaries(io.BytesIO(data), len(data), 100) == [0, len(data)]
        return
    expected = read(reader)
    for wanted in (300, 1000, 10_000):
        cuts = cut(data, wanted)
        told = in_ranges(data, cuts)
        if told.exact:
            assert told.frames == expected
        assert told.exact is (not reader.damages) or path.name in NOT_EXACT
        if len(data) > 4 * wanted and not reader.damages and path.name not in UNCUT:
            assert len(cuts) > 2


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(CAPTURES), cuts=st.lists(st.integers(1, 3000), max_size=4), random=st.randoms())
def test_any_cuts_are_right_or_said_to_be_wrong(path: Path, cuts: list[int], random: Any) -> None:
    data = path.read_bytes()[:20_000]
    with suppress(CaptureError):
        whole(data)
        likely = boundaries(io.BytesIO(data), len(data), random.randrange(100, 3000))
        chosen = sorted({0, len(data), *(one for one in cuts if one < len(data)), *random.sample(likely, 1)})
        never_wrong(data, chosen)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ranges") / "generated.pcap"
    program = ROOT / "benchmarks" / "generate.py"
    subprocess.run([sys.executable, program, "connections", "3000", path], check=True)
    return path


@settings(max_examples=15, deadline=None)
@given(wanted=st.integers(2_000, 400_000))
def test_a_busy_capture(generated: Path, wanted: int) -> None:
    data = generated.read_bytes()
    cuts = cut(data, wanted)
    assert len(cuts) == max(2, round(len(data) / wanted) + 1)
    # Each range begins with the first record behind the nominal cut.
    for index, one in enumerate(cuts[1:-1], 1):
        assert 0 <= one - len(data) * index // (len(cuts) - 1) < 1100
    assert in_ranges(data, cuts) == Whole(read(whole(data)), 3000, True)


@pytest.mark.parametrize("magic", [one.hex() for one in PCAP_LAYOUTS])
def test_layouts_of_pcap(magic: str) -> None:
    check(pcap([body(index, 40 + index % 50) for index in range(300)], magic), 1000, parts=20)


def test_pcap_of_aix_and_from_before_the_order_of_lengths() -> None:
    for version in ((2, 2), (2, 3), (3, 0)):
        check(pcap([body(index) for index in range(200)], "a1b2c3d4", version=version), 1000, parts=8)
    old = pcap([body(index) for index in range(200)], version=(2, 3))
    swapped = bytearray(old)
    for at in range(24, len(old), 76):
        swapped[at + 8 : at + 16] = old[at + 12 : at + 16] + old[at + 8 : at + 12]
    check(bytes(swapped), 1000, parts=8)


@pytest.mark.parametrize("order", ORDERS)
def test_pcapng_in_both_orders(order: str) -> None:
    names = block(4, struct.pack(order + "HH", 1, 6) + bytes([10, 0, 0, 1]) + b"a\0\0\0" + bytes(4), order)
    numbered = block(0xBAD, struct.pack(order + "I", 7), order)
    counts = block(5, struct.pack(order + "III", 0, 0, 0) + option(5, struct.pack(order + "Q", 3), order), order)
    blocks = []
    for index in range(200):
        blocks += [
            enhanced(index, order),
            *([numbered] if index % 5 == 0 else []),
            *([counts] if index % 9 == 0 else []),
        ]
    blocks.insert(50, names)
    data = pcapng(blocks, order, interface(order, link=101, options=option(9, b"\x09", order)) + names + numbered)
    check(data, 1000, parts=15)
    cuts = cut(data, 1000)
    last = RangeReader(io.BytesIO(data), cuts[-2], cuts[-1])
    read(last)
    assert last.names == [(bytes([10, 0, 0, 1]), ["a"])]
    assert whole(data).names == []
    assert last.size == cuts[-1] - cuts[-2]


def test_interfaces_with_their_resolutions_in_each_range() -> None:
    nanoseconds, binary = option(9, b"\x09"), option(9, b"\x94") + option(14, struct.pack("<q", 5))
    head = section() + interface(options=nanoseconds) + interface(link=101, options=binary)
    stamps = (START * 10**9, START << 20)
    blocks = [packet(stamps[index % 2] + index, FRAME, index % 2) for index in range(100)]
    check(head + b"".join(blocks), 1000, parts=8)


def test_obsolete_packets() -> None:
    for order in ORDERS:
        frames = [
            block(
                2, struct.pack(order + "HHIIII", 0, 0, *divmod((START + i) * 10**6, 1 << 32), 60, 60) + body(i), order
            )
            for i in range(100)
        ]
        check(pcapng(frames, order), 1000, parts=5)


def test_descriptions_of_processes_at_the_start_are_known_in_each_range() -> None:
    described = struct.pack("<I", 7) + option(2, b"first") + option(0, b"")
    custom = block(0xBAD, struct.pack("<3I", 32622, 3, len(described)) + described)
    end = option(0, b"")
    for before, options in (
        (process_event("<", 7, "first"), process_options("<", 0) + end),
        (custom, process_id("<", 7) + end),
        (statistics("<", 0, 1, 2, 3), b""),
    ):
        data = pcapng([of_process("<", one, options) for one in PACKETS * 20], head=before)
        check(data, 1000)
        named = read(whole(data))[-1][-2]
        assert (named and named.name) == ("first" if options else None)


def test_ranges_are_large_and_few_by_default() -> None:
    assert RANGE == 256 * 1024 * 1024
    data = pcap([body(index) for index in range(100)])
    for wanted in (RANGE, len(data), len(data) - 1):
        assert boundaries(io.BytesIO(data), len(data), wanted) == [0, len(data)]
    assert boundaries(io.BytesIO(b""), 0) == [0, 0]


# --- captures that are not cut


def test_compressed_captures_are_read_whole() -> None:
    data = pcap([os.urandom(100) for _ in range(100)])
    for packed in (gzip.compress(data), gzip.compress(data) + bytes(100)):
        assert cut(packed, 1000) == [0, len(packed)]
        assert in_ranges(packed, [0, len(packed)]) == Whole(read(whole(data)), 100, True)
        assert not in_ranges(packed[:-200], [0, len(packed) - 200]).exact


def test_other_files_are_not_cut() -> None:
    frames = [body(index) for index in range(100)]
    for data in (
        b"text" * 1000,
        pcap(frames)[:30],
        pcap(frames)[:20],
        pcap(frames, version=(1, 0)),
        pcap(frames[:1]) + b"\xff" * 4000,
        pcap([]) + bytes(4000),
        section() + bytes(4000),
        section()[:20] + b"\xff" * 4000,
        section() + interface(),
        section() + interface()[:-4] + b"\xff" * 4000,
        section() + interface() + section() + interface() + enhanced(0) * 100,
        section() + interface() + block(5, b"\xff" * 5000)[:3000],
        section() + interface() + simple(FRAME) * 100,
        section() + interface() + packet(0, which=1) * 100,
        section()[:12] + b"\x09" + section()[13:] + interface() + enhanced(0) * 100,
        section()[:8] + bytes(4) + section()[12:] + interface() + enhanced(0) * 100,
        section() + interface() + block(10, bytes(1 << 20)) + enhanced(0) * 100,
    ):
        assert boundaries(io.BytesIO(data), len(data), 10) == [0, len(data)]


def test_a_range_of_a_file_that_cannot_be_cut() -> None:
    with pytest.raises(CaptureError, match="<stream>: not a capture that can be read in ranges"):
        RangeReader(io.BytesIO(b"text" * 1000), 100, 200)
    with pytest.raises(CaptureError, match="<stream>: the file is empty"):
        RangeReader(io.BytesIO(), 0, 200)


def test_reading_fails() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    stream = Broken(b"x")
    with pytest.raises(CaptureError, match="<stream>: Input/output error"):
        RangeReader(stream, 0, 1)
    assert stream.closed


# --- cuts that may be wrong


def inner(magic: str = "d4c3b2a1") -> bytes:
    """Records as packets could carry them."""
    return pcap([body(index, 20) for index in range(120)], magic)


@pytest.mark.parametrize("wanted", [700, 2500, 7000])
@pytest.mark.parametrize("magic", ["d4c3b2a1", "a1b2c3d4", "34cdb2a1"])
def test_captures_in_captures(magic: str, wanted: int) -> None:
    whole_again = pcap([inner(magic) for _ in range(50)], magic)
    never_wrong(whole_again, cut(whole_again, wanted))
    in_blocks = pcapng([enhanced(index, frame=pcapng([enhanced(one) for one in range(40)])) for index in range(40)])
    never_wrong(in_blocks, cut(in_blocks, wanted))


def test_fake_records_are_noticed() -> None:
    fake = inner()[24:]
    data = pcap([body(0), fake + b"\xff" * 16, body(1)])
    cuts = boundaries(io.BytesIO(data), len(data), 1000)
    assert len(cuts) > 2
    assert not never_wrong(data, cuts)


def test_fake_records_that_lead_into_real_ones_are_noticed() -> None:
    data = pcap([body(index) if index % 10 else inner()[24:] for index in range(200)])
    cuts = cut(data, 3300)
    assert len(cuts) > 20
    assert not never_wrong(data, cuts)


pieces = st.one_of(
    st.binary(max_size=40),
    st.builds(bytes, st.integers(0, 40)),
    st.integers(1, 5).map(lambda count: pcap([body(index, 5) for index in range(count)])),
    st.integers(1, 5).map(lambda count: pcap([body(index, 5) for index in range(count)])[24:]),
    st.integers(1, 3).map(lambda count: pcapng([enhanced(index, frame=b"x") for index in range(count)])),
    st.integers(1, 3).map(lambda count: b"".join(enhanced(index, frame=b"x") for index in range(count))),
    st.just(simple(b"x")),
    st.just(interface()),
)
payloads = st.lists(st.lists(pieces, max_size=4).map(b"".join), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(frames=payloads, wanted=st.integers(20, 400), chain=st.integers(1, 4), noise=st.lists(pieces, max_size=2),
       late=st.lists(st.tuples(st.integers(0, 12), pieces), max_size=2))  # fmt: skip
def test_hostile_captures_are_never_read_wrong(
    frames: list[bytes], wanted: int, chain: int, noise: list[bytes], late: list[tuple[int, bytes]]
) -> None:
    blocks = [enhanced(index, frame=frame) for index, frame in enumerate(frames)]
    for index, piece in late:
        blocks.insert(index, piece)
    with pytest.MonkeyPatch.context() as patched:
        # A short chain is wrong more often.
        patched.setattr(ranges, "CHAIN", chain)
        for data in (pcap(frames), pcapng(blocks), pcap(frames) + b"".join(noise)):
            never_wrong(data, cut(data, wanted))


@settings(max_examples=100, deadline=None)
@given(frames=payloads, cuts=st.lists(st.integers(1, 1000), max_size=3), ng=st.booleans())
def test_hostile_captures_with_any_cuts(frames: list[bytes], cuts: list[int], ng: bool) -> None:
    data = pcapng([enhanced(index, frame=frame) for index, frame in enumerate(frames)]) if ng else pcap(frames)
    with suppress(CaptureError):
        never_wrong(data, sorted({0, len(data), *(one for one in cuts if one < len(data))}))


def test_many_fakes_take_little_time() -> None:
    record = struct.pack("<4I", START, 5, 0, 1)
    data = pcap([(record * 30 + b"\xff" * 16) * 500] * 20)
    reads = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reads.append(size)
            return super().read(size)

    assert boundaries(Counting(data), len(data), len(data) // 2)[0] == 0
    assert len(reads) < 70


# --- damage, and what comes late


@pytest.mark.parametrize(
    "data", [pcap([body(index) for index in range(400)]), pcapng([enhanced(i) for i in range(300)])]
)
def test_damaged_captures(data: bytes) -> None:
    cuts = cut(data, 3000)
    assert never_wrong(data, cuts)
    for at in (len(data) // 2, len(data) // 3, len(data) - 100):
        damaged = data[:at] + b"\xff" * 200 + data[at + 200 :]
        again = cut(damaged, 3000)
        assert len(again) > 5
        assert not never_wrong(damaged, again)
    short = data[:-10]
    assert not never_wrong(short, cut(short, 3000))
    # It became shorter after it was cut.
    assert not in_ranges(short, cuts).exact


def test_a_cut_is_left_out_where_no_records_follow() -> None:
    data = pcap([body(index) for index in range(400)])
    damaged = data[: len(data) // 2] + bytes([255]) * (3 << 20)
    cuts = cut(damaged, 1 << 20)
    assert len(cuts) < 4


def test_times_far_from_those_of_others_are_not_likely() -> None:
    frames = [body(index) for index in range(100)]
    data = pcap(frames, times=[START + index * 90_000 for index in range(100)])
    assert cut(data, 1000)[1:-1] == [one for one in cut(data, 1000) if 0 < one < len(data)]
    assert never_wrong(data, cut(data, 1000))
    data = pcap(frames, times=[0] + [START] * 99)
    assert cut(data, 1000) == [0, len(data)]


def test_a_late_interface_needs_the_whole_capture() -> None:
    blocks = [enhanced(index) for index in range(200)]
    late = interface(link=101)
    check(pcapng([*blocks[:20], late, *blocks[20:]]), 3000, exact=False)
    check(pcapng([*blocks[:100], late, *blocks[100:]]), 3000, exact=False)
    # In the last range nothing is missed.
    check(pcapng([*blocks, late, packet(START * 10**6, which=1)]), 3000)


def test_a_late_section_needs_the_whole_capture() -> None:
    for order in ORDERS:
        blocks = [enhanced(index) for index in range(200)]
        other = section(order) + interface(order, link=101) + enhanced(0, order)
        check(pcapng(blocks) + other, 3000)
        data = pcapng(blocks) + other + b"".join(enhanced(index, order) for index in range(200))
        # No cut is likely behind the section in the other order, so that it is all in the last range.
        assert never_wrong(data, cut(data, 3000)) == (order == ">")


def test_files_that_were_put_together() -> None:
    data = pcap([body(index) for index in range(200)])
    other = pcap([body(index) for index in range(200)], "4d3cb2a1")
    assert not never_wrong(data + other, cut(data + other, 3000))
    assert never_wrong(data + other, [0, len(data) - 76, len(data + other)])
    assert never_wrong(data + other, [0, len(data), len(data + other)])
    assert never_wrong(data + other, [0, len(data + other)])


def test_simple_packets_have_the_time_of_the_range_before() -> None:
    blocks = [enhanced(index) for index in range(100)]
    mixed = [*blocks, simple(FRAME), *blocks]
    start = len(pcapng(blocks))
    data = pcapng(mixed)
    assert not never_wrong(data, [0, start, len(data)])
    assert never_wrong(data, [0, start - len(blocks[-1]), len(data)])
    check(data, 3000)


def test_drops_of_a_range() -> None:
    blocks = [of_process("<", one, option(4, struct.pack("<Q", 5)) + option(0, b"")) for one in PACKETS * 10]
    data = pcapng([*blocks, statistics("<", 0, 500, 77, 0)])
    cuts = cut(data, 1000)
    told = []
    for start, end in itertools.pairwise(cuts):
        one = RangeReader(io.BytesIO(data), start, end)
        count = len(read(one))
        told.append((one.drops, 5 * count))
    assert all(drops == of_packets for drops, of_packets in told[:-1])
    assert told[-1][0] == 77


# --- the source


def test_a_range_is_a_source(tmp_path: Path) -> None:
    data = pcap([body(index) for index in range(200)])
    path = tmp_path / "a.pcap"
    path.write_bytes(data)
    cuts = cut(data, 5000)
    asked = []

    def asking(url: str) -> Any:
        asked.append(url)
        return path.open("rb", buffering=0)

    for more in ({}, {"opened": asking}):
        reader = RangeReader(str(path), cuts[1], cuts[2], Kernels(), **more)
        assert (reader.name, reader.size) == (str(path), cuts[2] - cuts[1])
        assert len(reader.damages) == len(reader.names) == len(reader.processes) == 0
        batches = list(reader.batches())
        assert [batch.frames["number"][0] for batch in batches] == [1]
        assert batches[-1].position == cuts[2] - cuts[1]
        assert reader.exact
        reader.close()
    assert asked == [str(path)]


def test_ranges_of_a_url() -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    data, url = pcap([body(index) for index in range(200)]), f"/ranges-{uuid.uuid4().hex}.pcap"
    MemoryFileSystem().pipe_file(url, data)
    with opened(f"memory:/{url}", 1 << 18) as stream:
        cuts = boundaries(stream, len(data), 5000)
    found: list[Any] = []
    for start, end in itertools.pairwise(cuts):
        reader = RangeReader(f"memory:/{url}", start, end)
        assert reader.name == f"memory:/{url}"
        found += read(reader, len(found))
        assert reader.exact
        reader.close()
    assert (len(cuts), found) == (4, read(whole(data)))
    MemoryFileSystem().rm(url)


def test_small_chunks() -> None:
    data = pcap([body(index) for index in range(500)])
    assert in_ranges(data, cut(data, 5000), chunk=256) == Whole(read(whole(data)), 500, True)


def test_damage_is_told_within_the_range() -> None:
    data = pcap([body(index) for index in range(100)])
    damaged = data[:-76] + b"\xff" * 76
    reader = RangeReader(io.BytesIO(damaged), 24 + 76 * 50, len(damaged))
    assert len(read(reader)) == 49
    assert [(one.offset, one.packets) for one in reader.damages] == [(76 * 49, 49)]
