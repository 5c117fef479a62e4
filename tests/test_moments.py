"""The table of any moment: what ``--at`` and an interval take, and that it rests on just the packets up to then."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcapstate
from pcapstate.errors import MomentError
from pcapstate.moments import CLOCK, DAY_TIME, END, PACKET, START, parse_moment
from tests.helpers.captures import START as FIRST
from tests.helpers.captures import pcap, story_frames
from tests.helpers.paths import PCAPS
from tests.helpers.payloads import tcp_frame, udp_frame
from tests.helpers.running import run
from tests.helpers.stories import parse
from tests.helpers.story_texts import NAMES, STORIES

EXAMPLE = PCAPS / "example.pcapng"
NS = 10**9


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12.5", START, 12_500_000_000),
        ("+3", START, 3 * NS),
        ("0", START, 0),
        ("7s", START, 7 * NS),
        ("-3", END, 3 * NS),
        ("-0.000000001", END, 1),
        ("1m30s", START, 90 * NS),
        ("1h 2min 3.5s", START, 3723 * NS + NS // 2),
        ("250ms", START, NS // 4),
        ("1D", START, 86_400 * NS),
        ("-1m30s", END, 90 * NS),
        ("10:49 PM", DAY_TIME, (22 * 3600 + 49 * 60) * NS),
        ("12:05am", DAY_TIME, 300 * NS),
        ("12:05:01.5 p.m. Z", DAY_TIME, (12 * 3600 + 301) * NS + NS // 2),
        ("9 pm", DAY_TIME, 21 * 3600 * NS),
        ("2023-11-14 10:13:20 PM Z", CLOCK, 1_700_000_000 * NS),
        ("#417", PACKET, 417),
        ("@1.5", CLOCK, 1_500_000_000),
        ("1700000000.123456789", CLOCK, 1_700_000_000_123_456_789),
        ("2023-11-14 22:13:20Z", CLOCK, 1_700_000_000 * NS),
        ("2023-11-14T22:13:20.5+01:00", CLOCK, 1_699_996_400 * NS + NS // 2),
        ("2023-11-14 22:13 UTC", CLOCK, 1_699_999_980 * NS),
        ("14:05", DAY_TIME, (14 * 3600 + 300) * NS),
        ("9:05:10.25", DAY_TIME, (9 * 3600 + 310) * NS + NS // 4),
        ("9:05:10.25Z", DAY_TIME, (9 * 3600 + 310) * NS + NS // 4),
    ],
)
def test_moments_that_are_understood(text: str, kind: int, value: int) -> None:
    moment = parse_moment(text)
    assert (moment.kind, moment.value) == (kind, value)


@pytest.mark.parametrize(
    "text",
    ["", "banana", "#", "#0", "#-1", "12.5.1", "1e9", "25:00", "12:60", "2023-13-01", "2023-02-30 12:00", "--3", "٣",
     "9" * 40, "#" + "9" * 40, "@-1", "0001-01-01 00:00:00+23:59", "9999-12-31 23:59:59-23:59",
     "2023-11-15 09:00:30+99:00", "09:00+24:00", "13:00 PM", "0:30 am", "2023-11-15 13:00 PM", "PM", "1x", "1m30",
     "1m30sx", "m", "1e3s", "٣s", "#" + "0" * 30 + "1", "12." + "0" * 40],
)  # fmt: skip
def test_moments_that_are_none(text: str) -> None:
    with pytest.raises(MomentError) as error:
        parse_moment(text)
    assert "\n" not in str(error.value)


@given(st.text(max_size=30))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(MomentError):
        parse_moment(text)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_a_clock_time_with_its_zone_means_that_instant(moment: datetime, offset: int) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_moment(moment.isoformat(" ")).value == since // timedelta(seconds=1) * NS


def test_a_time_of_day_is_that_of_the_captures_day_or_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    evening = 1_700_003_000 * NS  # 23:03:20 UTC
    assert parse_moment("23:05:00", utc=True).time(evening, None) == evening + 100 * NS
    assert parse_moment("00:03:20", utc=True).time(evening, None) == evening + 3600 * NS
    assert parse_moment("00:05:00+01:00").time(evening, None) == evening + 100 * NS
    assert parse_moment("23:05Z").time(evening, None) == evening + 100 * NS


def states(path: Path, *options: str, at: str | None = None) -> list[dict[str, object]]:
    moment = () if at is None else ("--at", at)
    result = run("netstat", path, "--all", "--format", "json", *moment, *options)
    assert result.exit_code == 0, result.stderr
    rows: list[dict[str, object]] = json.loads(result.stdout)
    return rows


STORY_FRAMES = {name: story_frames(parse(STORIES[name])) for name in NAMES}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_table_at_a_time_is_that_of_the_capture_cut_there(data: st.DataObject) -> None:
    """Frames dated a little backwards included: a capture cut at a time has those that are dated up to it."""
    frames = STORY_FRAMES[data.draw(st.sampled_from(NAMES))]
    shifts = data.draw(st.lists(st.integers(-900_000_000, 0), min_size=len(frames), max_size=len(frames)))
    if data.draw(st.booleans()):
        frames = [(time + shift, frame) for (time, frame), shift in zip(frames, shifts, strict=True)]
    start, end = frames[0][0], max(time for time, _ in frames)
    at = data.draw(st.integers(start, end) | st.sampled_from([time for time, _ in frames if time >= start]))
    cut = [(time, frame) for time, frame in frames if time <= at]
    moment = f"{at // NS}.{at % NS:09d}"
    both = [pcapstate.netstat(io.BytesIO(pcap(some)), at=moment, listening=True, two_msl=5) for some in (frames, cut)]
    assert both[0] == both[1]
    if at == cut[-1][0]:
        assert both[0] == pcapstate.netstat(io.BytesIO(pcap(cut)), listening=True, two_msl=5)


def test_the_last_moment_is_the_default(tmp_path: Path) -> None:
    last = EXAMPLE_TIMES[-1]
    assert states(EXAMPLE, at=f"{last // NS}.{last % NS:09d}") == states(EXAMPLE)
    assert states(EXAMPLE, at="-0") == states(EXAMPLE)
    assert states(EXAMPLE, at=f"#{len(EXAMPLE_TIMES)}") == states(EXAMPLE)


def example_times() -> list[int]:
    from pcapstate.sources.reader import CaptureReader

    reader = CaptureReader(EXAMPLE)
    times = [int(time) for batch in reader.batches() for time in batch.frames["time"]]
    reader.close()
    return times


EXAMPLE_TIMES = example_times()


def test_every_packet_is_a_moment() -> None:
    rows = [
        json.loads(line) for line in run("timeline", EXAMPLE, "--revisions", "--format", "jsonl").stdout.splitlines()
    ]
    for number in range(1, len(EXAMPLE_TIMES) + 1):
        expected: dict[tuple[int, str], str] = {}
        for row in rows:
            if (row["packet"] or 0) <= number:
                expected[row["connection"], row["endpoint"]] = row["to"]
        shown = states(EXAMPLE, "--both", at=f"#{number}")
        found = {
            (row["connection"], end): row[field]
            for row in shown
            if row["connection"] is not None
            for end, field in (
                (("client", "state"), ("server", "foreign_state"))
                if row["local_port"] > 1024  # type: ignore[operator]
                else (("server", "state"), ("client", "foreign_state"))
            )
        }
        for key, state in expected.items():
            assert found.get(key, "CLOSED") == state, (number, key)


def test_moments_outside_the_capture(tmp_path: Path) -> None:
    result = run("netstat", EXAMPLE, "--at", "100", "--utc")
    assert result.exit_code == 0
    assert "100 is 1min 23s after the last packet" in result.stderr
    assert "TIME_WAIT" not in result.stdout
    assert "ESTABLISHED" in result.stdout
    for moment, why in (
        ("-1000", "before the capture's first packet"),
        ("2001-01-01", "before"),
        ("#99999", "no packet"),
    ):
        failed = process("netstat", str(EXAMPLE), "--at", moment)
        assert failed.returncode == 2
        assert why in failed.stderr
        assert failed.stderr.count("\n") == 1
        assert failed.stdout == ""


def process(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pcapstate", *arguments], input=stdin, capture_output=True, timeout=60, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_end_of_a_pipe_is_not_known_before() -> None:
    done = process("netstat", "-", "--at", "-3", stdin=EXAMPLE.read_bytes())
    assert done.returncode == 2
    assert "counts from the end" in done.stderr
    assert process("netstat", "-", "--at", "3", stdin=EXAMPLE.read_bytes()).returncode == 0


def test_an_interval_gives_the_table_again_and_marks_what_changed() -> None:
    result = run("netstat", EXAMPLE, "5", "--format", "json")
    rows = json.loads(result.stdout)
    moments = sorted({row["at"] for row in rows})
    assert len(moments) == 4
    assert moments[1] - moments[0] == pytest.approx(5)
    for at in moments:
        table = [row for row in rows if row["at"] == at and row["change"] != "gone"]
        alone = states(EXAMPLE, at=f"@{at:.9f}")
        expected = [row for row in alone if row["connection"] is not None]
        assert [(row["connection"], row["state"]) for row in table] == [
            (row["connection"], row["state"]) for row in expected
        ]
    before: dict[int, str] = {}
    for number, at in enumerate(moments):
        now = {row["connection"]: row for row in rows if row["at"] == at}
        for connection, row in now.items():
            if number == 0:
                assert row["change"] is None
            elif connection not in before:
                assert row["change"] == "new"
            elif row["change"] == "gone":
                assert row["was"] == before[connection]
            else:
                assert (row["change"] == "changed") == (row["state"] != before[connection])
                assert row["was"] == (before[connection] if row["change"] else None)
        before = {connection: row["state"] for connection, row in now.items() if row["change"] != "gone"}


def test_an_interval_in_every_format() -> None:
    rows = json.loads(run("netstat", EXAMPLE, "5", "--format", "json").stdout)
    lines = run("netstat", EXAMPLE, "5", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = run("netstat", EXAMPLE, "5", "--format", "csv").stdout.splitlines()
    assert table[0].startswith("at,proto,")
    assert len(table) == len(rows) + 1
    assert run("netstat", EXAMPLE, "5", "--relative").stdout.count("Active Connections at") == 4


def test_count_ends_it(tmp_path: Path) -> None:
    assert run("netstat", EXAMPLE, "1", "--count", "3").stdout.count("Active Connections at") == 3
    assert run("netstat", EXAMPLE, "1", "--count", "3", "--at", "9", "--relative").stdout.count("at 9.000000") == 1
    assert run("netstat", EXAMPLE, "--count", "3").exit_code == 2


def test_a_long_silence_is_passed_over(tmp_path: Path) -> None:
    frames = STORY_FRAMES["half_close"]
    path = tmp_path / "years.pcap"
    path.write_bytes(pcap([*frames, (frames[-1][0] + 3 * 365 * 86_400 * NS, frames[-1][1])]))
    result = run("netstat", path, "1", "--format", "table", "--relative")
    assert 100 < result.stdout.count("Active Connections at") < 120


def test_a_file_whose_name_is_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "5").write_bytes(EXAMPLE.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert run("netstat", "5").stdout == run("netstat", EXAMPLE).stdout
    assert run("netstat", "5", "6").stdout.count("Active Connections at") == 3


def test_the_library_knows_moments(tmp_path: Path) -> None:
    path = tmp_path / "talk.pcap"
    path.write_bytes(pcap(STORY_FRAMES["half_close"]))
    (row,) = pcapstate.netstat(path, at=0.6)
    assert row.state is pcapstate.State.SYN_SENT
    (row,) = pcapstate.netstat(path, at=f"@{FIRST + 1.5}")
    assert row.state is pcapstate.State.ESTABLISHED
    with pytest.raises(MomentError):
        pcapstate.netstat(path, at="soon")


@pytest.mark.parametrize("at", ["16.9", "-0.01", "-0", "0"])
def test_a_moment_within_the_capture_needs_no_remark(at: str) -> None:
    assert run("netstat", EXAMPLE, "--at", at).stderr == ""


def test_a_time_of_day_before_the_capture_is_not_one_of_the_next_day() -> None:
    failed = process("netstat", str(EXAMPLE), "--at", "22:13:19", "--utc")
    assert failed.returncode == 2
    assert "22:13:19 is not in the capture, whose first packet came at 2023-11-14 22:13:20" in failed.stderr


@pytest.mark.parametrize(
    "at", ["22:13", "10:13 PM", "22:13:20", "22:13:20.000", "10 pm", "2023-11-14", "2023-11-14 22:13", "1700000000"]
)
def test_the_minute_that_a_capture_begins_in_counts_as_in_it(at: str) -> None:
    shown = run("netstat", EXAMPLE, "--at", at, "--utc")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "at 2023-11-14 22:13:20.000126Z" in shown.stdout
    assert shown.stdout == run("netstat", EXAMPLE, "--at", "0", "--utc").stdout


@pytest.mark.parametrize("at", ["22:12", "22:13:19", "22:13:19.999", "9 pm", "2023-11-13", "2023-11-14 22:12"])
def test_the_minute_before_it_does_not(at: str) -> None:
    failed = process("netstat", str(EXAMPLE), "--at", at, "--utc")
    assert failed.returncode == 2
    assert "whose first packet" in failed.stderr or "before the capture's first packet" in failed.stderr


def test_half_of_the_day_needs_no_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run("netstat", EXAMPLE, "--at", "10:13:25 PM", "--utc")
    assert whole.exit_code == 0
    assert run("netstat", EXAMPLE, "--at", "10:13:25", "PM", "--utc").stdout == whole.stdout
    assert run("netstat", "--at", "10:13:25", "PM", EXAMPLE, "--utc", "5").stdout.startswith(whole.stdout[:60])
    dated = run("netstat", EXAMPLE, "--at", "2023-11-14", "10:13:25", "PM", "--utc")
    assert dated.stdout == whole.stdout
    assert run("netstat", "--at", "2023-11-14", "22:13:25", EXAMPLE, "--utc").stdout == whole.stdout
    assert "nothing: no such file" in process("netstat", str(EXAMPLE), "--at", "22:13", "nothing").stderr
    monkeypatch.chdir(tmp_path)
    Path("PM").write_bytes(EXAMPLE.read_bytes())
    assert run("netstat", "PM", "--at", "22:13:25", "--utc").stdout == whole.stdout


def test_a_filter_takes_a_minute_for_its_beginning() -> None:
    assert len(run("connections", EXAMPLE, "--filter", "opened > 22:13", "--utc").stdout.splitlines()) == 14


def test_tables_that_are_compared_are_of_one_host(tmp_path: Path) -> None:
    """The second client's connections must not turn those of the first around."""
    path = tmp_path / "two.pcap"
    talks = [(("10.0.0.5", 50_000), 1), (("10.0.0.6", 50_001), 15), (("10.0.0.5", 50_002), 25)]
    frames = [((FIRST + at) * NS, tcp_frame(client, ("10.0.0.9", 80), b"", flags=16)) for client, at in talks]
    path.write_bytes(pcap(frames))
    rows = [json.loads(line) for line in run("netstat", path, "10", "--format", "jsonl").stdout.splitlines()]
    assert [row["change"] for row in rows] == [None, None, "new", None, None, "new"][: len(rows)]
    assert {row["local_address"] for row in rows} == {"10.0.0.5", "10.0.0.6"}


