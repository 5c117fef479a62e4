"""The fields that Wireshark's plug-in gives to packets, in tshark."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from pcapstate.decode.segment import ACK, SYN
from pcapstate.errors import CaptureError
from pcapstate.reading import Origin, Reading
from pcapstate.tcp.outcomes import NAMES, outcomes
from pcapstate.tcp.sides import sides
from pcapstate.tcp.states import STATES
from pcapstate.views.timeline_columns import CAUSES
from pcapstate.wireshark.folders import PLUG_IN
from tests.helpers import packets
from tests.helpers.captures import pcap
from tests.helpers.packet_states import MOST, READABLE, states_at_each_packet, written
from tests.helpers.paths import PCAPS

TSHARK = shutil.which("tshark")
NAMES_OF_FIELDS = ("frame.number", "pcapstate.connection", "pcapstate.client.state", "pcapstate.server.state")
HERE, THERE = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
START = 1_700_000_000 * 10**9

pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")


def tshark(path: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert TSHARK is not None
    command = [TSHARK, "-r", str(path), "-X", f"lua_script:{PLUG_IN}", *arguments]
    environment = {**os.environ, "PCAPSTATE_WIRESHARK": str(folder), "WIRESHARK_CONFIG_DIR": str(folder / "config")}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def fields(path: Path, folder: Path, *names: str) -> list[list[str]]:
    """Return the fields of each frame."""
    done = tshark(path, folder, "-T", "fields", *(part for name in names for part in ("-e", name)))
    return [line.split("\t") for line in done.stdout.splitlines()]


def numbers(path: Path, folder: Path, filter: str) -> list[int]:
    """Return the frames that a filter selects."""
    done = tshark(path, folder, "-Y", filter, "-T", "fields", "-e", "frame.number")
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


# Half of them: tshark takes half a second for each.
@pytest.mark.parametrize("path", READABLE[::2], ids=lambda path: path.name)
def test_states_are_those_of_netstat_at_each_packet(path: Path, tmp_path: Path) -> None:
    try:
        expected = states_at_each_packet(path)
    except CaptureError:
        with pytest.raises(CaptureError):
            written(path, tmp_path)
        return
    written(path, tmp_path)
    found = {}
    for number, *values in fields(path, tmp_path, *NAMES_OF_FIELDS):
        if values[0] and int(number) <= MOST:
            of_each = zip(*(value.split(",") for value in values), strict=True)
            found[int(number)] = [(int(row), client, server) for row, client, server in of_each]
    assert found == expected


@pytest.mark.parametrize("name", ["office.pcapng", "superseded.pcap", "reused-ports.pcap", "given-up.pcap"])
def test_changes_are_the_transitions_of_packets(name: str, tmp_path: Path) -> None:
    written(PCAPS / name, tmp_path)
    with closing(Reading(Origin((PCAPS / name,)), record=True)) as reading:
        rows = reading.history()
        rows = rows[rows["packet"] > 0]
        table = reading.capture.table
        of = sides(table)
        ended = [NAMES[one] for one in outcomes(of)]
        expected = defaultdict(list)
        for row in rows:
            side = ("client", "server")[int(row["endpoint"] & 1) ^ int(of.turned[row["endpoint"] >> 1])]
            change = f"{side} {STATES[row['from']]} → {STATES[row['to']]}"
            expected[int(row["packet"])].append((int(row["endpoint"] >> 1), change, CAUSES[row["row"]]))
    names = ("connection", "outcome", "change", "cause", "certainty")
    found = fields(PCAPS / name, tmp_path, "frame.number", *(f"pcapstate.{one}" for one in names))
    seen = set()
    for number, connection, outcome, change, cause, certainty in found:
        if connection:
            assert outcome == ended[int(connection)]
        changes = expected[int(number)]
        prefixes = [f"connection {one}: " if str(one) != connection else "" for one, _, _ in changes]
        told = [f"{prefix}{text}" for prefix, (_, text, _) in zip(prefixes, changes, strict=True)]
        assert change == ",".join(told)
        assert cause == ",".join(one for _, _, one in changes)
        assert len([one for one in certainty.split(",") if one]) == len(changes)
        seen.add(int(number))
    assert {number for number, changes in expected.items() if changes} <= seen


@pytest.mark.parametrize("state", ["CLOSE_WAIT", "TIME_WAIT", "SYN_SENT"])
def test_a_filter_selects_the_packets_in_a_state(state: str, tmp_path: Path) -> None:
    path = PCAPS / "office.pcapng"
    written(path, tmp_path)
    for side, place in (("client", 1), ("server", 2)):
        expected = [number for number, (one, *_) in states_at_each_packet(path).items() if one[place] == state]
        found = numbers(path, tmp_path, f'pcapstate.{side}.state == "{state}"')
        assert [number for number in found if number <= MOST] == expected


def test_another_capture_has_no_states(tmp_path: Path) -> None:
    written(PCAPS / "reused-ports.pcap", tmp_path)
    assert numbers(PCAPS / "reused-ports.pcap", tmp_path, "pcapstate")
    assert numbers(PCAPS / "office.pcapng", tmp_path, "pcapstate") == []


def test_without_states_the_fields_exist(tmp_path: Path) -> None:
    done = tshark(PCAPS / "reused-ports.pcap", tmp_path / "nowhere", "-Y", "pcapstate.change")
    assert (done.returncode, done.stdout) == (0, "")
    assert "pcapstate: the states are not there" in done.stderr


def test_states_of_another_version_are_refused(tmp_path: Path) -> None:
    path = PCAPS / "reused-ports.pcap"
    written(path, tmp_path)
    index = tmp_path / "index"
    index.write_text(index.read_text().replace("pcapstate 1\n", "pcapstate 2\n"))
    done = tshark(path, tmp_path, "-Y", "pcapstate")
    assert (done.returncode, done.stdout) == (0, "")
    assert "pcapstate: the plug-in is of another version; pcapstate wireshark --install replaces it" in done.stderr


@pytest.mark.parametrize("name", ["frames", "changes", "connections", "more"])
def test_files_that_are_cut_short_break_nothing(name: str, tmp_path: Path) -> None:
    path = PCAPS / "reused-ports.pcap"
    written(path, tmp_path)
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:-1])
    done = tshark(path, tmp_path, "-V")
    assert done.returncode == 0
    assert "Lua Error" not in done.stdout + done.stderr


def test_the_plug_in_only_reads() -> None:
    text = PLUG_IN.read_text(encoding="utf-8")
    for word in ("os.execute", "io.popen", "os.remove", "os.rename", "loadstring", "dofile", "require", ":write("):
        assert word not in text
    assert text.count("io.open(") == text.count('io.open(path, "r')
    # Lua 5.2 has no integer division.
    assert "//" not in text


def test_packets_in_many_pages(tmp_path: Path) -> None:
    """The plug-in finds records in any page of its files."""
    frames = []
    for number in range(5_000):
        port = 20_000 + number
        for ports, ends, flags in (((port, 80), (HERE, THERE), SYN), ((80, port), (THERE, HERE), SYN | ACK)):
            segment = packets.tcp(ports, flags, seq=100, ack=101)
            frames.append((START + len(frames), packets.ethernet(packets.ipv4(*ends, 6, segment))))
    path = tmp_path / "many.pcap"
    path.write_bytes(pcap(frames))
    written(path, tmp_path)
    found = fields(path, tmp_path, "frame.number", "pcapstate.connection", "pcapstate.server.state")
    assert [one[1] for one in found] == [str(at) for at in np.repeat(np.arange(5_000), 2)]
    assert {one[2] for one in found[1::2]} == {"SYN_RECEIVED"}


def test_a_frame_with_several_segments_has_all_their_states(tmp_path: Path) -> None:
    """An A-MSDU of wireless LAN with the SYNs of two connections."""

    def part(port: int) -> bytes:
        segment = packets.tcp((port, 80), SYN, seq=100)
        body = bytes.fromhex("aaaa03 000000 0800") + packets.ipv4(HERE, THERE, 6, segment)
        one = bytes(12) + len(body).to_bytes(2, "big") + body
        return one + bytes(-len(one) % 4)

    frame = bytes.fromhex("8801 0000") + bytes(20) + b"\x80\0" + part(20_001) + part(20_002)
    path = tmp_path / "gathered.pcap"
    path.write_bytes(pcap([(START, frame)], linktype=105))
    written(path, tmp_path / "states")
    assert fields(path, tmp_path / "states", "tcp.stream", "pcapstate.connection", "pcapstate.client.state") == [
        ["0,1", "0,1", "SYN_SENT,SYN_SENT"]
    ]
