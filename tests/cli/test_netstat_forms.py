"""Tables in the very form of Windows, Linux and macOS, and the letters of Linux: what scripts and habits count on."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jc
import pytest

from pcapstate.cli.netstat_letters import told_apart
from tests.helpers.paths import PCAPS
from tests.helpers.running import run

OFFICE = PCAPS / "office.pcapng"
WHOSE = ("--local", "10.0.0.5", "--local", "2001:db8:5::/64")
SYSTEMS = ("windows", "linux", "macos")


def shown(*arguments: str | Path) -> str:
    result = run("netstat", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def rows(*options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shown(OFFICE, *WHOSE, "--format", "json", *options))
    return found


LINUX_TITLES = "Proto Recv-Q Send-Q Local Address           Foreign Address         State      "
MACOS_TITLES = "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)    "
WINDOWS_TITLES = "  Proto  Local Address          Foreign Address        State"


@pytest.mark.parametrize(
    ("options", "heading"),
    [
        (["--style", "linux"], ["Active Internet connections (w/o servers)", LINUX_TITLES]),
        (["--style", "linux", "-a"], ["Active Internet connections (servers and established)", LINUX_TITLES]),
        (["-t"], ["Active Internet connections (w/o servers)", LINUX_TITLES]),
        (["-tl"], ["Active Internet connections (only servers)", LINUX_TITLES]),
        (["-tap"], ["Active Internet connections (servers and established)", LINUX_TITLES + " PID/Program name    "]),
        (["--style", "macos"], ["Active Internet connections", MACOS_TITLES]),
        (["--style", "macos", "-a"], ["Active Internet connections (including servers)", MACOS_TITLES]),
        (["--style", "macos", "-t"], ["Active Internet connections", MACOS_TITLES]),
        (["--style", "windows"], ["", "Active Connections", "", WINDOWS_TITLES]),
        (["--style", "windows", "-ao"], ["", "Active Connections", "", WINDOWS_TITLES + "           PID"]),
    ],
)
def test_headings(options: list[str], heading: list[str]) -> None:
    """As net-tools 2.10, Apple's netstat and Windows 10 print them."""
    result = run("netstat", OFFICE, "-n", *WHOSE, *options)
    assert result.stdout.split("\n")[: len(heading)] == heading
    # Whose netstat it is stands beside the table, not in it.
    assert "pcapstate: Connections, on 10.0.0.5, 2001:db8:5::/64\n" in result.stderr


def test_the_heading_is_that_of_net_tools() -> None:
    """Where net-tools is installed: its very lines."""
    real = shutil.which("netstat")
    version = subprocess.run([real, "--version"], capture_output=True, text=True).stdout if real else ""
    if real is None or "net-tools" not in version:
        pytest.skip("netstat of net-tools is not installed")
    for letters in ("-tn", "-tan", "-tln", "-tanp", "-tulpn", "-anp4"):
        done = subprocess.run([real, letters], capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/bin"})
        expected = done.stdout.split("\n")[:2]
        assert shown(OFFICE, letters, *WHOSE).split("\n")[:2] == expected, letters


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        (
            "linux",
            [
                "tcp        0      0 10.0.0.5:8000           0.0.0.0:*               LISTEN     ",
                "tcp        0      1 10.0.0.5:49211          192.0.2.199:443         SYN_SENT   ",
                "tcp        0      0 10.0.0.5:49217          203.0.113.90:80         FIN_WAIT2  ",
                "tcp6       0      0 2001:db8:5::ff:fe00:5:49214 2001:db8:80::10:443     ESTABLISHED",
                "udp        0      0 10.0.0.5:5060           0.0.0.0:*                          ",
            ],
        ),
        (
            "macos",
            [
                "tcp4       0      0  10.0.0.5.8000          *.*                    LISTEN     ",
                "tcp4       0      1  10.0.0.5.49211         192.0.2.199.443        SYN_SENT   ",
                "udp4       0      0  10.0.0.5.5060          *.*                               ",
            ],
        ),
        (
            "windows",
            [
                "  TCP    10.0.0.5:8000          0.0.0.0:0              LISTENING",
                "  TCP    [2001:db8:5::ff:fe00:5]:49214  [2001:db8:80::10]:443  ESTABLISHED",
                "  UDP    10.0.0.5:5060          *:*",
            ],
        ),
    ],
)
def test_rows(style: str, lines: list[str]) -> None:
    text = shown(OFFICE, "-an", "--style", style, *WHOSE).split("\n")
    assert [line for line in lines if line not in text] == []
    # As long as no address is longer than its column, all rows of a system that fills them up are of one length.
    if style != "windows":
        assert len({len(line) for line in text[1:] if line and "::" not in line}) == 1


