"""The diagram as SVG, laid out by hand: for paper, and for the last row of a lecture hall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import hypot
from typing import NamedTuple

from ..escaping import safe
from ..output.paragraphs import wrapped
from ..output.widths import display_width
from ..tcp.machine import Certainty
from ..tcp.states import State
from .figure import END, SIDES, Arrow, Box, Label, Picture, last_boxes

FONT = "ui-sans-serif, system-ui, Helvetica, Arial, 'Hiragino Sans', 'Yu Gothic', 'Noto Sans CJK JP', sans-serif"
INK, PAPER, UNTAKEN = "#1f2933", "#ffffff", "#667380"
CERTAINTY_COLOURS = {
    Certainty.SEEN: "#0b6e4f",
    Certainty.ASSUMED: "#b45309",
    Certainty.TIMER: "#52606d",
    Certainty.REVISED: "#9b1c31",
}
SIDE_COLOURS = ("#0b4f9e", "#c2410c")
"""Of the client and the server; apart for the colour-blind too, and their lines differ."""
SIDE_DASHES = ("", "18 11")
STATE_SIZE, LABEL_SIZE, TITLE_SIZE = 29, 24, 27
LINE = 29
"""Height of a line of a label."""
FEWEST_COLUMNS, LABEL_COLUMNS, MOST_COLUMNS = 18, 30, 42
"""Columns of a label beyond which it is broken: at level arrows by the room there is, else the second."""
PARTS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78)
"""How far along an arrow its label may stand."""
MARGIN = 17
"""Room around a box for the frames of both ends."""


class Place(NamedTuple):
    """Where the middle of something is."""

    x: float
    y: float


S = State
WIDTH, HEIGHT = 1680, 1188
"""As paper is: A4 across."""
LEFT, MIDDLE, RIGHT = 260, 830, 1380
PLACES = {
    Box(S.LISTEN): Place(LEFT, 60),
    Box(S.CLOSED): Place(MIDDLE, 60),
    Box(S.SYN_RECEIVED): Place(LEFT, 250),
    Box(S.SYN_SENT): Place(RIGHT, 250),
    Box(S.ESTABLISHED): Place(MIDDLE, 460),
    Box(S.UNKNOWN): Place(RIGHT, 460),
    Box(S.FIN_WAIT_1): Place(LEFT, 670),
    Box(S.CLOSE_WAIT): Place(RIGHT, 670),
    Box(S.FIN_WAIT_2): Place(LEFT, 860),
    Box(S.CLOSING): Place(MIDDLE, 860),
    Box(S.LAST_ACK): Place(RIGHT, 860),
    Box(S.TIME_WAIT): Place(MIDDLE, 1040),
    END: Place(RIGHT, 1040),
}
BOX = Place(136, 33)
"""Half the width and the height of a state's box."""
LEGEND = Place(40, 1124)

BENT = {
    (Box(S.SYN_SENT), Box(S.CLOSED)): -90,
    (Box(S.SYN_RECEIVED), Box(S.CLOSE_WAIT)): -150,
    (Box(S.CLOSE_WAIT), END): 190,
    (Box(S.UNKNOWN), END): 230,
    (Box(S.UNKNOWN), Box(S.LAST_ACK)): 190,
    (Box(S.FIN_WAIT_1), END): 130,
    (END, Box(S.CLOSE_WAIT)): 190,
    (END, Box(S.UNKNOWN)): 230,
    (END, Box(S.FIN_WAIT_1)): -75,
    (END, Box(S.FIN_WAIT_2)): -20,
    (END, Box(S.TIME_WAIT)): -45,
    (Box(S.LISTEN), Box(S.CLOSED)): -45,
    (Box(S.FIN_WAIT_2), Box(S.ESTABLISHED)): 40,
    (Box(S.TIME_WAIT), Box(S.FIN_WAIT_1)): 45,
    (Box(S.TIME_WAIT), Box(S.CLOSE_WAIT)): -40,
    (Box(S.LAST_ACK), Box(S.FIN_WAIT_1)): 0,
    (Box(S.FIN_WAIT_2), END): 0,
    (Box(S.ESTABLISHED), END): -40,
    (Box(S.ESTABLISHED), Box(S.UNKNOWN)): 45,
    (Box(S.CLOSING), END): 0,
    (Box(S.UNKNOWN), Box(S.ESTABLISHED)): 0,
    (Box(S.UNKNOWN), Box(S.FIN_WAIT_1)): 0,
    (Box(S.UNKNOWN), Box(S.CLOSE_WAIT)): 0,
}
"""How far an arrow bends to its left, where a straight one would meet another or a box."""
BENT_OTHERWISE = 75
"""The same for arrows that are not in the figure: most go back where one of the figure comes from."""

