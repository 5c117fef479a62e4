"""Which captures are meant: files, folders and patterns, on this machine and in object stores.

What fsspec reads is named by a URL; it is imported for URLs only.
"""

from __future__ import annotations

import fnmatch
import glob
import io
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import IO, Any, NamedTuple, cast

from ..errors import CallError, CaptureError
from ..escaping import safe
from ..messages import Message, of_name, reason
from ..sources.paths import WILD
from ..sources.streams import open_stream

BLOCK = 8 << 20
"""Bytes read ahead of a file that is not local: a single pass has few requests then."""
UNFINISHED = (".tmp", ".part")
"""How the names of files end that are still being written."""
LOCAL = ("file://", "local://")
IDENTITIES = ("ETag", "etag", "md5Hash", "content_md5", "generation")
TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
"""What file systems tell of a file that changes with its content."""


class Found(NamedTuple):
    """A capture that was found, or what may be one."""

    url: str
    """A local absolute path, or the URL."""
    size: int
    version: str
    """Changes when the content changes."""
    sensor: str


class Unread(NamedTuple):
    """What cannot be read, and why."""

    url: str
    why: str


class _File(NamedTuple):
    """A file, and the part of its path below the folder that was given."""

    url: str
    below: str
    size: int
    version: str


def find(sources: Sequence[str], sensors: Sequence[tuple[str, str]] = ()) -> tuple[list[Found], list[tuple[str, str]]]:
    """Return the captures that sources mean, sorted and each once, and what cannot be read, with the reason.

    A source is a file, a folder, which is searched with all folders in it, or a pattern, as a path or as a URL of
    fsspec. Hidden files and unfinished ones are found only by their names, and links only where their target is not
    found itself. ``sensors``: names with patterns of URLs, the first of which decides; otherwise the sensor is the
    first folder below the one that was given. Raises CallError if fsspec is missing.
    """
    files: dict[str, _File] = {}
    unread: list[tuple[str, str]] = []
    for source in dict.fromkeys(sources):
        local = _local(source)
        for one in _far(source) if local is None else _near(local):
            if isinstance(one, _File):
                files.setdefault(one.url, one)
            else:
                unread.append((one.url, one.why))
    found = [Found(one.url, one.size, one.version, _sensor(one, sensors)) for one in _once(sorted(files.values()))]
    return found, list(dict.fromkeys(unread))


def opened(url: str, block: int = BLOCK) -> IO[bytes]:
    """Open a capture that was found; ``block``: bytes read ahead of one that is not local. Raises CaptureError."""
    local = _local(url)
    if local is not None:
        return cast(IO[bytes], open_stream(local)[1])
    try:
        system, path, _ = _system(url)
        return cast(IO[bytes], _Far(url, system.open(path, "rb", block_size=block)))
    except CallError:
        raise
    except Exception as error:
        raise CaptureError(of_name(safe(url), _why(error))) from None


def _local(source: str) -> str | None:
    """Return the path of a local source; None of another."""
    for scheme in LOCAL:
        if source.startswith(scheme):
            return source[len(scheme) :]
    return None if "://" in source else source


def _sensor(file: _File, sensors: Sequence[tuple[str, str]]) -> str:
    for name, pattern in sensors:
        if fnmatch.fnmatchcase(file.url, pattern):
            return name
    folder, separator, _ = file.below.partition("/")
    return folder if separator else ""


def _once(files: list[_File]) -> Iterator[_File]:
    """Yield files without those that are others by another path."""
    folders: dict[str, str] = {}

    def real(file: _File) -> str:
        if "://" in file.url:
            return file.url
        folder, name = os.path.split(file.url)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        path = os.path.join(folders[folder], name)
        return os.path.realpath(path) if os.path.islink(path) else path

    targets = [real(file) for file in files]
    seen = {file.url for file, target in zip(files, targets, strict=True) if file.url == target}
    for file, target in zip(files, targets, strict=True):
        if file.url == target:
            yield file
        elif target not in seen:
            seen.add(target)
            yield file


def _left_out(name: str) -> bool:
    return name.startswith(".") or name.endswith(UNFINISHED)


def _fixed(pattern: str) -> str:
    """Return the folder of a pattern before its first part with a wildcard."""
    parts = pattern.split("/")
    wild = next(index for index, part in enumerate(parts) if WILD & set(part))
    return "/".join(parts[:wild]) or ("/" if wild else "")


def _inside(path: str, folders: Container[str]) -> bool:
    """Tell whether a path lies in one of these folders."""
    while (cut := path.rfind("/")) >= 0:
        path = path[:cut]
        if path in folders:
            return True
    return False


# --- this machine


def _near(source: str) -> Iterator[_File | Unread]:
    """Yield the local files that a source means."""
    if not source:
        yield Unread(source, Message("the name of the capture is empty"))
        return
    name = os.path.abspath(source)
    try:
        if not os.path.lexists(name) and WILD & set(name):
            yield from _matching(name)
        elif os.path.isdir(name):
            found = list(_in_folders([name], name))
            yield from found or (Unread(name, Message("no capture file in it")),)
        else:
            yield _file(name, os.path.dirname(name))
    except (OSError, ValueError) as error:
        yield Unread(source, _why(error))


def _matching(pattern: str) -> Iterator[_File | Unread]:
    base = _fixed(pattern)
    found: list[_File | Unread] = []
    folders: dict[str, None] = {}
    for path in sorted(one.rstrip("/") or "/" for one in glob.iglob(pattern, recursive=True)):
        if os.path.basename(path).endswith(UNFINISHED) or _inside(path, folders):
            continue
        if os.path.isdir(path):
            folders[path] = None
        elif os.path.isfile(path):
            found.append(_file(path, base))
    found += _in_folders(folders, base)
    yield from found or (Unread(pattern, Message("no such file")),)


