"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from pcapstate import __version__
from pcapstate.cli.main import cli
from tests.helpers.captures import pcap, story_frames
from tests.helpers.paths import PCAPS
from tests.helpers.running import COMMAND, process, run
from tests.helpers.stories import Variant, parse
from tests.helpers.story_texts import OPEN, STORIES, TALK


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "talk.pcap"
    path.write_bytes(pcap(story_frames(parse(STORIES["half_close"]))))
    return path


def test_timeline_has_the_fields_of_the_design(capture: Path) -> None:
    result = run("timeline", capture, "--format", "jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert rows[0] == {
        "time": 1700000000.5, "packet": 1, "connection": 0, "endpoint": "client", "address": "10.0.0.1:51000",
        "local_address": "10.0.0.1", "local_port": 51000,
        "peer": "10.0.0.2:80", "foreign_address": "10.0.0.2", "foreign_port": 80,
        "from": "CLOSED", "to": "SYN_SENT", "cause": "sent SYN", "certainty": "seen",
    }  # fmt: skip
    assert [row["to"] for row in rows if row["endpoint"] == "server"] == [
        "SYN_RECEIVED", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED",
    ]  # fmt: skip
    assert '"time": 1700000000.500000000' in result.stdout
    assert result.stderr == ""
    assert result.exit_code == 0


def test_a_timer_has_no_packet(tmp_path: Path) -> None:
    path = tmp_path / "long.pcap"
    late = parse("+ 100 -> -, -\nC S 9 0 0 -> -, -")
    path.write_bytes(pcap(story_frames(parse(STORIES["fin_answered_by_fin"]) + late)))
    rows = [json.loads(line) for line in run("timeline", path, "--format", "jsonl").stdout.splitlines()]
    (timer,) = [row for row in rows if row["certainty"] == "timer"]
    assert timer["packet"] is None
    assert (timer["from"], timer["to"]) == ("TIME_WAIT", "CLOSED")
    assert rows.index(timer) == len(rows) - 2
    rows = [json.loads(x) for x in run("timeline", path, "--format", "jsonl", "--time-wait", "500").stdout.splitlines()]
    assert not [row for row in rows if row["certainty"] == "timer"]


