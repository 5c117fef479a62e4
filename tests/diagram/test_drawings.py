"""The diagram in each format: what is on it, that it can be read, and that nothing in it is more than text."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pcapstate.diagram import dot, mermaid, svg, text
from pcapstate.diagram.figure import Box, Connection, Move, Picture, boxes, connection
from pcapstate.output.widths import display_width
from pcapstate.tcp.machine import TABLE
from pcapstate.tcp.states import State
from pcapstate.wording.styles import STYLES
from tests.helpers.paths import PCAPS
from tests.helpers.running import dangerous, run
from tests.ladder.test_gathering import gather

SVG = "{http://www.w3.org/2000/svg}"
WHOLE = """\
  [    LISTEN    ]              [    CLOSED    ]-----------(1)-----------+
         |                              ^                                |
        (2)                             +----------(16)-----------+      |
         v                                                        |      v
  [ SYN-RECEIVED ]<-------------------(3)---------------------[   SYN-SENT   ]
     |       |                                                       |
     |       +-------(5)------->[ ESTABLISHED  ]<--------(4)---------+
    (7)                             |      |
     |       +---------(6)----------+      +-----------(9)-----------+
     v       v                                                       v
  [  FIN-WAIT-1  ]--------(10)---------+                      [  CLOSE-WAIT  ]
         |                             |                             |
       (12)                            |                            (8)
         v                             v                             v
  [  FIN-WAIT-2  ]              [   CLOSING    ]              [   LAST-ACK   ]
         |                             |                             |
         |                           (13)                          (14)
         |                             v                             v
         +--------(11)--------->[  TIME-WAIT   ]----(15)----->[    CLOSED    ]

(1)   CLOSED       -> SYN-SENT      sent SYN (seen)
"""
REFUSED = """\
  [  LISTENING   ]              [    CLOSED    ]-----------c#1-----------+
         :                              ^                                |
         :                              +-----------c#2-----------+      |
         v                                                        |      v
  [ SYN_RECEIVED ]<...........................................[   SYN_SENT   ]
"""
REFUSED_LIST = """
connection 0

c  client 10.0.0.5:51812
 #1  CLOSED       -> SYN_SENT      sent SYN
 #2  SYN_SENT     -> CLOSED        received RST: refused
     at the end: CLOSED

s  server 192.0.2.80:8080
     at the end: CLOSED
