"""The state diagram as shapes, for a page that draws the paths of connections on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .figure import Arrow, Box, figure
from .svg import BOX, LABELLED, LEGEND, PLACES, WIDTH, curve_of


def shapes(taken: Sequence[tuple[Box, Box]]) -> dict[str, Any]:
    """Return boxes and arrows as JSON has them: first those that connections take, then the others of the figure.

    A box is its state (the number), the place of its middle, and whether it is where connections end. An arrow is its
    line, its lines for the client and the server where both take it, where its label stands, and the numbers of its
    boxes. All are of SVG, in units of ``size``; ``box`` is half the width and height of a box.
    """
    known = figure()
    ends = [*taken, *(one for one in known if one not in taken)]
    boxes = list(PLACES)
    arrows = []
    for start, end in ends:
        curve = curve_of(Arrow(start, end, known.get((start, end), ())))
        label = curve.at(LABELLED.get((start, end), 0.5))
        arrows.append(
            [
                *(curve.path, curve.of_side(0).path, curve.of_side(1).path),
                *(round(label.x), round(label.y), boxes.index(start), boxes.index(end)),
                int((start, end) in known),
            ]
        )
    return {
        "size": [WIDTH, round(LEGEND.y)],
        "box": list(BOX),
        "boxes": [[int(box.state), *at, int(box.end)] for box, at in PLACES.items()],
        "arrows": arrows,
    }
