"""``pcapstate diagram``: which connection it draws, where to, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pcapstate.cli.session import Session
from tests.helpers.paths import PCAPS
from tests.helpers.running import ended, process, run

EXAMPLE = PCAPS / "example.pcapng"


def test_without_a_capture_the_whole_figure() -> None:
    done = run("diagram")
    assert done.exit_code == 0
    assert "(16)  SYN_SENT     -> CLOSED        received RST: refused (assumed)\n" in done.stdout
    assert done.stderr == ""


def test_the_connection_with_the_most_to_see() -> None:
    done = run("diagram", EXAMPLE)
    assert "connection 1\n" in done.stdout
    first, second = done.stderr.splitlines()
    assert first == "pcapstate: connection 1 of 13 is drawn; --connection N draws another"
    assert second.startswith("pcapstate: others: 0 (open), 2 (open), 3 (closed), ")


def test_a_connection_by_number() -> None:
    done = run("diagram", EXAMPLE, "--connection", 7)
    assert "connection 7\n\nc  client 10.0.0.5:51824\n" in done.stdout
    assert done.stderr == ""


def test_a_connection_by_filter() -> None:
    done = run("diagram", EXAMPLE, "--filter", "outcome = 'reset by server'", "--lang", "ja")
    assert "接続 11\n" in done.stdout
    assert "最後の状態: CLOSED\n" in done.stdout


def test_the_path_up_to_a_moment() -> None:
    found = run("diagram", PCAPS / "close-by-client.pcap", "--at", "#8").stdout
    assert "at the end: FIN_WAIT_1\n" in found
    assert "at the end: CLOSE_WAIT\n" in found
    assert "#9" not in found


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        (".svg", "<svg "),
        (".mmd", "stateDiagram-v2\n"),
        (".dot", "digraph "),
        (".gv", "digraph "),
        (".txt", "  [  L"),
    ],
)
def test_the_suffix_selects_the_format(tmp_path: Path, suffix: str, begins: str) -> None:
    path = tmp_path / f"path{suffix}"
    done = run("diagram", EXAMPLE, "--quiet", "--output", path)
    assert (done.exit_code, done.output) == (0, "")
    assert path.read_text(encoding="utf-8").startswith(begins)


def test_the_format_counts_more_than_the_suffix(tmp_path: Path) -> None:
    run("diagram", "--format", "dot", "--output", tmp_path / "path.svg")
    assert (tmp_path / "path.svg").read_text().startswith("digraph ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--connection", "3"], "--connection, --filter and --at need a capture"),
        (["-"], "the capture is read twice: give a file, not standard input"),
        ([str(EXAMPLE), "--connection", "99"], "there is no connection 99; the capture has 13"),
        ([str(EXAMPLE), "--connection", "1", "--filter", "port = 53"], "--connection and --filter exclude each other"),
        ([str(EXAMPLE), "--filter", "port = 9"], "no connection matches; there are 13 without the filter"),
        ([str(PCAPS / "damaged-empty.pcap")], "empty"),
        ([str(EXAMPLE), "--filter", "nothing = 9"], "nothing"),
    ],
)
def test_what_it_refuses(
    arguments: list[str], said: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, err = ended(capfd, monkeypatch, "diagram", *arguments)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_capture_without_tcp() -> None:
    done = process("diagram", PCAPS / "wireless-encrypted.pcap")
    assert done.returncode == 2
    assert b"the capture has no TCP connection" in done.stderr


def test_a_damaged_capture_is_drawn_as_far_as_it_goes() -> None:
    done = run("diagram", PCAPS / "damaged-last-packet.pcap")
    assert done.exit_code == 1
    assert "LAST_ACK" in done.stdout
    assert done.stderr.count("the file ends in the middle of a packet") == 1


def test_the_capture_is_not_replaced(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "capture.pcapng"
    shutil.copy(EXAMPLE, path)
    code, err = ended(capfd, monkeypatch, "diagram", str(path), "--output", str(path))
    assert code == 2
    assert "--output would replace the capture" in err
    assert path.read_bytes() == EXAMPLE.read_bytes()


@pytest.mark.parametrize("command", ["diagram", "explain"])
def test_ctrl_c_while_the_connection_is_looked_for(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    read = Session.read

    def interrupted(session: Session) -> None:
        nonlocal count
        count += 1
        read(session)
        session.interrupted = True

    monkeypatch.setattr(Session, "read", interrupted)
    assert run(command, EXAMPLE).exit_code == 1
    assert count == 1
