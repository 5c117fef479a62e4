"""The compiled and the plain run of the kernels give the same answers, on captures and on damaged ones."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcapstate.errors import CaptureError
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from tests.helpers.any_packets import packets, variants
from tests.helpers.captures import answers, pcap, story_frames
from tests.helpers.paths import CAPTURES
from tests.helpers.pcapng import pcapng
from tests.helpers.stories import Packet, Variant, parse
from tests.helpers.story_texts import NAMES, STORIES


def same(data: bytes, both: tuple[Kernels, Kernels]) -> None:
    results = []
    for kernels in both:
        try:
            results.append(answers(data, kernels))
        except CaptureError as error:
            results.append(str(error))  # type: ignore[arg-type]
    assert results[0] == results[1]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_captures(path: Path, both: tuple[Kernels, Kernels]) -> None:
    same(path.read_bytes(), both)


@pytest.mark.parametrize("name", NAMES)
def test_stories(name: str, both: tuple[Kernels, Kernels]) -> None:
    same(pcap(story_frames(parse(STORIES[name]))), both)


LINKTYPES = [
    0, 1, 6, 7, 8, 9, 10, 11, 12, 14, 50, 51, 100, 101, 104, 105, 107, 108, 109, 113, 117, 119, 122, 123, 127, 129, 138,
    163, 166, 178, 192, 204, 226, 228, 229, 239, 240, 241, 242, 247, 252, 274, 276, 281, 282, 284, 285, 147,
]  # fmt: skip
KINDS = ("tunnels-", "link-types-", "fragments-", "wireless-")
WRAPPED = [path for path in CAPTURES if path.name.startswith(KINDS) and path.suffix != ".expected"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(packets, max_size=40), variants)
def test_any_packets(both: tuple[Kernels, Kernels], story: list[Packet], variant: Variant) -> None:
    same(pcap(story_frames(story, variant)), both)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(NAMES),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8),
    st.integers(0, 3000),
)
def test_damaged_captures(
    both: tuple[Kernels, Kernels], name: str, ng: bool, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray((pcapng if ng else pcap)(story_frames(parse(STORIES[name]))))
    for at, value in changes:
        data[at % len(data)] = value
    same(bytes(data[: cut or None]), both)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LINKTYPES), st.lists(st.binary(max_size=120), max_size=6))
def test_any_bytes_in_frames(both: tuple[Kernels, Kernels], linktype: int, frames: list[bytes]) -> None:
    same(pcap([(index, frame) for index, frame in enumerate(frames)], linktype), both)


ETHERTYPES = st.sampled_from([b"\x08\x00", b"\x86\xdd", b"\x81\x00", b"\x88\xa8", b"\x00\x40"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ETHERTYPES, st.sampled_from([b"\x45", b"\x46", b"\x60", b"\x4f"]), st.binary(max_size=90)),
                max_size=6))  # fmt: skip
def test_any_ip_headers(both: tuple[Kernels, Kernels], parts: list[tuple[bytes, bytes, bytes]]) -> None:
    frames = [(index, bytes(12) + kind + first + rest) for index, (kind, first, rest) in enumerate(parts)]
    same(pcap(frames), both)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(WRAPPED),
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([0, 1, 4, 6, 17, 47, 69, 96, 255])), max_size=8),
    st.integers(0, 3000),
)
def test_damaged_wrappings(both: tuple[Kernels, Kernels], path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(path.read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    same(bytes(data[: cut or None]), both)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(WRAPPED), st.integers(40, 200))
def test_wrappings_cut_by_a_snap_length(both: tuple[Kernels, Kernels], path: Path, snaplen: int) -> None:
    with closing(CaptureReader(path)) as source:
        frames = [
            (
                int(frame["time"]),
                int(frame["linktype"]),
                batch.data[frame["offset"] :][: min(snaplen, frame["captured"])],
            )
            for batch in source.batches()
            for frame in batch.frames
        ]
    for linktype in {linktype for _, linktype, _ in frames}:
        chosen = [(time, data.tobytes()) for time, one, data in frames if one == linktype]
        same(pcap(chosen, linktype), both)
