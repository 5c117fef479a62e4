"""The screen on the command line: what it reads, how it begins, and where ``w`` writes to."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import click
import numpy as np

from ..addresses import parse_network
from ..errors import PcapstateError
from ..escaping import safe
from ..extraction import ChosenPackets, Extraction
from ..memory import LEAST, PACKETS_WAITING, default_bound
from ..messages import reason
from ..moments import parse_moment
from ..reading import Origin, Reading
from ..replay.log import PacketLog
from ..screen.app import PcapstateApp, Settings
from ..screen.board import EACH, Board, Wish
from ..screen.feed import Feed
from ..screen.palette import DARK, LIGHT, Palette
from ..sockets.gathering import Gathering
from ..sockets.question import Question
from ..wording.counts import Count
from ..wording.languages import told, translate
from .options import SourceOptions, WordingOptions, manner
from .screen_options import LEAST_HISTORY, ScreenOptions
from .session import Session

NEEDED = frozenset(("age", "rtt", "program"))
"""Columns of the screen that need more than states."""


def run(source: SourceOptions, wording: WordingOptions, look: ScreenOptions, interval: float) -> int:
    """Show the screen until it is left; return the exit code. Raises UsageError, PcapstateError."""
    check_terminal()
    app, session = prepared(with_keyboard(source), wording, look, interval)
    session.listener = app.hear
    try:
        app.run()
    finally:
        session.listener = None
        app.feed.stop()
    code = session.finish()
    if app.feed.failure:
        session.say("reading ended: {why}", error=True, why=app.feed.failure)
        return 1
    return code


def prepared(
    source: SourceOptions, wording: WordingOptions, look: ScreenOptions, interval: float
) -> tuple[PcapstateApp, Session]:
    """Return the screen and its reading, which begins with it. Raises UsageError, PcapstateError."""
    for one in look.local:
        try:
            parse_network(one)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--local") from None
    at = None if source.at is None else parse_moment(source.at, wording.utc)
    bound = source.memory or default_bound()
    gathering = Gathering(Question(local=look.local, all_=True, tcp=True, program=True), NEEDED, True, bound)
    left = bound - LEAST - PACKETS_WAITING - gathering.bytes_beside
    history = look.history or min(bound // 4, max(left // 2, LEAST_HISTORY))
    log = PacketLog(history)
    reading: list[Session] = []
    board = Board(log, gathering, lambda: reading[0].span(), wording.utc)
    wish = Wish(filter=look.filter or "")
    # A mistake in the filter is told before anything is read.
    board.selection(wish)
    session = Session(
        source._replace(at=None),
        record=True,
        passing=True,
        details=True,
        watchers=board.watchers,
        followers=[log.moved, board.moved],
        each=EACH,
        beside=gathering.bytes_beside + history,
        utc=wording.utc,
        lang=wording.lang,
    )
    reading.append(session)
    name = safe(session.capture.source.name)
    if addresses := ", ".join(getattr(session.capture.source, "addresses", ())[:2]):
        name = f"{name} ({addresses})"
    settings = Settings(
        name=name,
        manner=manner(wording, 0),
        palette=palette(look.light),
        interval=interval,
        at=at,
        wish=wish,
        write=lambda number: written(source, session.origin, number, wording.lang),
    )
    return PcapstateApp(board, Feed(session, board), settings), session


def check_terminal() -> None:
    """Complain where there is no terminal for a screen. Raises UsageError."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        raise click.UsageError("the screen needs a terminal; for files and pipes there are netstat and timeline")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise click.UsageError("the screen needs a terminal that can move its cursor (TERM is dumb)")


def with_keyboard(source: SourceOptions) -> SourceOptions:
    """Leave standard input to the keyboard: a capture that comes there is read from another descriptor."""
    if sys.stdin is not None and sys.stdin.isatty():
        if "-" in source.captures:
            raise click.UsageError("standard input is the keyboard; pipe a capture into it, as tcpdump -w - does")
        return source
    try:
        keyboard = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        raise click.UsageError("the screen needs a terminal to read keys from") from None
    captures = tuple(f"/dev/fd/{os.dup(0)}" if one == "-" else one for one in source.captures)
    os.dup2(keyboard, 0)
    os.close(keyboard)
    return source._replace(captures=captures)


def palette(light: bool | None) -> Palette:
    """Return the colours for a dark or a light background; None: as the terminal tells, else dark."""
    if light is None:
        # Some terminals tell their colours: "15;0" is white on black.
        light = os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
    return LIGHT if light else DARK


def written(source: SourceOptions, origin: Origin, number: int, lang: str) -> str:
    """Write the packets of a connection to a new file of this folder; return the line that tells of it."""
    if not origin.files:
        text = "captured packets are not kept; capture with -w FILE, and use pcapstate extract on it"
        return translate(text, lang)
    try:
        packets = ChosenPackets(np.array([number]), np.zeros((0, 2), dtype=np.int64))
        reading = Reading(origin, time_wait=source.time_wait, split=source.split_vlans, watchers=lambda _: [packets])
        packets.attach(reading.capture.table)
        reading.read()
        path = _write_new(f"connection-{number}", Extraction(source.captures, packets.marks.bits).pcapng())
    except (PcapstateError, OSError) as error:
        return told(reason(error), lang)
    count = packets.marks.count
    return translate("{count:packet|packets} written to {path}", lang).format(count=Count(count), path=safe(path))


def _write_new(name: str, pieces: Iterable[Any]) -> str:
    for more in itertools.count(1):
        path = f"{name}.pcapng" if more == 1 else f"{name}-{more}.pcapng"
        try:
            file = open(path, "xb")  # noqa: SIM115
        except FileExistsError:
            continue
        with closing(file):
            try:
                for piece in pieces:
                    file.write(piece)
            except BaseException:
                os.unlink(path)
                raise
        return path
    raise AssertionError
