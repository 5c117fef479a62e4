"""What could not be read of a host's own table."""

from __future__ import annotations

from ..hosts_word.host_socket import HostsWord
from .session import Session


def say_unread(reading: Session, word: HostsWord) -> int:
    """Say how many lines of a host's table could not be read; return the exit code: 1 where none could."""
    if word.unread:
        one = "{file}: line {first} could not be read"
        many = "{file}: {count:,} lines could not be read, line {first} first"
        fields = {"file": word.name, "count": word.unread, "first": word.first_unread}
        reading.say(one if word.unread == 1 else many, error=True, **fields)
    elif not word.sockets:
        reading.say("{file} has no socket of TCP or UDP", file=word.name)
    return int(bool(word.unread) and not word.sockets)
