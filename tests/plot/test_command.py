"""``pcapstate plot``: what it draws, where to, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import pytest

import pcapstate
from pcapstate.cli.plot import PROGRAMS
from tests.helpers.paths import PCAPS
from tests.helpers.running import dangerous, ended, process, run
from tests.helpers.terminals import in_terminal

EXAMPLE = PCAPS / "example.pcapng"


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        ("svg", b"<svg "),
        ("SVG", b"<svg "),
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("txt", b"Connections by state over time\n"),
        ("csv", b"time,state,count,largest\r\n"),
        ("jsonl", b'{"time": '),
    ],
)
def test_the_suffix_selects_the_format(tmp_path: Path, suffix: str, begins: bytes) -> None:
    path = tmp_path / f"states.{suffix}"
    done = run("plot", EXAMPLE, "-o", path)
    assert (done.exit_code, done.stdout) == (0, "")
    assert path.read_bytes().startswith(begins)
    assert list(tmp_path.iterdir()) == [path]


def test_formats_for_programs_have_the_same_rows() -> None:
    rows = [json.loads(line) for line in run("plot", EXAMPLE, "--format", "jsonl").stdout.splitlines()]
    assert json.loads(run("plot", EXAMPLE, "--format", "json").stdout) == rows
    found = csv.DictReader(io.StringIO(run("plot", EXAMPLE, "--format", "csv").stdout))
    assert [(one["state"], int(one["count"]), int(one["largest"])) for one in found] == [
        (row["state"], row["count"], row["largest"]) for row in rows
    ]
    # Parquet is no text; tests/test_records.py reads it.
    for name in set(PROGRAMS) - {"parquet"}:
        assert run("plot", EXAMPLE, "--format", name).stdout.count("ESTABLISHED") == len(
            [row for row in rows if row["state"] == "ESTABLISHED"]
        )


def test_the_library_has_the_same_rows() -> None:
    rows = [
        json.loads(line) for line in run("plot", EXAMPLE, "--every", "2.5", "--format", "jsonl").stdout.splitlines()
    ]
    with pcapstate.open(EXAMPLE) as session:
        found = session.states_over_time(2.5)
        assert [(one.state, one.count, one.largest) for one in found] == [
            (row["state"], row["count"], row["largest"]) for row in rows
        ]
        assert found.text() == run("plot", EXAMPLE, "--utc").stdout
        assert found.svg() == run("plot", EXAMPLE, "--utc", "--format", "svg").stdout
        assert isinstance(found[0], pcapstate.StateCount)
        assert found[1:3] == list(found)[1:3]


def test_a_pipe_is_drawn_as_the_file() -> None:
    data = (PCAPS / "office.pcapng").read_bytes()
    piped = process("plot", "-", "--utc", stdin=data)
    assert piped.returncode == 0
    assert piped.stdout.decode() == run("plot", PCAPS / "office.pcapng", "--utc").stdout


def test_whose_states_it_draws() -> None:
    assert "\non 10.0.0.5, the one host in every connection\n" in run("plot", EXAMPLE).stdout
    assert "\non 192.0.2.80\n" in run("plot", PCAPS / "close-by-client.pcap", "--local", "192.0.2.80").stdout
    assert "\nstates of servers\n" in run("plot", EXAMPLE, "--side", "server").stdout
    done = run("plot", EXAMPLE, "--local", "10.9.9.9")
    assert "pcapstate: 10.9.9.9 is in no connection of this capture\n" in done.stderr
    assert done.exit_code == 0


def test_states_in_any_spelling_and_style() -> None:
    drawn = run("plot", EXAMPLE, "--state", "syn-recv,FIN_WAIT2", "--style", "linux").stdout
    assert [line.split()[0] for line in drawn.splitlines() if "│" in line and line[0] != " "] == [
        "all",
        "SYN_RECV",
        "FIN_WAIT2",
    ]


def test_moments() -> None:
    drawn = run("plot", EXAMPLE, "--from", "2", "--at", "9", "--relative").stdout
    assert "\n2.000000 to 9.000000\n" in drawn
    assert drawn.splitlines()[-1].split()[:3] == ["2.0s", "2.5s", "3.0s"]


def test_a_terminal_has_colours_and_its_width() -> None:
    with in_terminal("plot", EXAMPLE, "--utc") as terminal:
        assert terminal.ended() == 0
        output = terminal.output.decode()
    assert "\x1b[32mESTABLISHED\x1b[0m" in output
    assert len(output.splitlines()) <= 30


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with in_terminal("plot", EXAMPLE, "--utc", "--ascii") as terminal:
        assert terminal.ended() == 0
        output = terminal.output.decode()
    assert "\x1b" not in output
    assert output.isascii()


def test_a_terminal_without_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    with in_terminal("plot", EXAMPLE, "--utc") as terminal:
        assert terminal.ended() == 0
        assert "│" not in terminal.output.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--local", "10.0.0.5", "--side", "client"), "--local and --side exclude each other"),
        (("--local", "nowhere"), "nowhere"),
        (("--every", "5"), "--every goes with the formats for programs"),
        (("--every", "0", "--format", "csv"), '"0" is too short'),
        (("--every", "soon", "--format", "csv"), '"soon" is not a duration'),
        (("--every", "1ns", "--format", "csv"), "--every makes more than 1,000,000 moments"),
        (("--from", "#3"), "--from takes a time, not a packet"),
        (("--from", "1h"), "1h is after the last moment of the capture (--from)"),
        (("--state", "OPEN"), 'no state is called "OPEN"'),
        (("--filter", "nothing = 1"), "nothing"),
        (("--utc", "--relative"), "--utc and --relative exclude each other"),
        (("--at", "-99"), "is before the capture's first packet"),
    ],
)
def test_a_wrong_call_is_one_line(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    code, err = ended(capfd, monkeypatch, "plot", str(EXAMPLE), *arguments)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_png_needs_pillow(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    for module in ("Image", "ImageDraw", "ImageFont", "PngImagePlugin"):
        monkeypatch.setitem(sys.modules, f"PIL.{module}", None)
    code, err = ended(capfd, monkeypatch, "plot", str(EXAMPLE), "-o", str(tmp_path / "states.png"))
    assert code == 2
    assert err == "pcapstate: a PNG needs Pillow: pip install 'pcapstate[plot]'; SVG needs nothing\n"
    assert not list(tmp_path.iterdir())
    assert ended(capfd, monkeypatch, "plot", str(EXAMPLE), "-o", str(tmp_path / "states.svg")) == (0, "")


def test_a_png_does_not_go_to_a_terminal() -> None:
    with in_terminal("plot", EXAMPLE, "--format", "png") as terminal:
        assert terminal.ended() == 2
        assert b"a PNG does not go to a terminal" in terminal.output
    assert process("plot", EXAMPLE, "--format", "png").stdout.startswith(b"\x89PNG")


def test_the_capture_is_not_overwritten(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "capture.png"
    shutil.copy(EXAMPLE, path)
    code, err = ended(capfd, monkeypatch, "plot", str(path), "-o", str(path))
    assert code == 2
    assert "would replace the capture" in err
    assert path.read_bytes() == EXAMPLE.read_bytes()


def test_what_is_missing_is_said() -> None:
    damaged = run("plot", PCAPS / "damaged-last-packet.pcap")
    assert damaged.exit_code == 1
    assert "the file ends in the middle of a packet" in damaged.stderr
    assert "TIME_WAIT" in damaged.stdout
    none = run("plot", PCAPS / "link-types-wireless.pcapng", "--filter", "server_port = 1")
    assert none.exit_code == 0
    done = run("plot", EXAMPLE, "--filter", "server_port = 1")
    assert "no connection matches the filter; there are 13 without it" in done.stderr
    closed = run("plot", PCAPS / "stray-reset.pcap", "--state", "LAST_ACK")
    assert closed.stdout.splitlines()[-2].endswith("│") or "│" in closed.stdout


@pytest.mark.parametrize("name", sorted(path.name for path in PCAPS.glob("hostile-*") if path.suffix != ".expected"))
def test_nothing_of_a_capture_reaches_the_output_unescaped(name: str) -> None:
    done = run("plot", PCAPS / name)
    assert dangerous(done.stdout + done.stderr) == []


def test_japanese() -> None:
    done = run("plot", EXAMPLE, "--lang", "ja")
    assert done.stdout.startswith("状態別の接続数の推移\nホスト 10.0.0.5 ")
    assert "\n合計 " in done.stdout
