"""Scapy's modules, imported so that they neither read nor write anybody's files.

Scapy keeps a cache, a configuration and start-up files in the folders of whoever calls it; run with ``sudo``, these may
be another user's, and what is read from them would have root's privileges.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

from .errors import CallError

NOWHERE = os.path.join(os.devnull, "nowhere")
"""A folder that is not there, and that nobody can make: Scapy goes without."""
FOLDERS = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
"""What tells where a user's files are."""


@cache
def scapy_module(name: str) -> ModuleType:
    """Import a module of Scapy (``supersocket``) and return it. Raises ImportError.

    Raises CallError in a process that has loaded Spark: the licenses of both exclude each other (``archive.on_spark``).
    """
    if "pyspark" in sys.modules:
        raise CallError("this process has loaded Spark, whose license excludes Scapy; use another process to capture")
    with _without_folders():
        return importlib.import_module(f"scapy.{name}")


@contextmanager
def _without_folders() -> Iterator[None]:
    """Let a user's folders be nowhere."""
    were = {one: os.environ.get(one) for one in FOLDERS}
    os.environ.update(dict.fromkeys(FOLDERS, NOWHERE))
    try:
        yield
    finally:
        for one, was in were.items():
            if was is None:
                del os.environ[one]
            else:
                os.environ[one] = was
