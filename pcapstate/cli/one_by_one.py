"""Text that waits for a key behind each piece of it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator

import click

from .keys import keys

PROMPT = "space: next, a: the rest, q: quit"
NEXT, REST, QUIT = " \r\n", "a", "q\x1b\x04"


def one_by_one(pieces: Iterable[bytes], prompt: str) -> Iterator[bytes]:
    """Yield pieces, each behind the first two when a key asks for it; the keys are those of ``PROMPT``."""
    left = iter(pieces)
    yield from itertools.islice(left, 2)
    with keys() as read:
        for piece in left:
            key = _asked(read, prompt)
            if key in QUIT:
                return
            yield piece
            if key in REST:
                break
    yield from left


def _asked(read: Callable[[], str], prompt: str) -> str:
    """Wait for a key; raises KeyboardInterrupt, EOFError."""
    sys.stdout.flush()
    click.echo(f"[{prompt}]", nl=False, err=True)
    try:
        while (key := read().lower()) not in (*NEXT, *REST, *QUIT):
            pass
    finally:
        # The line of the prompt is free again.
        click.echo("\r\033[K", nl=False, err=True)
    return key