def test_protocols_and_families_stand_together() -> None:
    for style, order in (("linux", ["tcp", "tcp6", "udp"]), ("windows", ["TCP", "UDP"])):
        protocols = [line.split()[0] for line in shown(OFFICE, "-an", "--style", style, *WHOSE).split("\n")[2:] if line]
        protocols = [one for one in protocols if one not in ("Active", "Proto")]
        assert list(dict.fromkeys(protocols)) == order
        assert protocols == sorted(protocols, key=order.index)
    sized = [line.split()[3] for line in shown(OFFICE, "-n", *WHOSE, "-t", "--sort", "local_port").split("\n")[2:-1]]
    assert sized == [*sorted(sized, key=lambda one: int(one.rpartition(":")[2]))]


def test_what_scripts_count(tmp_path: Path) -> None:
    """``grep -c '^tcp'`` and ``awk '/^tcp/{++S[$NF]} END{…}'``, as they are typed."""
    path = tmp_path / "shown"
    path.write_text(shown(OFFICE, "-tan", *WHOSE))
    expected = [row for row in rows("-a") if row["proto"] == "tcp"]
    count = subprocess.run(["grep", "-c", "^tcp", path], capture_output=True, text=True).stdout
    assert int(count) == len(expected)
    program = "/^tcp/ {++S[$NF]} END {for(a in S) print a, S[a]}"
    found = subprocess.run(["awk", program, path], capture_output=True, text=True).stdout
    counted = dict(line.split() for line in found.splitlines())
    states = {"FIN_WAIT_2": "FIN_WAIT2"}
    for state in {row["state"] for row in expected}:
        assert int(counted.pop(states.get(state, state))) == sum(row["state"] == state for row in expected)
    assert counted == {}


def address(row: dict[str, Any], end: str) -> tuple[str, str]:
    return row[f"{end}_address"].strip("[]"), str(row[f"{end}_port"])


SPELLED = {
    "SYN_RECV": "SYN_RECEIVED",
    "SYN_RCVD": "SYN_RECEIVED",
    "FIN_WAIT1": "FIN_WAIT_1",
    "FIN_WAIT2": "FIN_WAIT_2",
    "LISTENING": "LISTEN",
}
NAMES = ("office.pcapng", "example.pcapng", "close-by-server.pcap", "hostile-processes.pcapng")