"""


def picture(path: Path, number: int = 0, style: str = "windows", lang: str = "en") -> Picture:
    one = gather(path, number=number)
    return Picture(STYLES[style], lang, connection(number, one.ends, one.changes()))


def texts(drawing: str) -> list[str]:
    """Return the texts of an SVG."""
    return [one.text or "" for one in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def test_the_figure_as_text() -> None:
    assert text.drawn(Picture(STYLES["rfc"], "en")).startswith(WHOLE)


def test_a_refusal_as_text() -> None:
    found = text.drawn(picture(PCAPS / "refused.pcap"))
    assert found.startswith(REFUSED)
    assert found.endswith(REFUSED_LIST)
    assert found.isascii()


def test_what_is_not_in_the_figure_is_marked() -> None:
    found = text.drawn(picture(PCAPS / "lost-last-ack.pcap"))
    assert "*#8  CLOSED       -> LAST_ACK      sent FIN again\n" in found
    assert "s#7+1" in found
    assert found.endswith(", a revised assumption\n")


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("style", list(STYLES))
def test_lines_have_80_columns(style: str, lang: str) -> None:
    for one in (Picture(STYLES[style], lang), picture(PCAPS / "gap-then-more.pcap", 0, style, lang)):
        assert max(map(display_width, text.drawn(one).splitlines())) <= text.WIDTH


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_svg_names_every_step(lang: str) -> None:
    one = picture(PCAPS / "simultaneous-close.pcap", lang=lang)
    found = " ".join(texts(svg.drawn(one)))
    assert one.connection is not None
    for move in one.connection.moves:
        assert f"{move.text} " in found
    for end in one.connection.ends:
        assert end in found


def test_the_longest_addresses_fit() -> None:
    ends = ("[2001:db8:1234:5678:9abc:def0:1234:5678]:65535", "[2001:db8:1234:5678:9abc:def0:1234:5679]:65535")
    one = Picture(STYLES["windows"], "ja", Connection(10**7, ends, (), (State.SYN_RECEIVED, State.ESTABLISHED)))
    assert max(map(display_width, text.drawn(one).splitlines())) <= text.WIDTH
    root = ElementTree.fromstring(svg.drawn(one))
    for said in root.iter(f"{SVG}text"):
        room = float(said.get("x", 0)) if said.get("text-anchor") == "end" else svg.WIDTH - float(said.get("x", 0))
        anchored = said.get("text-anchor") != "middle"
        assert display_width(said.text or "") * svg.LABEL_SIZE * 0.62 < (1 if anchored else 2) * room


def test_svg_tells_the_ends_apart_by_colour_and_line() -> None:
    root = ElementTree.fromstring(svg.drawn(picture(PCAPS / "close-by-client.pcap")))
    lines = {(one.get("stroke"), one.get("stroke-dasharray")) for one in root.iter(f"{SVG}path") if one.get("stroke")}
    assert lines == {(svg.UNTAKEN, None), (svg.SIDE_COLOURS[0], None), (svg.SIDE_COLOURS[1], svg.SIDE_DASHES[1])}


def every_arrow() -> set[tuple[Box, Box]]:
    """Return the ends of all arrows that a connection can take; a RST that had not arrived leads back to any state."""
    found = set()
    for row in TABLE:
        for state in row.states:
            after = State if row.next is None else (row.next,)
            found |= {boxes(state, one) for one in after if one not in (state, State.UNKNOWN) or row.next is one}
    return found


@pytest.mark.parametrize("ends", sorted(every_arrow()), ids=lambda ends: f"{ends[0].state.name}-{ends[1].state.name}")
def test_no_arrow_crosses_a_state(ends: tuple[Box, Box]) -> None:
    move = Move(0, 1, ends[0].state, ends[1].state, 0)
    one = Picture(STYLES["windows"], "en", Connection(0, ("a:1", "b:2"), (move,), (ends[1].state, State.UNKNOWN)))
    root = ElementTree.fromstring(svg.drawn(one))
    paths = [one.get("d", "") for one in root.iter(f"{SVG}path") if one.get("marker-end") == "url(#client)"]
    # The other one is in the legend.
    x0, y0, x1, y1, x2, y2 = map(float, re.findall(r"-?\d+", paths[0]))
    for part in (at / 100 for at in range(101)):
        near, middle, far = (1 - part) ** 2, 2 * part * (1 - part), part**2
        x, y = near * x0 + middle * x1 + far * x2, near * y0 + middle * y1 + far * y2
        assert 0 < x < svg.WIDTH
        assert 0 < y < svg.LEGEND.y - svg.LEADING
        for box, at in svg.PLACES.items():
            assert box in ends or abs(x - at.x) > svg.BOX.x or abs(y - at.y) > svg.BOX.y, box


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_have_the_contrast_that_texts_need() -> None:
    for colour in (svg.INK, svg.UNTAKEN, *svg.SIDE_COLOURS, *svg.CERTAINTY_COLOURS.values()):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour


@pytest.mark.parametrize("name", ["gap-then-more.pcap", "simultaneous-open.pcap", "lost-last-ack.pcap"])
def test_labels_do_not_cover_each_other_or_a_state(name: str) -> None:
    one = picture(PCAPS / name)
    root = ElementTree.fromstring(svg.drawn(one))
    labels = []
    for said in root.iter(f"{SVG}text"):
        if said.get("text-anchor") == "middle" and said.get("font-size") is None:
            half = len(said.text or "") * svg.LABEL_SIZE * 0.27
            x, y = float(said.get("x", 0)), float(said.get("y", 0))
            labels.append((x - half, y - svg.LABEL_SIZE * 0.7, x + half, y))
    assert len(labels) > 10
    boxes = []
    for box in root.iter(f"{SVG}rect"):
        if box.get("stroke-width") == "3":
            x, y, width, height = (float(box.get(part, 0)) for part in ("x", "y", "width", "height"))
            boxes.append((x, y, x + width, y + height))
    for at, label in enumerate(labels):
        for other in (*labels[at + 1 :], *boxes):
            assert min(label[2], other[2]) <= max(label[0], other[0]) or min(label[3], other[3]) <= max(
                label[1], other[1]
            )


def test_mermaid() -> None:
    found = mermaid.drawn(picture(PCAPS / "refused.pcap")).splitlines()
    assert found[0] == "stateDiagram-v2"
    assert "    SYN_SENT --> CLOSED: client #35;2 received RST#58; refused" in found
    assert "    TIME_WAIT --> CLOSED_END" in found
    assert '    state "LISTENING" as LISTEN' in found


@pytest.mark.parametrize("name", ["refused.pcap", "gap-then-more.pcap"])
def test_dot(name: str) -> None:
    found = dot.drawn(picture(PCAPS / name))
    assert 'CLOSED -> SYN_SENT [label="#1 sent SYN", color="#0b4f9e"' in found
    if shutil.which("dot"):
        done = subprocess.run(["dot", "-Tsvg"], input=found.encode(), capture_output=True, check=True)
        assert done.stderr == b""


def test_texts_are_nothing_but_text() -> None:
    hostile = 'a"]; <b>&\\\n\x1b[31m\u202e#35;:--> %%{x}'
    one = Picture(STYLES["windows"], "en", Connection(0, (hostile, hostile), (), (State.UNKNOWN, State.CLOSED)))
    found = svg.drawn(one)
    assert any("<b>&\\\\n\\x1b[31m\\u202e" in said for said in texts(found))
    for draw in (svg.drawn, text.drawn, mermaid.drawn, dot.drawn):
        assert dangerous(draw(one)) == []
    assert re.search(r"[<>%{}\"]", mermaid.escaped(hostile)) is None
    assert re.sub(r"#\d+;", "", mermaid.escaped(hostile)).count(":") == 0
    assert re.fullmatch(r'"([^"\\\n]|\\.)*"', dot.quoted(hostile))


def test_many_packets_on_an_arrow_are_cut() -> None:
    row = next(at for at, row in enumerate(TABLE) if row.cause == "sent SYN")
    moves = tuple(Move(0, number, State.CLOSED, State.SYN_SENT, row) for number in range(1, 1000))
    one = Picture(STYLES["windows"], "en", Connection(0, ("a:1", "b:2"), moves, (State.SYN_SENT, State.UNKNOWN)))
    assert "#1 #2 #3 #4 … sent SYN" in texts(svg.drawn(one))
    assert "c#1+998" in text.drawn(one)


@pytest.mark.parametrize("format", ["text", "svg", "mermaid", "dot"])
@pytest.mark.parametrize(
    "name", ["example.pcapng", "hostile-names.pcapng", "joined-late.pcap", "time-wait-ends.pcap", "superseded.pcap"]
)
def test_the_command_draws_captures(name: str, format: str) -> None:
    done = run("diagram", PCAPS / name, "--format", format, "--style", "linux", "--lang", "ja")
    assert done.exit_code == 0
    assert dangerous(done.stdout) == []
    assert "FIN_WAIT1" in done.stdout
    assert "接続" in done.stdout or format == "mermaid"
