"""What a build says of captures, options, locks and disks that are not as they should be, and what goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pcapstate.archive import manifest as m
from pcapstate.archive.keys import KEY_BITS, Keys
from pcapstate.archive.locking import locked
from pcapstate.archive.storage import Storage
from pcapstate.cli.main import cli
from pcapstate.decode.segment import ACK, SEGMENT
from pcapstate.kernels.running import Kernels
from tests.helpers.paths import PCAPS

GOOD = PCAPS / "example.pcapng"


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "pcapstate", "archive", *map(str, arguments)]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False)


def report(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_mixed_folder(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    shutil.copy(GOOD, folder / "good.pcapng")
    shutil.copy(GOOD, folder / "the-same.pcapng")
    (folder / "notes.txt").write_text("no capture at all\n")
    (folder / "empty.pcap").touch()
    (folder / "cut.pcap").write_bytes((PCAPS / "close-by-client.pcap").read_bytes()[:-5])
    done = run("build", folder, "-o", tmp_path / "dataset", "--format", "json", "--processes", "1")
    assert done.returncode == 1
    found = report(done)
    assert found["captures"] == 2
    left_out, copies, missing = found["left_out"], found["copies"], found["missing"]
    assert isinstance(left_out, list)
    assert isinstance(copies, list)
    assert isinstance(missing, list)
    assert [Path(url).name for url, _ in left_out] == ["empty.pcap", "notes.txt"]
    assert [[Path(one).name for one in pair] for pair in copies] == [["the-same.pcapng", "good.pcapng"]]
    assert [Path(url).name for url, _ in missing] == ["cut.pcap"]
    assert "Traceback" not in done.stderr
    # The rest counts, and a question says that packets are missing.
    answer = run("connections", tmp_path / "dataset")
    assert answer.returncode == 1
    assert "cut.pcap" in answer.stderr
    assert "10.0.0.5" in answer.stdout


def test_a_dataset_in_the_folder_of_its_captures(tmp_path: Path) -> None:
    shutil.copy(GOOD, tmp_path)
    for added in (1, 0):
        done = run("build", tmp_path, "-o", tmp_path / "dataset", "--processes", "1")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"captures added: {added} ")


def test_files_of_others_in_the_folder_of_a_dataset_stay(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    assert run("build", GOOD, "-o", dataset, "--processes", "1").returncode == 0
    (dataset / "captures" / "mine").mkdir()
    own = dataset / "captures" / "mine" / "refused.pcap"
    shutil.copy(PCAPS / "refused.pcap", own)
    (dataset / "_pcapstate" / "manifest-abc.json.zst").touch()
    assert run("build", own, "-o", dataset, "--processes", "1").stdout.startswith("captures added: 1 ")
    assert run("build", PCAPS / "office.pcapng", "-o", dataset, "--processes", "1").returncode == 0
    assert own.read_bytes() == (PCAPS / "refused.pcap").read_bytes()
    assert run("verify", dataset).returncode == 0
    done = run("build", GOOD, "-o", "")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_clock_that_no_sensor_has(tmp_path: Path) -> None:
    for seconds in ("1e30", "nan", "-1e10", "soon"):
        done = run("build", GOOD, "-o", tmp_path / "dataset", "--skew", f"west={seconds}")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "is not a number of seconds" in done.stderr


def test_a_capture_that_is_not_there(tmp_path: Path) -> None:
    done = run("build", GOOD, tmp_path / "nothing.pcap", "-o", tmp_path / "dataset", "--processes", "1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nothing.pcap" in done.stderr
    assert done.stdout.startswith("captures added: 1 ")


def test_a_capture_that_has_changed(tmp_path: Path) -> None:
    capture = tmp_path / "one.pcapng"
    shutil.copy(GOOD, capture)
    assert run("build", capture, "-o", tmp_path / "dataset", "--processes", "1").returncode == 0
    with capture.open("ab") as file:
        file.write(b"\0" * 4)
    done = run("build", capture, "-o", tmp_path / "dataset", "--processes", "1")
    assert done.returncode == 1
    assert "it has changed since it was added" in done.stderr


def test_a_dataset_of_another_version_or_with_other_options(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    assert run("build", GOOD, "-o", dataset, "--processes", "1").returncode == 0
    done = run("build", GOOD, "-o", dataset, "--time-wait", "30")
    assert (done.returncode, "--time-wait" in done.stderr, done.stderr.count("\n")) == (2, True, 1)
    storage = Storage(str(dataset))
    found = m.existing(storage)
    found.format = 99
    assert m.commit(storage, found)
    for arguments in (("build", GOOD, "-o", dataset), ("netstat", dataset), ("verify", dataset), ("compact", dataset)):
        done = run(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "version 99" in done.stderr


def test_what_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for arguments in (("netstat", tmp_path), ("verify", tmp_path), ("build", GOOD, "-o", tmp_path)):
        done = run(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert sorted(os.listdir(tmp_path)) == ["_pcapstate", "file"] or os.listdir(tmp_path) == ["file"]


def test_two_builds_at_once_and_a_lock_whose_holder_was_killed(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    with locked(Storage(str(dataset))):
        done = run("build", GOOD, "-o", dataset, "--processes", "1")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "another build" in done.stderr
        assert f"process {os.getpid()}" in done.stderr
    holder = (
        "import sys, time\n"
        "from pcapstate.archive.locking import locked\n"
        "from pcapstate.archive.storage import Storage\n"
        "with locked(Storage(sys.argv[1])):\n    print(flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", holder, str(dataset)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert run("build", GOOD, "-o", dataset, "--processes", "1").returncode == 2
    process.kill()
    process.communicate()
    assert run("build", GOOD, "-o", dataset, "--processes", "1").returncode == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root mounts file systems")
def test_a_full_disk(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small)], check=True)
    try:
        done = run("build", PCAPS, "-o", small / "dataset", "--processes", "2", "--quiet")
        assert done.returncode in (1, 2)
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        # With room again, the same command goes on from there.
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        done = run("build", GOOD, "-o", small / "dataset", "--processes", "2", "--format", "json")
        assert done.returncode == 0, done.stderr
        assert run("verify", small / "dataset").returncode == 0
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_answers_as_programs_and_people_get_them(tmp_path: Path) -> None:
    dataset = str(tmp_path / "dataset")
    assert run("build", PCAPS / "office.pcapng", "-o", dataset, "--processes", "1").returncode == 0

    def asked(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["archive", arguments[0], dataset, *arguments[1:]], catch_exceptions=False)
        return result.stdout

    rows = json.loads(asked("timeline", "--format", "json"))
    named = [row for row in rows if row["packet"] is not None]
    assert {row["capture"] for row in named} == {"office.pcapng"}
    assert all(row["frame"] == row["packet"] for row in named)
    assert "capture,frame" in asked("timeline", "--format", "csv").splitlines()[0]
    # Names from DNS stand in the tables of people, as they do for one capture.
    single = CliRunner().invoke(cli, ["netstat", str(PCAPS / "office.pcapng"), "--columns", "local_name,foreign_name"])
    assert asked("netstat", "--columns", "local_name,foreign_name") == single.stdout
    assert "needs frames" in CliRunner().invoke(cli, ["archive", "netstat", dataset, "-s"]).output


def test_packets_of_one_pair_of_hosts_are_shared_out() -> None:
    """Most connections are between two hosts: their ports tell buckets apart, and both directions are in one."""
    count, bits = 100_000, 4
    rows = np.zeros(count, dtype=SEGMENT)
    rows["source_low"], rows["target_low"] = 0xFFFF0A000001, 0xFFFF0A000002
    rows["source_port"], rows["target_port"] = 1024 + np.arange(count) % 60_000, 443
    rows["flags"] = ACK
    keys = Keys(Kernels(), np.array(m.new_numbers()), bits)
    found = keys.of_segments(rows)
    assert int(found.min()) >= 0
    assert int(found.max()) < 1 << KEY_BITS
    shares = np.bincount(keys.buckets(found), minlength=1 << bits) / count
    assert shares.max() < 1.3 / (1 << bits)
    turned = rows.copy()
    turned["source_low"], turned["target_low"] = rows["target_low"], rows["source_low"]
    turned["source_port"], turned["target_port"] = rows["target_port"], rows["source_port"]
    assert (keys.of_segments(turned) == found).all()
    rows["flags"] = -1
    assert (keys.of_segments(rows) == -1).all()


def test_a_dataset_behind_a_url(tmp_path: Path) -> None:
    """Captures and dataset are reached through fsspec, from several processes."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for name in ("example.pcapng", "office.pcapng"):
        shutil.copy(PCAPS / name, folder)
    dataset = f"local://{tmp_path}/dataset"
    for _ in range(2):
        done = run("build", f"local://{folder}", "-o", dataset, "--processes", "2", "--format", "json")
        assert done.returncode == 0, done.stderr
    assert report(done)["captures"] == 0
    for question in (("connections",), ("timeline", "--at", "2"), ("netstat", "-a", "-t")):
        rows = json.loads(run(question[0], dataset, *question[1:], "--format", "json").stdout)
        single = [sys.executable, "-m", "pcapstate", question[0], str(folder), *question[1:], "--format", "json"]
        expected = json.loads(subprocess.run(single, capture_output=True, text=True, check=False).stdout)
        assert [{name: row[name] for name in row if name not in ("capture", "frame")} for row in rows] == expected
    assert run("verify", dataset).returncode == 0
    assert run("compact", dataset).returncode == 0
    assert run("netstat", "nothing://dataset").returncode == 2
