"""The whole screen as text. ``python -m tests.screen.test_pictures`` draws the expected pictures anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.helpers.paths import PCAPS
from tests.helpers.screens import lines, on_screen, press, the_app

PICTURES = Path(__file__).parent / "pictures"
SIZES = ((80, 24), (120, 34), (200, 50))
PLAYS = {
    "end": (),
    "ten-seconds-before": ("b", "shift+left"),
    "connection": ("4", "enter"),
    "help": ("question_mark",),
    "filter": ("slash", "s", "t", "a", "x"),
}
CASES = [
    (play, size, lang) for play in PLAYS for size in SIZES for lang in ("en", "ja") if lang == "en" or size[0] == 120
]


def name(play: str, size: tuple[int, int], lang: str) -> str:
    """Return the name of a picture's file."""
    return f"{play}-{size[0]}x{size[1]}-{lang}.txt"


def picture(play: str, size: tuple[int, int], lang: str) -> str:
    """Return the picture after some keys."""
    found: list[str] = []

    async def played(pilot: Pilot[None]) -> None:
        the_app(pilot).draw_all()
        await press(pilot, *PLAYS[play])
        await pilot.pause(0.1)
        found.extend(lines(pilot))

    on_screen("tests/pcaps/office.pcapng", play=played, size=size, lang=lang)
    return "\n".join(found) + "\n"


@pytest.mark.parametrize(("play", "size", "lang"), CASES)
def test_picture(play: str, size: tuple[int, int], lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PCAPS.parents[1])
    drawn = picture(play, size, lang)
    assert drawn == (PICTURES / name(play, size, lang)).read_text("utf-8")


@pytest.mark.parametrize(("play", "size", "lang"), CASES)
def test_nothing_is_wider_than_the_screen(play: str, size: tuple[int, int], lang: str) -> None:
    from pcapstate.output.widths import display_width

    text = (PICTURES / name(play, size, lang)).read_text("utf-8")
    assert len(text.splitlines()) == size[1]
    assert max(map(display_width, text.splitlines())) <= size[0]


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for case in CASES:
        (PICTURES / name(*case)).write_text(picture(*case), "utf-8")
