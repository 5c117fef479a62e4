"""``pcapstate diagnose``: what it prints, for people and programs, in both languages, whatever the capture."""

from __future__ import annotations

import csv
import io
import json
import string
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.cli.diagnose import diagnose
from pcapstate.findings.diagnosis import DOUBTS
from pcapstate.findings.finding import LISTED, Finding, Text, share
from pcapstate.output.widths import display_width
from pcapstate.views import diagnosis as view
from pcapstate.wording.counts import Count
from pcapstate.wording.findings import KINDS, Kind
from pcapstate.wording.languages import LANGUAGES, translate
from pcapstate.wording.times import TimeFormat
from tests.helpers.any_packets import packets, variants
from tests.helpers.captures import pcap, story_frames
from tests.helpers.diagnosing import findings_of
from tests.helpers.paths import PCAPS, ROOT
from tests.helpers.stories import Packet, Variant

EXAMPLE = PCAPS / "example.pcapng"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(diagnose, [str(one) for one in arguments], catch_exceptions=False)


def test_people_get_blocks_the_most_important_first() -> None:
    result = run(PCAPS / "window-stays-zero.pcap")
    assert result.exit_code == 0
    assert result.stderr == ""
    first, blank, head, *rest = result.stdout.splitlines()
    assert (first, blank) == ("1 problem in 1 connection, 14 packets", "")
    assert head == "PROBLEM  192.0.2.80 did not accept data for 25.140s (1 connection)  [zero-window]"
    assert [line.split("  ")[1] for line in rest if line[2:3] != " "] == ["When", "What", "Seen in", "Next", "Filter"]
    assert "  Seen in  connection 0; packet 5" in rest
    assert rest[-1] == "  Filter   tcp.stream == 0"
    assert all(len(line) <= 100 for line in rest)
    heads = [line.split()[0] for line in run(EXAMPLE).stdout.splitlines() if "  [" in line]
    assert heads == ["WARNING"] * 5


def test_nothing_to_point_at_is_one_line_that_says_what_was_looked_for() -> None:
    result = run(PCAPS / "close-by-client.pcap")
    assert " ".join(result.stdout.split()).startswith("No findings in 1 connection, 11 packets. Looked for: ")
    assert "half-open" in result.stdout
    assert run(PCAPS / "close-by-client.pcap", "--format", "json").stdout == "[]\n"
    assert run(PCAPS / "close-by-client.pcap", "--format", "jsonl").stdout == ""
    assert run(PCAPS / "close-by-client.pcap", "--format", "csv").stdout.count("\n") == 1


def test_programs_get_stable_fields() -> None:
    rows = [json.loads(line) for line in run(EXAMPLE, "--format", "jsonl").stdout.splitlines()]
    assert list(rows[0]) == [
        "finding", "severity", "host", "title", "text", "next", "count", "connections", "packet_count", "packets",
        "filter", "filter_selects", "first", "last",
    ]  # fmt: skip
    first = rows[0]
    assert {name: first[name] for name in ("finding", "severity", "host", "count", "connections", "packets")} == {
        "finding": "close-wait-left", "severity": "warning", "host": "10.0.0.5", "count": 2, "connections": [4, 6],
        "packets": [38, 95],
    }  # fmt: skip
    assert (first["filter_selects"], first["first"], first["last"]) == (None, 1700000002.309244, 1700000013.053515)
    assert json.loads(run(EXAMPLE, "--format", "json").stdout) == rows
    lines = list(csv.DictReader(io.StringIO(run(EXAMPLE, "--format", "csv").stdout)))
    assert [line["finding"] for line in lines] == [row["finding"] for row in rows]
    assert (lines[0]["connections"], lines[0]["packets"], lines[0]["host"]) == ("4 6", "38 95", "10.0.0.5")
    assert lines[0]["text"] == first["text"]
    none = json.loads(run(PCAPS / "gap-before-fin.pcap", "--format", "json").stdout)[0]
    assert none["host"] is None


def test_names_of_findings_do_not_depend_on_the_language() -> None:
    english, japanese = (
        [json.loads(line) for line in run(EXAMPLE, "--format", "jsonl", "--lang", lang).stdout.splitlines()]
        for lang in ("en", "ja")
    )
    for name in ("finding", "severity", "host", "count", "connections", "packets", "filter"):
        assert [row[name] for row in english] == [row[name] for row in japanese]
    shown = run(EXAMPLE, "--lang", "ja").stdout
    assert "警告" in shown
    assert "CLOSE_WAIT" in shown
    assert all(display_width(line) <= 101 for line in shown.splitlines())