def _in_folders(tops: Iterable[str], base: str) -> Iterator[_File | Unread]:
    """Yield the files in folders and in those in them; folders that are links come last."""
    seen: set[str] = set()
    waiting: list[str] = []
    linked: list[str] = []
    for top in tops:
        (linked if os.path.islink(top) else waiting).append(top)
    while waiting or linked:
        folder = waiting.pop() if waiting else linked.pop(0)
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        try:
            with os.scandir(folder) as entries:
                inside = sorted((entry for entry in entries if not _left_out(entry.name)), key=lambda one: one.name)
        except OSError as error:
            yield Unread(folder, _why(error))
            continue
        for entry in inside:
            if entry.is_dir():
                (linked if entry.is_symlink() else waiting).append(entry.path)
            elif entry.is_file():
                yield _file(entry.path, base)


def _file(path: str, base: str) -> _File | Unread:
    try:
        if not os.path.isfile(path) and os.path.exists(path):
            return Unread(path, Message("is not a regular file"))
        told = os.stat(path)
        below = os.path.relpath(path, base).replace(os.sep, "/")
        return _File(path, below, told.st_size, str(told.st_mtime_ns))
    except OSError as error:
        return Unread(path, _why(error))


def _why(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return Message("no such file")
    if isinstance(error, PermissionError):
        return Message("no permission to read it")
    # An error without a text has the name of its class.
    return reason(error) or Message(type(error).__name__)


# --- elsewhere


def _system(url: str) -> tuple[Any, str, str]:
    """Return the file system of a URL, its path there, and the URL as far as it begins all URLs of this system.

    Raises CallError if fsspec is missing, and whatever libraries of file systems raise.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise CallError("to read captures by URL, install more: pip install 'pcapstate[archive]'") from None
    system, path = url_to_fs(url)
    # Paths of some systems lack the host or the account that the URL has.
    whole = url.rstrip("/")
    pairs = zip(reversed(whole), reversed(path.rstrip("/")), strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return system, path, whole[: len(whole) - same]


def _far(source: str) -> Iterator[_File | Unread]:
    """Yield the files that a URL means."""
    try:
        if "::" in source:
            yield Unread(source, Message("a URL in another is not supported"))
            return
        system, path, begin = _system(source)
        system.invalidate_cache()
        yield from _listed(system, path, source, begin)
    except CallError:
        raise
    except Exception as error:
        # Each library raises exceptions of its own.
        yield Unread(source, _why(error))


def _listed(system: Any, path: str, source: str, begin: str) -> Iterator[_File | Unread]:
    def url_of(one: str) -> str:
        head = path.rstrip("/")
        # ``begin`` and the part of ``path`` that it replaces.
        replaced = head[: len(head) - (len(source.rstrip("/")) - len(begin))]
        url = begin + one[len(replaced) :] if one.startswith(replaced) else ""
        return url if url and system._strip_protocol(url) == one else str(system.unstrip_protocol(one))

    try:
        named = system.info(path)
    except Exception:
        # Some systems refuse names with such characters.
        if not WILD & set(path):
            raise
        named = None
    if named is None:
        base = _fixed(path)
        inside = system.glob(path, detail=True)
        searched: set[str] = set()
        for one, told in sorted(inside.items()):
            if told.get("type") == "directory" and not _inside(one.rstrip("/"), searched):
                searched.add(one.rstrip("/"))
                inside.update(system.find(one, detail=True))
    elif named.get("type") == "directory":
        base = path.rstrip("/")
        inside = system.find(path, detail=True)
    else:
        yield _far_file(system, path, named, source, "")
        return
    found: list[_File | Unread] = []
    for one, told in sorted(inside.items()):
        below = one[len(base) :].strip("/")
        parts = below.split("/")
        if told.get("type") != "file" or one.endswith("/") or any(map(_left_out, parts)):
            continue
        found.append(_far_file(system, one, told, url_of(one), below))
    yield from found or (Unread(source, Message("no capture file in it" if named else "no such file")),)


def _far_file(system: Any, path: str, told: dict[str, Any], url: str, below: str) -> _File | Unread:
    size = told.get("size", told.get("Size"))
    if size is None:
        return Unread(url, Message("its size is unknown"))
    identity = next((f"{told[key]}" for key in IDENTITIES if told.get(key)), None)
    if identity is None:
        when: Any = next((told[key] for key in TIMES if told.get(key)), None)
        # Some systems list times in another form than they tell that of one file.
        when = when.timestamp() if hasattr(when, "timestamp") else when
        identity = system.ukey(path) if when is None else f"{when} {size}"
    return _File(url, below, int(size), str(identity))


class _Far(io.RawIOBase):
    """A file of fsspec with its URL as its name; all of its errors are OSErrors."""

    def __init__(self, url: str, file: Any) -> None:
        self.name = url
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        return self._done(self._file.readinto, buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._done(self._file.seek, offset, whence)

    def tell(self) -> int:
        return self._done(self._file.tell)

    def close(self) -> None:
        if not self.closed:
            self._done(self._file.close)
        super().close()

    @staticmethod
    def _done(call: Any, *given: Any) -> int:
        try:
            return call(*given) or 0
        except (OSError, ValueError):
            raise
        except Exception as error:
            raise OSError(_why(error)) from error
