"""The screen over a capture, driven by keys, without a terminal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from pcapstate.cli.options import SourceOptions, WordingOptions
from pcapstate.cli.screen_options import ScreenOptions
from pcapstate.cli.screen_session import prepared
from pcapstate.screen.app import PcapstateApp
from pcapstate.tcp.time_wait import TimeWait

Play = Callable[[Pilot[None]], Awaitable[None]]
PATIENCE = 10.0
ROW = re.compile(r"[ *] (TCP +)?[][.:\da-f]+:\d+ ")


def on_screen(
    *paths: Path | str,
    play: Play,
    size: tuple[int, int] = (120, 30),
    lang: str = "en",
    light: bool = False,
    whole: bool = True,
    look: dict[str, Any] | None = None,
    **source: Any,
) -> None:
    """Play with a screen; ``whole``: once all was read."""
    options = ScreenOptions(**{"local": (), "filter": None, "history": None, "light": light, **(look or {})})
    captures = tuple(map(str, paths))
    wording = WordingOptions(style="windows", lang=lang, utc=True, relative=False)
    given = {"time_wait": TimeWait(), "split_vlans": False, "memory": None, "quiet": True, **source}
    app, _ = prepared(SourceOptions(captures, **given), wording, options, 0.1)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            if whole:
                await until(pilot, lambda: app.feed.ended and "reading" not in heading(pilot))
            await play(pilot)

    try:
        asyncio.run(run())
    finally:
        app.feed.stop()


def the_app(pilot: Pilot[None]) -> PcapstateApp:
    """Return the screen's program."""
    assert isinstance(pilot.app, PcapstateApp)
    return pilot.app


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait until something is true."""
    for _ in range(round(PATIENCE / 0.05)):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not become true")


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def lines(pilot: Pilot[None]) -> list[str]:
    """Return the text of the screen, a line each, without blanks at their ends."""
    strips = pilot.app.screen._compositor.render_strips()
    return [strip.text.rstrip() for strip in strips]


def heading(pilot: Pilot[None]) -> str:
    """Return the text of the first line."""
    one = the_app(pilot).heading
    return f"{one.left} | {one.alarm} | {one.right}"


def rows(pilot: Pilot[None]) -> list[str]:
    """Return the rows of the table that are in view."""
    return [line for line in lines(pilot) if ROW.match(line)]
