"""The picture as SVG: one file that needs no other, on light or dark ground as its reader has it."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagram.svg import FONT, escaped
from .colours import DARK, LIGHT
from .layout import WIDTH, Area, Label, Line, Shape, layout
from .picture import Picture


def drawn(picture: Picture) -> str:
    """Return the picture as an SVG document."""
    placed = layout(picture)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {placed.height}" width="{WIDTH}" '
        f'height="{placed.height}" role="img" lang="{picture.how.lang}" font-family="{FONT}">\n'
        f"<title>{escaped(picture.title)}</title>\n<desc>{escaped(picture.described())}</desc>\n"
        f"<style>\n{_style()}</style>\n"
        f'<rect class="paper" width="{WIDTH}" height="{placed.height}"/>\n'
        + "".join(map(_shape, placed.shapes))
        + "</svg>\n"
    )


def _style() -> str:
    return "".join(_rules(LIGHT)) + "@media (prefers-color-scheme: dark) {\n" + "".join(_rules(DARK)) + "}\n"


def _rules(colours: dict[str, str]) -> Iterator[str]:
    for name, colour in colours.items():
        yield f".{name} {{ fill: {colour}; }} line.{name} {{ stroke: {colour}; }}\n"
        if name != "paper" and colour == colours["paper"]:
            yield f"path.{name} {{ stroke: {colours['faint']}; }}\n"


def _shape(shape: Shape) -> str:
    if isinstance(shape, Area):
        corners = "L".join(f"{_number(x)} {_number(y)}" for x, y in shape.points)
        return f'<path class="{shape.colour}" d="M{corners}Z"/>\n'
    if isinstance(shape, Line):
        (x1, y1), (x2, y2) = shape.start, shape.end
        return (
            f'<line class="{shape.colour}" x1="{_number(x1)}" y1="{_number(y1)}" '
            f'x2="{_number(x2)}" y2="{_number(y2)}"/>\n'
        )
    return _text(shape)


def _text(label: Label) -> str:
    weight = ' font-weight="700"' if label.bold else ""
    x, y = label.at
    return (
        f'<text class="{label.colour}" x="{_number(x)}" y="{_number(y)}" font-size="{label.size}" '
        f'text-anchor="{label.anchor}"{weight}>{escaped(label.text)}</text>\n'
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
