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
from pcapstate.findings.finding import LISTED, Count, Finding, Severity, Text, share
from pcapstate.output.widths import display_width
from pcapstate.views import findings as view
from pcapstate.wording.findings import KINDS
from pcapstate.wording.languages import LANGUAGES, translate

from .any_packets import packets, variants
from .captures import pcap, story_frames
from .diagnosing import PCAPS, findings_of
from .stories import Packet, Variant

EXAMPLE = PCAPS / "example.pcapng"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(diagnose, [str(one) for one in arguments], catch_exceptions=False)


def test_people_get_blocks_the_most_important_first() -> None:
    result = run(PCAPS / "window-stays-zero.pcap")
    assert result.exit_code == 0
    assert result.stderr == ""
    first, blank, head, *rest = result.stdout.splitlines()
    assert (first, blank) == ("1 problem in 1 connection, 14 packets", "")
    assert head == "PROBLEM  192.0.2.80 did not take data for 25.140s (1 connection)  [zero-window]"
    assert [line.split("  ")[1] for line in rest if line[2:3] != " "] == ["What", "Seen in", "Next", "Filter"]
    assert "  Seen in  connection 0; packet 5" in rest
    assert rest[-1] == "  Filter   tcp.stream == 0"
    assert all(len(line) <= 100 for line in rest)
    heads = [line.split()[0] for line in run(EXAMPLE).stdout.splitlines() if line[:1].isupper()]
    assert heads == ["WARNING"] * 4


def test_nothing_to_point_at_is_one_line_that_says_what_was_looked_for() -> None:
    result = run(PCAPS / "close-by-client.pcap")
    assert " ".join(result.stdout.split()).startswith("Nothing to point at in 1 connection, 11 packets. Looked for: ")
    assert "half-open" in result.stdout
    assert run(PCAPS / "close-by-client.pcap", "--format", "json").stdout == "[]\n"
    assert run(PCAPS / "close-by-client.pcap", "--format", "jsonl").stdout == ""
    assert run(PCAPS / "close-by-client.pcap", "--format", "csv").stdout.count("\n") == 1


def test_programs_get_stable_fields() -> None:
    rows = [json.loads(line) for line in run(EXAMPLE, "--format", "jsonl").stdout.splitlines()]
    assert list(rows[0]) == [
        "finding", "severity", "host", "title", "text", "next", "count", "connections", "packet_count", "packets",
        "filter",
    ]  # fmt: skip
    first = rows[0]
    assert {name: first[name] for name in ("finding", "severity", "host", "count", "connections", "packets")} == {
        "finding": "close-wait-left", "severity": "warning", "host": "10.0.0.5", "count": 2, "connections": [4, 6],
        "packets": [38, 95],
    }  # fmt: skip
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
        for lang in LANGUAGES
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
    return [text for kind in KINDS.values() for text in (kind.title, kind.text, kind.next, *kind.also.values())]


def test_every_text_is_there_in_japanese() -> None:
    words = [*templates(), *(severity.word for severity in Severity), "What", "Seen in", "Next", "Filter"]
    assert [text for text in words if translate(text, "ja") == text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_ends(language: str) -> None:
    for kind in KINDS.values():
        assert translate(kind.title, language)[-1] not in ".。"
        for text in (kind.text, kind.next, *kind.also.values()):
            assert translate(text, language)[-1] == (".", "。")[language == "ja"], text


def test_fields_are_plain_names() -> None:
    for text in templates():
        for _, name, form, conversion in string.Formatter().parse(text):
            assert name is None or name.isidentifier(), text
            assert conversion is None
            assert not form or "|" in form


# --- any capture


def sound(found: list[Finding], connections: int, frames: int) -> None:
    order = [(one.severity, list(KINDS).index(one.kind)) for one in found]
    assert order == sorted(order)
    for one in found:
        assert list(one.connections) == sorted(set(one.connections))
        assert list(one.packets) == sorted(set(one.packets))
        assert all(0 <= number < connections for number in one.connections)
        assert all(0 < number <= frames for number in one.packets)
        assert len(one.connections) == min(one.count, LISTED)
        assert len(one.packets) == min(one.packet_count, LISTED)
    for language in LANGUAGES:
        for term, texts in view.view_for_people(found, language):
            assert not set("".join([term, *(text for _, text in texts[:-1])])) & set("{}")
        view.summary(found, connections, frames, language)


@settings(max_examples=200, deadline=None)
@given(st.lists(packets, max_size=40), variants, st.lists(st.integers(-(10**10), 10**12), max_size=40))
def test_any_packets(story: list[Packet], variant: Variant, times: list[int]) -> None:
    frames = story_frames(story, variant)
    for place, shift in enumerate(times[: len(frames)]):
        frames[place] = (max(frames[place][0] + shift, 0), frames[place][1])
    sound(findings_of(pcap(frames)), len(frames), len(frames))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_captures(data: st.DataObject) -> None:
    whole = bytearray(EXAMPLE.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(200, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(200, len(whole)))])
    sound(findings_of(cut), 200, 200)


def test_every_kind_is_explained_in_the_documentation() -> None:
    page = (PCAPS.parent.parent / "docs" / "diagnose.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(KINDS)
