"""What live capture writes as the user who called sudo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.live_lab import USER, Capturing, Lab


def test_output_that_is_not_wanted_leaves_nothing(lab: Lab, tmp_path: Path) -> None:
    command = ("timeline", "-i", "lo", "--connection", "9", "--output", tmp_path / "x")
    with Capturing(lab, *command, **USER) as ours:
        out, err, code = ours.end()
    assert (out, code) == ("", 2)
    assert "there is no connection 9" in err
    assert os.listdir(tmp_path) == []


def test_output_whose_folder_is_gone_is_elsewhere(lab: Lab, tmp_path: Path, open_folder: Path) -> None:
    folder, temporary = tmp_path / "out", open_folder
    folder.mkdir()
    command = ("connections", "-i", "lo", "--format", "csv", "--output", folder / "x")
    with Capturing(lab, *command, TMPDIR=str(temporary)) as ours:
        lab.talk(lab.ours, "127.0.0.1")
        shutil.rmtree(folder)
        _, err, code = ours.end()
    (saved,) = temporary.glob("pcapstate-*")
    assert f"No such file or directory; it is in {saved}" in err
    assert code == 2
    assert len(saved.read_text().splitlines()) == 2


def test_output_that_cannot_be_written_is_said_at_once(lab: Lab, tmp_path: Path) -> None:
    done = subprocess.run(
        [*lab.ours, sys.executable, "-m", "pcapstate", "netstat", "-i", "lo", "--output", tmp_path / "no" / "x"],
        capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **USER},
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No such file" in done.stderr


def test_no_file_of_the_user_is_read_or_written(lab: Lab, tmp_path: Path) -> None:
    """Scapy would remove the damaged cache, run the start-up files, and make folders that are not there."""
    for home, folders in (("full", (".cache/scapy", ".config/scapy", ".local/share")), ("empty", ())):
        for one in folders:
            (tmp_path / home / one).mkdir(parents=True)
        (tmp_path / home).mkdir(exist_ok=True)
    for name in ("manufdb", "services", "ethertypes"):
        (tmp_path / "full/.cache/scapy" / f"{name}.pickle").write_bytes(b"damaged")
    for name in ("prestart", "startup"):
        (tmp_path / "full/.config/scapy" / f"{name}.py").write_text("raise SystemExit('run')")
    os.chown(tmp_path / "empty", 1000, 1001)
    before = sorted(str(one) for one in tmp_path.rglob("*"))
    for home in ("full", "empty"):
        with Capturing(lab, "netstat", "-i", "lo", HOME=str(tmp_path / home), **USER) as ours:
            lab.talk(lab.ours, "127.0.0.1")
            out, err, code = ours.end()
        assert ("TIME_WAIT" in out, code) == (True, 0), err
    assert sorted(str(one) for one in tmp_path.rglob("*")) == before
    assert (tmp_path / "full/.cache/scapy/services.pickle").read_bytes() == b"damaged"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-i", "nothere0"], "no interface 'nothere0'"),
        (["-i", "lo", "--capture-filter", "prot 80 ("], "capture filter"),
        (["-i", "any", "--capture-filter", "prot 80 ("], "capture filter"),
        (["-i", "lo", "--wait", "--capture-filter", "prot 80 ("], "capture filter"),
        (["-i", "lo", "--snaplen", "63"], "a snap length is between 64 and 262,144 bytes"),
        (["-i", "any", "--capture-filter", "link[12] = 1"], "the kernel does not know byte 12 of the link layer"),
    ],
)
def test_what_cannot_be_captured_is_one_line(inside: list[str], arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [*inside, sys.executable, "-m", "pcapstate", "netstat", *arguments, "--duration", "1"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("mode", [0o1777, 0o755], ids=["sticky", "root's"])
@pytest.mark.parametrize("there", [False, True])
def test_output_gets_to_its_place_without_privileges(lab: Lab, tmp_path: Path, mode: int, there: bool) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    folder.chmod(mode)
    path = folder / "x.csv"
    if there:
        path.write_text("before")
        path.chmod(0o640)
    command = ("connections", "-i", "lo", "--format", "csv", "--output", "x.csv")
    with Capturing(lab, *command, cwd=folder, **USER) as ours:
        lab.talk(lab.ours, "127.0.0.1")
        assert "\nUid:\t1000\t1000\t1000\t1000\n" in Path(f"/proc/{ours.process.pid}/status").read_text()
        assert ours.end() == ("", "", 0)
    assert len(path.read_text().splitlines()) == 2
    assert os.listdir(folder) == ["x.csv"]
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == ((0, 0o640) if there else (1000, 0o644))
