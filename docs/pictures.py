"""Draw the pictures of the documentation as SVG: the state machine, a connection with its states, a terminal.

``generate.py`` writes them into ``docs/pictures``. The diagrams are output of
``pcapstate diagram``, the others are drawn from captures and from the output of commands.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
from collections.abc import Iterator
from functools import partial
from html import escape
from pathlib import Path

from examples import run
from textual.strip import Strip

from pcapstate.cli.options import SourceOptions, WordingOptions
from pcapstate.cli.screen_options import ScreenOptions
from pcapstate.cli.screen_session import prepared
from pcapstate.output.widths import display_width
from pcapstate.tcp.machine import Certainty
from pcapstate.tcp.time_wait import TimeWait

ROOT = Path(__file__).resolve().parent.parent

FONT = 'font-family="ui-sans-serif, system-ui, Helvetica, Arial, sans-serif"'
INK, PAPER, EDGE = "#1f2933", "#ffffff", "#9aa5b1"
COLOURS = {Certainty.SEEN: "#0b6e4f", Certainty.ASSUMED: "#b45309", Certainty.TIMER: "#52606d"}
LINE = 15
"""Height of a line of text."""


def svg(width: int, height: int, title: str, body: Iterator[str]) -> str:
    """Return an SVG document."""
    heads = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
        for name, colour in (("head", EDGE), ("dark", INK))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" {FONT} font-size="13" fill="{INK}">\n<title>{escape(title)}</title>\n<defs>{heads}</defs>\n'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>\n' + "".join(body) + "</svg>\n"
    )


def text(x: float, y: float, said: str, colour: str = INK, anchor: str = "middle", more: str = "") -> str:
    """Return a line of text with a rim in the colour of the paper, so that lines behind it do not cross it out."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}" stroke="{PAPER}" stroke-width="4" '
        f'paint-order="stroke" {more}>{escape(said)}</text>\n'
    )


def diagram(arguments: str = "") -> str:
    """Return the diagram of the state machine, perhaps with the paths of a connection, as the program draws it."""
    return run(f"pcapstate diagram --format svg {arguments}")[0]


def plotted(capture: str) -> str:
    """Return the picture of states over time, as the program draws it."""
    return run(f"pcapstate plot {capture} --utc --quiet --format svg")[0]


CAPTURE = "tests/pcaps/close-by-client.pcap"
FLAGS = ((0x02, "SYN"), (0x01, "FIN"), (0x04, "RST"), (0x10, "ACK"))
LEFT, RIGHT, ROW, TOP = 290, 610, 44, 70


def segments() -> Iterator[tuple[str, str]]:
    """Yield the source and the text of each segment of the capture: pcap of Ethernet with IPv4 without options."""
    data = (ROOT / CAPTURE).read_bytes()
    at = 24
    while at < len(data):
        (size,) = struct.unpack_from("<8xI4x", data, at)
        ip = at + 16 + 14
        (length,) = struct.unpack_from("!2xH", data, ip)
        tcp = ip + 20
        (port,) = struct.unpack_from("!H", data, tcp)
        payload = length - 20 - (data[tcp + 12] >> 4) * 4
        names = ", ".join(name for bit, name in FLAGS if data[tcp + 13] & bit)
        source = ".".join(str(byte) for byte in data[ip + 12 : ip + 16])
        yield f"{source}:{port}", names + (f", {payload} bytes" if payload else "")
        at += 16 + size


def connection() -> str:
    """Return the picture of a connection: its segments, and the states of both ends beside them."""
    rows = [json.loads(line) for line in run(f"pcapstate timeline {CAPTURE} --format jsonl")[0].splitlines()]
    sent = list(segments())
    client = next(row["address"] for row in rows if row["endpoint"] == "client")
    height = TOP + ROW * len(sent) + 30

    def body() -> Iterator[str]:
        server = next(row["peer"] for row in rows if row["endpoint"] == "client")
        for x, name in ((LEFT, f"client {client}"), (RIGHT, f"server {server}")):
            yield text(x, 28, name, more='font-weight="600"')
            yield f'<path d="M{x} 42V{height - 14}" stroke="{EDGE}" stroke-width="2"/>\n'
        for number, (source, said) in enumerate(sent, 1):
            y = TOP + ROW * (number - 1)
            start, end = (LEFT, RIGHT) if source == client else (RIGHT, LEFT)
            inwards = 6 if start < end else -6
            yield (
                f'<path d="M{start + inwards} {y}L{end - inwards} {y + 14}" stroke="{INK}" stroke-width="1.4" '
                f'marker-end="url(#dark)"/>\n'
            )
            yield text((LEFT + RIGHT) / 2, y - 1, f"{number}  {said}")
            for row in rows:
                if row["packet"] == number:
                    here = row["endpoint"] == "client"
                    x, anchor = (LEFT - 14, "end") if here else (RIGHT + 14, "start")
                    certainty = next(one for one in Certainty if one.word == row["certainty"])
                    yield text(x, y + 6, f"{row['to']} ({row['certainty']})", COLOURS[certainty], anchor)

    return svg(900, height, f"The segments of {CAPTURE} and the states of both ends", body())


