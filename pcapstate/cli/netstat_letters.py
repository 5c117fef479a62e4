"""The letters of two systems on one command line; the other letters decide what ``-p``, ``-e`` and ``-o`` mean.

``-p`` of Windows and macOS takes a protocol; that of Linux stands alone, mostly among other letters (``-tulpn``). Only
Linux has ``-t``, ``-u``, ``-l``, ``-x``, ``-4`` and ``-6`` with these meanings; beside one of them, or beside a ``-p``
without a protocol, ``-e`` and ``-o`` are Linux's, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import click

from ..sockets.question import PROTOCOLS, Question

PROGRAMS = "--programs"
"""Linux's ``-p``."""
WITH_VALUE = frozenset("i")
"""Letters whose value follows."""


class NetstatCommand(click.Command):
    """A command with the ``-p`` of either system."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        return super().parse_args(ctx, list(told_apart(args, self._with_values(ctx))))

    def _with_values(self, ctx: click.Context) -> frozenset[str]:
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and not one.is_flag]
        return frozenset(name for one in options for name in one.opts if name.startswith("--"))


def told_apart(arguments: Sequence[str], with_values: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the arguments with ``--programs`` in place of each ``-p`` that has no protocol behind it.

    ``with_values``: the long options whose value is the next argument.
    """
    rest = list(arguments)
    while rest:
        one = rest.pop(0)
        if one == "--":
            yield from (one, *rest)
            return
        if one in with_values and rest:
            yield from (one, rest.pop(0))
        elif one.startswith("-") and not one.startswith("--") and len(one) > 1:
            yield from _letters(one[1:], rest)
        else:
            yield one


def _letters(letters: str, rest: list[str]) -> Iterator[str]:
    """Yield the arguments that replace the letters behind one dash; takes their value off ``rest``."""
    for at, letter in enumerate(letters):
        behind = letters[at + 1 :]
        if letter in WITH_VALUE:
            yield f"-{letters}"
            if not behind and rest:
                yield rest.pop(0)
            return
        if letter == "p":
            before = [f"-{letters[:at]}"] if at else []
            if behind.lower() in PROTOCOLS or (not behind and rest and _means_protocol(rest[0])):
                yield from (*before, "-p", behind or rest.pop(0))
                return
            yield from (*before, PROGRAMS)
            if behind:
                yield from _letters(behind, rest)
            return
    yield f"-{letters}"


def _means_protocol(argument: str) -> bool:
    """Tell whether an argument behind ``-p`` is a protocol, or meant to be one, rather than a capture."""
    if argument.lower() in PROTOCOLS:
        return True
    # A word that is neither protocol, number nor file is a mistake that -p reports best.
    return argument.isalnum() and not argument.isdigit() and not os.path.exists(argument)


def understood(*, unix: bool, programs: bool, **letters: Any) -> tuple[bool, Question, list[str]]:
    """Return whether these letters are Linux's, their question, and a line for each that packets cannot answer.

    Raises UsageError if packets can answer none of them.
    """
    question = Question(**letters)
    linuxs = (question.tcp, question.udp, question.listening, unix, question.inet, question.inet6, programs)
    if not any(linuxs):
        return False, question, []
    lines = []
    if unix:
        if not (question.tcp or question.udp):
            raise click.UsageError("-x asks for UNIX sockets, which are in no capture")
        lines.append("-x: UNIX sockets are in no capture")
    if question.ethernet:
        lines.append("-e as on Linux: packets contain neither users nor inodes")
    if question.pid:
        lines.append("-o as on Linux: packets contain no timers")
    return True, question._replace(ethernet=False, pid=programs, program=question.program or programs), lines
