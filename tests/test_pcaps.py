"""What the program says about the captures in ``pcaps/``, against what was checked line by line with RFC 9293.

With ``PCAPSTATE_REWRITE=1`` in the environment the expected results are written anew; read the difference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from make import readme
from making import CAPTURES

from pcapstate.cli.main import cli
from tests.helpers.paths import PCAPS, ROOT

REWRITE = os.environ.get("PCAPSTATE_REWRITE") == "1"

TRANSITION_FIELDS = ("packet", "connection", "endpoint", "from", "to", "certainty")
CONNECTION_FIELDS = ("connection", "client_state", "server_state", "outcome")
TIMELESS = "pcapng-simple-packets.pcapng"

EXPECTED = [name for name, one in CAPTURES.items() if one.like is None and one.exit_code is None]
ALIKE = [name for name, one in CAPTURES.items() if one.like is not None]
DAMAGED = [name for name, one in CAPTURES.items() if one.exit_code is not None]


def _rows(*arguments: str) -> list[dict[str, Any]]:
    """What a command prints with ``--format jsonl``."""
    result = CliRunner().invoke(cli, [*arguments, "--format", "jsonl"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def _lines(rows: list[dict[str, Any]], fields: tuple[str, ...]) -> list[str]:
    return [json.dumps({field: row[field] for field in fields}) for row in rows]


def _reduced(path: Path) -> str:
    """The timeline and the connections of a capture, with just the fields that do not depend on its clock."""
    settled = _lines(_rows("timeline", str(path)), TRANSITION_FIELDS)
    revised = _lines(_rows("timeline", str(path), "--revisions"), TRANSITION_FIELDS)
    parts = ["# timeline", *settled]
    if revised != settled:
        parts += ["# timeline --revisions", *revised]
    parts += ["# connections", *_lines(_rows("connections", str(path)), CONNECTION_FIELDS)]
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("name", EXPECTED)
def test_states_are_those_that_were_checked(name: str) -> None:
    expected = PCAPS / f"{name}.expected"
    found = _reduced(PCAPS / name)
    if REWRITE:
        expected.write_text(found, encoding="utf-8")
    assert found.splitlines() == expected.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("command", ["timeline", "connections", "netstat"])
@pytest.mark.parametrize("name", ALIKE)
def test_every_wrapping_gives_the_same_output(name: str, command: str) -> None:
    like = CAPTURES[name].like
    assert like is not None
    found, wanted = _rows(command, str(PCAPS / name)), _rows(command, str(PCAPS / like))
    if name == TIMELESS:
        found, wanted = ([{k: v for k, v in row.items() if not isinstance(v, float)} for row in rows]
                         for rows in (found, wanted))  # fmt: skip
    assert found == wanted
    assert found, "the capture shows nothing"


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_told_in_one_line(name: str) -> None:
    made = CAPTURES[name]
    command = [sys.executable, "-m", "pcapstate", "connections", name, "--format", "jsonl"]
    result = subprocess.run(command, cwd=PCAPS, env=_environment(), capture_output=True, text=True, timeout=60)
    assert result.returncode == made.exit_code, result.stderr
    line, *others = result.stderr.splitlines()
    assert all("not TCP" in other or "TCP segment" in other for other in others)
    prefix = f"pcapstate: {name}: " if made.exit_code else "pcapstate: "
    assert line.startswith(prefix + made.says)
    # What came before the damage is shown; of what cannot be used at all, nothing.
    assert len(result.stdout.splitlines()) == (1 if made.exit_code == 1 else 0)


def _environment() -> dict[str, str]:
    """The environment, with the package under test where the subprocess finds it."""
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def test_the_captures_are_made_as_they_are() -> None:
    for name, one in CAPTURES.items():
        assert one.make() == (PCAPS / name).read_bytes(), f"{name} differs; run python tests/pcaps/make.py"


def test_no_file_is_there_that_nobody_makes() -> None:
    captures = {path.name for path in PCAPS.iterdir() if path.suffix in (".pcap", ".pcapng", ".txt")}
    assert captures == set(CAPTURES)
    assert {path.name for path in PCAPS.glob("*.expected")} == {f"{name}.expected" for name in EXPECTED}


def test_the_readme_lists_every_capture() -> None:
    assert (PCAPS / "README.md").read_text(encoding="utf-8") == readme()


def test_the_captures_are_small() -> None:
    limits = {"example.pcapng": 12_000, "office.pcapng": 100_000}
    for name in CAPTURES:
        assert (PCAPS / name).stat().st_size <= limits.get(name, 6_144), name


def test_the_example_shows_the_states_that_netstat_is_read_for() -> None:
    rows = _rows("netstat", str(PCAPS / "example.pcapng"))
    assert {row["local_address"] for row in rows} == {"10.0.0.5"}
    assert {row["state"] for row in rows} == {"ESTABLISHED", "TIME_WAIT", "CLOSE_WAIT", "FIN_WAIT_2", "SYN_SENT"}
