"""The program run by tests: in this process, or in one of its own."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pcapstate.cli.main import cli, main

COMMAND = [sys.executable, "-m", "pcapstate"]


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments], input=stdin, catch_exceptions=False)


def process(*arguments: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, timeout=60, check=False)


INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def dangerous(text: str) -> list[str]:
    """Return the characters of an output that a terminal may obey, or that nobody sees."""
    return [f"U+{ord(one):04X}" for one in text if one != "\n" and unicodedata.category(one) in INVISIBLE]


def ended(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """Run the whole program here; return its exit code and what it said on stderr."""
    monkeypatch.setattr(sys, "argv", ["pcapstate", *arguments])
    capfd.readouterr()
    with pytest.raises(SystemExit) as raised:
        main()
    out, err = capfd.readouterr()
    assert dangerous(out + err) == []
    code = raised.value.code
    assert isinstance(code, int)
    return code, err
