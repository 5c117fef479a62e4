"""Texts from captures and from the command line reach no terminal, spreadsheet or program unescaped."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from making import CAPTURES
from making.hostile import LONG, PORT, TEXTS

from pcapstate.cli.main import cli
from pcapstate.escaping import safe
from pcapstate.kernels.running import Kernels
from pcapstate.output.formats import render
from pcapstate.table import WORD, Column, single
from tests.helpers.captures import pcap, story_frames
from tests.helpers.paths import PCAPS
from tests.helpers.running import dangerous, ended
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

HOSTILE = [name for name in CAPTURES if name.startswith("hostile-")]
QUESTIONS = (
    ["netstat", "-a", "-n", "-o", "-b"],
    ["netstat", "-a", "-f", "-b", "--both", "--local", "10.0.0.5"],
    ["netstat", "--columns", "local_name,foreign_name,pid,program,state"],
    ["netstat", "-e"],
    ["netstat", "-r"],
    ["netstat", "-s"],
    ["connections"],
    ["timeline", "--revisions"],
    ["diagnose"],
)
STYLES = ("windows", "linux", "macos", "rfc")
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_dangerous_in_a_table(name: str, question: list[str]) -> None:
    path = str(PCAPS / name)
    styles = [["--lang", "ja"]]
    if question[0] != "diagnose":
        styles += [["--style", style] for style in STYLES]
    for more in styles:
        result = run(*question, *more, path)
        assert dangerous(result.output) == []
        if "has no format of" not in result.output:
            assert result.exit_code == 0
            assert result.stdout


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_dangerous_for_programs(name: str, question: list[str]) -> None:
    path = str(PCAPS / name)
    written = {format_: run(*question, path, "--format", format_).stdout for format_ in ("json", "jsonl", "csv")}
    rows = json.loads(written["json"])
    assert [json.loads(line) for line in written["jsonl"].splitlines()] == rows
    assert all(one.isascii() and not dangerous(one) for one in (written["json"], written["jsonl"]))
    assert dangerous(written["csv"].replace("\r\n", "\n")) == []
    titles, *lines = csv.reader(io.StringIO(written["csv"], newline=""), strict=True)
    assert len(lines) == len(rows)
    assert all(len(line) == len(titles) for line in lines)
    for cell in (cell for line in lines for cell in line):
        assert NUMBER.fullmatch(cell) or not FORMULA.match(cell), cell


def programs(name: str, format_: str) -> list[str]:
    """Return the programs of a capture's connections, in the order of their clients' ports."""
    shown = run("netstat", "-n", "--columns", "local_port,program", str(PCAPS / name), "--format", format_).stdout
    if format_ == "json":
        rows = [(row["local_port"], row["program"]) for row in json.loads(shown)]
    else:
        rows = [(int(port), program) for port, program in list(csv.reader(io.StringIO(shown, newline="")))[1:]]
    assert [port for port, _ in sorted(rows)] == list(range(PORT, PORT + len(rows)))
    return [program for _, program in sorted(rows)]


def test_programs_are_told_as_the_capture_has_them() -> None:
    said = [one.partition(b"\0")[0].decode("utf-8", "replace")[:255] for one in (*TEXTS, LONG)]
    assert programs("hostile-processes.pcapng", "json") == said
    assert len(said[-1]) == 255
    found = programs("hostile-processes.pcapng", "csv")
    for text, cell in zip(said, found, strict=True):
        assert cell == ("'" if FORMULA.match(safe(text)) else "") + safe(text)


def test_every_capture_shows_what_it_is_there_for() -> None:
    shown = run("netstat", "-b", "-n", str(PCAPS / "hostile-comments.pcapng")).stdout
    assert "\\x1b]0;title\\x07" in shown
    assert "＠SUM(1)" in shown
    shown = run("netstat", "-b", "-n", str(PCAPS / "hostile-greetings.pcap")).stdout
    assert all(f"? {protocol}: " in shown for protocol in ("http", "https", "ssh", "smtp"))
    assert "\\u202aa\\u202bb" in shown
    # What is no name of a host is never shown as one; here one record has a second name that is.
    names = run("netstat", "--columns", "foreign_name", str(PCAPS / "hostile-names.pcapng"), "--format", "json").stdout
    assert {row["foreign_name"] for row in json.loads(names)} == {None, "d"}


def test_all_code_points() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert dangerous(safe(every)) == []
    words = tuple(f"{one}1" for one in every[:0x300])
    for format_ in ("table", "json", "jsonl", "csv"):
        table = single((Column("text", "Text", WORD, words),), np.arange(len(words)).reshape(-1, 1))
        shown = b"".join(render(table, format_, Kernels())).decode()
        assert shown.count("1") >= len(words)
        assert dangerous(shown.replace("\r\n", "\n")) == []


IGNORABLE = (
    *(0xAD, 0x34F, 0x61C, 0x3164, 0xFEFF, 0xFFA0, 0x2800, 0x115F, 0x1160, 0x17B4, 0x17B5),
    *(*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
    *(*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B)),
    *range(0xE0000, 0xE1000),
)
"""Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, and the blank of Braille."""


def test_what_shows_nothing_is_escaped() -> None:
    for one in map(chr, IGNORABLE):
        assert safe(f"a{one}b").isascii()
        assert safe(f"a{one}b") != "ab"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("a" + "\u0301" * 4, "a" + "\u0301" * 4),
        ("a" + "\u0301" * 7 + "b\u0301", "a" + "\u0301" * 4 + "\\u0301" * 3 + "b\u0301"),
        ("\u0301a", "\\u0301a"),
        ("a \u0301b", "a \\u0301b"),
        ("a\u0301\u20dd\u0489\u0308\u030a", "a\u0301\u20dd\u0489\u0308\\u030a"),
        ("❤\ufe0f", "❤\\ufe0f"),
    ],
)
def test_marks_stand_on_a_character_and_are_few(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert safe(shown) == shown


@pytest.mark.parametrize(
    "text", ["が", "ﾎﾟｰﾄ", "か\u3099", "नमस्ते", "ไม้เท้า", "བསྒྲུབས", "שָׁלוֹם", "Việt", "ブラウザー", "한국어", "👍🏽"]
)
def test_writing_of_people_stays(text: str) -> None:
    assert safe(text) == text


# --- what stands on the command line


NAMES = [os.fsdecode(text.replace(b"/", b"_").replace(b"\0", b"_")) for text in TEXTS]


@pytest.mark.parametrize("name", NAMES, ids=safe)
def test_names_of_files(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: str) -> tuple[int, str]:
        return ended(capfd, monkeypatch, *arguments)

    monkeypatch.chdir(tmp_path)
    dashed = f"./{name}"
    path = Path(dashed)
    assert said("connections", dashed) == (2, f"pcapstate: {safe(dashed)}: no such file\n")
    try:
        path.write_bytes(b"nothing of the kind\n")
    except OSError:
        pytest.skip("this file system has no such names")
    code, told = said("timeline", dashed)
    assert (code, told.count("\n")) == (2, 1)
    assert told.startswith(f"pcapstate: {safe(dashed)}: not a capture file")
    whole = pcap(story_frames(parse(STORIES["half_close"])))
    Path("whole.pcap").write_bytes(whole)
    code, told = said("connections", ".")
    assert (code, told.count("\n")) == (0, 1)
    assert f"left out: {safe(dashed)}: not a capture" in told
    path.write_bytes(whole[:-3])
    code, told = said("netstat", dashed)
    assert (code, told.count("\n")) == (1, 1)
    assert told.startswith(f"pcapstate: {safe(dashed)}: the file ends in the middle")
    path.unlink()
    path.mkdir()
    code, told = said("connections", "whole.pcap", "--output", dashed)
    assert (code, told.count("\n")) == (2, 1)


ASKED = (
    ["--filter", "{}"],
    ["--filter", 'program = "{}'],
    ["--filter", "program = {}"],
    ["--sort", "{}"],
    ["--columns", "{}"],
    ["--state", "{}"],
    ["--port", "{}"],
    ["--host", "{}"],
    ["--at", "{}"],
    ["--local", "{}"],
    ["--format", "{}"],
    ["--style", "{}"],
    ["--time-wait", "{}"],
    ["--{}"],
    ["-{}"],
)


@pytest.mark.parametrize("name", [*NAMES[:2], *NAMES[4:6], *NAMES[8:14]], ids=safe)
def test_what_is_asked_for(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "whole.pcap"
    path.write_bytes(pcap(story_frames(parse(STORIES["half_close"]))))
    for asked in ASKED:
        call = [one.replace("{}", name) for one in asked]
        code, told = ended(capfd, monkeypatch, "netstat", str(path), *call)
        assert code in (0, 2), call
        assert told.count("\n") <= 1
    assert ended(capfd, monkeypatch, name)[0] == 2
