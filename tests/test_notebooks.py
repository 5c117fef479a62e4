"""What notebooks show of the library's answers: HTML that is whole, bounded and harmless."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

import pcapstate
from pcapstate.ladder.drawing import Ladder
from pcapstate.ladder.explaining import parts
from pcapstate.notebooks import FIRST, FIRST_PARTS, LAST, LAST_PARTS, html_of, html_of_ladder
from pcapstate.plot.colours import LIGHT
from tests.helpers.paths import PCAPS
from tests.helpers.running import dangerous, run

OFFICE = PCAPS / "office.pcapng"
EMPTY = ("img", "br")


class Page(HTMLParser):
    """The elements and the rows of an HTML text, each element ended in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> list[list[str]]:
        return [[cell.strip() for cell in row] for row in self.rows]


def harmless(page: Page) -> None:
    assert set(page.tags) <= {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "span", "img"}
    names = {name for name, _ in page.attributes}
    assert names <= {"style", "scope", "colspan", "alt", "src"}
    assert all(value.startswith("data:image/svg+xml;base64,") for name, value in page.attributes if name == "src")
    assert not any("url(" in value for name, value in page.attributes if name == "style")


def answers() -> dict[str, Sequence[Any]]:
    with pcapstate.open(OFFICE) as session:
        return {
            "connections": session.connections(),
            "transitions": [*session.transitions()],
            "netstat": session.netstat(names=True, udp=True),
            "routes": session.routes(),
            "statistics": session.statistics(),
            "diagnose": session.diagnose(),
        }


ANSWERS = answers()


@pytest.mark.parametrize("name", ANSWERS)
def test_tables_have_a_row_for_each_object_up_to_a_bound(name: str) -> None:
    found = ANSWERS[name]
    page = Page(html_of(found))
    harmless(page)
    head, *rows = page.text
    cut = len(found) > FIRST + LAST
    assert len(rows) == (FIRST + 1 + LAST if cut else len(found))
    if cut:
        assert rows.pop(FIRST) == [f"… {len(found) - FIRST - LAST:,} more"]
    shown = [*found[:FIRST], *found[-LAST:]] if cut else found
    for one, row in zip(shown, rows, strict=True):
        for field, cell in zip(head, row, strict=True):
            value = getattr(one, field)
            if isinstance(value, str) and len(value) < 100:
                assert cell == str(value)
            elif value is None:
                assert cell == ""


def test_some_tables_are_cut_and_others_not() -> None:
    sizes = [len(one) for one in ANSWERS.values()]
    assert min(sizes) < FIRST + LAST < max(sizes)


def test_states_stand_beside_their_colours() -> None:
    text = pcapstate.connections(OFFICE)._repr_html_()
    assert text == html_of(ANSWERS["connections"])
    states = {one.client_state for one in ANSWERS["connections"]}
    for state in states:
        assert re.search(rf"background:{LIGHT[state]};[^>]*></span> {state}<", text)


def test_only_what_is_shown_is_asked_for() -> None:
    asked = []

    class Lazy(Sequence[Any]):
        def __len__(self) -> int:
            return 3_000_000

        def __getitem__(self, place: Any) -> Any:
            asked.append(place)
            return ANSWERS["connections"][0]

    assert "… 2,999,975 more" in html_of(Lazy())
    assert asked == [*range(FIRST), *range(3_000_000 - LAST, 3_000_000)]


def test_nothing_is_a_note() -> None:
    assert Page(html_of([])).tags == ["p"]


NASTY = "<script>alert(1)</script>\"'&\x1b[31m\u202eab\x00" + "x" * 1_000


def test_text_is_escaped() -> None:
    some = [replace(one, program=NASTY, foreign_name=NASTY, local_name=NASTY) for one in ANSWERS["netstat"][:2]]
    text = html_of(some)
    page = Page(text)
    harmless(page)
    assert dangerous(text) == []
    cell = page.text[1][page.text[0].index("program")]
    assert cell.startswith("<script>alert(1)</script>\"'&\\x1b[31m\\u202eab\\x00xxx")
    assert len(cell) == 300


@pytest.mark.parametrize("name", sorted(path.name for path in PCAPS.glob("hostile-*") if path.suffix != ".expected"))
def test_nothing_of_a_hostile_capture_gets_through(name: str) -> None:
    with pcapstate.open(PCAPS / name) as session:
        for text in (
            html_of(session.netstat(names=True)),
            html_of(session.diagnose()),
            session.explain()._repr_html_(),
            session.states_over_time()._repr_html_(),
        ):
            harmless(Page(text))
            assert dangerous(text) == []


