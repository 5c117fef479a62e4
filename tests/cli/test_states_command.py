"""The command ``states``: for people and for programs, in two languages and four styles."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from pcapstate.cli.states import states
from pcapstate.output.widths import display_width
from pcapstate.tcp.states import State
from pcapstate.wording.languages import LANGUAGES
from pcapstate.wording.meanings import ORDER
from pcapstate.wording.styles import STYLES

FIELDS = ["state", "shown", "meaning", "normal", "piling_up"]


def run(*arguments: str, columns: int = 80) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(states, arguments, catch_exceptions=False)


def rows(*arguments: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in run(*arguments, "--format", "jsonl").stdout.splitlines()]


def test_all_states_are_explained_in_the_order_of_the_rfc() -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    heads = [line for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    assert heads == [STYLES["windows"].states[state] for state in ORDER]
    assert result.stdout.count("  Piling up ") == len(State)
    assert "  Also spelled  SYN_RECV (Linux), SYN_RCVD (macOS), SYN-RECEIVED (RFC 9293)\n" in result.stdout


@pytest.mark.parametrize("columns", [40, 60, 80, 97])
@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_fit_the_terminal(language: str, columns: int) -> None:
    lines = run("--lang", language, columns=columns).stdout.splitlines()
    assert max(map(display_width, lines)) <= columns
    assert max(map(display_width, lines)) > columns - 12


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("style", STYLES)
def test_programs_get_rows(style: str, language: str) -> None:
    got = rows("--style", style, "--lang", language)
    assert [list(row) for row in got] == [FIELDS] * len(State)
    assert [row["state"] for row in got] == [state.name for state in ORDER]
    assert [row["shown"] for row in got] == [STYLES[style].states[state] for state in ORDER]
    assert all(len({row[name] for row in got}) > 5 for name in FIELDS)


def test_csv_and_json_say_the_same() -> None:
    assert json.loads(run("--format", "json").stdout) == rows()
    text = run("--format", "csv").stdout_bytes.decode()
    assert list(csv.DictReader(io.StringIO(text, newline=""))) == rows()


def test_states_by_name_in_any_spelling_and_in_the_order_asked_for() -> None:
    got = rows("time-wait", "SYN_RCVD", "SynReceived", "estab")
    assert [row["state"] for row in got] == ["TIME_WAIT", "SYN_RECEIVED", "ESTABLISHED"]


def test_japanese_is_for_people_and_for_programs() -> None:
    assert run("CLOSE_WAIT", "--lang", "ja").stdout.startswith("CLOSE_WAIT\n  別の表記  CLOSE-WAIT (RFC 9293)\n  意味 ")
    (row,) = rows("CLOSE_WAIT", "--lang", "ja")
    assert row["meaning"].endswith("。")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LISTNING", "'LISTNING' is not a TCP state; the nearest is LISTEN"),
        ("banana", "'banana' is not a TCP state; states are LISTEN, SYN_SENT"),
        ("", "'' is not a TCP state; states are"),
        ("x\n\x1b[31m" * 10_000, r"\x1b[31m"),
    ],
)
def test_an_unknown_state_is_one_clear_line(name: str, said: str) -> None:
    result = run(name)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert said in line
    assert len(line) < 300


def test_names_of_states_are_completed() -> None:
    complete = ShellComplete(states, {}, "states", "_STATES_COMPLETE")
    assert [one.value for one in complete.get_completions([], "fin")] == ["FIN_WAIT_1", "FIN_WAIT_2"]