def test_at_a_moment() -> None:
    assert "refused" not in run(EXAMPLE, "--at", "3").stdout
    assert "[refused]" in run(EXAMPLE, "--at", "9").stdout
    assert run(EXAMPLE, "--at", "22:13:27", "--utc").stdout == run(EXAMPLE, "--at", "7").stdout
    wrong = CliRunner().invoke(diagnose, [str(EXAMPLE), "--at", "soon"])
    assert "no moment" in str(wrong.exception)


def test_damage_is_a_finding_and_an_exit_code() -> None:
    result = run(PCAPS / "damaged-last-packet.pcap")
    assert result.exit_code == 1
    assert "[capture-damaged]" in result.stdout
    assert "the file ends in the middle of a packet" in result.stderr


def test_a_name_with_escapes_and_braces_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "{count}\x1b[31m.pcap"
    path.write_bytes((PCAPS / "damaged-last-packet.pcap").read_bytes())
    for format_ in ("table", "json", "csv"):
        shown = run(path, "--format", format_).stdout
        assert "\x1b" not in shown
        assert "{count}" in shown


# --- what is chosen, and how it is told


def kinds(*arguments: str | Path) -> list[str]:
    return [json.loads(line)["finding"] for line in run(*arguments, "--format", "jsonl").stdout.splitlines()]


def test_only_some_connections() -> None:
    everything = ["close-wait-left", "close-wait-left", "reset-in-request", "unanswered", "refused"]
    assert kinds(EXAMPLE) == everything
    assert kinds(EXAMPLE, "--port", "8080") == ["refused"]
    assert kinds(EXAMPLE, "--host", "198.51.100.7") == ["close-wait-left", "reset-in-request"]
    assert kinds(EXAMPLE, "--local", "10.0.0.20") == ["close-wait-left", "refused"]
    assert kinds(EXAMPLE, "--local", "10.0.0.0/8") == everything
    assert kinds(EXAMPLE, "--filter", "outcome ~ reset* or outcome = refused") == ["reset-in-request", "refused"]
    assert kinds(EXAMPLE, "--local", "10.0.0.20", "--port", "443") == []
    (row,) = json.loads(run(EXAMPLE, "--host", "10.0.0.20", "--port", "5432", "--format", "json").stdout)
    assert (row["count"], row["connections"], row["filter"]) == (1, [6], "tcp.stream == 6")


def test_what_is_chosen_is_said() -> None:
    assert run(EXAMPLE, "--port", "8080").stdout.splitlines()[0] == "1 warning in 1 of 13 connections, 99 packets"
    none = run(EXAMPLE, "--port", "9")
    assert none.stdout.startswith("No findings in 0 of 13 connections, 99 packets.")
    assert none.stderr == "pcapstate: no connection matches the filter; there are 13 without it\n"
    assert "接続 13 個のうち 0 個" in run(EXAMPLE, "--port", "9", "--lang", "ja").stdout


def test_what_others_did_explains_those_that_are_chosen() -> None:
    queue = PCAPS / "accept-queue-full.pcap"
    assert kinds(queue) == kinds(queue, "--filter", "outcome = unanswered") == ["syns-dropped"]
    rows = json.loads(run(queue, "--filter", "outcome = unanswered", "--format", "json").stdout)
    assert "0.004000s before" in rows[0]["text"]


def test_mistakes_are_told() -> None:
    for arguments, message in (
        (("--local", "1.2.3"), "neither an IP address nor a network"),
        (("--filter", "foo = 1"), 'no field "foo"'),
        (("--brief", "--format", "json"), "--brief"),
        (("--utc", "--relative"), "exclude each other"),
    ):
        result = CliRunner().invoke(diagnose, [str(EXAMPLE), *arguments])
        assert result.exit_code != 0
        assert message in result.output + str(result.exception)


def test_brief_is_a_line_for_each_finding() -> None:
    first, blank, *lines = run(EXAMPLE, "--brief", "--utc").stdout.splitlines()
    assert (first, blank, len(lines)) == ("5 warnings in 13 connections, 99 packets", "", 5)
    assert lines[0] == (
        "2023-11-14 22:13:22.309244  WARNING  2 connections left in CLOSE_WAIT on 10.0.0.5  [close-wait-left]"
    )
    assert run(EXAMPLE, "--brief", "--relative").stdout.splitlines()[-1] == (
        " 6.100728  WARNING  Connections refused by 10.0.0.20:8080 (1 attempt)  [refused]"
    )
    assert run(PCAPS / "close-by-client.pcap", "--brief").stdout.startswith("No findings")