def test_states_over_time_show_as_their_picture() -> None:
    with pcapstate.open(OFFICE) as session:
        found = session.states_over_time()
    page = Page(found._repr_html_())
    harmless(page)
    attributes = dict(page.attributes)
    assert attributes["alt"].startswith("The largest number of connections in each state: SYN_SENT 1, ")
    drawn = base64.b64decode(attributes["src"].partition(",")[2]).decode()
    assert drawn == found.svg()
    ElementTree.fromstring(drawn)
    assert str(found) == run("plot", OFFICE, "--utc").stdout


def test_a_ladder_is_what_explain_prints() -> None:
    with pcapstate.open(OFFICE) as session:
        ladder = session.explain(13)
        assert (ladder.connection, len(ladder)) == (13, len(list(ladder)))
    rows = [
        json.loads(line) for line in run("explain", OFFICE, "--connection", 13, "--format", "jsonl").stdout.splitlines()
    ]
    names = [name for name in rows[0] if name != "time"]
    assert [{name: getattr(one, name) for name in names} for one in ladder] == [
        {name: row[name] for name in names} for row in rows
    ]
    assert ladder[0].time < ladder[-1].time
    printed = run("explain", OFFICE, "--connection", 13, "--utc", "--style", "windows").stdout
    assert ladder.text().replace("LISTEN ", "LISTENING ").split() == printed.split()


@pytest.mark.parametrize("number", [1, 13])
def test_the_html_of_a_ladder_has_each_packet_and_each_sentence(number: int) -> None:
    with pcapstate.open(OFFICE) as session:
        ladder = session.explain(number)
    page = Page(ladder._repr_html_())
    harmless(page)
    head, *rows = page.text
    assert head == ["", ladder.client, "", ladder.server]
    told = " ".join(str(ladder).split())
    for row in rows:
        if len(row) == 1:
            assert row[0].replace("… ", "... ") in told
        else:
            assert row[0].split()[0] in told
    steps = [row for row in rows if len(row) == 4]
    states = [tuple(cell.removesuffix(" *") for cell in (row[1], row[3])) for row in steps]
    assert states[-1] == (ladder[-1].client_state, ladder[-1].server_state)
    assert any(cell.endswith(" *") for row in steps for cell in row)


def test_a_long_ladder_is_cut() -> None:
    with pcapstate.open(PCAPS / "keepalives.pcap") as session:
        ladder = session.explain()
    found = list(parts(ladder._steps, "60s"))
    long = Page(drawn_of(ladder, found * 20))
    harmless(long)
    assert any(re.fullmatch(r"… [\d,]+ more", row[0]) for row in long.text)
    packets = [row for row in long.text[1:] if len(row) == 4]
    assert len(packets) <= FIRST_PARTS + LAST_PARTS


def drawn_of(ladder: Any, found: list[Any]) -> str:
    line = Ladder(ladder._steps, 100, ladder._how)
    return html_of_ladder("connection 0", (ladder.client, ladder.server), found, line.__getitem__, lambda _: iter(()))


def test_what_cannot_be_explained_is_said() -> None:
    with pcapstate.open(PCAPS / "example.pcapng") as session:
        with pytest.raises(pcapstate.CallError, match="there is no connection 99; the capture has 13"):
            session.explain(99)
        # The session still answers.
        assert len(session.connections()) == 13
    with (
        OFFICE.open("rb") as file,
        pcapstate.open(file) as session,
        pytest.raises(pcapstate.CallError, match="read twice"),
    ):
        session.explain()
    with (
        pcapstate.open(PCAPS / "wireless-encrypted.pcap") as session,
        pytest.raises(pcapstate.CallError, match="no TCP connection"),
    ):
        session.explain()


@pytest.mark.parametrize(
    "wrong", [{"side": "left"}, {"side": "client", "local": "10.0.0.5"}, {"every": 0}, {"every": -1}, {"every": 1e-9}]
)
def test_wrong_calls_of_states_over_time(wrong: dict[str, Any]) -> None:
    with pcapstate.open(OFFICE) as session, pytest.raises(ValueError, match=r"side|every"):
        session.states_over_time(**wrong)


def test_a_pipe_answers_states_over_time_and_connections_after_it() -> None:
    with OFFICE.open("rb") as file, pcapstate.open(file) as session:
        found = session.states_over_time()
        assert len(session.connections()) == 21
    with pcapstate.open(OFFICE) as session:
        assert list(found) == list(session.states_over_time())