def test_repeated_tables_of_ports_that_stop(tmp_path: Path) -> None:
    """Listening ports that stop, among UDP ports: each table is that of its moment, and gone is what was before."""
    host, peer = "10.0.0.2", "10.0.0.1"
    frames = []
    for number, port in enumerate((80, 443, 8080)):
        client, server = (peer, 40_000 + number), (host, port)
        frames += [
            (0.1, tcp_frame(client, server, b"", seq=0, flags=0x02)),
            (0.2, tcp_frame(server, client, b"", seq=0, flags=0x12)),
            # Another client is refused: the service was stopped.
            (2.1 + 2 * number, tcp_frame((peer, 50_000 + number), server, b"", seq=0, flags=0x02)),
            (2.2 + 2 * number, tcp_frame(server, (peer, 50_000 + number), b"", seq=0, flags=0x14)),
        ]
    for number, port in enumerate((53, 123, 500, 4500)):
        frames.append((0.3 + number, udp_frame((host, port), (peer, 9), b"")))
    path = tmp_path / "stopping.pcap"
    path.write_bytes(pcap([(round((FIRST + time) * NS), frame) for time, frame in sorted(frames)]))
    rows = json.loads(run("netstat", path, "1", "-a", "--local", host, "--format", "json").stdout, parse_float=str)

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["proto"], row["local_port"], row["foreign_port"], row["state"]

    before: list[tuple[Any, ...]] = []
    stopped = []
    for at in sorted({row["at"] for row in rows}):
        now = [key(row) for row in rows if row["at"] == at and row["change"] != "gone"]
        alone = run("netstat", path, "-a", "--local", host, "--format", "json", "--at", f"@{at}").stdout
        assert now == [key(row) for row in json.loads(alone)]
        gone = [key(row) for row in rows if row["at"] == at and row["change"] == "gone"]
        new = [key(row) for row in rows if row["at"] == at and row["change"] == "new"]
        assert sorted(gone) == sorted(set(before) - set(now))
        assert not before or sorted(new) == sorted(set(now) - set(before))
        stopped += [port for _, port, _, state in gone if state == "LISTEN"]
        before = now
    assert stopped == [80, 443, 8080]


def test_a_syn_beside_an_open_connection_has_no_row() -> None:
    capture = EXAMPLE.parent / "old-duplicate-syn.pcap"
    for at in ("1.5", "2.13"):
        rows = json.loads(run("netstat", capture, "--at", at, "--format", "json").stdout)
        assert [(row["state"], row["connection"]) for row in rows] == [("ESTABLISHED", 0)]
