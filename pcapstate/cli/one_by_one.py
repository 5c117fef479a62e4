"""Text that waits for a key behind each piece of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click

PROMPT = "space: next, a: the rest, q: quit"
NEXT, REST, QUIT = " \r\n", "a", "q\x1b"


def one_by_one(pieces: Iterable[bytes], prompt: str) -> Iterator[bytes]:
    """Yield pieces, each behind the first two when a key asks for it; the keys are those of ``PROMPT``."""
    waits = False
    for number, piece in enumerate(pieces):
        if waits := waits or number == 2:
            key = _key(prompt)
            if key in QUIT:
                return
            waits = key not in REST
            if not waits:
                yield piece
                yield from pieces
                return
        yield piece


def _key(prompt: str) -> str:
    """Wait for a key; raises KeyboardInterrupt."""
    sys.stdout.flush()
    click.echo(f"[{prompt}]", nl=False, err=True)
    try:
        while (key := click.getchar().lower()) not in (*NEXT, *REST, *QUIT):
            pass
    finally:
        # The line of the prompt is free again.
        click.echo("\r\033[K", nl=False, err=True)
    return key
