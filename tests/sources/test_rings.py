"""``--follow`` of a capture that goes on in other files: rings of dumpcap and tcpdump, patterns, folders."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pcapstate.errors import CaptureError
from pcapstate.sources import following
from pcapstate.sources.following import FollowingReader
from pcapstate.sources.rings import Ring
from tests.helpers.captures import pcap, story_frames
from tests.helpers.live_lab import Capturing, Lab, rows
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs files that are removed while they are open")

FRAMES = story_frames(parse(STORIES["half_close"]))
EXPECTED = [(number, at) for number, (at, _) in enumerate(FRAMES, 1)]
DUMPCAP = ["r_00001_20261127120000.pcap", "r_00002_20261127120100.pcap", "r_00003_20261127120200.pcap"]
LAST = ["r_20261127120000_00001.pcap", "r_20261127120100_00002.pcap", "r_20261127120200_00003.pcap"]
COUNTED = ["r.pcap", "r.pcap1", "r.pcap2"]
TWO_DIGITS = ["r.pcap09", "r.pcap10", "r.pcap11"]
BARE = ["trace", "trace1", "trace2"]
DATED = ["r-2026-11-27_12:00:00.pcap", "r-2026-11-27_12:01:00.pcap", "r-2026-11-27_12:02:00.pcap"]


class Following:
    """A FollowingReader read by a thread."""

    def __init__(self, path: Path) -> None:
        self.reader = FollowingReader(path)
        self._found: queue.Queue[list[tuple[int, int]] | None] = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        for batch in self.reader.batches():
            frames = batch.frames
            self._found.put(list(zip(frames["number"].tolist(), frames["time"].tolist(), strict=True)))
        self._found.put(None)

    def frames(self, count: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        while len(found) < count:
            more = self._found.get(timeout=20)
            assert more is not None
            found += more
        return found

    def nothing(self) -> bool:
        try:
            return not self._found.get(timeout=1)
        except queue.Empty:
            return True


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", 0.05)


@pytest.fixture
def opened() -> Iterator[list[Following]]:
    runs: list[Following] = []
    yield runs
    for one in runs:
        one.reader.close()


def write(path: Path, first: int, last: int, written: float) -> None:
    """Write some of the frames, as if at a time (seconds from now)."""
    path.write_bytes(pcap(FRAMES[first:last]))
    now = time.time() + written
    os.utime(path, (now, now))


@pytest.mark.parametrize("names", [DUMPCAP, LAST, COUNTED, TWO_DIGITS, BARE, DATED], ids=lambda names: names[0])
def test_a_named_file_goes_on_in_the_next(names: list[str], tmp_path: Path, opened: list[Following]) -> None:
    write(tmp_path / names[0], 0, 2, -20)
    write(tmp_path / "r.log", 0, 1, -5)
    run = Following(tmp_path / names[0])
    opened.append(run)
    assert run.frames(2) == EXPECTED[:2]
    write(tmp_path / names[1], 2, 4, -10)
    assert run.frames(2) == EXPECTED[2:4]
    write(tmp_path / names[2], 4, 6, 0)
    assert run.frames(2) == EXPECTED[4:6]
    with (tmp_path / names[2]).open("ab") as file:
        file.write(pcap(FRAMES[6:])[24:])
    assert run.frames(len(FRAMES) - 6) == EXPECTED[6:]
    assert (run.reader.left_out, run.reader.damages, run.reader.missing) == ([], [], False)


@pytest.mark.parametrize(
    ("names", "named"),
    [(DUMPCAP, "r.pcap"), (DUMPCAP, "r_*.pcap"), (DUMPCAP, ""), (LAST, "r.pcap"), (TWO_DIGITS, "r.pcap"),
     (DATED, "r-%Y-%m-%d_%H:%M:%S.pcap"), (DATED, "r-*")],
)  # fmt: skip
def test_a_ring_is_read_from_its_oldest_file(
    names: list[str], named: str, tmp_path: Path, opened: list[Following]
) -> None:
    for index, name in enumerate(names):
        write(tmp_path / name, 2 * index, 2 * index + 2, index - 10)
    run = Following(tmp_path / named if named else tmp_path)
    opened.append(run)
    assert run.frames(6) == EXPECTED[:6]
    assert run.nothing()


def test_many_files_are_read_at_once(tmp_path: Path, opened: list[Following], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", 0.2)
    for index in range(100):
        write(tmp_path / f"r.pcap{index}", 0, 1, index - 200)
    began = time.monotonic()
    run = Following(tmp_path / "r.pcap")
    opened.append(run)
    assert len(run.frames(100)) == 100
    assert time.monotonic() - began < 10


def test_a_named_file_in_the_midst_is_begun_with(tmp_path: Path, opened: list[Following]) -> None:
    for index, name in enumerate(DUMPCAP):
        write(tmp_path / name, 2 * index, 2 * index + 2, index - 10)
    run = Following(tmp_path / DUMPCAP[1])
    opened.append(run)
    assert [at for _, at in run.frames(4)] == [at for _, at in EXPECTED[2:6]]
    assert run.nothing()


def test_names_are_used_again(tmp_path: Path, opened: list[Following]) -> None:
    """As tcpdump -W does: the file that was begun with is begun anew while another one is read."""
    write(tmp_path / "r.pcap0", 0, 1, -20)
    write(tmp_path / "r.pcap1", 1, 2, -10)
    run = Following(tmp_path / "r.pcap")
    opened.append(run)
    assert run.frames(2) == EXPECTED[:2]
    for turn in range(2, 6):
        write(tmp_path / f"r.pcap{turn % 2}", turn, turn + 1, turn - 10)
        assert run.frames(1) == EXPECTED[turn : turn + 1]
    assert (run.reader.left_out, run.reader.damages) == ([], [])


def test_files_that_are_gone_are_missed(tmp_path: Path, opened: list[Following]) -> None:
    write(tmp_path / DUMPCAP[0], 0, 2, -20)
    run = Following(tmp_path / DUMPCAP[0])
    opened.append(run)
    assert run.frames(2) == EXPECTED[:2]
    write(tmp_path / "r_00007_20261127130000.pcap", 2, 4, 0)
    assert run.frames(2) == EXPECTED[2:4]
    assert run.reader.left_out == ["5 files before r_00007_20261127130000.pcap, gone before they could be read"]
    assert run.reader.missing


def test_what_is_written_to_a_file_that_was_left_is_told(tmp_path: Path, opened: list[Following]) -> None:
    """Two captures written side by side are no ring."""
    for index, name in enumerate(("a.pcap", "b.pcap")):
        write(tmp_path / name, 2 * index, 2 * index + 2, index - 10)
    run = Following(tmp_path)
    opened.append(run)
    assert run.frames(4) == EXPECTED[:4]
    with (tmp_path / "a.pcap").open("ab") as file:
        file.write(pcap(FRAMES[4:5])[24:])
    assert run.nothing()
    assert run.reader.left_out == ["what was written to a.pcap once another file was begun"]
    assert run.reader.missing


def test_what_is_no_capture_is_left_out(tmp_path: Path, opened: list[Following]) -> None:
    (tmp_path / "notes.txt").write_bytes(b"These are notes, of more than a header's length.")
    (tmp_path / ".hidden").write_bytes(pcap(FRAMES[:1]))
    os.utime(tmp_path / "notes.txt", (1, 1))
    write(tmp_path / "a.pcap", 0, 2, -10)
    # It was packed once it was written, and read by then.
    shutil.copy(tmp_path / "a.pcap", tmp_path / "a.pcap.gz")
    run = Following(tmp_path)
    opened.append(run)
    assert run.frames(2) == EXPECTED[:2]
    assert run.nothing()
    assert ["not a capture file" in one for one in run.reader.left_out] == [True]
    assert not run.reader.missing


def test_other_files_beside_a_file_are_not_its_ring(tmp_path: Path, opened: list[Following]) -> None:
    write(tmp_path / "web-192.168.0.1.pcap", 0, 2, -10)
    run = Following(tmp_path / "web-192.168.0.1.pcap")
    opened.append(run)
    assert run.frames(2) == EXPECTED[:2]
    for other in ("web-192.168.0.2.pcap", "web-192.168.0.1.pcapng", "web-192.168.0.1.pcap.1", "other.pcap"):
        write(tmp_path / other, 2, 4, 0)
    assert run.nothing()


def test_a_ring_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "other.pcap", 0, 1, 0)
    for named in ("r.pcap", "r*.pcap", "r-%H.pcap"):
        with pytest.raises(CaptureError, match="no such file"):
            Ring(str(tmp_path / named))


# --- who really writes them


WRITERS = {
    "dumpcap": ["dumpcap", "-q", "-i", "lo", "-b", "filesize:1000", "-b", "files:50", "-w", "{folder}/r.pcapng"],
    "dumpcap-packets": ["dumpcap", "-q", "-i", "lo", "-b", "packets:20", "-P", "-w", "{folder}/r.pcap"],
    "tcpdump-C": ["tcpdump", "-q", "-i", "lo", "-U", "-C", "1", "-w", "{folder}/r.pcap"],
    "tcpdump-W": ["tcpdump", "-q", "-i", "lo", "-U", "-C", "1", "-W", "9", "-w", "{folder}/r.pcap"],
    "tcpdump-G": ["tcpdump", "-q", "-i", "lo", "-U", "-G", "1", "-w", "{folder}/r-%Y%m%d%H%M%S.pcap"],
}


@pytest.mark.parametrize(
    ("writer", "how"),
    [("dumpcap", "named"), ("dumpcap", "first"), ("dumpcap-packets", "folder"), ("tcpdump-C", "first"),
     ("tcpdump-W", "named"), ("tcpdump-W", "folder"), ("tcpdump-G", "named"), ("tcpdump-G", "first")],
)  # fmt: skip
def test_rings_as_they_are_written(lab: Lab, tmp_path: Path, writer: str, how: str) -> None:
    if not shutil.which(WRITERS[writer][0]):
        pytest.skip(f"needs {WRITERS[writer][0]}")
    folder = tmp_path / "ring"
    folder.mkdir()
    # They give up their privileges as well.
    folder.chmod(0o777)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(parent.stat().st_mode | 0o111)
    command = [one.format(folder=folder) for one in WRITERS[writer]]
    if command[0] == "tcpdump":
        command[1:1] = ["-Z", "root"]
    with subprocess.Popen([*lab.ours, *command], stderr=subprocess.DEVNULL) as writing:
        try:
            deadline = time.monotonic() + 20
            while not list(folder.iterdir()):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            time.sleep(0.5)
            path = {"named": Path(command[-1]), "first": min(folder.iterdir()), "folder": folder}[how]
            with Capturing(lab, "connections", "--follow", path, "--format", "jsonl", sockets=1) as ours:
                for _ in range(12):
                    lab.talk(lab.ours, "127.0.0.1", count=5, size=60_000)
                    time.sleep(0.2)
                time.sleep(1.5)
                out, err, code = ours.end(signal.SIGTERM)
        finally:
            writing.terminate()
    assert len(list(folder.iterdir())) > 2
    assert len(rows(out)) == 60
    assert {row["client_state"] for row in rows(out)} == {"CLOSED"}
    assert (err, code) == ("", 0)
