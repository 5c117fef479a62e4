"""Compile kernels in processes of their own, into a folder that is then kept (``object_code``)."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ..escaping import safe
from . import cache

Jobs = Sequence[Sequence[str]]
"""Modules with kernels; those of one job are compiled by one process."""

SCRATCH = "building-"
"""How the names of folders begin in which something is being compiled."""
ABANDONED = 86_400
"""Seconds after which nobody is compiling there any more."""

_running: list[subprocess.Popen[bytes]] = []
_stopped = threading.Event()


class CompilingFailed(Exception):
    """Kernels could not be compiled, as its text says; ``lasting``: nor will they be another time."""

    def __init__(self, why: str, lasting: bool) -> None:
        super().__init__(why)
        self.lasting = lasting


def build(part: str, jobs: Jobs, say: Callable[[str], None]) -> Path | None:
    """Compile a part into the first folder that can be written; return it, or None where that cannot be done."""
    name = f"{cache.key()}-{part}"
    for base in cache.folders():
        try:
            base.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not cache.private(base):
                continue
            _remove_left_behind(base)
            scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=base))
        except OSError:
            continue
        try:
            try:
                _compile(jobs, scratch)
            except CompilingFailed as failure:
                again = ""
                if failure.lasting:
                    cache.note_failure(part, base, str(failure))
                    again = ", and not trying again today"
                if not _stopped.is_set():
                    say(f"Compiling failed ({failure}); running slower, as plain Python{again}.")
                return None
            cache.seal(scratch)
            target = base / name
            with contextlib.suppress(OSError):  # another process was first
                if target.is_dir() and cache.read(target) is None:
                    shutil.rmtree(target, ignore_errors=True)
                scratch.rename(target)
            return target if cache.read(target) else None
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return None


def _compile(jobs: Jobs, scratch: Path) -> None:
    """Compile modules into a folder. Raises CompilingFailed."""
    runs: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "PCAPSTATE_COMPILING": "1",
        "PYTHONPATH": os.pathsep.join(os.path.abspath(one) for one in sys.path if one),
    }
    # Neither with -P nor with another folder is anything run, or read, that lies beside captures.
    command = [sys.executable, "-P", "-m", "pcapstate.kernels.compiling", str(scratch.absolute())]
    try:
        for number, job in enumerate(jobs):
            arguments = [*command, str(number), *job]
            run = subprocess.Popen(
                arguments, env=environment, cwd=scratch, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
            runs.append(run)
            _running.append(run)
        complaints = [run.communicate()[1].decode(errors="replace") for run in runs]
    except OSError as error:
        raise CompilingFailed(safe(str(error)), False) from None
    finally:
        for run in runs:
            run.kill()
            run.wait()
            _running.remove(run)
    for run, complaint in zip(runs, complaints, strict=True):
        if run.returncode != 0:
            last = (complaint.strip().splitlines() or [f"it ended with code {run.returncode}"])[-1]
            # What a signal ended (too little memory, the end of the program) may go well another time.
            raise CompilingFailed(safe(last), run.returncode > 0)


def _remove_left_behind(base: Path) -> None:
    """Remove what compilations left behind that were killed."""
    for scratch in base.glob(f"{SCRATCH}*"):
        with contextlib.suppress(OSError):
            if time.time() - scratch.stat().st_mtime > ABANDONED:
                shutil.rmtree(scratch, ignore_errors=True)


def stop(threads: Collection[threading.Thread]) -> None:
    """End what these threads compile, at the end of the program: no process goes on, and no folder stays."""
    _stopped.set()
    while any(one.is_alive() for one in threads):
        for run in tuple(_running):
            run.kill()
        for one in threads:
            one.join(0.05)