def test_connections_have_the_fields_of_the_design(capture: Path) -> None:
    (row,) = [json.loads(line) for line in run("connections", capture, "--format", "jsonl").stdout.splitlines()]
    expected = {
        "connection": 0, "client": "10.0.0.1:51000", "client_address": "10.0.0.1", "client_port": 51000,
        "server": "10.0.0.2:80", "server_address": "10.0.0.2", "server_port": 80, "client_state": "TIME_WAIT",
        "server_state": "CLOSED", "opened": 1700000000.5, "last": 1700000004.5, "outcome": "closed",
        "handshake_seen": True, "client_packets": 5, "server_packets": 4, "client_bytes": 0, "server_bytes": 100,
        "retransmissions": 0,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_netstat_rows(tmp_path: Path) -> None:
    path = tmp_path / "open.pcap"
    path.write_bytes(pcap(story_frames(parse(OPEN + TALK))))
    rows = json.loads(run("netstat", "-a", path, "--local", "10.0.0.2", "--format", "json").stdout)
    assert rows == [
        {"proto": "tcp", "local_address": "10.0.0.2", "local_port": 80, "foreign_address": "0.0.0.0",
         "foreign_port": 0, "state": "LISTEN", "pid": None, "program": None, "connection": None},
        {"proto": "tcp", "local_address": "10.0.0.2", "local_port": 80, "foreign_address": "10.0.0.1",
         "foreign_port": 51000, "state": "ESTABLISHED", "pid": None, "program": None, "connection": 0},
    ]  # fmt: skip


def test_netstat_says_whose_it_is(tmp_path: Path) -> None:
    one, two = tmp_path / "one.pcap", tmp_path / "two.pcap"
    frames = story_frames(parse(OPEN))
    one.write_bytes(pcap(frames))
    assert "each connection from its client's side" in run("netstat", one).stdout
    other = [(at, frame.replace(bytes([10, 0, 0, 2]), bytes([10, 0, 0, 3]))) for at, frame in frames]
    two.write_bytes(pcap(frames + other))
    shown = run("netstat", two).stdout
    assert "Active Connections, on 10.0.0.1, the one host in every connection" in shown
    assert shown.count("ESTABLISHED") == 2
    assert "10.0.0.2:http" in shown
    assert "10.0.0.2:80" in run("netstat", "-n", two).stdout
    assert run("netstat", two, "--local", "10.0.0.3").stdout.count("ESTABLISHED") == 1
    assert run("netstat", two, "--local", "10.0.0.0/24").stdout.count("ESTABLISHED") == 4
    nobody = run("netstat", two, "--local", "192.0.2.1")
    assert "ESTABLISHED" not in nobody.stdout
    assert nobody.stderr == (
        "pcapstate: 192.0.2.1 is in no connection of this capture\n"
        "pcapstate: --local selects another host; hosts with the most connections: 10.0.0.1, 10.0.0.2, 10.0.0.3\n"
    )
    wrong = run("netstat", two, "--local", "example")
    assert wrong.exit_code == 2
    assert "neither an IP address nor a network" in wrong.stderr


def test_no_listening_port_without_a_syn_ack(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcap"
    path.write_bytes(pcap(story_frames(parse(STORIES["refused"]))))
    assert "LISTENING" not in run("netstat", "-a", path).stdout
    assert json.loads(run("netstat", "-a", path, "--format", "json").stdout) == []


def test_settled_by_default_and_revisions_on_request(tmp_path: Path) -> None:
    path = tmp_path / "lost.pcap"
    path.write_bytes(pcap(story_frames(parse(STORIES["fin_again_means_the_last_ack_was_lost"]))))
    settled = run("timeline", path, "--format", "jsonl")
    assert "revised" not in settled.stdout
    assert "disproved 1 assumption;" in settled.stderr
    raw = run("timeline", path, "--format", "jsonl", "--revisions").stdout
    revised = [json.loads(line) for line in raw.splitlines() if "revised" in line]
    assert [(row["from"], row["to"]) for row in revised] == [("CLOSED", "LAST_ACK")]
    # From a pipe, rows go out as they come.
    assert process("timeline", "-", "--format", "jsonl", stdin=path.read_bytes()).stdout.decode() == raw


def test_one_connection_only(capture: Path) -> None:
    assert run("timeline", capture, "--connection", "0").stdout == run("timeline", capture).stdout
    wrong = run("timeline", capture, "--connection", "1")
    assert wrong.exit_code == 2
    assert "there is no connection 1" in wrong.stderr


@pytest.mark.parametrize("command", ["timeline", "connections", "netstat"])
@pytest.mark.parametrize("format_", ["table", "json", "jsonl", "csv"])
def test_standard_input_gives_the_same(capture: Path, command: str, format_: str) -> None:
    piped = process(command, "-", "--format", format_, stdin=capture.read_bytes())
    read = run(command, capture, "--format", format_)
    if format_ == "table":
        assert piped.stdout.split() == read.stdout_bytes.split()
    else:
        assert piped.stdout == read.stdout_bytes
    assert piped.stderr == read.stderr_bytes == b""


def test_several_captures_are_one_in_time_order(tmp_path: Path, capture: Path) -> None:
    frames = story_frames(parse(STORIES["half_close"]))
    first, second = tmp_path / "a.pcap", tmp_path / "b.pcap"
    first.write_bytes(pcap(frames[1::2]))
    second.write_bytes(pcap(frames[0::2]))
    for command in ("timeline", "connections"):
        merged = run(command, first, second, "--format", "jsonl").stdout
        assert merged == run(command, capture, "--format", "jsonl").stdout


def test_what_is_skipped_is_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "mixed.pcap"
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    udp = bytes(12) + b"\x08\x00" + bytes.fromhex("4500001c000000004011000001010101020202020000000000080000")
    path.write_bytes(pcap([(1, arp), (2, udp), (3, arp)]))
    result = run("connections", path)
    assert result.stderr.splitlines()[0] == "pcapstate: 3 frames are not TCP: 2 ARP, 1 UDP"
    assert result.exit_code == 0
    quiet = run("connections", path, "--quiet")
    assert (quiet.stdout, quiet.stderr, quiet.exit_code) == (result.stdout, "", 0)
    other = tmp_path / "other.pcap"
    other.write_bytes(pcap([(1, bytes(40))] * 12, linktype=195))
    assert run("connections", other).stderr == (
        "pcapstate: 12 frames could not be read: 12 802.15.4\npcapstate: no frame has a readable TCP segment\n"
    )
    both = tmp_path / "both.pcap"
    both.write_bytes(pcap([(1, arp), (2, udp[:20])]))
    assert run("connections", both).stderr == (
        "pcapstate: 1 frame could not be read: 1 cut off in the IP header\npcapstate: 1 frame is not TCP: 1 ARP\n"
        "pcapstate: no frame has a readable TCP segment; pcapstate netstat -e -s counts the others\n"
    )


def test_quiet_leaves_errors(tmp_path: Path, capture: Path) -> None:
    capture.write_bytes(capture.read_bytes()[:-1])
    result = run("connections", capture, "--quiet")
    assert (result.stderr.count("\n"), result.exit_code) == (1, 1)
    assert "ends in the middle" in result.stderr
    assert run("connections", capture, "--quiet", "--at", "1h").stderr == result.stderr


BAD = {
    "missing": (None, "no such file"),
    "empty": (b"", "the file is empty"),
    "text": (b"Hello, this is no capture at all.\n", "not a capture file"),
    "short header": (b"\xd4\xc3\xb2\xa1\x02\x00", "ends inside the pcap header"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(40), "zstd"),
    "snoop": (b"snoop\x00\x00\x00" + bytes(40), "editcap"),
}


@pytest.mark.parametrize("name", BAD)
def test_no_capture_is_one_line_and_code_2(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    path = tmp_path / "bad.pcap"
    if data is not None:
        path.write_bytes(data)
    done = process("connections", path)
    assert done.returncode == 2
    assert done.stdout == b""
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_directory_and_a_file_without_permission(tmp_path: Path) -> None:
    assert b"no capture file in it" in process("netstat", tmp_path).stderr
    if os.geteuid() != 0:
        secret = tmp_path / "secret.pcap"
        secret.write_bytes(b"")
        secret.chmod(0)
        assert b"no permission" in process("netstat", secret).stderr


@pytest.mark.parametrize("keep", [-3, -20])
def test_a_cut_off_capture_shows_what_it_has(tmp_path: Path, capture: Path, keep: int) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(capture.read_bytes()[:keep])
    done = process("connections", path, "--format", "jsonl")
    assert done.returncode == 1
    assert json.loads(done.stdout)["server_state"] == "LAST_ACK"
    assert b"ends in the middle of a packet at byte" in done.stderr
    assert b"8 packets read before that" in done.stderr


def test_an_impossible_length_shows_what_came_before(tmp_path: Path, capture: Path) -> None:
    data = bytearray(capture.read_bytes())
    second = 24 + 16 + 54
    data[second + 8 : second + 12] = (2**31).to_bytes(4, "little")
    path = tmp_path / "length.pcap"
    path.write_bytes(data)
    done = process("connections", path, "--format", "jsonl")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outcome"] == "unanswered"
    assert f"a packet's length field is impossible at byte {second}; 1 packet read".encode() in done.stderr


def test_names_are_escaped(tmp_path: Path) -> None:
    done = process("connections", tmp_path / "\x1b[31mred\x1b[0m\u202e.pcap")
    assert b"\x1b" not in done.stderr
    assert b"\\x1b[31mred" in done.stderr
    assert b"\\u202e" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["connections"], ["connections", "x", "-i", "lo"], ["connections", "x", "--filter", "tcp"], ["nothing"],
     ["timeline", "x", "--connection", "-1"], ["netstat", "x", "--format", "xml"]],
)  # fmt: skip
def test_contradictory_calls_are_code_2(arguments: list[str]) -> None:
    done = process(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(b"pcapstate: ")
    assert done.stderr.count(b"\n") == 1


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    path = tmp_path / "many.pcap"
    frames = []
    for port in range(3000):
        syn = bytearray(story_frames(parse("C S 0 0 0 -> -, -"))[0][1])
        syn[34:36] = (1024 + port).to_bytes(2, "big")
        frames.append((port, bytes(syn)))
    path.write_bytes(pcap(frames))
    with subprocess.Popen(
        [*COMMAND, "timeline", str(path), "--format", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ours:
        assert ours.stdout is not None
        assert ours.stderr is not None
        ours.stdout.readline()
        ours.stdout.close()
        assert ours.stderr.read() == b""
        assert ours.wait(30) == 0


def test_a_full_disk_is_an_error(capture: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "connections", str(capture)], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_ctrl_c_shows_what_is_known(capture: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "connections", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ours:
        assert ours.stdin is not None
        ours.stdin.write(capture.read_bytes())
        ours.stdin.flush()
        time.sleep(1.5)
        ours.send_signal(signal.SIGINT)
        out, err = ours.communicate(timeout=30)
    assert b"TIME_WAIT" in out
    assert b"interrupted" in err
    assert b"Traceback" not in err
    assert ours.returncode == 1


def test_a_timeline_from_a_pipe_is_printed_as_it_comes(capture: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "timeline", "-", "--format", "jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as ours:
        assert ours.stdin is not None
        assert ours.stdout is not None
        data = capture.read_bytes()
        ours.stdin.write(data[: 24 + 16 + 54])
        ours.stdin.flush()
        assert json.loads(ours.stdout.readline())["to"] == "SYN_SENT"
        ours.stdin.write(data[24 + 16 + 54 :])
        ours.stdin.close()
        assert b"LAST_ACK" in ours.stdout.read()


@pytest.mark.parametrize("option", ["--time-wait", "--duration"])
def test_not_a_number_is_refused(capture: Path, option: str) -> None:
    done = process("connections", capture, option, "nan")
    assert done.returncode == 2
    assert b"is not a number" in done.stderr


def test_closed_standard_output_is_one_line(capture: Path) -> None:
    line = f"'{sys.executable}' -m pcapstate connections '{capture}' >&-"
    done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == b"pcapstate: standard output is closed\n"


def test_a_connection_that_a_pipe_does_not_have(capture: Path) -> None:
    done = process("timeline", "-", "--connection", "9", stdin=capture.read_bytes())
    assert done.returncode == 2
    assert b"there is no connection 9" in done.stderr


def test_each_damaged_capture_counts_its_own_packets(tmp_path: Path, capture: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(capture.read_bytes()[:-3])
    done = process("connections", cut, capture)
    assert b"8 packets read before that" in done.stderr


def test_version_help_and_completion() -> None:
    assert run("--version").stdout == f"pcapstate {__version__}\n"
    for command in ("netstat", "timeline", "connections", "completion"):
        shown = run(command, "--help").stdout
        assert "Examples:" in shown
        assert "pcapstate " + command in shown
    for shell in ("bash", "zsh", "fish"):
        assert "_PCAPSTATE_COMPLETE" in run("completion", shell).stdout


def test_kernels_that_run_compiled_are_not_imported_too(capture: Path) -> None:
    script = (
        "import sys\nfrom pcapstate.cli.main import cli\n"
        f"cli(['connections', {str(capture)!r}, '--format', 'csv'], standalone_mode=False)\n"
        "kernels = {'pcapstate.decode.frames', 'pcapstate.tcp.tracker', 'pcapstate.tcp.fin'}\n"
        "print(sorted(kernels & set(sys.modules)), file=sys.stderr)"
    )
    environment = {**os.environ, "PCAPSTATE_KERNELS": "compiled"}
    for _ in range(2):  # the first run may compile them, and says so
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, timeout=120, check=True, env=environment
        )
    assert done.stderr == b"[]\n"


def test_the_mirrored_story_has_the_same_roles(tmp_path: Path) -> None:
    path = tmp_path / "mirrored.pcap"
    path.write_bytes(pcap(story_frames(parse(STORIES["half_close"]), Variant(mirrored=True))))
    (row,) = [json.loads(line) for line in run("connections", path, "--format", "jsonl").stdout.splitlines()]
    assert (row["client"], row["client_state"]) == ("10.0.0.2:81", "TIME_WAIT")


def test_ctrl_c_while_it_starts_is_one_line() -> None:
    script = (
        "import builtins\nplain = builtins.__import__\n"
        "def load(name, *more, **others):\n"
        "    if name == 'cli.main':\n        raise KeyboardInterrupt\n"
        "    return plain(name, *more, **others)\n"
        "builtins.__import__ = load\nfrom pcapstate.__main__ import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "pcapstate: interrupted\n")


def test_a_zone_is_no_part_of_an_address_in_packets() -> None:
    """Nor would what stands for one be fit to be shown."""
    example = PCAPS / "example.pcapng"
    result = CliRunner().invoke(cli, ["netstat", str(example), "--local", "fe80::1%\x1b[31mred"])
    assert result.exit_code == 2
    assert "\x1b" not in result.output
