"""What the tracker notes of troubles: the same plain and compiled, and as the packets have it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from tests.helpers.any_packets import packets, variants
from tests.helpers.captures import pcap, story_frames
from tests.helpers.paths import CAPTURES
from tests.helpers.stories import Packet, Variant, parse

from tests.helpers.story_texts import OPEN, TALK  # isort: skip


def noted(data: bytes, kernels: Kernels | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of DETAIL and TROUBLE."""
    capture = Capture(CaptureReader(io.BytesIO(data), kernels or Kernels()), record=False, details=True)
    for _ in capture.follow():
        pass
    details, troubles = capture.table.details, capture.table.troubles
    assert details is not None
    assert troubles is not None
    return details.copy(), troubles.copy()


def of_story(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Play a story (half a second a packet); the client is endpoint 0."""
    return noted(pcap(story_frames(parse(text))))


@pytest.mark.parametrize(
    "path",
    [path for path in CAPTURES if path.suffix != ".expected" and "damaged" not in path.name],
    ids=lambda path: path.name,
)
def test_captures(path: Path, both: tuple[Kernels, Kernels]) -> None:
    for plain, compiled in zip(*(noted(path.read_bytes(), kernels) for kernels in both), strict=True):
        assert plain.tolist() == compiled.tolist()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(packets, max_size=40), variants)
def test_any_packets(both: tuple[Kernels, Kernels], story: list[Packet], variant: Variant) -> None:
    data = pcap(story_frames(story, variant))
    for plain, compiled in zip(*(noted(data, kernels) for kernels in both), strict=True):
        assert plain.tolist() == compiled.tolist()


def test_the_packet_of_the_last_change() -> None:
    details, _ = of_story(OPEN + TALK)
    assert details["packet"].tolist() == [3, 3]
    details, _ = of_story(OPEN + "C FA 1 1 0 -> FW1, CW\nS A 1 2 0 -> FW2, CW")
    assert details["packet"].tolist() == [5, 4]
    closed = OPEN + "C FA 1 1 0 -> FW1, CW\nS FA 1 2 0 -> TW, LACK\nC A 2 2 0 -> TW, CLOSED\n"
    details, _ = of_story(closed)
    assert details["packet"].tolist() == [5, 6]
    details, _ = of_story(closed + "+ 100 -> TW, CLOSED\nC S 90000 0 0 -> SENT, -")
    assert details["packet"].tolist() == [0, 6, 7, 0], "a timer is no packet"


def test_the_time_of_new_data() -> None:
    story = OPEN + "C PA 1 1 10 -> EST, EST\nS A 1 11 0 -> EST, EST\nC PA 1 1 10 -> EST, EST\nC A 11 1 0 -> EST, EST"
    details, troubles = of_story(story)
    start = 1_700_000_000_000_000_000
    assert details["data"].tolist() == [start + 2_000_000_000, 0]
    assert troubles["again"].tolist() == [6, 0]


def test_what_was_never_captured() -> None:
    gap = OPEN + "C PA 101 1 50 -> EST, EST\n"
    assert of_story(gap)[1]["missing"].tolist() == [100, 0]
    assert of_story(gap)[1]["unseen"].tolist() == [0, 0]
    _, troubles = of_story(gap + "S A 1 101 0 -> EST, EST")
    assert troubles["unseen"].tolist() == [100, 0]
    assert troubles["gap"].tolist() == [5, 0]
    _, troubles = of_story(gap + "C PA 1 1 60 -> EST, EST\nC PA 61 1 40 -> EST, EST\nS A 1 151 0 -> EST, EST")
    assert troubles["missing"].tolist() == troubles["unseen"].tolist() == [0, 0], "it came late"
    _, troubles = of_story(OPEN + "S A 1 31 0 -> EST, EST")
    assert troubles["unseen"].tolist() == [30, 0]
    _, troubles = of_story(OPEN + "C FPA 21 1 5 -> FW1, EST\nS A 1 27 0 -> FW2, CW")
    assert troubles["unseen"].tolist() == [20, 0]


def test_what_a_reset_cuts_off() -> None:
    sent = OPEN + "C PA 1 1 100 -> EST, EST\nS PA 1 1 30 -> EST, EST\n"
    cut = {
        "S RA 31 1 0   -> CLOSED, CLOSED": [100, 30],
        "S RA 31 101 0 -> CLOSED, CLOSED": [0, 30],
        "S RA 31 51 0  -> CLOSED, CLOSED": [50, 30],
        "C RA 101 31 0 -> CLOSED, CLOSED": [100, 0],
        "S R 31 0 0    -> CLOSED, CLOSED": [100, 30],
        "S RA 999 1 0  -> EST, EST": [0, 0],
    }
    for reset, expected in cut.items():
        assert of_story(sent + reset)[1]["cut"].tolist() == expected, reset
    _, troubles = of_story(OPEN + "C FA 1 1 0 -> FW1, CW\nS RA 1 1 0 -> CLOSED, CLOSED")
    assert troubles["cut"].tolist() == [0, 0], "a FIN is no data"
    assert troubles["reset"].tolist() == [0, 5]


def test_keepalives_count_until_they_are_answered() -> None:
    probe, answer = "+ 30 -> EST, EST\nC A 100 501 0 -> EST, EST\n", "S A 501 101 0 -> EST, EST\n"
    assert of_story(OPEN + TALK + 3 * probe)[1]["probes"].tolist() == [3, 0]
    assert of_story(OPEN + TALK + 3 * probe + answer + probe)[1]["probes"].tolist() == [1, 0]
    assert of_story(OPEN + TALK + 3 * "C A 101 501 0 -> EST, EST\n")[1]["probes"].tolist() == [0, 0]


def test_copies_are_not_sent_again() -> None:
    frames = story_frames(parse(OPEN + TALK))
    twice = [(time + shift, frame) for time, frame in frames for shift in (0, 30_000)]
    _, troubles = noted(pcap(twice))
    assert (troubles["copied"] > 0).all()
    assert troubles["again"].tolist() == [0, 0]


def test_rows_stay_zero_where_nothing_goes_wrong() -> None:
    _, troubles = of_story(OPEN + TALK)
    assert troubles.dtype.names is not None
    assert [name for name in troubles.dtype.names if troubles[name].any()] == []
