"""``timeline --format perfetto``: JSON as the Trace Event Format describes it, with the changes of the timeline."""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pcapstate.tcp.states import State
from tests.helpers.captures import pcap, story_frames
from tests.helpers.paths import PCAPS
from tests.helpers.running import dangerous, ended, process, run
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

CAPTURE = PCAPS / "example.pcapng"
METADATA = {
    "process_name": ("name", str),
    "process_sort_index": ("sort_index", int),
    "thread_name": ("name", str),
    "thread_sort_index": ("sort_index", int),
}
"""The names of metadata events, with the one argument of each."""
REQUIRED = {"X": {"name", "cat", "ts", "dur"}, "i": {"name", "cat", "ts", "s"}, "M": {"name"}}
"""The keys that events of each phase have beside ``ph``, ``pid``, ``tid`` and ``args``."""


def trace(*arguments: str | Path) -> dict[str, Any]:
    """Return a trace, whose numbers are exact, once it is one."""
    text = run("timeline", *arguments, "--format", "perfetto").stdout
    assert dangerous(text) == []
    found: dict[str, Any] = json.loads(text, parse_float=Fraction)
    assert set(found) <= {"displayTimeUnit", "otherData", "traceEvents"}
    assert found["displayTimeUnit"] in ("ms", "ns")
    last = Fraction(0)
    named = set()
    for event in found["traceEvents"]:
        assert set(event) - {"tid"} == {"ph", "pid", "args"} | REQUIRED[event["ph"]]
        assert type(event["pid"]) is int
        assert event["pid"] > 0
        if event["ph"] == "M":
            argument, kind = METADATA[event["name"]]
            assert list(event["args"]) == [argument]
            assert type(event["args"][argument]) is kind
            assert ("tid" in event) == event["name"].startswith("thread")
            named.add((event["pid"], event.get("tid")))
            continue
        assert type(event["tid"]) is int
        assert event["tid"] > 0
        assert {(event["pid"], None), (event["pid"], event["tid"])} <= named
        assert event["ts"] >= last >= 0
        last = event["ts"]
        if event["ph"] == "X":
            assert event["dur"] >= 0
        else:
            assert event["s"] == "t"
    return found


def events(found: dict[str, Any], phase: str) -> list[dict[str, Any]]:
    return [event for event in found["traceEvents"] if event["ph"] == phase]


@pytest.mark.parametrize("name", ["example.pcapng", "close-by-server.pcap", "reused-ports.pcap", "syn-flood.pcap"])
def test_instants_are_the_rows_of_the_timeline(name: str) -> None:
    found = trace(PCAPS / name)
    rows = [
        json.loads(line, parse_float=Fraction)
        for line in run("timeline", PCAPS / name, "--format", "jsonl").output.splitlines()
    ]
    start = Fraction(found["otherData"]["capture_start"])
    told = [
        {
            "time": start + event["ts"] / 1_000_000,
            "packet": event["args"]["packet"],
            "connection": event["pid"] - 1,
            "endpoint": ("server", "client")[event["tid"] % 2],
            "from": event["args"]["from"],
            "to": event["args"]["to"],
            "cause": event["name"],
            "certainty": event["args"]["certainty"],
        }
        for event in events(found, "i")
    ]
    assert told == [{key: row[key] for key in told[0]} for row in rows]


def test_names() -> None:
    names = [(one["pid"], one.get("tid"), one["args"]["name"]) for one in events(trace(CAPTURE), "M")[:6:2]]
    assert names == [
        (1, None, "connection 0: 10.0.0.5:51790 > 198.51.100.22:22"),
        (1, 1, "client 10.0.0.5:51790"),
        (1, 2, "server 198.51.100.22:22"),
    ]


def test_slices_of_an_end_follow_each_other() -> None:
    found = trace(CAPTURE)
    changes, slices = defaultdict(list), defaultdict(list)
    for event in events(found, "i"):
        changes[event["tid"]].append((event["ts"], event["args"]["to"]))
    for event in events(found, "X"):
        assert event["name"] in State.__members__
        slices[event["tid"]].append((event["ts"], event["ts"] + event["dur"], event["name"]))
    ends = set()
    for thread, of_end in changes.items():
        times = [time for time, _ in of_end]
        wanted = [
            (time, until, state)
            for (time, state), until in zip(of_end, [*times[1:], None], strict=True)
            if state != "CLOSED"
        ]
        for (time, until, state), (since, to, name) in zip(wanted, slices[thread], strict=True):
            assert (time, state) == (since, name)
            if until is None:
                ends.add(to)
            else:
                assert to == until
    # What is open at the end lasts until the capture's last packet.
    assert len(ends) == 1
    assert ends.pop() == max(to for of_end in slices.values() for _, to, _ in of_end)


def test_chosen_slices_end_where_they_did() -> None:
    all_ = [event for event in events(trace(CAPTURE), "X") if event["name"] == "CLOSE_WAIT"]
    assert events(trace(CAPTURE, "--filter", "to = CLOSE_WAIT"), "X") == all_ != []
    of_one = [event for event in events(trace(CAPTURE), "X") if event["pid"] == 2]
    assert events(trace(CAPTURE, "--connection", "1"), "X") == of_one != []


def test_a_capture_without_changes(tmp_path: Path) -> None:
    assert trace(CAPTURE, "--filter", "to = CLOSING") == {"displayTimeUnit": "ns", "traceEvents": []}


def test_a_clock_that_steps_back(tmp_path: Path) -> None:
    frames = story_frames(parse(STORIES["simultaneous_open"]))
    times = [time for time, _ in frames]
    path = tmp_path / "back.pcap"
    path.write_bytes(pcap([(time, data) for time, (_, data) in zip(times[::-1], frames, strict=True)]))
    found = trace(path)
    assert len(events(found, "i")) > 4
    assert float(found["otherData"]["capture_start"]) == pytest.approx(min(times) / 10**9)


def test_revisions() -> None:
    path = PCAPS / "lost-final-ack.pcap"
    assert len(events(trace(path, "--revisions"), "i")) > len(events(trace(path), "i"))


@pytest.mark.parametrize("option", ["--columns", "--sort"])
def test_what_does_not_go_together(
    option: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, line = ended(capfd, monkeypatch, "timeline", str(CAPTURE), "--format", "perfetto", option, "to")
    assert code == 2
    assert "--columns and --sort go with other formats" in line
    assert line.count("\n") == 1


def test_a_pipe_is_refused() -> None:
    done = process("timeline", "-", "--format", "perfetto", stdin=CAPTURE.read_bytes())
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--format perfetto needs a capture file" in done.stderr
    assert done.stderr.count(b"\n") == 1
