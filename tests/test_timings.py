"""``--timings``: lines that programs can read, of stages that were really there; and answers that stay the same."""

from __future__ import annotations

import gzip
import importlib
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pcapstate.cli.main import cli
from pcapstate.kernels import source
from pcapstate.timings import ANSWER, OF_KERNELS, OTHER, STAGES, START, TRACK, WRITE, Timings, asked, timing
from tests.helpers.paths import PCAPS

EXAMPLE = str(PCAPS / "example.pcapng")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, [*arguments, "--lang", "en"])
    assert result.exit_code == 0, result.stderr
    return result


def fields(stderr: str) -> dict[str, list[str]]:
    lines = stderr.partition("pcapstate: timings")[2].splitlines()[1:]
    return {words[0]: words[1:] for words in map(str.split, lines)}


def test_each_stage_has_a_line_and_the_answer_stays() -> None:
    measured = run("connections", EXAMPLE, "--format", "csv", "--timings")
    plain = run("connections", EXAMPLE, "--format", "csv")
    assert measured.stdout == plain.stdout
    assert "timings" not in plain.stderr
    found = fields(measured.stderr)
    assert found.pop("stage") == ["seconds", "processor", "share", "ns/packet", "calls"]
    stages = [name for name in found if name in STAGES]
    assert stages == ["start", "read", "frames", "decode", "track", "timers", "write", "answer", "other"]
    assert all(len(found[name]) == 5 for name in stages)
    assert list(found)[len(stages) :][:4] == ["elapsed", "processor", "packets", "packets/s"]
    assert int(found["packets"][0]) > 0


@pytest.mark.parametrize("command", ["netstat", "timeline", "diagnose", "explain", "diagram", "report"])
def test_commands_that_read_captures_have_it(command: str, tmp_path: Path) -> None:
    more = ["--output", str(tmp_path / "out.html")] if command == "report" else []
    assert float(fields(run(command, EXAMPLE, *more, "--timings").stderr)["elapsed"][0]) > 0


def test_decompression_and_several_captures_are_timed(tmp_path: Path) -> None:
    packed = tmp_path / "example.pcapng.gz"
    packed.write_bytes(gzip.compress(Path(EXAMPLE).read_bytes()))
    found = fields(run("netstat", str(packed), str(PCAPS / "office.pcapng"), "--timings").stderr)
    assert int(found["unpack"][-1]) >= 1
    assert int(found["frames"][-1]) >= 2


def test_it_speaks_japanese() -> None:
    stderr = CliRunner().invoke(cli, ["netstat", EXAMPLE, "--timings", "--lang", "ja"]).stderr
    assert "段階" in stderr
    assert "追跡" in stderr


def test_what_was_asked_for_ends_with_the_command() -> None:
    run("netstat", EXAMPLE, "--timings")
    assert asked() is None
    with pytest.raises(ValueError, match="failed"), timing():
        raise ValueError("failed")
    assert asked() is None


def test_stages_of_two_threads_overlap_and_are_no_other_time() -> None:
    timings = Timings()
    nap = timings.timed(time.sleep, TRACK)
    threads = [threading.Thread(target=nap, args=(0.2,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timings.timed(time.sleep, WRITE)(0.1)
    found = timings.stages()
    assert list(found) == [START, TRACK, WRITE, ANSWER, OTHER]
    assert found[TRACK].calls == 2
    assert found[TRACK].seconds >= 0.4
    assert found[TRACK].processor < 0.2
    assert found[ANSWER].seconds >= 0.1
    assert found[OTHER].seconds < 0.2


def test_a_call_that_fails_counts_too() -> None:
    timings = Timings()
    with pytest.raises(ZeroDivisionError):
        timings.timed(lambda: 1 // 0, TRACK)()
    assert timings.stages()[TRACK].calls == 1


def test_every_kernel_belongs_to_a_stage() -> None:
    for module in source.MODULES:
        importlib.import_module(f"{source.PACKAGE_NAME}.{module}")
    own = {name for name, (function, _) in source.ENTRIES.items() if function.__module__.startswith("pcapstate.")}
    assert own == set(OF_KERNELS)
