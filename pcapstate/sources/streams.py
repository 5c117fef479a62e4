"""Streams that captures are read from: files, pipes, standard input."""

from __future__ import annotations

import io
import os
import select
import sys
from pathlib import Path
from typing import Any, Protocol

from ..errors import CaptureError
from ..escaping import safe
from ..messages import Message, of_name, reason


class Stream(Protocol):
    """A stream of bytes: a file, a pipe, a decompressor."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Read bytes into a buffer; return how many, 0 at the end."""

    def close(self) -> None:
        """Close the stream."""


def read_into(stream: Stream, buffer: Any) -> int:
    """Read bytes of a stream into a buffer; return how many, 0 at the end. Raises OSError if it is non-blocking."""
    count = stream.readinto(buffer)
    if count is None:
        raise OSError(Message("there is no data now, and the stream does not wait for any"))
    return count


class Rejoined(io.RawIOBase):
    """A stream that returns bytes already read from another one, then the rest of it."""

    def __init__(self, head: bytes, rest: Stream) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read bytes into a buffer; return how many, 0 at the end."""
        if self._head:
            part = self._head[: len(buffer)]
            buffer[: len(part)] = part
            self._head = self._head[len(part) :]
            return len(part)
        return self._rest.readinto(buffer)

    def close(self) -> None:
        """Close the stream."""
        self._rest.close()
        super().close()


class ReopenedFile:
    """A file that is open only while it is read: a process may not have a thousand files open at once."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        self._position = 0

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer; return how many, 0 at the end. Raises OSError if the file is gone."""
        with open(self.name, "rb", buffering=0) as file:
            file.seek(self._position)
            count = file.readinto(buffer) or 0
        self._position += count
        return count

    def close(self) -> None:
        """Do nothing: the file is closed between reads."""


class _StandardInput:
    """Standard input, which outlives the reader."""

    def __init__(self) -> None:
        # Unbuffered, so that packets from a live tcpdump arrive at once.
        self._raw = io.FileIO(0, closefd=False)

    def readinto(self, buffer: Any, /) -> int | None:
        while (count := self._raw.readinto(buffer)) is None:
            # A process that shares it has set O_NONBLOCK.
            select.select([self._raw], [], [])
        return count

    def close(self) -> None:
        pass


def open_stream(source: str | os.PathLike[str] | Stream) -> tuple[str, Stream, int | None]:
    """Return the name, the stream and the size (None if unknown) of a source. Raises CaptureError."""
    if not isinstance(source, (str, os.PathLike)):
        return safe(str(getattr(source, "name", "<stream>"))), source, None
    name = safe(os.fspath(source))
    if os.fspath(source) == "-":
        if sys.stdin is None:
            raise CaptureError("standard input is closed")
        if sys.stdin.isatty():
            raise CaptureError(
                "standard input is a terminal; pipe a capture into it, as in: tcpdump -w - | pcapstate …"
            )
        return Message("<standard input>"), _StandardInput(), None
    if not name:
        raise CaptureError("the name of the capture is empty")
    path = Path(source)
    try:
        if path.is_dir():
            raise CaptureError(of_name(name, "is a directory, not a capture file"))
        file = path.open("rb", buffering=0)
        size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise CaptureError(of_name(name, "no such file")) from None
    except PermissionError:
        raise CaptureError(of_name(name, "no permission to read it")) from None
    except (OSError, ValueError) as error:
        raise CaptureError(of_name(name, reason(error))) from None
    return name, file, size or None
