"""What was meant by a command line that names no command: a capture, another tool's name, a slip of the hand."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

from ..escaping import abridged, quoted
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
        return f"{name} is no command; try pcapstate netstat {shlex.quote(name)} (or timeline, connections, diagnose)"
    other = OTHER_NAMES.get(given.casefold())
    return f"no command {quoted(given)}: {f'did you mean {other}?' if other else did_you_mean(given, commands)}"


def option_meant(option: str, takers: Iterable[str]) -> str:
    """Return what to say of an option in front of the command; ``takers``: the commands that have it."""
    taker = next(iter(takers), None)
    if taker is None:
        return f"no option {quoted(option)}"
    return f"{option} goes behind a command: pcapstate {taker} {option} …"
