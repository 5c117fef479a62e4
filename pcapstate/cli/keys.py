"""Keys of the terminal, one by one and without echo."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

KEY = re.compile(r"\x1b(?:\[[0-9;?]*[@-~]|O.)|.", re.DOTALL)
"""What a terminal sends for a key: a character, or an escape sequence."""


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """Give a function that waits for a key and returns it; the terminal is as before at the end.

    The function raises KeyboardInterrupt, and EOFError where the terminal has gone.
    """
    try:
        import termios
        import tty
    except ImportError:
        # Windows: its console is asked for one key at a time.
        yield click.getchar
        return
    # click.getchar would throw away what is typed between two keys.
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    decoder, waiting = codecs.getincrementaldecoder("utf-8")("replace"), ""

    def read() -> str:
        nonlocal waiting
        while not (found := KEY.match(waiting)):
            given = os.read(terminal, 1024)
            if not given:
                raise EOFError
            waiting += decoder.decode(given)
        waiting = waiting[found.end() :]
        return found[0]

    tty.setcbreak(terminal, termios.TCSADRAIN)
    try:
        yield read
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