@pytest.mark.parametrize("style", SYSTEMS)
@pytest.mark.parametrize("letters", ["-n", "-an", "-ano", "-anob", "-anp4", "-tulpn"])
@pytest.mark.parametrize(
    "name", ["office.pcapng", "example.pcapng", "close-by-server.pcap", "hostile-processes.pcapng"]
)
def test_jc_reads_it(style: str, letters: str, name: str) -> None:
    arguments = (PCAPS / name, letters, "--local", "0.0.0.0/0", "--local", "::/0")
    text = shown(*arguments, "--style", style)
    found: Any = jc.parse("netstat", text)
    expected = json.loads(shown(*arguments, "--format", "json"))
    assert len(found) == len(expected)
    # Systems have protocols and families together.
    assert sorted(address(row, "local") for row in found) == sorted(address(row, "local") for row in expected)
    named = {
        "SYN_RECV": "SYN_RECEIVED",
        "SYN_RCVD": "SYN_RECEIVED",
        "FIN_WAIT1": "FIN_WAIT_1",
        "FIN_WAIT2": "FIN_WAIT_2",
    }
    named |= {"LISTENING": "LISTEN"}
    states = sorted(str(row.get("state") or "") for row in found)
    if style != "windows" or not {"o", "b", "p"} & set(letters):
        states = sorted(SPELLED.get(one, one) for one in states)
        assert states == sorted(row["state"] or "" for row in expected)
    if style == "linux" and {"o", "b", "p"} & set(letters):
        assert sorted(str(row.get("pid")) for row in found) == sorted(str(row["pid"]) for row in expected)
    if style != "windows":
        assert all(row["recv_q"] == 0 and row["send_q"] >= 0 for row in found)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["-tulpn", "x.pcap"], ["-tul", "--programs", "-n", "x.pcap"]),
        (["-anp", "x.pcap"], ["-an", "--programs", "x.pcap"]),
        (["-p", "x.pcap", "-n"], ["--programs", "x.pcap", "-n"]),
        (["x.pcap", "-p"], ["x.pcap", "--programs"]),
        (["-p", "-n", "x.pcap"], ["--programs", "-n", "x.pcap"]),
        (["-p", "-", "-n"], ["--programs", "-", "-n"]),
        (["-p", "tcp", "x.pcap"], ["-p", "tcp", "x.pcap"]),
        (["-anp", "UDP", "x.pcap"], ["-an", "-p", "UDP", "x.pcap"]),
        (["-ptcpv6"], ["-p", "tcpv6"]),
        (["-nptcp"], ["-n", "-p", "tcp"]),
        (["-p", "tpc", "x.pcap"], ["-p", "tpc", "x.pcap"]),
        (["x.pcap", "-p", "60"], ["x.pcap", "--programs", "60"]),
        (["-i", "p0", "-p"], ["-i", "p0", "--programs"]),
        (["-ip0", "-n"], ["-ip0", "-n"]),
        (["--at", "-p", "x"], ["--at", "-p", "x"]),
        (["--protocol", "tcp"], ["--protocol", "tcp"]),
        (["--", "-p"], ["--", "-p"]),
        (["-"], ["-"]),
        (["-pp"], ["--programs", "--programs"]),
    ],
)
def test_p_means_a_protocol_where_one_follows(given: list[str], meant: list[str]) -> None:
    assert list(told_apart(given, frozenset(("--at",)))) == meant


def test_a_capture_with_a_plain_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dump").write_bytes(OFFICE.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert shown("-anp", "dump") == shown("-an", "--programs", "dump")
    result = run("netstat", "-anp", "dmup")
    assert result.exit_code == 2
    assert "'dmup' is not one of 'tcp'" in result.output


def test_letters_of_linux() -> None:
    def chosen(*options: str) -> list[dict[str, Any]]:
        return [{key: row[key] for key in ("proto", "local_port", "state", "pid")} for row in rows(*options)]

    every = chosen("-a")
    tcp = [row for row in every if row["proto"] == "tcp"]
    udp = [row for row in every if row["proto"] == "udp"]
    listening = [row for row in tcp if row["state"] == "LISTEN"]
    assert udp
    assert listening
    assert chosen("-ta") == chosen("-at", "-n") == tcp
    assert chosen("-t") == [row for row in tcp if row["state"] != "LISTEN"]
    assert chosen("-u") == udp
    assert chosen("-tua") == every
    assert chosen("-tul") == chosen("-l") == chosen("-lp") == [*listening, *udp]
    assert chosen("-tl") == listening
    assert chosen("-tla") == tcp
    assert chosen("-4a") + chosen("-t6") == [row for row in every if row["local_port"] != 49214] + [
        row for row in every if row["local_port"] == 49214
    ]
    assert chosen("-46a") == every


def test_what_linux_has_and_packets_do_not() -> None:
    result = run("netstat", OFFICE, "-tulpenox", *WHOSE)
    assert result.stdout == shown(OFFICE, "-tulpn", *WHOSE)
    assert "packets contain neither users nor inodes" in result.stderr
    assert "packets contain no timers" in result.stderr
    assert "UNIX sockets are in no capture" in result.stderr
    alone = run("netstat", OFFICE, "-x")
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert "-x asks for UNIX sockets, which are in no capture" in alone.output
    assert run("netstat", OFFICE, "-p", "tcp", "-t").exit_code == 2
    # Without Linux's letters, -e and -o are those of Windows.
    assert "Interface Statistics" in shown(OFFICE, "-e", *WHOSE)
    assert "PID" in shown(OFFICE, "-ano", *WHOSE)


