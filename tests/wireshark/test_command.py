"""``pcapstate wireshark``: what it runs, what it refuses, and what it installs."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pcapstate.tcp.states import STATES
from pcapstate.wireshark.folders import PLUG_IN, PROFILE, folders
from tests.helpers.paths import PCAPS
from tests.helpers.running import process

EXAMPLE = PCAPS / "example.pcapng"
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
LEAST_CONTRAST = 7
"""WCAG's contrast of text for everybody (AAA)."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test folders of its own."""
    for name in ("WIRESHARK_CONFIG_DIR", "XDG_CONFIG_HOME", "PCAPSTATE_WIRESHARK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Return a program that writes its arguments, its folder of states and what is in there as JSON."""
    path = tmp_path / "shown"
    script = (
        f"#!{sys.executable}\nimport json, os, sys\nfolder = os.environ['PCAPSTATE_WIRESHARK']\n"
        "print(json.dumps([sys.argv[1:], folder, sorted(os.listdir(folder))]))\nsys.exit(3)\n"
    )
    path.write_text(script)
    path.chmod(0o755)
    return path


def test_it_passes_the_capture_the_plug_in_and_further_arguments(shown: Path) -> None:
    done = process("wireshark", EXAMPLE, "--program", shown, "--lang", "en", "--", "-Y", "pcapstate.change", "--x")
    arguments, folder, files = json.loads(done.stdout)
    assert arguments == ["-r", str(EXAMPLE), "-X", f"lua_script:{PLUG_IN}", "-Y", "pcapstate.change", "--x"]
    assert files == ["changes", "connections", "frames", "index", "more"]
    assert not os.path.exists(folder)
    assert done.returncode == 3
    assert b"--install adds columns" in done.stderr


def test_installed_it_uses_plug_in_and_profile(shown: Path) -> None:
    process("wireshark", "--install", "--yes")
    done = process("wireshark", EXAMPLE, "--program", shown)
    assert json.loads(done.stdout)[0] == ["-r", str(EXAMPLE), "-C", "pcapstate"]
    done = process("wireshark", EXAMPLE, "--program", shown, "--", "-C", "mine")
    assert json.loads(done.stdout)[0] == ["-r", str(EXAMPLE), "-C", "mine"]
    folders().plug_in.write_text("-- another version\n")
    done = process("wireshark", EXAMPLE, "--program", shown, "--lang", "en")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"is of another version; pcapstate wireshark --install replaces it" in done.stderr


def test_install_and_uninstall(home: Path) -> None:
    there = folders()
    done = process("wireshark", "--install", "--lang", "en", stdin=b"")
    assert (done.returncode, there.plug_in.exists()) == (2, False)
    assert b"--yes does it without asking" in done.stderr
    assert process("wireshark", "--install", "--yes").returncode == 0
    assert {path.name for path in there.profile.iterdir()} == {path.name for path in PROFILE.iterdir()}
    assert there.plug_in.read_bytes() == PLUG_IN.read_bytes()
    assert os.access(there.launcher, os.X_OK)
    other = there.profiles / "other" / "preferences"
    other.parent.mkdir()
    other.write_text("")
    assert process("wireshark", "--uninstall", "--yes").returncode == 0
    assert not there.plug_in.exists()
    assert not there.launcher.exists()
    assert not there.profile.exists()
    assert other.exists()
    again = process("wireshark", "--uninstall", "--lang", "en")
    assert (again.returncode, again.stderr) == (
        0,
        b"pcapstate: plug-in, profile and capture program are not installed\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name one capture file, which Wireshark opens"),
        ([EXAMPLE, EXAMPLE], "name one capture file, which Wireshark opens"),
        (["-"], "name one capture file, which Wireshark opens"),
        ([PCAPS], "is no file; Wireshark opens one capture file"),
        ([EXAMPLE, "--program", "no-such-program"], "there is no program no-such-program; install Wireshark"),
        ([EXAMPLE, "--yes"], "--yes goes with --install and --uninstall"),
        (["--install", "--uninstall"], "--install and --uninstall exclude each other"),
        (["--install", EXAMPLE], "--install and --uninstall take no capture"),
        (["no-such.pcap", "--program", sys.executable], "no-such.pcap"),
    ],
)
def test_refusals(arguments: list[str | Path], said: str) -> None:
    done = process("wireshark", *arguments, "--lang", "en", stdin=b"")
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_compressions_that_wireshark_does_not_read(tmp_path: Path) -> None:
    path = tmp_path / "example.pcapng.bz2"
    path.write_bytes(bz2.compress(EXAMPLE.read_bytes()))
    done = process("wireshark", path, "--lang", "en")
    assert done.returncode == 2
    assert b"Wireshark does not read captures compressed with bzip2; unpack it first" in done.stderr


