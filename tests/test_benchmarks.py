"""The captures of the benchmarks: what packets are put into changes nothing that is told of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.population import Population
from benchmarks.wrappings import WRAPPINGS
from pcapstate.kernels.running import Kernels
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.states import State
from tests.helpers.captures import answers
from tests.helpers.paths import ROOT

PACKETS = 400


def generated(folder: Path, *options: str) -> bytes:
    path = folder / "capture.pcap"
    command = [sys.executable, "benchmarks/generate.py", "connections", str(PACKETS), str(path), *options]
    subprocess.run(command, cwd=ROOT, check=True)
    return path.read_bytes()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    return answers(generated(tmp_path_factory.mktemp("plain")))


def test_all_packets_are_segments(plain: tuple[object, ...]) -> None:
    timeline, connections, damage = plain
    assert isinstance(timeline, list)
    assert isinstance(connections, list)
    assert timeline[-1] == {"skipped": [], "frames": PACKETS}
    assert sum(row["client_packets"] + row["server_packets"] for row in connections) == PACKETS
    assert damage == ""


@pytest.mark.parametrize("name", [name for name in WRAPPINGS if name != "plain"])
def test_wrapped_packets_tell_the_same(name: str, plain: tuple[object, ...], tmp_path: Path) -> None:
    assert answers(generated(tmp_path, "--in", name)) == plain


def test_words_tell_the_same(plain: tuple[object, ...], tmp_path: Path) -> None:
    assert answers(generated(tmp_path, "--words")) == plain


def test_connections_that_are_alive_from_the_start(tmp_path: Path) -> None:
    timeline, connections, damage = answers(generated(tmp_path, "--alive", "100"))
    assert isinstance(timeline, list)
    assert isinstance(connections, list)
    assert timeline[-1] == {"skipped": [], "frames": PACKETS}
    assert len(connections) >= 90
    assert damage == ""


def test_a_population_is_established_and_sends_in_order() -> None:
    people, table = Population(50), FlowTable(Kernels(), record=False)
    talk = people.talk(700)
    for rows in (*people.opening(0, 50), next(talk), next(talk)):
        assert not list(table.follow(rows, len(rows)))
    assert set(table.endpoints["state"].tolist()) == {State.ESTABLISHED}
    assert table.retransmissions == 0
    assert int(table.endpoints["packets"].sum()) == 50 * 3 + 1_400
    assert not table.seldom["copies"].any()
