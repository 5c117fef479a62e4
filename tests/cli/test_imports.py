"""What each command imports: a call on a small capture takes as long as its imports."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.helpers.paths import PCAPS

HEAVY = {
    "arro3", "asyncio", "concurrent.futures", "csv", "ctypes.util", "duckdb", "email", "fsspec", "html", "hypothesis",
    "importlib.metadata", "llvmlite", "multiprocessing", "numba", "numpy.random", "pandas", "polars", "rich", "scapy",
    "socket", "ssl",
    "tabulate", "textual",
    "wcwidth", "xml",
}  # fmt: skip
"""Modules that take long to import and are for what few calls do."""
MARKDOWN = {"csv", "email", "html", "importlib.metadata", "socket", "tabulate", "wcwidth"}
"""tabulate, which lays out Markdown, and what it imports."""


def loaded(*arguments: str) -> set[str]:
    """Return the modules that a call has loaded at its end."""
    script = (
        "import sys\nfrom pcapstate.cli.main import cli\n"
        "cli(sys.argv[1:], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PCAPSTATE_KERNELS": "plain"},
    )
    return set(done.stderr.split("\n")[-2].split())


@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["netstat"],
        ["netstat", "-f"],
        ["netstat", "-e", "-r", "-s"],
        ["connections"],
        ["connections", "--format", "csv"],
        ["connections", "--format", "markdown"],
        ["timeline"],
        ["timeline", "--format", "json"],
        ["diagnose"],
        ["diagram"],
        ["diagram", "--format", "svg"],
    ],
)
def test_commands_load_nothing_that_they_do_not_need(arguments: list[str], name: str) -> None:
    needed = MARKDOWN if "markdown" in arguments else set()
    assert loaded(*arguments, str(PCAPS / name)) & HEAVY - needed == set()


def test_english_loads_no_other_language() -> None:
    japanese = ("pcapstate.wording.ja", "pcapstate.cli.translated")
    for arguments in (["--help"], ["netstat", str(PCAPS / "example.pcapng")]):
        assert not any(one.startswith(japanese) for one in loaded(*arguments))
    assert "pcapstate.wording.ja" in loaded("--lang", "ja", "states")


@pytest.mark.parametrize("command", ["states", "completion", "diagram"])
def test_commands_without_captures_load_no_kernels(command: str) -> None:
    found = loaded(command, *["bash"] * (command == "completion"))
    assert found & HEAVY == set()
    assert not any(one.startswith(("pcapstate.decode", "pcapstate.sources", "pcapstate.names")) for one in found)


def test_the_version_needs_no_numpy() -> None:
    assert "numpy" not in loaded("--version")