@needs_tshark
def test_compressed_in_tshark(tmp_path: Path) -> None:
    path = tmp_path / "example.pcapng.gz"
    path.write_bytes(gzip.compress(EXAMPLE.read_bytes()))
    arguments = ("--", "-T", "fields", "-e", "pcapstate.client.state")
    plain = process("wireshark", EXAMPLE, "--program", "tshark", *arguments)
    assert plain.stdout == process("wireshark", path, "--program", "tshark", *arguments).stdout
    assert plain.stdout.split()[0] == b"SYN_SENT"


@needs_tshark
def test_the_folders_are_those_of_tshark(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for configuration in (None, home / "elsewhere"):
        if configuration is not None:
            monkeypatch.setenv("WIRESHARK_CONFIG_DIR", str(configuration))
        told = subprocess.run(["tshark", "-G", "folders"], capture_output=True, text=True, check=True).stdout
        known = dict(line.split(":", 1) for line in told.splitlines())
        expected = Path(known["Personal Lua Plugins"].strip()), Path(known["Personal configuration"].strip())
        found = folders()
        assert (found.plug_ins, found.profiles) == (expected[0], expected[1] / "profiles")
        # Wireshark before 4.2 has no folder of its own for these.
        programs = known.get("Personal Extcap path", str(home / ".local/lib/wireshark/extcap"))
        assert found.extcaps == Path(programs.strip())


@needs_tshark
def test_the_installed_profile_in_tshark() -> None:
    assert process("wireshark", "--install", "--yes").returncode == 0
    done = process("wireshark", PCAPS / "reused-ports.pcap", "--program", "tshark", "--", "-c", "3")
    assert b"SYN_RECEIVED" in done.stdout
    assert b"client CLOSED \xe2\x86\x92 SYN_SENT" in done.stdout
    # Its own plug-in finds no states of a capture that was opened without the command.
    alone = subprocess.run(
        ["tshark", "-r", str(PCAPS / "reused-ports.pcap"), "-Y", "pcapstate"], capture_output=True, check=True
    )
    assert alone.stdout == b""


def colour_rules() -> list[tuple[str, str, list[float], list[float]]]:
    """Return the name and filter of each colour rule, and the luminance of its background and its text."""
    found = []
    for line in (PROFILE / "colorfilters").read_text().splitlines():
        if line.startswith("@"):
            _, name, filter, colours = line.split("@")
            back, text = (json.loads(f"[{one}]") for one in colours.strip("[]").split("]["))
            found.append((name, filter, back, text))
    return found


def luminance(colour: list[float]) -> float:
    parts = [one / 65535 for one in colour]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_colour_rule_for_each_state() -> None:
    rules = colour_rules()
    assert sorted(name for name, *_ in rules) == sorted(STATES)
    assert len({tuple(back) for _, _, back, _ in rules}) == len(STATES)
    for name, filter, back, text in rules:
        assert filter == f'pcapstate.client.state == "{name}" || pcapstate.server.state == "{name}"'
        # Each rule sets both colours, so the theme does not matter.
        assert (luminance(back) + 0.05) / (luminance(text) + 0.05) >= LEAST_CONTRAST


@needs_tshark
def test_filters_of_the_profile_are_valid() -> None:
    buttons = [line for line in (PROFILE / "dfilter_buttons").read_text().splitlines() if line.startswith('"')]
    filters = [json.loads(f"[{line}]".replace("\\x22", '\\"').replace('"TRUE"', "true"))[2] for line in buttons]
    for filter in [*filters, *(rule[1] for rule in colour_rules())]:
        done = process("wireshark", EXAMPLE, "--program", "tshark", "--", "-Y", filter)
        assert done.returncode == 0, done.stderr
