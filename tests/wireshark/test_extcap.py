"""``pcapstate extcap``: what it answers Wireshark, and live capture with comments through a named pipe."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import pcapstate
from pcapstate.sources.reader import CaptureReader
from pcapstate.wireshark.folders import Folders, folders, launcher
from pcapstate.wording.styles import WINDOWS
from tests.helpers.live_lab import OURS, PEERS, WIRE, Capturing, Lab
from tests.helpers.running import process

NAME = f"pcapstate_{WIRE}"
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads what Linux says of its interfaces")


def answer(*arguments: str) -> list[str]:
    done = process("extcap", *arguments, "--lang", "en")
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


def test_it_lists_the_interfaces() -> None:
    first, *rest = answer("--extcap-interfaces", "--extcap-version=4.2")
    assert first == f"extcap {{version={pcapstate.__version__}}}{{display=pcapstate}}"
    assert f"interface {{value=pcapstate_{socket.if_nameindex()[0][1]}}}" in rest[0]
    assert all(line.startswith("interface {value=pcapstate_") and "{display=pcapstate: " in line for line in rest)


@needs_linux
def test_it_tells_the_link_type() -> None:
    assert answer("--extcap-dlts", "--extcap-interface", "pcapstate_lo") == [
        "dlt {number=1}{name=EN10MB}{display=Ethernet}"
    ]
    assert answer("--extcap-dlts", "--extcap-interface", "pcapstate_any") == [
        "dlt {number=276}{name=LINUX_SLL2}{display=Linux cooked v2}"
    ]


def test_it_lists_its_settings() -> None:
    lines = answer("--extcap-config", "--extcap-interface", "pcapstate_lo")
    calls = [line.partition("{call=")[2].partition("}")[0] for line in lines if line.startswith("arg ")]
    assert calls == ["--lang", "--style", "--snaplen", "--no-promiscuous"]
    assert "value {arg=0}{value=ja}{display=日本語}{default=false}" in lines
    assert "value {arg=1}{value=windows}{display=Windows}{default=true}" in lines


@needs_linux
def test_it_checks_a_capture_filter() -> None:
    asked = ("--extcap-interface", "pcapstate_lo", "--extcap-capture-filter")
    assert answer(*asked, "tcp port 80") == []
    assert answer(*asked, "tcp port eighty") != []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name an interface with --extcap-interface"),
        (("--extcap-interface", "pcapstate_lo"), "name what to do"),
        (("--extcap-interface", "lo", "--extcap-dlts"), "the names begin with pcapstate_"),
        (("--extcap-interface", "pcapstate_lo", "--capture"), "--capture goes with --fifo"),
        (("--extcap-interface", "pcapstate_lo", "--capture", "--fifo", "/nowhere/pipe"), "/nowhere/pipe"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], told: str) -> None:
    done = process("extcap", *arguments, "--lang", "en")
    assert done.returncode in (1, 2)
    assert told in done.stderr.decode()
    assert b"Traceback" not in done.stderr


class Reader(threading.Thread):
    """Reads a pipe into a file, until it ends or ``most`` bytes were read."""

    def __init__(self, pipe: Path, file: Path, most: int | None = None) -> None:
        super().__init__(daemon=True)
        self._pipe, self._file, self._most = pipe, file, most

    def run(self) -> None:
        with open(self._pipe, "rb", buffering=0) as pipe, open(self._file, "wb") as file:
            read = 0
            while (self._most is None or read < self._most) and (piece := pipe.read(1 << 16)):
                file.write(piece)
                read += len(piece)


@contextmanager
def capturing(lab: Lab, folder: Path, most: int | None = None, *more: str) -> Iterator[tuple[Capturing, Path, Reader]]:
    """Capture on the wire; yield the command, the file that its pipe is read into, and who reads."""
    pipe, file = folder / "pipe", folder / "read.pcapng"
    os.mkfifo(pipe)
    reader = Reader(pipe, file, most)
    reader.start()
    command = ("extcap", "--capture", "--extcap-interface", NAME, "--fifo", pipe, "--lang", "en", *more)
    with Capturing(lab, *command, sockets=1) as ours:
        yield ours, file, reader


def frames_of(path: Path) -> list[bytes]:
    reader = CaptureReader(path)
    try:
        return [
            batch.data[one["offset"] : one["offset"] + one["captured"]].tobytes()
            for batch in reader.batches()
            for one in batch.frames
        ]
    finally:
        reader.close()


def comments_of(path: Path) -> list[tuple[int, str]]:
    """Return the comments of a capture as tshark reads them, a row each."""
    fields = ("-T", "fields", "-E", "aggregator=\x1f", "-e", "frame.number", "-e", "frame.comment")
    done = subprocess.run(["tshark", "-r", path, "-Y", "frame.comment", *fields], capture_output=True, check=True)
    rows = (line.split("\t") for line in done.stdout.decode().splitlines())
    return [(int(number), text) for number, texts in rows for text in texts.split("\x1f")]


def changes_of(path: Path) -> list[tuple[int, str]]:
    """Return what the comments have to be: the transitions as they come."""
    spelled = {state.name: text for state, text in WINDOWS.states.items()}
    found = []
    with pcapstate.open(path) as session:
        for one in session.transitions(revisions=True):
            if one.packet is None:
                continue
            doubt = "" if one.certainty in ("seen", "timer") else f" ({one.certainty})"
            states = f"{spelled[one.from_state]} → {spelled[one.to_state]}"
            text = f"{one.endpoint} {states}: {one.cause}{doubt} [connection {one.connection}]"
            found.append((one.packet, text))
    return sorted(found, key=lambda one: one[0])


@needs_tshark
def test_what_wireshark_reads_is_what_was_captured_with_the_changes_as_comments(lab: Lab, tmp_path: Path) -> None:
    beside = tmp_path / "tcpdump.pcap"
    dump = ["tcpdump", "-i", WIRE, "-U", "-B", "8192", "-s", "0", "-w", str(beside), "tcp port 8765"]
    with (
        capturing(lab, tmp_path, None, "--extcap-capture-filter", "tcp port 8765") as (ours, file, reader),
        subprocess.Popen([*lab.ours, *dump], stderr=subprocess.PIPE) as other,
    ):
        assert other.stderr is not None
        while b"listening" not in other.stderr.readline():
            assert other.poll() is None
        lab.talk(lab.peers, OURS, count=20, size=3_000)
        _, err, code = ours.end(signal.SIGTERM)
        reader.join(10)
        # What waits in its buffer when it ends is lost.
        time.sleep(1.5)
        other.send_signal(signal.SIGINT)
    assert (err, code) == ("", 0)
    captured, known = frames_of(file), frames_of(beside)
    # Packets of both directions that come at once may be in either order.
    for source in (OURS, PEERS):
        sent = [[one for one in frames if one[26:30] == socket.inet_aton(source)] for frames in (captured, known)]
        assert sent[0] == sent[1]
    assert len(captured) == len(known)
    assert len(captured) > 150
    found = comments_of(file)
    assert found == changes_of(file)
    assert len(found) > 150
    # The statistics of the interface stand at the end: nothing was dropped.
    with file.open("rb") as read:
        assert b"\x05\x00\x00\x00" in read.read()[-64:]


def test_it_ends_once_nobody_reads(lab: Lab, tmp_path: Path) -> None:
    with capturing(lab, tmp_path, 400) as (ours, _, reader):
        lab.talk(lab.peers, OURS)
        reader.join(20)
        assert not reader.is_alive()
        lab.talk(lab.peers, OURS)
        _, err, code = ours.end(None)
    assert (err, code) == ("", 0)


def extcap_folder() -> str:
    told = subprocess.run(["tshark", "-G", "folders"], capture_output=True, check=True).stdout.decode()
    known = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    return known.get("Global Extcap path", known.get("Extcap path", "")).strip()


@needs_tshark
def test_tshark_captures_with_it(lab: Lab, tmp_path: Path) -> None:
    programs, file = tmp_path / "extcap", tmp_path / "written.pcapng"
    programs.mkdir()
    (programs / "pcapstate").write_bytes(launcher())
    (programs / "pcapstate").chmod(0o755)
    place = extcap_folder()
    os.makedirs(place, exist_ok=True)
    # In a name space of its own the folder holds just our program.
    script = f"mount --bind {programs} {place} && exec tshark -q -i {NAME} -f 'tcp port 8765' -w {file}"
    command = [*lab.ours, "unshare", "--mount", "sh", "-c", script]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "HOME": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as tshark:
        assert tshark.stderr is not None
        while b"Capturing on" not in (line := tshark.stderr.readline()):
            assert tshark.poll() is None, line
        waiting = threading.Event()
        packets = Path(f"/proc/{tshark.pid}/net/packet")
        while len(packets.read_text("ascii").splitlines()) < 2:
            assert not waiting.wait(0.1)
        waiting.wait(1)
        lab.talk(lab.peers, OURS, count=3)
        waiting.wait(1)
        tshark.send_signal(signal.SIGINT)
        tshark.wait(20)
    found = comments_of(file)
    assert found == changes_of(file)
    assert any("ESTABLISHED" in text for _, text in found)


def test_the_launcher_runs_this_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    there: Folders = folders()
    assert there.launcher.parent == tmp_path / ".local/lib/wireshark/extcap"
    path = tmp_path / "pcapstate"
    path.write_bytes(launcher())
    path.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run([path, "--extcap-interfaces"], capture_output=True, check=True, cwd="/", env=environment)
    assert done.stdout.startswith(b"extcap {version=")
