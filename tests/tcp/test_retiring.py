"""Connections that have ended are retired from a table: the others go on as if nothing had happened."""

from __future__ import annotations

import numpy as np
import pytest

from pcapstate.kernels.running import Kernels
from pcapstate.tcp.flow_table import ROWS_EACH, FlowTable
from pcapstate.tcp.states import State
from tests.helpers.stories import parse
from tests.helpers.story_texts import NAMES, STORIES
from tests.tcp.test_order import START, rows


def two(name: str) -> np.ndarray:
    """Return a connection that is closed by its end, then a story, each packet twice, on other ports."""
    first = rows(parse(STORIES["reset_by_server"]))
    second = rows(parse(STORIES[name]), 2)
    for end in ("source_port", "target_port"):
        first[end] = np.where(first[end] > 1023, first[end] + 7, first[end])
    second["time"] += first["time"].max() - START + 1_000
    found = np.concatenate([first, second])
    found["number"] = np.arange(1, len(found) + 1)
    return found


def followed(segments: np.ndarray, at: int | None) -> dict[str, bytes]:
    """Return what a table has of the last connection; ``at``: the segment before which the first is retired."""
    table = FlowTable(Kernels(), details=True)
    transitions = []
    parts = [segments] if at is None else [segments[:at], segments[at:]]
    for number, part in enumerate(parts):
        for batch in table.follow(part, len(part)):
            transitions += batch[["time", "packet", "from", "to", "row", "doubt"]].tolist()
        if number == 0 and at is not None:
            going = np.zeros(len(table.connections), dtype=bool)
            going[0] = True
            kept = table.retire(going, part)
            assert kept.tolist() == list(range(1, len(going)))
            assert table.numbers(np.arange(len(kept))).tolist() == kept.tolist()
    first = 0 if at is None else -1
    found = {"transitions": repr(transitions).encode(), "count": repr(table.count).encode()}
    for name, each in ROWS_EACH:
        kind = getattr(table, name)
        rows_ = kind[each * (first + 1) :].copy()
        if name == "extras":
            rows_["previous"] = np.where(rows_["previous"] > 0, rows_["previous"] + (0 if at is None else 1), 0)
        found[name] = repr(rows_.tolist()).encode()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_others_go_on(name: str) -> None:
    segments = two(name)
    probe = FlowTable(Kernels(), details=True)
    for _ in probe.follow(segments.copy(), len(segments)):
        pass
    assert set(probe.endpoints["state"][:2].tolist()) == {State.CLOSED}
    whole = followed(segments.copy(), None)
    begun = len(segments) - len(rows(parse(STORIES[name]), 2))
    for at in range(begun + 1, len(segments)):
        assert followed(segments.copy(), at) == whole, at
