"""A few seconds of fuzzing with fixed seeds and no fuzzer; fuzz/README.md tells how to go on for longer."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fuzz import guarded, mutating
from fuzz.program import Unescaped, check
from fuzz.run import one_round
from fuzz.running import Trial
from fuzz.target import Target
from fuzz.targets import TARGETS
from pcapstate.errors import MomentError, PcapstateError
from pcapstate.kernels import running
from tests.helpers.paths import ROOT

RUNS = {
    **{"pcap": 12, "pcapng": 12, "readers": 150, "merging": 100, "growing": 100, "frames": 250, "fragments": 20},
    **{"names": 60, "application": 600, "filters": 30},
}


@pytest.fixture(autouse=True)
def _plain_and_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCAPSTATE_KERNELS", "plain")
    monkeypatch.setattr(running, "_plain", running._plain)
    guarded.guard()


@pytest.mark.parametrize("name", TARGETS)
def test_targets(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.running.FINDINGS", tmp_path)
    target, chance = TARGETS[name], random.Random(name)
    trial = Trial(name, target, limit=30)
    seeds = target.seeds()
    for _ in range(RUNS.get(name, 400)):
        trial(target.change(chance.choice(seeds), chance)[:24_000])
    assert not trial.places, "\n".join(trial.places.values())


def test_an_exception_is_a_finding_once_and_an_error_of_ours_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzz.running.FINDINGS", tmp_path)

    def run(data: bytes) -> None:
        if data == b"refused":
            raise MomentError("no moment")
        raise KeyError(data)

    trial = Trial("some", Target(run, list))
    trial(b"refused")
    assert not trial.places
    trial(b"one")
    trial(b"two")
    assert (trial.runs, len(trial.places)) == (3, 1)
    saved = [path for path in tmp_path.iterdir() if path.suffix != ".txt"]
    assert [path.read_bytes() for path in saved] == [b"one"]


def test_a_finding_with_any_text_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.running.FINDINGS", tmp_path)

    def run(data: bytes) -> None:
        raise RuntimeError(data.decode("utf-8", "surrogateescape"))

    trial = Trial("some", Target(run, list))
    trial(b"\xff\n")
    assert len(trial.places) == 1
    assert any(r"\udcff" in path.read_text() for path in tmp_path.glob("*.txt"))


def test_a_fuzzer_that_ends_otherwise_is_a_finding() -> None:
    told, new = one_round("no such target", 1, 1)
    assert (told["runs"], new, list(told["found"])) == (0, 0, ["ended with 1"])
    assert "KeyError: 'no such target'" in told["found"]["ended with 1"]


def test_what_takes_too_long_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.running.FINDINGS", tmp_path)

    def run(data: bytes) -> None:
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue

    trial = Trial("slow", Target(run, list), limit=0.05)
    trial(b"")
    assert list(trial.places) == ["TooSlow"]


@pytest.mark.parametrize(
    ("output", "format"),
    [
        (b"a\x1b[2Jb\n", "table"),
        ("a\u202eb\n".encode(), "table"),
        (b"a\r\n", "table"),
        (b"a,b\n", "csv"),
        (b"a\r\n=1+1\r\n", "csv"),
        (b'"\x07"\n', "jsonl"),
    ],
)
def test_output_that_does_harm_is_seen(output: bytes, format: str) -> None:
    with pytest.raises(Unescaped):
        check(output, format)


def test_harmless_output_passes() -> None:
    check("Адрес  naïve\n".encode(), "table")
    check(b"a,b\r\n-1.5,'=x\r\n", "csv")
    check(b'[\n{"a": "\\u001b"}\n]\n', "json")


def test_guarded_arrays_refuse_what_python_forgives() -> None:
    octets = guarded.Guarded(np.arange(8, dtype=np.uint8))
    assert octets[7] == 7
    assert bytes(octets[6:8]) == b"\x06\x07"
    for wrong in (-1, 8, slice(6, 10), slice(-2, 2)):
        with pytest.raises(IndexError):
            octets[wrong]


@pytest.mark.parametrize(("name", "change"), [("pcap", mutating.pcap), ("pcapng", mutating.pcapng)])
def test_most_changed_captures_are_still_captures(name: str, change: mutating.Change) -> None:
    chance, seeds = random.Random(1), TARGETS[name].seeds()
    read = 0
    for _ in range(100):
        data = change(chance.choice(seeds), chance)
        try:
            TARGETS["readers"].run(data)
            read += 1
        except PcapstateError:
            continue
    assert read > 70


def test_the_command_prints_a_row_for_each_target() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fuzz.run", "--seconds=1", "--seed=1", "moments"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PCAPSTATE_KERNELS": "plain"},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[0].split() == ["target", "runs", "runs/s", "new", "inputs", "findings"]
    assert run.stdout.splitlines()[1].startswith("moments ")
