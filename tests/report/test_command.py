"""``pcapstate report``: the file that it writes, without a browser."""

from __future__ import annotations

import base64
import gzip
import html
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import pcapstate
from pcapstate.reading import Origin, Reading
from pcapstate.report import page as pages
from pcapstate.report.connections import Limits
from pcapstate.report.contents import Watchers, contents
from pcapstate.sockets.answers import Answers
from pcapstate.sockets.question import Question
from pcapstate.views.reading_aids import Manner
from pcapstate.wording.languages import LANGUAGES
from pcapstate.wording.styles import WINDOWS
from pcapstate.wording.times import TimeFormat
from tests.helpers.captures import pcap
from tests.helpers.paths import PCAPS
from tests.helpers.running import dangerous, ended, process, run
from tests.report.test_packing import unpacked

EXAMPLE, OFFICE = PCAPS / "example.pcapng", PCAPS / "office.pcapng"


def report(*arguments: str | Path) -> str:
    found = run("report", *arguments, "-o", "-", "--utc", "--lang", "en")
    assert found.exit_code in (0, 1)
    return found.stdout


def data(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = re.search(r'<script type="text/plain" id="data">([^<]*)</script>', text)
    assert found is not None
    return unpacked(found[1])


class Elements(HTMLParser):
    """The elements of a page that are open at its end, and those without which no data leaves it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name) for name, _ in attrs]
        if tag not in ("meta", "input", "br", "img", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng", "hostile-names.pcapng", "syn-flood.pcap"])
def test_the_page_is_sound_and_asks_for_nothing(name: str) -> None:
    text = report(PCAPS / name)
    elements = Elements()
    # The program is not HTML, and has what looks like it.
    elements.feed(re.sub(r"(<(script|style)[^>]*>).*?(?=</\2>)", r"\1", text, flags=re.DOTALL))
    elements.close()
    assert elements.open == []
    names = {name for _, name in elements.attributes}
    assert not names & {"src", "srcset", "style", "action"}
    assert not {name for name in names if name.startswith("on")}
    assert not dangerous(re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    directives = dict(one.strip().split(" ", 1) for one in html.unescape(policy[1]).split(";"))
    assert directives["default-src"] == "'none'"
    assert set(directives) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}
    assert "unsafe" not in policy[1]


def test_the_first_screen_needs_no_script() -> None:
    text = re.sub(r"<(script|style).*?</\1>", "", report(EXAMPLE), flags=re.DOTALL)
    for told in (
        "TCP connections in example.pcapng",
        "3 connections were closed by both sides",
        "2023-11-14 22:13:20.000126Z",
        "2 connections left in CLOSE_WAIT on 10.0.0.5",
        "Check the program on 10.0.0.5 that owns these connections",
        "tcp.stream in {4, 6}",
        "所見",
    ):
        assert told in html.unescape(text)
    assert html.unescape(text).count('<article class="finding') == len(pcapstate.open(EXAMPLE).diagnose())


def test_the_data_are_the_connections() -> None:
    values, columns = data(report(OFFICE))
    known = pcapstate.connections(OFFICE)
    assert columns["connection"].tolist() == [one.connection for one in known]
    for name in ("client_packets", "server_bytes", "retransmissions", "client_port", "handshake_seen"):
        assert columns[name].tolist() == [getattr(one, name) for one in known]
    start = values["start"][0] * 10**9 + values["start"][1]
    assert [start + int(one) for one in columns["opened"]] == [one.opened for one in known]
    assert [values["addresses"][one] for one in columns["server_address"]] == [str(one.server_address) for one in known]
    # The changes that held are those of the timeline.
    held = columns["change_held"] == 1
    found = sorted(
        zip((columns["change_time"][held] + start).tolist(), columns["change_packet"][held].tolist(), strict=True)
    )
    assert found == sorted((float(one.time), one.packet or 0) for one in pcapstate.transitions(OFFICE))


def test_redacted_no_address_and_no_name_is_left(tmp_path: Path) -> None:
    path = tmp_path / "secret-customer.pcapng"
    shutil.copy(OFFICE, path)
    with pcapstate.open(path) as session:
        known = session.netstat(names=True, local="0.0.0.0/0")
    hosts = {
        str(address) for one in pcapstate.connections(path) for address in (one.client_address, one.server_address)
    }
    names = {one.foreign_name for one in known if one.foreign_name}
    assert len(names) > 2
    plain, redacted = report(path), report(path, "--redact")

    def everything(text: str) -> str:
        raw = re.search(r'id="data">([^<]*)<', text)
        assert raw is not None
        return text + gzip.decompress(base64.b64decode(raw[1])).decode("utf-8", "replace")

    before, after = everything(plain), everything(redacted)
    for one in (*hosts, *names, "secret-customer"):
        pattern = re.compile(rf"(?<![\w.:]){re.escape(one)}(?![\w:]|\.\d)")
        assert pattern.search(before) is not None, one
        assert pattern.search(after) is None, one
    # Each stands for one, so all else is the same.
    (_, one), (values, other) = data(plain), data(redacted)
    for name in ("outcome", "client_packets", "opened", "client_port", "change_time", "step_time"):
        assert one[name].tolist() == other[name].tolist()
    pairs = list(zip(one["client_address"].tolist(), other["client_address"].tolist(), strict=True))
    assert len(set(pairs)) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    assert all(one.startswith(("198.18.", "198.19.", "2001:db8:", "127.")) for one in values["addresses"])
    assert "capture-1.pcapng" in redacted


def test_redacted_the_ending_of_a_file_is_left_only_where_it_is_that_of_captures(tmp_path: Path) -> None:
    for name, shown in (("trace.acme", "capture-1"), ("trace.acme.pcapng", "capture-1.pcapng")):
        path = tmp_path / name
        shutil.copy(EXAMPLE, path)
        text = report(path, "--redact")
        assert f"<title>{shown} - pcapstate</title>" in text
        assert "acme" not in text


def limited(path: Path, limits: Limits) -> str:
    """Return the page of a report with other limits."""
    answers = Answers(Question(), named=True)
    watchers = Watchers(answers)
    reading = Reading(Origin((path,)), record=True, details=True, watchers=watchers.of, followers=[answers.moved])
    answers.attach(reading)
    history = reading.history()
    manners = {lang: Manner(WINDOWS, lang, TimeFormat(utc=True)) for lang in LANGUAGES}

    def again(watchers: Any) -> Reading:
        return Reading(Origin((path,)), watchers=lambda _: watchers)

    found = contents(reading, history, watchers, again, list(manners.values()), None, limits)
    losses: dict[str, list[str]] = {lang: [] for lang in LANGUAGES}
    return pages.page(found, pages.Shown([path.name], WINDOWS, manners, "en", losses, False))


def test_of_a_large_capture_the_most_interesting_connections_are_kept_and_it_says_so() -> None:
    text = limited(OFFICE, Limits(connections=4, changes=1_000, ladders=2))
    values, columns = data(text)
    known = pcapstate.connections(OFFICE)
    named = {number for one in pcapstate.open(OFFICE).diagnose() for number in one.connections}
    assert len(columns["connection"]) == 4
    assert len(named) > 4
    assert set(columns["connection"].tolist()) <= named
    assert len(columns["ladder_of"]) == 2
    # Where there is no room for the steps of more, the first is one that findings name.
    _, of_all = data(limited(OFFICE, Limits(steps=1)))
    assert len(of_all["ladder_of"]) == 1
    assert int(of_all["connection"][of_all["ladder_of"][0]]) in named
    assert 0 not in named
    assert f"This file has 4 of {len(known)} connections one by one" in text
    assert not values["whole"]
    assert values["all"] == len(known)
    # Counts over time are of all.
    last = sum(columns["count_change"][(columns["count_side"] == 0) & (columns["count_state"] == 5)])
    assert last == sum(one.client_state == "ESTABLISHED" for one in known)


def test_a_long_ladder_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapstate.report.ladders.LONGEST", 3)
    values, columns = data(report(EXAMPLE))
    texts = [one if isinstance(one, str) else one[0] for one in values["texts"]]
    assert any(
        re.fullmatch(r"\d+ more packets are not in this file; pcapstate explain shows all", one) for one in texts
    )
    assert max(columns["ladder_ends"][1:].astype(int) - columns["ladder_ends"][:-1].astype(int)) <= 3 + 400


def test_a_capture_without_connections_has_a_page(tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(pcap([]))
    text = report(path)
    assert "<script" not in text
    assert "No findings" in text


def test_several_captures_make_one_report() -> None:
    one, other = PCAPS / "close-by-client.pcap", PCAPS / "close-by-server.pcap"
    values, columns = data(report(one, other))
    assert len(columns["connection"]) == 2
    assert values["whole"]


def test_a_damaged_capture_ends_with_1_and_is_told_in_the_page() -> None:
    found = process("report", PCAPS / "damaged-last-packet.pcap", "-o", "-", "--lang", "en")
    assert found.returncode == 1
    assert b'class="losses"' in found.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name a capture file"),
        (["-"], "the capture is read twice"),
        (["/nowhere.pcap"], "nowhere.pcap"),
    ],
)
def test_what_is_refused(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "report.html"
    code, said = ended(capfd, monkeypatch, "report", *arguments, "-o", str(path))
    assert code in (1, 2)
    assert told in said
    assert not path.exists()


def test_an_interrupted_reading_leaves_the_file_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Reading) -> Any:
        found = history(self)
        self.interrupted = True
        return found

    history = Reading.history
    monkeypatch.setattr(Reading, "history", interrupted)
    path = tmp_path / "report.html"
    path.write_text("before")
    code, _ = ended(capfd, monkeypatch, "report", str(EXAMPLE), "-o", str(path))
    assert code != 0
    assert path.read_text() == "before"
