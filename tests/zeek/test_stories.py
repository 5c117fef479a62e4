"""Connections in Zeek's terms: the same plain and compiled, whatever the packets, and when others are let go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcapstate.compaction import endpoints_of
from pcapstate.errors import CaptureError
from pcapstate.kernels.running import Kernels
from tests.helpers.any_packets import packets, variants
from tests.helpers.captures import START, pcap, story_frames
from tests.helpers.paths import PCAPS
from tests.helpers.stories import Packet, Variant
from tests.helpers.zeek import STEP, capture_of, frame, gathered, seen
from tests.zeek.test_history import CLOSED, STORIES

CAPTURES = sorted(PCAPS.glob("*.pcap*"), key=lambda path: path.name)[::4]


def same(data: bytes, both: tuple[Kernels, Kernels]) -> None:
    found = []
    for kernels in both:
        try:
            found.append(seen(data, kernels, checksums=True))
        except CaptureError as error:
            found.append([str(error)])  # type: ignore[list-item]
    assert found[0] == found[1]


@pytest.mark.parametrize("path", [path for path in CAPTURES if path.suffix != ".expected"], ids=lambda path: path.name)
def test_captures(path: Path, both: tuple[Kernels, Kernels]) -> None:
    same(path.read_bytes(), both)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(packets, max_size=40), variants, st.integers(40, 100))
def test_any_packets(both: tuple[Kernels, Kernels], story: list[Packet], variant: Variant, snaplen: int) -> None:
    same(pcap(story_frames(story, variant), snaplen=snaplen), both)


words = st.sampled_from(sorted({line for lines, _, _ in STORIES.values() for line in lines}))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=40))
def test_any_order(both: tuple[Kernels, Kernels], lines: list[str]) -> None:
    same(capture_of(*lines), both)


def flood() -> bytes:
    """Return a capture of many connections, every eighth of which is closed by both ends, the others attempts."""
    frames = []
    for number in range(64):
        for line in CLOSED if number % 8 == 0 else CLOSED[:1]:
            one = bytearray(frame(line))
            at = 34 if line.startswith("C") else 36
            one[at : at + 2] = (40_000 + number).to_bytes(2, "big")
            frames.append((START * 10**9 + STEP * len(frames), bytes(one)))
    return pcap(frames)


def test_when_others_are_let_go_in_the_same_batch() -> None:
    everything, some = seen(flood()), seen(flood(), most=24)
    assert len(everything) == 64
    assert 0 < len(some) < 32
    for one in some:
        assert one in everything
    assert some[-1] == everything[-1]


def test_when_others_are_let_go_later() -> None:
    capture, stories = gathered(flood())
    before = [getattr(stories, name).copy() for name in ("stories", "ends", "letters")]
    kept = np.array([0, 3, 8, 9, 63])
    stories.moved(kept)
    for ends, was, now in zip((1, 2, 1), before, (stories.stories, stories.ends, stories.letters), strict=True):
        rows = kept if ends == 1 else endpoints_of(kept)
        assert (now[: len(rows)] == was[rows]).all()
        assert not now[len(rows) :].view(np.uint8).any()
    assert len(capture.table.connections) == 64