def test_a_guess_is_no_program_of_linux_and_no_executable_of_windows() -> None:
    linux = [line.split() for line in shown(OFFICE, "-tnp", *WHOSE).split("\n") if line.startswith("tcp")]
    by_port = {row[3].rpartition(":")[2]: row[-1] for row in linux}
    assert by_port["49215"] == by_port["49213"] == "-"
    assert by_port["49208"] == "733/ssh"
    windows = shown(OFFICE, "-nb", "--style", "windows", *WHOSE).split("\n")
    assert " [ssh]" in windows
    assert " ? postgresql" in windows
    nothing = shown(PCAPS / "reset-by-client.pcap", "-nb", "--style", "windows", "--at", "#4", "--local", "10.0.0.5")
    assert "\n ? http" in nothing or "\n Can not obtain ownership information" in nothing


def test_repeated_tables_have_no_marks() -> None:
    text = shown(OFFICE, "30", "-tn", *WHOSE)
    assert text.count(LINUX_TITLES) == 3
    assert {line.split()[-1] for line in text.split("\n") if line.startswith("tcp")} <= {
        *("ESTABLISHED", "TIME_WAIT", "CLOSE_WAIT", "FIN_WAIT2", "SYN_SENT"),
    }
    # What is in no system's netstat is a table for people.
    assert "Foreign State" in shown(OFFICE, "-tn", "--both", *WHOSE)
    assert "on 10.0.0.5" in shown(OFFICE, "-tn", "--columns", "state", *WHOSE)


LINUX_TCP = """Tcp:
    17 active connection openings
    2 passive connection openings
    1 failed connection attempts
    1 connection resets received
    9 connections established
    111 segments received
    134 segments sent out
    9 segments retransmitted
    0 resets sent
"""


def test_statistics_in_the_form_of_systems() -> None:
    local = ("--local", "10.0.0.5")
    assert shown(OFFICE, "-st4", *local) == LINUX_TCP
    text = shown(OFFICE, "-s", "--style", "linux", *local)
    # As there, TCP over IPv6 is counted with it.
    assert "Tcp:\n    19 active connection openings\n" in shown(OFFICE, "-s", "--style", "linux", *WHOSE)
    assert [line for line in text.split("\n") if line and not line.startswith(" ")] == [
        *("Ip:", "Icmp:", "Tcp:", "Udp:", "Ip6:", "Icmp6:", "Udp6:")
    ]
    assert "    ICMP output histogram:\n        destination unreachable: 2\n        echo requests: 3\n" in text
    text = shown(OFFICE, "-s", "-p", "tcp", "--style", "windows", *local)
    assert text.startswith("\nTCP Statistics for IPv4\n\n  Active Opens                        = 17\n")
    text = shown(OFFICE, "-s", "-p", "icmp", "--style", "windows", *local)
    assert "\n                            Received    Sent\n  Messages                  5           5\n" in text
    text = shown(OFFICE, "-e", "--style", "windows", *local)
    assert text.startswith("Interface Statistics\n\n                           Received            Sent\n\nBytes     ")
    assert "\nUnknown protocols                 3\n" in text
    assert [line[4:] for line in shown(OFFICE, "-rn6", *local).split("\n") if "Route Table" in line] == [" Route Table"]


@pytest.mark.parametrize(
    ("letter", "style"),
    [("-e", "linux"), ("-e", "macos"), ("-s", "macos"), ("-r", "linux"), ("-r", "macos"), ("-r", "windows")],
)
def test_forms_that_there_are_not_are_refused(letter: str, style: str) -> None:
    result = run("netstat", OFFICE, letter, "--style", style)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{letter} has no format of" in result.output
    # Programs get the same whatever the style.
    assert json.loads(shown(OFFICE, letter, "--style", style, "--format", "json"))


def test_net_tools_has_the_same_words_for_its_counters() -> None:
    """Each line of ours is one that net-tools has, but for its number."""
    real = shutil.which("netstat")
    if real is None:
        pytest.skip("netstat of net-tools is not installed")
    words = Path(real).read_bytes()
    for line in shown(OFFICE, "-s", "--style", "linux", *WHOSE).split("\n"):
        text = line.strip().rstrip(":").strip("0123456789").strip().removesuffix(":").encode()
        assert text.removesuffix(b"6") in words, line
