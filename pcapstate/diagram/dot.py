"""The diagram for Graphviz, which lays it out by itself."""

from __future__ import annotations

from collections.abc import Iterator

from ..escaping import safe
from .figure import SIDES, Box, Picture, last_boxes
from .svg import CERTAINTY_COLOURS, INK, SIDE_COLOURS, UNTAKEN

SIDE_LINES = ("solid", "dashed")


def drawn(picture: Picture) -> str:
    """Return the diagram."""
    return "".join(f"{line}\n" for line in _lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    one = picture.connection
    yield "digraph tcp {"
    yield '    graph [rankdir=TB, nodesep=0.6, ranksep=0.7, bgcolor=white, fontname="Helvetica", fontsize=18];'
    yield f'    node [shape=box, style=rounded, penwidth=2, fontname="Helvetica-Bold", fontsize=18, color="{INK}"];'
    yield '    edge [penwidth=1.5, fontname="Helvetica", fontsize=14];'
    if one is not None:
        legend = (f"{picture.said(role)} {one.ends[side]} ({SIDE_LINES[side]})" for side, role in enumerate(SIDES))
        yield f"    label={quoted(chr(10).join((picture.title, *legend)))}; labelloc=b;"
    last = () if one is None else last_boxes(one)
    for box in dict.fromkeys(box for arrow in picture.arrows for box in arrow.ends):
        here = [side for side, at in enumerate(last) if at == box]
        ring = f', penwidth=5, color="{":".join(SIDE_COLOURS[side] for side in here)}"' if len(here) == 1 else ""
        ring = ring or (", penwidth=5, peripheries=2" if here else "")
        yield f"    {_key(box)} [label={quoted(picture.name(box.state))}{ring}];"
    for arrow in picture.arrows:
        for label in picture.labels(arrow):
            ends = f"    {_key(arrow.start)} -> {_key(arrow.end)}"
            if label.side is not None:
                said, colour = " ".join((*label.numbers, label.cause)), SIDE_COLOURS[label.side]
                more = f", penwidth=4, style={SIDE_LINES[label.side]}"
            else:
                said, more = label.cause, ""
                colour = UNTAKEN if one is not None else CERTAINTY_COLOURS[label.certainty]
            yield f'{ends} [label={quoted(said)}, color="{colour}", fontcolor="{colour}"{more}];'
    yield "}"


def _key(box: Box) -> str:
    return f"{box.state.name}_END" if box.end else box.state.name


def quoted(text: str) -> str:
    """Return a text as a string of Graphviz, lines left-justified."""
    lines = (safe(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\l".join(lines) + ("\\l" if "\n" in text else "") + '"'
