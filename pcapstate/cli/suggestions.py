"""What was meant by a command line that names no command: a capture, another tool's name, a slip of the hand."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

from ..escaping import abridged, quoted
from ..messages import Message
from ..query.errors import did_you_mean

OTHER_NAMES = {"ss": "netstat", "list": "connections", "show": "connections", "conversations": "connections"}
OF_CAPTURES = (".pcap", ".pcapng", ".cap", ".dmp", ".gz", ".xz", ".bz2", ".zst", ".lz4")
LONGEST = 200
"""Characters of a path that is shown whole."""


def command_meant(given: str, commands: Iterable[str]) -> str:
    """Return what to say of a word in the place of a command."""
    capture = given == "-" or os.sep in given or given.lower().endswith(OF_CAPTURES) or os.path.lexists(given)
    if capture:
        name = given if len(given) <= LONGEST else abridged(given)
        text = "{name} is no command; try pcapstate netstat {path} (or timeline, connections, diagnose)"
        return Message(text, name=name, path=shlex.quote(name))
    other = OTHER_NAMES.get(given.casefold())
    hint = Message("did you mean {words}?", words=other) if other else did_you_mean(given, commands)
    return Message("no command {name}: {hint}", name=quoted(given), hint=hint)


def option_meant(option: str, takers: Iterable[str]) -> str:
    """Return what to say of an option in front of the command; ``takers``: the commands that have it."""
    taker = next(iter(takers), None)
    if taker is None:
        return Message("no option {option}", option=quoted(option))
    return Message("{option} goes behind a command: pcapstate {command} {option} …", option=option, command=taker)
