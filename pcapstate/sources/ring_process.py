"""The process that makes the files of a ring for a program that may no longer do so itself."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress

from ..messages import Message
from . import ring_files
from .privileges import User, begin_beside


class RingProcess:
    """Makes files like ``RingFiles``, in a process that keeps the privileges of now, as a user where one is named."""

    def __init__(self, path: str, keep: int, owner: User | None) -> None:
        self._channel, other = socket.socketpair()
        who = ("", "") if owner is None else (str(owner.user), str(owner.group))
        told = (os.path.abspath(path), str(keep), *who, str(other.fileno()))
        with other:
            # Isolated: nothing that a user has laid out is imported.
            command = [sys.executable, "-I", "-S", ring_files.__file__, *told]
            self._process = begin_beside(command, pass_fds=(other.fileno(),))

    def next(self) -> tuple[str, int]:
        """Make the next file, and remove the oldest; return the path and a descriptor. Raises OSError."""
        told, descriptors = b"", list[int]()
        with suppress(ConnectionError):
            self._channel.sendall(ring_files.NEXT)
            told, descriptors, _, _ = socket.recv_fds(self._channel, ring_files.LONGEST, 1)
        if descriptors:
            return os.fsdecode(told), descriptors[0]
        if not told:
            raise OSError(0, Message("the process that makes the next file is gone"))
        raise OSError(int(told), os.strerror(int(told)))

    def close(self) -> None:
        """Make no more."""
        self._channel.close()
        self._process.wait()