LABELLED = {
    (Box(S.SYN_RECEIVED), Box(S.CLOSE_WAIT)): 0.72,
    (Box(S.FIN_WAIT_1), END): 0.7,
    (Box(S.FIN_WAIT_2), END): 0.72,
    (Box(S.ESTABLISHED), END): 0.45,
}
"""How far along an arrow its label stands, where that is not its middle."""


def drawn(picture: Picture) -> str:
    """Return the diagram as an SVG document."""
    one = picture.connection
    title = picture.said(TITLE) if one is None else f"{picture.title}  {one.ends[0]} → {one.ends[1]}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" lang="{picture.lang}" font-family="{FONT}" font-size="{LABEL_SIZE}" fill="{INK}">\n'
        f"<title>{escaped(title)}</title>\n<defs>{''.join(_heads())}</defs>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>\n' + "".join(_body(picture)) + "</svg>\n"
    )


def escaped(text: str) -> str:
    """Return a text that is nothing but text in XML."""
    found = safe(text)
    for one, other in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;")):
        found = found.replace(one, other)
    return found


def text(x: float, y: float, said: str, colour: str = INK, anchor: str = "middle", more: str = "") -> str:
    """Return a line of text with a rim in the colour of the paper, so that lines behind it do not cross it out."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}" stroke="{PAPER}" stroke-width="11" '
        f'stroke-linejoin="round" paint-order="stroke"{more}>{escaped(said)}</text>\n'
    )


def _heads() -> Iterator[str]:
    colours = {"ink": INK, "untaken": UNTAKEN, **dict(zip(SIDES, SIDE_COLOURS, strict=True))}
    for name, colour in colours.items():
        size = 3.6 if name in SIDES else 5.5
        yield (
            f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{size}" markerHeight="{size}" '
            f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
        )


def _body(picture: Picture) -> Iterator[str]:
    arrows = picture.arrows
    # What was taken lies above the rest.
    for arrow in sorted(arrows, key=lambda one: bool(one.moves)):
        yield from _paths(arrow, picture.connection is not None)
    used = {box for arrow in arrows for box in arrow.ends}
    last = () if picture.connection is None else last_boxes(picture.connection)
    taken = {box for arrow in arrows if arrow.moves for box in arrow.ends} | set(last)
    for box, at in PLACES.items():
        if box in used or box in taken:
            yield from _box(box, at, picture, box in taken)
            yield from _rings(at, [side for side, here in enumerate(last) if here == box])
    yield from _labels(arrows, picture, [box for box in PLACES if box in used or box in taken])
    yield from _legend(picture)


def _box(box: Box, at: Place, picture: Picture, taken: bool) -> Iterator[str]:
    dashes = ' stroke-dasharray="7 6"' if box.state is S.UNKNOWN else ""
    quiet = picture.connection is not None and not taken
    yield (
        f'<rect x="{at.x - BOX.x:.0f}" y="{at.y - BOX.y:.0f}" width="{2 * BOX.x:.0f}" height="{2 * BOX.y:.0f}" rx="12" '
        f'fill="{PAPER if quiet else "#e8f0fe"}" stroke="{UNTAKEN if quiet else INK}" stroke-width="3"{dashes}/>\n'
    )
    yield (
        f'<text x="{at.x:.0f}" y="{at.y + 10:.0f}" text-anchor="middle" font-weight="700" font-size="{STATE_SIZE}" '
        f'fill="{UNTAKEN if quiet else INK}">{escaped(picture.name(box.state))}</text>\n'
    )


def _rings(at: Place, sides: Sequence[int]) -> Iterator[str]:
    """Yield a frame around a box for each end that is in it at the end."""
    for number, side in enumerate(sides):
        x, y = BOX.x + 8 + 8 * number, BOX.y + 8 + 8 * number
        dashes = f' stroke-dasharray="{SIDE_DASHES[side]}"' if SIDE_DASHES[side] else ""
        yield (
            f'<rect x="{at.x - x:.0f}" y="{at.y - y:.0f}" width="{2 * x:.0f}" height="{2 * y:.0f}" rx="16" '
            f'fill="none" stroke="{SIDE_COLOURS[side]}" stroke-width="5"{dashes}/>\n'
        )


class Curve(NamedTuple):
    """A quadratic curve: its ends, and what it bends towards."""

    start: Place
    towards: Place
    end: Place

    def at(self, part: float) -> Place:
        """Return a place on it."""
        weights = ((1 - part) ** 2, 2 * part * (1 - part), part * part)
        return Place(*(sum(w * one[axis] for w, one in zip(weights, self, strict=True)) for axis in (0, 1)))

    def moved(self, far: float) -> Curve:
        """Return the curve beside it, so far to its left."""
        length = hypot(self.end.x - self.start.x, self.end.y - self.start.y) or 1
        x, y = far * (self.end.y - self.start.y) / length, -far * (self.end.x - self.start.x) / length
        start, towards, end = (Place(one.x + x, one.y + y) for one in self)
        return Curve(start, towards, end)

    def of_side(self, side: int) -> Curve:
        """Return the line of the client or the server, where both take the arrow."""
        return self.moved(9 - 18 * side)._replace(start=self.start)

    @property
    def path(self) -> str:
        """The line as SVG's path has it."""
        (x, y), towards, end = self
        return f"M{x:.0f} {y:.0f}Q{towards.x:.0f} {towards.y:.0f} {end.x:.0f} {end.y:.0f}"


