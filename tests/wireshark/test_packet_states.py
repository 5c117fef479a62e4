"""The files that Wireshark's plug-in reads."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from pcapstate.capture import Capture
from pcapstate.errors import CaptureError
from pcapstate.rows import Rows
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp.states import STATES
from pcapstate.wireshark.packet_states import CHANGE, FRAME, LAST, MORE, TURNED, PacketStates
from tests.helpers.packet_states import MOST, READABLE, states_at_each_packet, written
from tests.helpers.paths import PCAPS


def records(folder: Path) -> tuple[Rows, Rows, Rows, Rows]:
    """Return frames, changes, further segments and connections."""
    names = (("frames", FRAME), ("changes", CHANGE), ("more", MORE), ("connections", np.uint8))
    frames, changes, more, connections = (np.frombuffer((folder / name).read_bytes(), kind) for name, kind in names)
    return frames, changes, more, connections


def states_of_frames(folder: Path) -> dict[int, list[tuple[int, str, str]]]:
    """Return of each frame the connections of its segments, with the states of client and server."""
    frames, _, more, connections = records(folder)
    found: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    first = [(at + 1, int(one["connection"]) - 1, int(one["states"])) for at, one in enumerate(frames)]
    for number, connection, states in [*first, *more.tolist()]:
        if connection >= 0:
            ends = STATES[states & 15], STATES[states >> 4]
            client = int(connections[connection] & TURNED != 0)
            found[number].append((connection, ends[client], ends[1 - client]))
    return found


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_states_are_those_of_the_moment(path: Path, tmp_path: Path) -> None:
    with suppress(CaptureError):
        expected = states_at_each_packet(path)
        written(path, tmp_path)
        found = states_of_frames(tmp_path)
        assert {number: one for number, one in found.items() if number <= MOST} == expected


@pytest.mark.parametrize("chunk", [1 << 10, 1 << 12])
def test_batches_do_not_matter(chunk: int, tmp_path: Path) -> None:
    for name in ("office.pcapng", "tunnels-fragments.pcap", "fragments-ipv4.pcap", "superseded.pcap"):
        written(PCAPS / name, tmp_path / "whole")
        (tmp_path / "parts").mkdir(exist_ok=True)
        capture = Capture(CaptureReader(PCAPS / name, chunk=chunk << 6, rows=chunk >> 9))
        states = PacketStates(capture.table, str(tmp_path / "parts"))
        for _ in capture.follow():
            pass
        states.finish()
        for one in ("frames", "changes", "more", "connections", "index"):
            assert (tmp_path / "parts" / one).read_bytes() == (tmp_path / "whole" / one).read_bytes(), (name, one)


def test_each_changed_frame_has_its_changes(tmp_path: Path) -> None:
    written(PCAPS / "office.pcapng", tmp_path)
    frames, changes, _, _ = records(tmp_path)
    begins = frames["change"][frames["change"] > 0] - 1
    ends = np.flatnonzero(changes["bits"] & LAST)
    assert begins.tolist() == [0, *(ends[:-1] + 1).tolist()]


def test_evicted_connections_have_no_outcome(tmp_path: Path) -> None:
    written(PCAPS / "port-scan.pcap", tmp_path / "all")
    capture = Capture(CaptureReader(PCAPS / "port-scan.pcap"), most=8)
    (tmp_path / "some").mkdir()
    states = PacketStates(capture.table, str(tmp_path / "some"))
    for _ in capture.follow():
        pass
    states.finish()
    assert capture.table.evicted.sum() > 0
    *_, known = records(tmp_path / "all")
    *_, left = records(tmp_path / "some")
    assert len(left) == capture.table.count
    evicted = left & 0x7F == 0
    assert np.count_nonzero(evicted) == capture.table.evicted.sum()
    assert (known & 0x7F != 0).all()
