"""Figures of a report, beside those of other commands."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapstate
from pcapstate.reading import Origin, Reading
from pcapstate.report import measures
from pcapstate.tcp.outcomes import NAMES
from pcapstate.tcp.settling import in_time, judged
from pcapstate.tcp.states import State
from tests.helpers.paths import PCAPS

CAPTURES = ("example.pcapng", "office.pcapng", "challenge-ack.pcap", "close-by-server.pcap", "refused.pcap")


def test_a_histogram_counts_each_duration_once() -> None:
    assert measures.histogram(np.zeros(0, dtype=np.int64)) is None
    found = measures.histogram(np.array([0, 999, 1_000, 5_000_000, 10**15]))
    assert found is not None
    assert found.bars[0] == (0, 1_000, 2)
    assert found.bars[1] == (1_000, 3_000, 1)
    assert found.bars[-1] == (measures.SCALE[-1], 0, 1)
    assert (found.number, found.median, found.longest) == (5, 1_000, 10**15)


@given(st.lists(st.integers(0, 10**15), min_size=1))
def test_bars_adjoin_and_hold_all(given: list[int]) -> None:
    found = measures.histogram(np.array(given))
    assert found is not None
    assert sum(bar.number for bar in found.bars) == len(given)
    assert all(one.end == other.start for one, other in zip(found.bars, found.bars[1:], strict=False))
    assert found.bars[0].start <= min(given)
    assert found.bars[-1].end == 0 or max(given) < found.bars[-1].end
    assert sum(one <= found.ninth for one in given) >= 0.9 * len(given)


def test_the_scale_ascends() -> None:
    assert list(measures.SCALE) == sorted(set(measures.SCALE))


@pytest.mark.parametrize("name", CAPTURES)
def test_figures_equal_those_of_the_commands(name: str) -> None:
    path = PCAPS / name
    reading = Reading(Origin((path,)), record=True, details=True)
    history = judged(in_time(reading.history()))
    table, moment = reading.capture.table, reading.moment
    known = pcapstate.connections(path)
    assert dict(measures.outcome_counts(table)) == dict(Counter(one.outcome for one in known))
    assert [NAMES[one] for one in measures.outcomes_of_all(table)] == [one.outcome for one in known]
    hosts = Counter(host for one in known for host in (one.client_address, one.server_address))
    talkers = measures.talkers(table)
    # Of hosts with as many connections any may be listed.
    numbers = sorted(hosts.values(), reverse=True)[: measures.TALKERS]
    assert [one.connections for one in talkers] == numbers == [hosts[one.host] for one in talkers]
    for one in talkers:
        sent = sum(c.client_bytes for c in known if c.client_address == one.host)
        sent += sum(c.server_bytes for c in known if c.server_address == one.host)
        assert one.sent == sent
        assert sum(one.states.values()) == one.connections
    # How long each end was in each state, from the timeline.
    wanted: Counter[State] = Counter()
    since: dict[tuple[int, str], tuple[str, int]] = {}
    for row in [*pcapstate.transitions(path)]:
        before = since.get((row.connection, row.endpoint))
        if before is not None:
            wanted[State[before[0]]] += row.time - before[1]
        since[row.connection, row.endpoint] = (row.to_state.value, row.time)
    for state, time in since.values():
        wanted[State[state]] += moment - time
    stays = measures.stays(history, moment)
    found = {state: int(stays.duration[stays.state == state].sum()) for state in measures.OPEN}
    assert found == {state: wanted[state] for state in measures.OPEN}


@pytest.mark.parametrize("name", CAPTURES)
def test_counted_changes_add_up_to_the_states_at_the_end(name: str) -> None:
    reading = Reading(Origin((PCAPS / name,)), record=True)
    history = judged(in_time(reading.history()))
    table = reading.capture.table
    found = dict(measures.in_bins(table, history, reading.start, reading.moment))
    assert (np.diff(found["count_time"]) >= 0).all()
    known = pcapstate.connections(PCAPS / name)
    for side, field in enumerate(("client_state", "server_state")):
        own = found["count_side"] == side
        for state in measures.OPEN:
            number = found["count_change"][own & (found["count_state"] == state)].sum()
            assert number == sum(getattr(one, field) == state.name for one in known)