def curve_of(arrow: Arrow) -> Curve:
    """Return the line of an arrow."""
    start, end = PLACES[arrow.start], PLACES[arrow.end]
    length = hypot(end.x - start.x, end.y - start.y) or 1
    bend = 2 * BENT.get(arrow.ends, 0 if arrow.rows else BENT_OTHERWISE)
    towards = Place(
        (start.x + end.x) / 2 + bend * (end.y - start.y) / length,
        (start.y + end.y) / 2 - bend * (end.x - start.x) / length,
    )
    return Curve(_rim(start, towards), towards, _rim(end, towards))


def _rim(start: Place, to: Place) -> Place:
    """Return where the line from the middle of a box to a place leaves the box."""
    dx, dy = to.x - start.x, to.y - start.y
    part = min(BOX.x / abs(dx) if dx else 9, BOX.y / abs(dy) if dy else 9)
    return Place(start.x + dx * part, start.y + dy * part)


def _paths(arrow: Arrow, on_a_path: bool) -> Iterator[str]:
    curve = curve_of(arrow)
    sides = sorted({move.side for move in arrow.moves})
    if not sides:
        yield _path(curve, UNTAKEN if on_a_path else INK, 3, "", "untaken" if on_a_path else "ink")
    for number, side in enumerate(sides):
        beside = curve.of_side(number) if len(sides) > 1 else curve
        yield _path(beside, SIDE_COLOURS[side], 7, SIDE_DASHES[side], SIDES[side])


def _path(curve: Curve, colour: str, width: int, dashes: str, head: str) -> str:
    more = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{curve.path}" fill="none" '
        f'stroke="{colour}" stroke-width="{width}"{more} marker-end="url(#{head})"/>\n'
    )


class Lines(NamedTuple):
    """A label in lines, and where it stands."""

    lines: tuple[tuple[str, Label], ...]
    middle: Place
    half: Place
    """Half its width and height."""

    def overlap(self, other: Lines) -> float:
        """Return the area that it shares with another label, or a box."""
        return _shared(self, other, 0) * _shared(self, other, 1)


def _shared(one: Lines, other: Lines, axis: int) -> float:
    low = max(one.middle[axis] - one.half[axis], other.middle[axis] - other.half[axis])
    high = min(one.middle[axis] + one.half[axis], other.middle[axis] + other.half[axis])
    return max(high - low, 0)


def _labels(arrows: Sequence[Arrow], picture: Picture, used: Sequence[Box]) -> Iterator[str]:
    """Yield the labels: first those of the paths, then the others where there is room for them."""
    frames = [Lines((), PLACES[box], Place(BOX.x + MARGIN, BOX.y + MARGIN)) for box in used]
    frames.append(Lines((), Place(WIDTH / 2, HEIGHT), Place(WIDTH, HEIGHT - LEGEND.y + LINE)))
    for arrow in sorted(arrows, key=lambda one: not one.moves):
        found = [(cost + _covered(one, frames), one) for cost, one in _candidates(arrow, picture)]
        best = min(found, key=lambda one: one[0])[1]
        if picture.connection is not None and not arrow.moves and _covered(best, frames):
            continue
        frames.append(best)
        x, y = best.middle.x, best.middle.y - best.half.y + LINE - 5
        for number, (line, label) in enumerate(best.lines):
            yield text(x, y + LINE * number, line, *_look(label, picture))


