"""Output to a file, whole or not at all: written beside it, and put in its place once all of it is there."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import OutputClosed, OutputError
from ..escaping import safe
from ..messages import Message, reason

if TYPE_CHECKING:
    from ..sources.privileges import User
    from .replacing import Replacing

SHOW_CURSOR = b"\x1b[?25h"
DESCRIPTOR = re.compile(r"/dev/(stdout|stderr|fd/(\d{1,9}))|/proc/self/fd/(\d{1,9})")


class WholeFile:
    """A file being written, under a name of its own until ``keep``. Raises OutputError."""

    def __init__(self, path: str) -> None:
        self.name = safe(path)
        # Where the path is a link, it stays one, and what it leads to is replaced.
        self.path = os.path.realpath(path)
        self._beside: str | None = None
        self._replacing: Replacing | None = None
        with self._complaining():
            if not path:
                raise ValueError(Message("the name is empty"))
            if opened := DESCRIPTOR.fullmatch(path):
                # What is open already is written on, wherever that leads.
                number = {"stdout": 1, "stderr": 2}.get(opened[1]) or int(opened[2] or opened[3])
                self.file: BinaryIO = os.fdopen(os.dup(number), "wb")
                return
            try:
                old: os.stat_result | None = os.stat(path)
            except FileNotFoundError:
                old = None
            if old is not None and not stat.S_ISREG(old.st_mode):
                # A device, a pipe: nothing to replace. A directory complains.
                self.file = open(path, "wb")  # noqa: SIM115 (closed by keep or discard)
                return
            if old is not None and not _replaceable(old, os.path.dirname(self.path)):
                why = Message("it is another user's, in a folder where only owners replace files")
                raise PermissionError(1, why)
            import tempfile

            descriptor, self._beside = tempfile.mkstemp(
                prefix=f".{os.path.basename(self.path)[:100]}.", dir=os.path.dirname(self.path)
            )
            self.file = os.fdopen(descriptor, "w+b")
            self._new = old is None
            if old is None:
                mask = os.umask(0)
                os.umask(mask)
                mode = 0o666 & ~mask
            else:
                mode = stat.S_IMODE(old.st_mode)
                if os.name == "posix" and os.geteuid() == 0:
                    os.fchown(descriptor, old.st_uid, old.st_gid)
            os.chmod(self._beside, mode)

    @property
    def replaces(self) -> bool:
        """Whether it will take the place of another file."""
        return self._beside is not None

    def write(self, piece: bytes) -> None:
        """Write some more."""
        with self._complaining():
            self.file.write(piece)

    def flush(self) -> None:
        """Let others see what was written, where the output is a device or a pipe."""
        with self._complaining():
            self.file.flush()

    def keep_privileges_to_replace(self, owner: User | None) -> None:
        """Be ready to put the file in its place, though the program gives up its privileges.

        ``owner``: whose file it is if it is new; None: that of who runs this.
        """
        if self._beside is None or os.name != "posix":
            return
        from .replacing import Replacing

        with self._complaining():
            self._replacing = Replacing(self._beside, self.path)
            if self._new and owner is not None and os.geteuid() == 0:
                os.fchown(self.file.fileno(), owner.user, owner.group)

    def keep(self) -> None:
        """Put the file in its place. Where that fails, what was written stays, and the OutputError says where."""
        with self._complaining():
            self.file.flush()
            if self._beside is None:
                self.file.close()
                return
            os.fsync(self.file.fileno())
        try:
            if os.name != "posix":
                # A file that is open cannot be moved there.
                self.file.close()
            if self._replacing is not None:
                self._replacing.keep()
            else:
                os.replace(self._beside, self.path)
        except OSError as error:
            where = self._saved()
            raise OutputError(
                Message(
                    "{name}: {why}; it is in {where}",
                    name=self.name,
                    why=reason(error),
                    where=safe(where),
                )
            ) from None
        finally:
            self._beside = self._replacing = None
            self.file.close()

    def _saved(self) -> str:
        """Return where the file is; where its folder is gone, it is copied to that of temporary files."""
        assert self._beside is not None
        if self.file.closed or os.path.exists(self._beside):
            return self._beside
        import shutil
        import tempfile

        with tempfile.NamedTemporaryFile(prefix="pcapstate-", delete=False) as copy:
            self.file.seek(0)
            shutil.copyfileobj(self.file, copy)
        return copy.name

    def discard(self) -> None:
        """Leave everything as it was."""
        with suppress(OSError):
            self.file.close()
        if self._replacing is not None:
            self._replacing.discard()
        elif self._beside is not None:
            with suppress(OSError):
                os.unlink(self._beside)
        self._beside = self._replacing = None

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            if hasattr(self, "file"):
                self.discard()
            raise OutputError(Message("{name}: writing failed: {why}", name=self.name, why=reason(error))) from None


def _replaceable(old: os.stat_result, folder: str) -> bool:
    """Tell whether a file of a folder may be replaced as far as the sticky bit goes."""
    if os.name != "posix":
        return True
    status = os.stat(folder or ".")
    return not status.st_mode & stat.S_ISVTX or os.geteuid() in (0, old.st_uid, status.st_uid)


_whole: WholeFile | None = None


def out() -> Any:
    """Return where output goes: the file that was asked for, or standard output."""
    return sys.stdout.buffer if _whole is None else _whole


def write(pieces: Iterable[bytes]) -> None:
    """Write to where output goes. Raises OutputClosed."""
    try:
        for piece in pieces:
            out().write(piece)
        out().flush()
    except BrokenPipeError:
        raise OutputClosed from None


def overwrites(path: str, named: bool) -> str | None:
    """Return what would become of the capture of a path (``-``: standard input) where output goes to its file.

    None where it goes elsewhere. ``named``: the capture was, and not found in a folder, where a log may stand as well.
    """
    with suppress(OSError, ValueError):
        capture = os.fstat(0) if path == "-" else os.stat(path)
        if stat.S_ISREG(capture.st_mode) and os.path.samestat(capture, _written()):
            what = Message("on standard input") if path == "-" else path
            if _whole is not None:
                return Message("--output would replace the capture {path}", path=what)
            return Message("the output would be written into the capture {path}", path=what) if named else None
    return None


def _written() -> os.stat_result:
    if _whole is None:
        return os.fstat(sys.stdout.fileno())
    return os.stat(_whole.path) if _whole.replaces else os.fstat(_whole.file.fileno())


def keep_privileges_to_replace(owner: User | None) -> str:
    """Be ready for the program to give up its privileges: the file that was asked for gets to its place all the same.

    Return its path, or nothing where there is none. ``owner``: whose it is if it is new. Raises OutputError.
    """
    if _whole is None or not _whole.replaces:
        return ""
    _whole.keep_privileges_to_replace(owner)
    return _whole.name


def is_terminal() -> bool:
    """Tell whether output goes to a terminal."""
    return _whole is None and sys.stdout.isatty()


@contextmanager
def output_to(path: str) -> Iterator[None]:
    """Let output go to a file; it is kept unless an exception ends it."""
    global _whole
    whole = _whole = WholeFile(path)
    try:
        yield
        whole.keep()
    finally:
        whole.discard()
        _whole = None


def end_at_once_on_interrupt() -> None:
    """Let a further Ctrl-C end the program, and leave no part of a file, nor a hidden cursor."""
    whole = _whole

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if whole is not None:
            whole.discard()
        if sys.stderr.isatty():
            # A progress bar hides it.
            os.write(2, SHOW_CURSOR)
        os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, end)
