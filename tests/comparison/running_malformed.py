"""How the program ends when it is given captures that are malformed, or that nobody can read.

Each command runs in a process of its own, so that one that crashes or hangs is told of too.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import wait
from pathlib import Path

COMMANDS = (
    ["connections", "--format", "json"],
    ["timeline"],
    ["netstat", "-a", "-f", "-o", "-b", "-e", "-r", "-s"],
    ["diagnose"],
)
SECONDS = 30
"""More than any of these captures may take."""

LONGEST = 1000
"""Characters of a clear line."""

METHODS = multiprocessing.get_all_start_methods()
PROCESSES = multiprocessing.get_context("forkserver" if "forkserver" in METHODS else "spawn")
ASKING = threading.Lock()
"""An exit code can be asked for once only, and starting a process asks all others for theirs."""
PRELOADED = [f"pcapstate.cli.{name}" for name in ("main", "connections", "timeline", "netstat", "diagnose")]


def complaints(captures: Iterable[tuple[Path, str]]) -> Iterator[list[str]]:
    """Yield for each capture what is wrong about how the commands end on it.

    With a capture comes whether others can read it: one that is not valid (``no``) must not be taken for sound.
    """
    if hasattr(PROCESSES, "set_forkserver_preload"):
        PROCESSES.set_forkserver_preload(PRELOADED)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(complaints_about, captures)


def complaints_about(capture: tuple[Path, str]) -> list[str]:
    """Return what is wrong about how the commands end on a capture."""
    path, readable = capture
    codes = (1, 2) if readable == "no" else (0, 1, 2)
    return [f"{command[0]}: {one}" for command in COMMANDS for one in wrong([*command, str(path)], codes)]


def wrong(arguments: list[str], codes: tuple[int, ...]) -> Iterator[str]:
    """Yield what is wrong about how a call of the program ends: with none of these exit codes, or what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        shown, told = Path(folder, "stdout"), Path(folder, "stderr")
        process = PROCESSES.Process(target=run, args=(arguments, shown, told), daemon=True)
        with ASKING:
            process.start()
        ended = wait([process.sentinel], SECONDS)
        with ASKING:
            if not ended:
                process.kill()
            process.join()
            code = process.exitcode
        if not ended:
            yield f"not done after {SECONDS} s"
            return
        output, errors = shown.read_bytes(), told.read_bytes()
    if code not in codes:
        yield f"exit code {code}"
    yield from wrong_print(code, output, errors)
    if "json" in arguments and code in (0, 1):
        try:
            json.loads(output)
        except ValueError as error:
            yield f"no JSON: {error}"


def run(arguments: list[str], shown: Path, told: Path) -> None:
    """Run the program in this process, with its output in files."""
    from pcapstate.cli.main import main

    for number, path in ((1, shown), (2, told)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
    sys.argv = ["pcapstate", *arguments]
    main()


def wrong_print(code: int | None, output: bytes, errors: bytes) -> Iterator[str]:
    """Yield what is wrong about what was printed, with that exit code."""
    try:
        shown, told = output.decode(), errors.decode()
    except UnicodeDecodeError as error:
        yield str(error)
        return
    lines = told.splitlines()
    if any(not line.startswith("pcapstate: ") for line in lines):
        yield f"stderr has {next(line for line in lines if not line.startswith('pcapstate: '))}"
    if code == 2 and (len(lines) != 1 or shown):
        yield f"{len(lines)} lines on stderr and {len(shown)} characters of output with exit code 2"
    if code == 1 and not lines:
        yield "exit code 1 without a line on stderr"
    if len(set(lines)) < len(lines) or any(len(line) > LONGEST for line in lines):
        yield "a line on stderr comes twice, or is very long"
    if any(unicodedata.category(one).startswith("C") for text in (told, shown) for one in text.replace("\n", "")):
        yield "control characters in the output"
