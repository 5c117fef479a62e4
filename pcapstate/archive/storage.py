"""Where a dataset lies: a folder, or an object store through fsspec. Files appear whole, or not at all."""

from __future__ import annotations

import os
import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import IO, Any, NamedTuple

from ..errors import CallError, OutputError
from ..escaping import safe
from ..messages import Message, of_name, reason

PARTIAL = ".partial"
"""The ending of a file that is being written: whoever lists files leaves it out."""


def is_url(place: str) -> bool:
    """Tell whether a place is a URL for fsspec, and no path."""
    return "://" in place and not place.startswith("file://")


class Written(NamedTuple):
    """What a file is to be recognised by."""

    size: int
    checksum: str
    """Its SHA-256."""


class Storage:
    """Files below a folder or URL, by their path from there. Raises OutputError, CallError."""

    def __init__(self, root: str) -> None:
        if not root:
            raise CallError("the name of the dataset is empty")
        self.root = root.removeprefix("file://").rstrip("/") or "/"
        self.remote: Any = None
        """The file system of fsspec; None: this machine's."""
        self._written: dict[str, Written] = {}
        if is_url(root):
            try:
                import fsspec
            except ImportError:
                raise CallError(
                    Message("{root} needs fsspec: pip install 'pcapstate[archive]'", root=safe(root))
                ) from None
            try:
                self.remote, self._base = fsspec.core.url_to_fs(self.root)
            except (ImportError, ValueError, OSError) as error:
                raise CallError(of_name(safe(root), reason(error))) from None
        else:
            self.root = self._base = os.path.abspath(self.root)

    def path(self, name: str) -> str:
        """Return the path, or the file system's name, of a file."""
        return posixpath.join(self._base, name) if name else self._base

    def url(self, name: str) -> str:
        """Return the path or URL by which DuckDB opens a file."""
        return self.path(name) if self.remote is None else self.remote.unstrip_protocol(self.path(name))

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading. Raises OSError."""
        if self.remote is None:
            return open(self.path(name), "rb")
        opened: IO[bytes] = self.remote.open(self.path(name), "rb", block_size=1 << 20)
        return opened

    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises OSError."""
        with self.open(name) as file:
            return file.read()

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return os.path.exists(self.path(name)) if self.remote is None else bool(self.remote.exists(self.path(name)))

    def size(self, name: str) -> int:
        """Return a file's bytes. Raises OSError."""
        return os.path.getsize(self.path(name)) if self.remote is None else int(self.remote.size(self.path(name)))

    def written(self, name: str) -> Written:
        """Return size and checksum of a file; it is not read if it was written through this object. Raises OSError."""
        if name not in self._written:
            with self.open(name) as file:
                return _digest(file)
        return self._written[name]

    def names(self, folder: str = "") -> Iterator[str]:
        """Yield all files below a folder, in order."""
        if self.remote is not None:
            start = len(self._base.rstrip("/")) + 1
            with suppress(FileNotFoundError):
                yield from (one[start:] for one in sorted(self.remote.find(self.path(folder))))
            return
        for parent, folders, files in os.walk(self.path(folder)):
            folders.sort()
            for file in sorted(files):
                yield os.path.relpath(os.path.join(parent, file), self._base).replace(os.sep, "/")

    @contextmanager
    def writing(self, name: str) -> Iterator[str]:
        """Give a local path to write; what is written there appears as the file once the block ends without error."""
        if self.remote is None:
            path = self.path(name)
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                # Two workers may be at the same task: each writes a file of its own.
                beside = f"{path}.{uuid.uuid4().hex[:8]}{PARTIAL}"
                try:
                    yield beside
                    _sync(beside)
                    self._note(name, beside)
                    os.replace(beside, path)
                    _sync(os.path.dirname(path))
                except BaseException:
                    with suppress(OSError):
                        os.unlink(beside)
                    raise
            except OSError as error:
                raise OutputError(of_name(safe(path), reason(error))) from None
            return
        import tempfile

        with tempfile.TemporaryDirectory(prefix="pcapstate-") as folder:
            beside = os.path.join(folder, "file")
            yield beside
            self._note(name, beside)
            try:
                # An object appears once all of it has arrived.
                self._put(beside, self.path(name))
            except OSError as error:
                raise OutputError(of_name(safe(self.url(name)), reason(error))) from None

    def _note(self, name: str, path: str) -> None:
        with open(path, "rb") as file:
            self._written[name] = _digest(file)

    def _put(self, local: str, path: str) -> None:
        try:
            self.remote.put_file(local, path)
        except FileNotFoundError:
            # A file system with folders, such as a share.
            self.remote.makedirs(posixpath.dirname(path), exist_ok=True)
            self.remote.put_file(local, path)

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        with self.writing(name) as path, open(path, "wb") as file:
            file.write(data)

    def create(self, name: str, data: bytes) -> bool:
        """Write a whole file unless there is one; return whether there was none."""
        if self.remote is None:
            path = self.path(name)
            beside = f"{path}.{uuid.uuid4().hex[:8]}{PARTIAL}"
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(beside, "wb") as file:
                    file.write(data)
                _sync(beside)
                try:
                    os.link(beside, path)
                except FileExistsError:
                    return False
                except OSError:
                    # A file system without hard links.
                    if os.path.exists(path):
                        return False
                    os.replace(beside, path)
                _sync(os.path.dirname(path))
                return True
            except OSError as error:
                raise OutputError(of_name(safe(path), reason(error))) from None
            finally:
                with suppress(OSError):
                    os.unlink(beside)
        if self.exists(name):
            return False
        self.write(name, data)
        return True

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError):
            if self.remote is None:
                os.unlink(self.path(name))
                with suppress(OSError):
                    os.removedirs(os.path.dirname(self.path(name)))
            else:
                self.remote.rm_file(self.path(name))


def _digest(file: IO[bytes]) -> Written:
    found, size = sha256(), 0
    while data := file.read(1 << 20):
        found.update(data)
        size += len(data)
    return Written(size, found.hexdigest())


def _sync(path: str) -> None:
    """Bring what was written to the disk, where the system can."""
    with suppress(OSError):
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
