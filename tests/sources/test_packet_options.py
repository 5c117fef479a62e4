"""The options of packet blocks, read plain and compiled, and captures with them that are damaged."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcapstate.kernels.running import Kernels
from tests.helpers.annotated import END, ORDERS, PACKETS, frames, of_packets, option, process_event, reader, watched
from tests.helpers.paths import PCAPS


@pytest.fixture(scope="module")
def both() -> tuple[Kernels, Kernels]:
    """Kernels that run plain and compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCAPSTATE_KERNELS", "plain")
        plain = Kernels()
        patch.setenv("PCAPSTATE_KERNELS", "compiled")
        compiled = Kernels()
    assert not plain.compiled
    assert compiled.compiled
    return plain, compiled


any_options = st.lists(
    st.one_of(
        st.tuples(st.just(2), st.integers(0, 7).map(lambda word: ("I", word))),
        st.tuples(st.just(4), st.integers(0, 2**64 - 1).map(lambda count: ("Q", count))),
        st.tuples(st.just(4), st.integers(0, 9).map(lambda count: ("Q", count))),
        st.tuples(st.just(8), st.tuples(st.integers(0, 3), st.integers(0, 9)).map(lambda ids: ("II", *ids))),
        st.tuples(st.sampled_from([0x8001, 0x8003]), st.integers(0, 4).map(lambda which: ("I", which))),
        st.tuples(st.just(1), st.sampled_from([b"PID=2", b"PID: 7\nCmd: /bin/a", b"PI", b"hello"])),
        st.tuples(st.sampled_from([1, 2, 3, 4, 8, 0x8001, 0x8002, 0x8003, 2988]), st.binary(max_size=12)),
    ),
    max_size=6,
)


def encoded(order: str, options: list[tuple[int, Any]]) -> tuple[bytes, list[tuple[int, bytes]]]:
    out, told = b"", []
    for code, value in options:
        raw = value if isinstance(value, bytes) else struct.pack(order + value[0], *value[1:])
        out += option(order, code, raw)
        told.append((code, raw))
    return out, told


def said(order: str, told: list[tuple[int, bytes]]) -> tuple[int | None, int | None, int, int]:
    """What the options of a packet say, read the slow way: pid, effective pid, direction, drops (-1: none told)."""
    byteorder: Any = "little" if order == "<" else "big"
    pid = effective = label = None
    way, drops, by_id = 0, -1, False
    for code, raw in told:
        number = int.from_bytes(raw, byteorder)
        if code == 2 and len(raw) == 4:
            way = number & 3
        elif code == 4 and len(raw) == 8 and number < 2**40:
            drops = max(drops, 0) + number
        elif code == 8 and len(raw) == 8 and (first := int.from_bytes(raw[:4], byteorder)):
            label, by_id = first, True
        elif code == 1 and not by_id and label is None and raw[:4] in (b"PID=", b"PID:") and len(raw) > 4:
            label = {b"PID=2": 2, b"PID: 7\nCmd: /bin/a": 7}.get(raw, 0)
        elif code == 0x8001 and len(raw) == 4:
            pid = 101 + number if number < 3 else pid
        elif code == 0x8003 and len(raw) == 4:
            effective = 101 + number if number < 3 else effective
    return pid or label or None, effective, way % 3, drops


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ORDERS), st.lists(any_options, min_size=1, max_size=7), st.booleans())
def test_options_say_what_they_say(
    both: tuple[Kernels, Kernels], order: str, packets: list[list[tuple[int, Any]]], ended: bool
) -> None:
    before = b"".join(process_event(order, 101 + which, "") for which in range(3))
    coded = [encoded(order, options) for options in packets]
    data = of_packets(
        [out + (END[order] + option(order, 2, b"\3\0\0\3") if ended else b"") for out, _ in coded], order, before
    )
    expected = [said(order, coded[turn % len(coded)][1]) for turn in range(len(PACKETS))]
    drops = [one[3] for one in expected if one[3] >= 0]
    for kernels in both:
        source = reader(data, kernels)
        found = [
            (process and process.pid, effective and effective.pid, way) for process, effective, way in frames(source)
        ]
        assert found == [one[:3] for one in expected]
        assert source.drops == (sum(drops) if drops else None)
        assert source.damage is None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["processes-macos.pcapng", "processes-by-id.pcapng", "processes-in-comments.pcapng",
                     "names-and-drops.pcapng", "processes-pktap.pcap"]),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=12),
    st.integers(0, 3000),
)  # fmt: skip
def test_damaged_captures_say_the_same_plain_and_compiled(
    both: tuple[Kernels, Kernels], name: str, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray((PCAPS / name).read_bytes())
    for at, value in changes:
        if at % len(data) >= 28:
            data[at % len(data)] = value
    results = []
    for kernels in both:
        source = reader(bytes(data[: max(cut, 40)]), kernels)
        capture, seen = watched(source, datagrams=True)
        told = [seen.process_of(endpoint) for endpoint in range(len(capture.table.endpoints))]
        results.append((told, source.processes, source.names, source.drops, str(source.damage), capture.frames))
    assert results[0] == results[1]
