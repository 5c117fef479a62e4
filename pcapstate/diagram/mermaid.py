"""The diagram for Mermaid (stateDiagram-v2), which wikis and Git hosts draw."""

from __future__ import annotations

from collections.abc import Iterator

from ..escaping import safe
from ..tcp.machine import Certainty
from .figure import SIDES, Box, Picture, last_boxes
from .svg import SIDE_COLOURS

PLAIN = frozenset(" _-+=,.'()[]/→")
"""What a text has as it is, besides letters and digits; anything else is written by its number."""


def drawn(picture: Picture) -> str:
    """Return the diagram."""
    return "".join(f"{line}\n" for line in _lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    one = picture.connection
    yield "stateDiagram-v2"
    used = dict.fromkeys(box for arrow in picture.arrows for box in arrow.ends)
    for box in used:
        yield f'    state "{escaped(picture.name(box.state))}" as {_key(box)}'
    for arrow in picture.arrows:
        for label in picture.labels(arrow):
            said = label.cause
            if label.side is not None:
                said = f"{picture.said(SIDES[label.side])} {' '.join((*label.numbers, said))}"
            elif one is None and label.certainty is not Certainty.SEEN:
                said = f"{said} ({picture.said(label.certainty.word)})"
            if label.side is not None or one is None:
                yield f"    {_key(arrow.start)} --> {_key(arrow.end)}: {escaped(said)}"
        if one is not None and not arrow.moves:
            yield f"    {_key(arrow.start)} --> {_key(arrow.end)}"
    if one is None:
        return
    for side, box in enumerate(last_boxes(one)):
        role = f"{picture.said(SIDES[side])} {one.ends[side]}"
        at_the_end = picture.said("at the end: {state}").format(state=picture.name(one.last[side]))
        yield f"    classDef {SIDES[side]} stroke:{SIDE_COLOURS[side]},stroke-width:4px"
        if box in used:
            yield f"    note right of {_key(box)}: {escaped(f'{role}, {at_the_end}')}"
            yield f"    class {_key(box)} {SIDES[side]}"


def _key(box: Box) -> str:
    return f"{box.state.name}_END" if box.end else box.state.name


def escaped(text: str) -> str:
    """Return a text that is nothing but text to Mermaid."""
    return "".join(one if one.isalnum() or one in PLAIN else f"#{ord(one)};" for one in safe(text))
