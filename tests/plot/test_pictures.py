"""The pictures: text at any width, SVG, PNG."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

import pcapstate
from pcapstate.cli.plot import FORMATS
from pcapstate.messages import Message
from pcapstate.moments import DAY, HOUR, SECOND
from pcapstate.output.widths import display_width
from pcapstate.plot import png, svg, text
from pcapstate.plot.colours import DARK, LIGHT
from pcapstate.plot.layout import CHART, LEFT, MARGIN, WIDTH, Label, layout
from pcapstate.plot.picture import Picture
from pcapstate.plot.ticks import numbers, ticks
from pcapstate.report.sources import FOLDER
from pcapstate.tcp.states import State
from pcapstate.views.reading_aids import STATE_TONES, Manner
from pcapstate.views.states_over_time import NOWHERE, OPEN, OverTime, StateChanges
from pcapstate.wording.styles import STYLES
from pcapstate.wording.times import TimeFormat
from tests.helpers.paths import PCAPS

START = 1_700_000_000 * SECOND
HOW = Manner(STYLES["windows"], "en", TimeFormat(utc=True))
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = (40, 80, 200)


def picture(changes: list[tuple[int, State, int]], states: tuple[State, ...], span: int, how: Manner = HOW) -> Picture:
    """Return the picture of so many ends that enter states at times after the start, in ns."""
    rows = [(START + time, int(to)) for time, to, count in changes for _ in range(count)]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 2)
    left = np.full(len(columns), NOWHERE, dtype=np.int8)
    over_time = OverTime(StateChanges(columns[:, 0], columns[:, 1].astype(np.int8), left), START, START + span)
    return Picture(
        over_time, states, how, Message("on {host}, by the addresses of its interface", host="<&\x1b]10.0.0.1")
    )


def office(how: Manner = HOW) -> Picture:
    with pcapstate.open(PCAPS / "office.pcapng") as session:
        return session.states_over_time()._picture(how.lang, how.times.utc)._replace(how=how)


MANY = picture([(0, State.TIME_WAIT, 30_000), (SECOND, State.CLOSE_WAIT, 3)], (State.CLOSE_WAIT, State.TIME_WAIT), DAY)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("signs", [text.SIGNS, text.ASCII_SIGNS])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_lines_fit(width: int, signs: text.Signs, lang: str) -> None:
    for drawn in (office(HOW._replace(lang=lang)), MANY._replace(how=HOW._replace(lang=lang))):
        lines = text.drawn(drawn, width, signs=signs).splitlines()
        # A host's address is a word, which is not broken.
        assert all(display_width(line) <= width for line in lines if "2001:" not in line)
        assert max(map(display_width, lines)) > width * 3 / 4
        if signs is text.ASCII_SIGNS and lang == "en":
            assert "\n".join(lines).isascii()


@pytest.mark.parametrize("height", [5, 24, 100])
def test_bands_take_the_room_there_is(height: int) -> None:
    lines = text.drawn(MANY, 80, height).splitlines()
    assert len(lines) < max(height, 10)
    bands = [line for line in lines if "│" in line]
    wanted = min(max((height - 7) // 3, 1), text.HIGHEST)
    assert len(bands) == 2 * wanted + min(wanted, 3)


def test_each_band_has_its_own_scale_beside_its_largest_number() -> None:
    lines = text.drawn(MANY, 60, 100).splitlines()
    heads = [re.sub(" +", " ", line.partition("│")[0]).strip() for line in lines if "│" in line]
    assert [one for one in heads if one] == ["all 30,003", "CLOSE_WAIT 3", "TIME_WAIT 30,000"]
    assert {line.partition("│")[2][-1] for line in lines if "CLOSE_WAIT" in line or "TIME_WAIT" in line} == {"▇"}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 4))
def test_bars_are_as_high_as_their_numbers(counts: list[int], lines: int) -> None:
    # One column for each number: in the middle of its time so many enter the state, and leave it at once.
    room = len(counts)
    entering = [(2 * at + 1, State.ESTABLISHED, one) for at, one in enumerate(counts)]
    found = picture(entering, (State.ESTABLISHED,), 2 * room)
    band = found.bands(room)[0]._replace(values=np.array(counts), most=max(counts))
    rows = [line.partition("│")[2].ljust(room) for line in text._band(band, 11, 1, lines, text.SIGNS, False)]
    heights = [sum(text.SIGNS.bars.index(row[at]) for row in rows) for at in range(room)]
    assert len(rows) == min(lines, max(*counts, 1))
    full = len(rows) * 8 - 1
    assert heights == [-(-one * full // max(*counts, 1)) for one in counts]


def test_colour_adds_nothing_but_colour() -> None:
    plain, coloured = (text.drawn(office(), 80, 40, colour=one) for one in (False, True))
    assert ANSI.sub("", coloured) == plain
    assert "\x1b" not in plain
    tones = {STATE_TONES[state] for state in OPEN}
    assert 2 <= len(set(ANSI.findall(coloured)) - {"\x1b[0m"}) <= len(tones)


SPANS = st.integers(0, 60 * 365 * DAY) | st.integers(0, 10**7)


@given(st.integers(0, 2 * 10**18), SPANS, st.integers(20, 200), st.booleans())
def test_times_on_the_axis(start: int, span: int, room: int, relative: bool) -> None:
    how = TimeFormat(utc=True, relative=relative, start=start)

    def fit(step: int, longest: int) -> bool:
        return step * room // max(span, 1) >= longest + 2

    found = ticks(start, start + span, how, fit)
    times = [one.time for one in found]
    assert times == sorted(set(times))
    assert all(start <= time <= start + span for time in times)
    assert len({later - sooner for sooner, later in pairwise(times)}) <= 1
    for one in found:
        # What stands there is a part of the time in full.
        assert relative or one.text in how.short(one.time)


@given(st.integers(0, 10**9), st.integers(1, 10))
def test_numbers_on_the_axis(most: int, wanted: int) -> None:
    found = list(numbers(most, wanted))
    assert found[0] == 0
    assert found[-1] <= most
    assert len(found) <= wanted + 1
    assert len(found) > wanted / 3 or found[-1] + 1 >= most


def test_midnight_has_a_date() -> None:
    start = 1_700_006_400 * SECOND - 2 * HOUR  # 2023-11-15 00:00Z
    found = ticks(start, start + 4 * HOUR, TimeFormat(utc=True), lambda step, longest: step >= HOUR)
    assert [one.text for one in found] == ["22:00", "23:00", "11-15", "01:00", "02:00"]


NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_svg_is_xml_with_title_and_description(lang: str) -> None:
    root = ElementTree.fromstring(svg.drawn(office(HOW._replace(lang=lang))))
    assert root.tag == f"{NAMESPACE}svg"
    shown = office(HOW._replace(lang=lang))
    assert root.findtext(f"{NAMESPACE}title") == shown.title
    told = root.findtext(f"{NAMESPACE}desc") or ""
    for band in shown.bands(1)[1:]:
        assert f"{band.name} {band.most:,}" in told
    # It needs no other file, and runs nothing.
    assert {one.tag for one in root.iter()} == {
        NAMESPACE + name for name in ("svg", "title", "desc", "style", "rect", "path", "line", "text")
    }
    assert "url(" not in svg.drawn(shown)
    assert not any("href" in name for one in root.iter() for name in one.attrib)


def test_text_in_svg_is_escaped() -> None:
    drawn = svg.drawn(MANY)
    root = ElementTree.fromstring(drawn)
    texts = [one.text for one in root.iter(f"{NAMESPACE}text")]
    assert "on <&\\x1b]10.0.0.1, by the addresses of its interface" in texts
    assert "\x1b" not in drawn


def test_areas_of_states_are_as_high_as_their_numbers() -> None:
    root = ElementTree.fromstring(svg.drawn(MANY))
    paths = [one for one in root.iter(f"{NAMESPACE}path") if one.get("class") == "CLOSE_WAIT"]
    corners = [
        [tuple(map(float, one.split())) for one in re.split("[MLZ]", path.get("d", "")) if one] for path in paths
    ]
    band = max(corners, key=lambda one: max(y for _, y in one) - min(y for _, y in one))
    assert {x for x, _ in band} <= {LEFT + at for at in range(CHART + 1)}
    assert max(x for x, _ in band) == LEFT + CHART
    assert max(y for _, y in band) - min(y for _, y in band) == 50


def test_colours_are_those_of_a_report() -> None:
    sheet = (FOLDER / "report.css").read_text(encoding="utf-8")
    blocks = re.findall(r"--paper:.*?\}", sheet, re.DOTALL)
    assert len(blocks) == 3
    for block, colours in zip(blocks, (LIGHT, DARK, DARK), strict=True):
        known = dict(re.findall(r"--(\w+): (#\w+)", block))
        assert {name: known[name] for name in colours} == colours
    drawn = svg.drawn(office())
    light, dark = drawn.split("@media (prefers-color-scheme: dark)")
    for part, colours in ((light, LIGHT), (dark.partition("</style>")[0], DARK)):
        for state in State:
            assert f".{state.name} {{ fill: {colours[state.name]}; }}" in part


def test_png_has_the_colours_where_the_layout_has_them() -> None:
    shown = office()
    image = Image.open(io.BytesIO(png.Pen().drawn(shown)))
    placed = layout(shown)
    assert image.size == (png.SCALE * WIDTH, png.SCALE * placed.height)
    counts = {colour: count for count, colour in image.convert("RGB").getcolors(1 << 24)}
    for state in shown.states:
        assert counts[ImageColor.getrgb(LIGHT[state.name])] > 400, state
    # Behind each name stands something, and the margin is empty.
    names = [one for one in placed.shapes if isinstance(one, Label) and one.bold]
    assert len(names) == 2 + len(shown.states)
    for one in names:
        x, y = (png.SCALE * int(at) for at in one.at)
        assert len(image.crop((x, y - 20, x + 60, y)).getcolors()) > 2
    assert image.crop((0, 0, png.SCALE * MARGIN - 4, image.height)).getcolors() == [
        (image.height * (png.SCALE * MARGIN - 4), ImageColor.getrgb(LIGHT["paper"]))
    ]


class Heard:
    """Takes what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str, *, error: bool = False, **fields: object) -> None:
        self.lines.append(text)


def test_without_a_font_for_japanese_a_png_is_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "_font_with_japanese", lambda: None)
    heard = Heard()
    japanese = office(HOW._replace(lang="ja"))
    assert png.Pen("ja").drawn(japanese, heard) == png.Pen().drawn(office())
    assert heard.lines == ["no font with Japanese characters was found; the picture is in English"]


def test_formats_are_drawn_of_nothing_too() -> None:
    nothing = picture([], (), 0)
    assert text.drawn(nothing, 80).splitlines()[0] == "Connections by state over time"
    ElementTree.fromstring(svg.drawn(nothing))
    assert Image.open(io.BytesIO(png.Pen().drawn(nothing))).width == png.SCALE * WIDTH
    assert FORMATS[:3] == ("text", "svg", "png")