def test_times_are_clock_times() -> None:
    lines = run(EXAMPLE, "--utc").stdout.splitlines()
    assert lines[3] == "  When     2023-11-14 22:13:22.309244 to 22:13:33.053515"
    assert "  When     2.309118 to 13.053389" in run(EXAMPLE, "--relative").stdout
    midnight = view.between(1700006399 * 10**9, 1700006401 * 10**9, "en", TimeFormat(utc=True))
    assert midnight == "2023-11-14 23:59:59.000000 to 2023-11-15 00:00:01.000000"


def test_what_makes_the_rest_doubtful_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "twice.pcap"
    path.write_bytes((PCAPS / "full-backlog.pcap").read_bytes() + (PCAPS / "full-backlog.pcap").read_bytes()[24:])
    found = findings_of(path)
    assert [one.kind for one in found] == ["stored-again", "queue-full"]
    assert found[1] == findings_of(PCAPS / "full-backlog.pcap")[0]


def test_an_attempt_that_was_given_up_is_shown_by_its_syn() -> None:
    """The tracker ends it by a timer, for which there is no packet; and the findings are those of an attempt still."""
    rows = [json.loads(line) for line in run(PCAPS / "host-scan.pcap", "--format", "jsonl").stdout.splitlines()]
    assert [(row["finding"], row["packet_count"], row["packets"][:3]) for row in rows] == [("host-scan", 16, [1, 2, 3])]
    (row,) = json.loads(run(PCAPS / "unanswered.pcap", "--at", "200", "--format", "json").stdout)
    assert (row["finding"], row["packets"]) == ("unanswered", [6])


# --- words


def test_numbers_in_texts() -> None:
    assert f"{Count(1):packet|packets} {Count(1):=is|are}" == "1 packet is"
    assert f"{Count(1234):packet|packets} {Count(1234):=is|are}" == "1,234 packets are"
    assert f"{Count(1234)} {Count(7):03d}" == "1,234 007"
    inner = Text("{more} more", {"more": Count(2)})
    assert Text("{names} and {inner}", {"names": "{a}", "inner": inner}).told("en") == "{a} and 2 more"
    assert [share(*one) for one in ((1, 3), (0, 9), (1, 1000), (5, 0), (1, 1))] == [
        "33 %", "0 %", "0.1 %", "500 %", "100 %",
    ]  # fmt: skip


def templates() -> list[str]:
    return [text for kind in KINDS.values() for text in (kind.title, *sentences(kind))]


def sentences(kind: Kind) -> list[str]:
    return [kind.text, kind.next, *kind.also.values(), *kind.instead.values()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_ends(language: str) -> None:
    for kind in KINDS.values():
        assert translate(kind.title, language)[-1] not in ".。"
        for text in sentences(kind):
            assert translate(text, language)[-1] in ".。", text


def test_fields_are_plain_names() -> None:
    for text in templates():
        for _, name, form, conversion in string.Formatter().parse(text):
            assert name is None or name.isidentifier(), text
            assert conversion is None
            assert not form or "|" in form


# --- any capture


def sound(found: list[Finding], connections: int, frames: int) -> None:
    order = [(one.kind not in DOUBTS, one.severity, list(KINDS).index(one.kind)) for one in found]
    assert order == sorted(order)
    for one in found:
        assert (one.first is None) == (one.last is None)
        assert one.first is None or one.last is None or one.first <= one.last
        assert list(one.connections) == sorted(set(one.connections))
        assert list(one.packets) == sorted(set(one.packets))
        assert all(0 <= number < connections for number in one.connections)
        assert all(0 < number <= frames for number in one.packets)
        assert len(one.connections) == min(one.count, LISTED)
        assert len(one.packets) == min(one.packet_count, LISTED)
    for language in LANGUAGES:
        for term, texts in view.view_for_people(found, language, TimeFormat(utc=True)):
            others = [text for label, text in texts if label != translate("Filter", language)]
            assert not set("".join([term, *others])) & set("{}")
        assert len(view.brief(found, language, TimeFormat(utc=True))) == len(found)
        view.summary(found, connections, frames, language)


@settings(max_examples=100, deadline=None)
@given(st.lists(packets, max_size=40), variants, st.lists(st.integers(-(10**10), 10**12), max_size=40))
def test_any_packets(story: list[Packet], variant: Variant, times: list[int]) -> None:
    frames = story_frames(story, variant)
    for place, shift in enumerate(times[: len(frames)]):
        frames[place] = (max(frames[place][0] + shift, 0), frames[place][1])
    sound(findings_of(pcap(frames)), len(frames), len(frames))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_captures(data: st.DataObject) -> None:
    whole = bytearray(EXAMPLE.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(200, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(200, len(whole)))])
    sound(findings_of(cut), 200, 200)


def test_every_kind_is_explained_in_the_documentation() -> None:
    page = (ROOT / "docs" / "diagnose.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(KINDS)