SHOWN = "pcapstate netstat tests/pcaps/example.pcapng --both"
TONES = {
    "ESTABLISHED": "#7ee787",
    "LISTENING": "#76e3ea",
    "CLOSE_WAIT": "#ff9bce",
    **dict.fromkeys(("SYN_SENT", "SYN_RECEIVED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK"), "#f2cc60"),
    **dict.fromkeys(("TIME_WAIT", "CLOSED", "UNKNOWN"), "#8b949e"),
}
"""The colours of states, as a dark terminal shows those of ``pcapstate.output.colours``."""
CELL, LEADING, MARGIN = 8, 19, 16


def terminal() -> str:
    """Return a terminal with a command and its output, states in colours."""
    lines = [f"$ {SHOWN}", *run(SHOWN)[0].splitlines()]
    width = CELL * max(map(len, lines)) + 2 * MARGIN
    height = LEADING * len(lines) + 2 * MARGIN
    states = re.compile(rf"\b({'|'.join(TONES)})\b")
    rows = "".join(
        f'<tspan x="{MARGIN}" y="{MARGIN + LEADING * number - 5}">'
        + states.sub(lambda found: f'<tspan fill="{TONES[found[0]]}">{found[0]}</tspan>', escape(line) or " ")
        + "</tspan>\n"
        for number, line in enumerate(lines, 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img">\n<title>{escape(SHOWN)}</title>\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>\n'
        f'<text xml:space="preserve" fill="#e6edf3" font-size="13.3" '
        f'font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace">\n{rows}</text>\n</svg>\n'
    )


OFFICE = "tests/pcaps/office.pcapng"


def on_screen(*keys: str) -> str:
    """Return the screen of ``browse`` after some keys."""
    app, _ = prepared(
        SourceOptions((OFFICE,), TimeWait(), split_vlans=False, memory=None, quiet=True),
        WordingOptions(style="windows", lang="en", utc=True, relative=False),
        ScreenOptions(local=(), filter=None, history=None, light=False),
        1,
    )
    strips: list[Strip] = []

    async def play() -> None:
        async with app.run_test(size=(110, 26)) as pilot:
            app.feed.wait()
            app.draw_all()
            for key in keys:
                await pilot.press(key)
            await pilot.pause()
            strips.extend(app.screen._compositor.render_strips())

    asyncio.run(play())
    width, height = CELL * strips[0].cell_length + 2 * MARGIN, LEADING * len(strips) + 2 * MARGIN
    boxes, rows = [], []
    for number, strip in enumerate(strips):
        at, parts = 0, []
        for said, style, _ in strip:
            length = display_width(said)
            colour, ground = (one.triplet.hex if one and one.triplet else None for one in (style.color, style.bgcolor))
            if style.reverse:
                colour, ground = ground, colour
            if ground:
                boxes.append(
                    f'<rect x="{MARGIN + CELL * at}" y="{MARGIN + LEADING * number}" width="{CELL * length}" '
                    f'height="{LEADING}" fill="{ground}"/>\n'
                )
            weight = ' font-weight="bold"' if style.bold else ""
            if said.strip():
                parts.append(f'<tspan x="{MARGIN + CELL * at}" fill="{colour}"{weight}>{escape(said.rstrip())}</tspan>')
            at += length
        rows.append(f'<tspan y="{MARGIN + LEADING * (number + 1) - 5}">{"".join(parts)}</tspan>\n')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img">\n<title>pcapstate browse {OFFICE}</title>\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="#101418"/>\n{"".join(boxes)}'
        f'<text xml:space="preserve" font-size="13.3" '
        f'font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace">\n{"".join(rows)}</text>\n</svg>\n'
    )


PICTURES = {
    "state-machine.svg": diagram,
    "state-machine.ja.svg": partial(diagram, "--lang ja"),
    "path.svg": partial(diagram, "tests/pcaps/close-by-client.pcap"),
    "client-closes-first.svg": partial(diagram, "--sample client-closes-first"),
    "client-closes-first.ja.svg": partial(diagram, "--sample client-closes-first --lang ja"),
    "simultaneous-close.svg": partial(diagram, "--sample simultaneous-close"),
    "simultaneous-close.ja.svg": partial(diagram, "--sample simultaneous-close --lang ja"),
    "plot.svg": partial(plotted, OFFICE),
    "connection.svg": connection,
    "terminal.svg": terminal,
    "screen.svg": partial(on_screen, "b", "left", "left"),
    "ladder.svg": partial(on_screen, "4", "enter"),
}