def _covered(one: Lines, others: Sequence[Lines]) -> float:
    return sum(one.overlap(other) for other in others)


def _candidates(arrow: Arrow, picture: Picture) -> Iterator[tuple[float, Lines]]:
    """Yield where the label of an arrow may stand, each with what speaks against it."""
    start, end = PLACES[arrow.start], PLACES[arrow.end]
    level = start.y == end.y
    # Between two boxes side by side there may be less room, or more.
    room = int((abs(end.x - start.x) - 2 * BOX.x) / (LABEL_SIZE * 0.6)) if level else LABEL_COLUMNS
    lines = tuple(
        (line, label)
        for label in picture.labels(arrow)
        for line in _balanced(_said(label), min(max(room, FEWEST_COLUMNS), MOST_COLUMNS))
    )
    # Letters differ: a column is what one takes on average, and bold ones are wider.
    half = Place(
        max(display_width(line) for line, _ in lines) * LABEL_SIZE * (0.31 if arrow.moves else 0.28),
        LINE * len(lines) / 2,
    )
    apart = 18 if arrow.moves else 7
    curve, first = curve_of(arrow), LABELLED.get(arrow.ends, 0.5)
    for part in (first, *PARTS):
        x, y = curve.at(part)
        # A level line would cross all letters out.
        beside: list[tuple[float, float]]
        if level:
            beside = [(0, -half.y - apart), (0, half.y + apart), (0, -half.y - LINE - apart)]
        else:
            beside = [(0, 0), (half.x + 16, 0), (-half.x - 16, 0), (half.x / 2, -half.y), (-half.x / 2, -half.y)]
        for number, (right, down) in enumerate(beside):
            inside = min(max(x + right, half.x + 12), WIDTH - half.x - 12)
            cost = 4000 * abs(part - first) + 300 * number + 50 * abs(inside - x - right)
            yield cost, Lines(lines, Place(inside, max(y + down, half.y + 4)), half)


def _balanced(said: str, columns: int) -> list[str]:
    """Break a label into lines that are about as long as each other."""
    lines = wrapped(said, columns)
    for fewer in range(columns - 1, columns // 2, -1):
        tried = wrapped(said, fewer)
        if len(tried) > len(lines) or any(display_width(line) > fewer for line in tried):
            break
        lines = tried
    return lines


def _said(label: Label) -> str:
    return " ".join((*label.numbers, label.cause))


def _look(label: Label, picture: Picture) -> tuple[str, str, str]:
    """Return colour, anchor and weight of a label."""
    if label.side is not None:
        return SIDE_COLOURS[label.side], "middle", ' font-weight="700"'
    return CERTAINTY_COLOURS[label.certainty] if picture.connection is None else UNTAKEN, "middle", ""


def _legend(picture: Picture) -> Iterator[str]:
    one, (x, y) = picture.connection, LEGEND
    title = picture.said(TITLE) if one is None else picture.title
    where = (x, "start") if one is None else (WIDTH - x, "end")
    yield text(where[0], y, title, anchor=where[1], more=f' font-weight="700" font-size="{TITLE_SIZE}"')
    if one is None:
        for certainty, meaning in MEANINGS.items():
            said = f"{picture.said(certainty.word)}: {picture.said(meaning)}"
            yield text(x, y + LEADING, said, CERTAINTY_COLOURS[certainty], "start")
            x += 540
        return
    for side, role in enumerate(SIDES):
        level = y + LEADING * side
        line = Curve(Place(x, level - 8), Place(x + 45, level - 8), Place(x + 90, level - 8))
        yield _path(line, SIDE_COLOURS[side], 7, SIDE_DASHES[side], role)
        at_the_end = picture.said("at the end: {state}").format(state=picture.name(one.last[side]))
        said = f"{picture.said(role)} {one.ends[side]}, {at_the_end}"
        yield text(x + 106, level, said, SIDE_COLOURS[side], "start", ' font-weight="700"')


LEADING = 40
"""Height of a line of the legend."""
TITLE = "The state diagram of RFC 9293 §3.3.2, as packets show it"
MEANINGS = {
    Certainty.SEEN: "its own packet proves it",
    Certainty.ASSUMED: "a packet to it implies it",
    Certainty.TIMER: "no packet, time passed",
}
"""How sure the transitions of the figure are."""
