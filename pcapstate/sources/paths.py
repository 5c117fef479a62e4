"""Expansion of directories and patterns to capture files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import CaptureError
from ..escaping import safe
from ..messages import of_name, reason

WILD = frozenset("*?[")


class Meant(NamedTuple):
    """A source, named by the user or found by expansion (then it may be no capture)."""

    source: Any
    """A path, ``-``, or an open stream."""
    found: bool


def meant(sources: Iterable[Any]) -> list[Meant]:
    """Return the sources with directories and patterns replaced by the files in them. Raises CaptureError.

    Subdirectories and hidden files are skipped.
    """
    all_: list[Meant] = []
    for source in sources:
        files = _files(source)
        all_ += [Meant(source, False)] if files is None else [Meant(path, True) for path in files]
    return all_


def _files(source: Any) -> list[str] | None:
    if not isinstance(source, (str, os.PathLike)) or os.fspath(source) in ("-", ""):
        return None
    name = str(os.fspath(source))
    try:
        if Path(name).is_dir():
            with os.scandir(name) as entries:
                files = [entry.path for entry in entries if not entry.name.startswith(".") and Path(entry).is_file()]
        elif WILD & set(name) and not os.path.lexists(name):
            files = [path for path in glob.glob(name) if Path(path).is_file()]
        else:
            return None
    except (OSError, ValueError) as error:
        raise CaptureError(of_name(safe(name), reason(error))) from None
    if not files:
        raise CaptureError(
            of_name(safe(name), "no capture file in it") if Path(name).is_dir() else of_name(safe(name), "no such file")
        )
    return sorted(files)
