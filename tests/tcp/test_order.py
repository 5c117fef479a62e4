"""What ``order`` is done with in one go comes out as the modules for all other segments have it, to the last bit."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.kernels.running import PLAIN, Kernels
from pcapstate.tcp import order, tracker
from pcapstate.tcp.flow_table import ROWS_EACH, FlowTable
from tests.helpers.any_packets import packets
from tests.helpers.stories import Packet, Variant, parse, segment
from tests.helpers.story_texts import NAMES, OPEN, STORIES

START = 1_700_000_000_000_000_000


def rows(story: list[Packet], times: int = 1) -> np.ndarray:
    """Return the packets of a story, each so many ``times``."""
    found, time = [], START
    for packet in story:
        if packet.flags is None:
            time += packet.length * 1_000_000_000
            continue
        time += packet.after
        for copy in range(times):
            found.append(segment(packet, len(found) + 1, time + copy * 1_000, Variant()))
    return np.concatenate(found)


def followed(segments: np.ndarray, details: bool) -> tuple[dict[str, bytes], int]:
    """Return all that the tracker keeps and gives out, and how many segments were done with in one go."""
    table = FlowTable(Kernels(PLAIN), details=details)
    with mock.patch.object(tracker, "go_on", wraps=order.go_on) as gone_on:
        transitions = [batch.tobytes() for batch in table.follow(segments, len(segments))]
    kept = {name: getattr(table, name).tobytes() for name, _ in ROWS_EACH if getattr(table, name) is not None}
    # Everything that copies are known by, too.
    kept |= {"recent": table.checkpoint().recent.tobytes(), "endpoint": segments["endpoint"].tobytes()}
    return {**kept, "transitions": b"".join(transitions)}, gone_on.call_count


def check(segments: np.ndarray, details: bool) -> int:
    """Follow segments with ``order`` and without; return how many it was done with."""
    found, count = followed(segments.copy(), details)
    with mock.patch.object(tracker, "continues", return_value=False):
        expected, none = followed(segments.copy(), details)
    assert none == 0
    assert found == expected
    return count


@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_stories(name: str, details: bool) -> None:
    for times in (1, 2):
        check(rows(parse(STORIES[name]), times), details)


@st.composite
def talks(draw: st.DrawFn) -> list[Packet]:
    """Draw a conversation: most of it in order, some of it anything."""
    story = parse(OPEN)
    sent = {"C": 1, "S": 1}
    for kind, side, length in draw(
        st.lists(
            st.tuples(
                st.sampled_from(["next", "next", "next", "late", "ahead", "old ack", "more ack", "any"]),
                st.sampled_from("CS"),
                st.sampled_from([0, 0, 1, 5]),
            ),
            max_size=25,
        )
    ):
        other = "S" if side == "C" else "C"
        one = draw(packets)
        if kind != "any":
            seq = sent[side] + {"late": -1, "ahead": 2}.get(kind, 0)
            ack = sent[other] + {"old ack": -1, "more ack": 1}.get(kind, 0)
            one = one._replace(side=side, flags=0x18 if length else 0x10, seq=seq, ack=ack, length=length)
            sent[side] = max(sent[side], seq + length)
        story.append(one)
    return story


@settings(max_examples=200, deadline=None)
@given(talks(), st.booleans(), st.sampled_from([1, 1, 2]))
def test_talks(story: list[Packet], details: bool, times: int) -> None:
    check(rows(story, times), details)


def test_nearly_all_segments_are_in_order() -> None:
    talk = "".join(
        f"C PA {1 + 10 * turn} 1 10 -> EST, EST\nS A 1 {11 + 10 * turn} 0 -> EST, EST\n" for turn in range(50)
    )
    assert check(rows(parse(OPEN + talk)), False) == 100
