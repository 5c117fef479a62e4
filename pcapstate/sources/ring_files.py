"""The files of a ring, made one after the other by whoever runs this: the program, or a process of its own.

The latter keeps the privileges that the program gives up. It is this file run alone, so nothing of the package is
imported here. All that it is told is to go on.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress

NEXT = b"n"
LONGEST = 8_192
"""Bytes of an answer at most: a path."""


class RingFiles:
    """Makes the files that a path names; of these the last ``keep`` stay (0: all)."""

    def __init__(self, path: str, keep: int) -> None:
        self._path, self._keep = path, keep
        self._count = 0
        self._names: deque[str] = deque()

    def next(self) -> tuple[str, int]:
        """Make the next file, and remove the oldest; return the path and a descriptor. Raises OSError."""
        self._count += 1
        stem, suffix = os.path.splitext(self._path)
        name = f"{stem}_{self._count:05}_{time.strftime('%Y%m%d%H%M%S')}{suffix}"
        descriptor = made(name)
        self._names.append(name)
        if self._keep and len(self._names) > self._keep:
            with suppress(OSError):
                os.unlink(self._names.popleft())
        return name, descriptor

    def close(self) -> None:
        """Make no more."""


def made(path: str) -> int:
    """Make a file, or empty it, and return a descriptor to write to. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)


def answer(channel: socket.socket, files: RingFiles) -> None:
    """Make a file each time that the other end says so, and hand over its descriptor, until that end is closed."""
    while channel.recv(1) == NEXT:
        try:
            path, descriptor = files.next()
        except OSError as error:
            channel.sendall(b"%d" % (error.errno or 0))
            continue
        socket.send_fds(channel, [os.fsencode(path)], [descriptor])
        os.close(descriptor)


def main(path: str, keep: str, user: str, group: str, channel: str) -> None:
    """Be the process: as a user, or as who began it where none is named; at the other end of a socket that is open."""
    # Its end is that of the socket.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if user:
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    with suppress(ConnectionError):
        answer(socket.socket(fileno=int(channel)), RingFiles(path, int(keep)))


if __name__ == "__main__":
    main(*sys.argv[1:])
