"""The display filters that findings print select just what they are about; tshark says so where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pcapstate.findings import filters
from pcapstate.findings.finding import Finding
from pcapstate.views import diagnosis as view
from tests.helpers.diagnosing import findings_of
from tests.helpers.paths import PCAPS

from making.files import pcap  # isort: skip
from making.packets import SECOND, START, Talk, merged  # isort: skip

CAPTURES = [path for path in sorted(PCAPS.glob("*.pcap*")) if path.suffix in (".pcap", ".pcapng")]


def selected(path: Path, expression: str, field: str) -> set[int]:
    """Return what a display filter selects."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("needs tshark")
    command = [tshark, "-r", str(path), "-Y", expression, "-T", "fields", "-e", field]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Running" in run.stderr or not run.stderr or "cut short" in run.stderr, run.stderr
    return {int(number) for line in run.stdout.split() for number in line.split(",")}


def check(path: Path, one: Finding) -> None:
    field = "tcp.stream" if one.connections else "frame.number"
    found = selected(path, one.filter, field)
    named, count = (one.connections, one.count) if one.connections else (one.packets, one.packet_count)
    assert set(named) <= found, one.filter
    assert len(found) == count, one.filter


@pytest.mark.parametrize(
    "path", [path for path in CAPTURES if not path.name.startswith("damaged")], ids=lambda p: p.name
)
def test_a_filter_selects_just_the_finding(path: Path) -> None:
    for one in findings_of(path):
        if one.filter:
            assert one.selected is None
            check(path, one)


def attempts(count: int, *, server: str = "192.0.2.80", port: int = 8080, first: int = 0) -> list[Talk]:
    """Connections that are refused, one after the other."""
    talks = []
    for number in range(first, first + count):
        talk = Talk(("10.0.0.5", 40_000 + number), (server, port), start=START + number * SECOND)
        talk.client.syn()
        talk.server.send("RA", seq=0, window=0)
        talks.append(talk)
    return talks


def test_many_connections_are_selected_by_what_they_share(tmp_path: Path) -> None:
    other = [Talk(("10.0.0.5", 50_000 + number), ("192.0.2.80", 443)).opened() for number in range(30)]
    path = tmp_path / "refused.pcap"
    path.write_bytes(pcap(merged(*attempts(10), *other)))
    (one,) = findings_of(path)
    assert one.filter == "ip.addr == 10.0.0.5 && ip.addr == 192.0.2.80 && tcp.port == 8080"
    check(path, one)


def test_what_others_share_too_is_selected_by_numbers(tmp_path: Path) -> None:
    """One client's connections to a port are refused but for one: addresses and ports do not tell them apart."""
    accepted = Talk(("10.0.0.5", 50_000), ("192.0.2.80", 8080), start=START + 5 * SECOND + SECOND // 2).opened()
    path = tmp_path / "refused.pcap"
    path.write_bytes(pcap(merged(*attempts(12), accepted)))
    (one,) = findings_of(path)
    assert one.filter == "tcp.stream in {0..5, 7..12}"
    check(path, one)


def test_a_filter_that_is_cut_says_so(tmp_path: Path) -> None:
    accepted = [
        Talk(("10.0.0.5", 50_000 + number), ("192.0.2.80", 8080), start=START + number * SECOND + SECOND // 2).opened()
        for number in range(70)
    ]
    path = tmp_path / "refused.pcap"
    path.write_bytes(pcap(merged(*attempts(70), *accepted)))
    (one,) = findings_of(path)
    assert (one.count, one.selected, one.filter.count(",")) == (70, filters.MOST, filters.MOST - 1)
    assert selected(path, one.filter, "tcp.stream") == set(range(0, 2 * filters.MOST, 2))
    assert view.cut(one, "en") == "(the filter is cut: it has the first 60 of 70 connections)"
    assert "70" in view.cut(one, "ja")


def test_runs_of_numbers() -> None:
    def text(*numbers: int) -> str:
        return filters.of_frames(numbers, len(numbers)).text

    assert text() == ""
    assert text(4) == "frame.number == 4"
    assert text(4, 5) == "frame.number in {4, 5}"
    assert text(4, 5, 6, 9) == "frame.number in {4..6, 9}"
    assert text(1, 3, 4, 5, 6) == "frame.number in {1, 3..6}"
    many = filters.of_frames(range(1, 300, 2), 150)
    assert (many.text.count(","), many.selected) == (filters.MOST - 1, filters.MOST)
    pairs = np.sort(np.concatenate([np.arange(0, 300, 3), np.arange(1, 300, 3)]))
    assert filters.of_frames(pairs.tolist(), 200).selected == filters.MOST
