"""Command lines that name no command, or put an option in front of it: one line says what was meant."""

from __future__ import annotations

import pytest

from pcapstate.cli.main import COMMANDS
from tests.helpers.paths import PCAPS
from tests.helpers.running import ended, process

EXAMPLE = str(PCAPS / "example.pcapng")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([EXAMPLE], f"{EXAMPLE} is no command; try pcapstate netstat {EXAMPLE} (or timeline, connections, diagnose)"),
        (["nothere.pcap"], "nothere.pcap is no command; try pcapstate netstat nothere.pcap (or"),
        (["a b.pcap"], "a b.pcap is no command; try pcapstate netstat 'a b.pcap' (or"),
        (["-"], "- is no command; try pcapstate netstat - (or"),
        (["netsat", EXAMPLE], 'no command "netsat": did you mean netstat or extract?'),
        (["TIMELINE", EXAMPLE], 'no command "TIMELINE": did you mean timeline?'),
        (["diag", EXAMPLE], 'no command "diag": did you mean diagnose or diagram?'),
        (["ss", EXAMPLE], 'no command "ss": did you mean netstat?'),
        (["list", EXAMPLE], 'no command "list": did you mean connections?'),
        (["x"], f'no command "x": known: {", ".join(COMMANDS)}'),
        (["-an", EXAMPLE], "-a goes behind a command: pcapstate netstat -a …"),
        (["--connection", "3", EXAMPLE], "--connection goes behind a command: pcapstate timeline --connection …"),
        (["--nosuch", EXAMPLE], 'no option "--nosuch"'),
        (["netstat", EXAMPLE, "--filtr", "x"], "--filter"),
        (["x" * 100_000], f'no command "{"x" * 39}…"'),
    ],
)
def test_what_was_meant_is_one_line(arguments: list[str], said: str) -> None:
    done = process(*arguments)
    text = done.stderr.decode()
    assert done.returncode == 2
    assert text.startswith("pcapstate: ")
    assert said in text
    assert text.count("\n") == 1
    assert len(text) < 600


@pytest.mark.parametrize(
    "option",
    ["--at", "--local", "--host", "--filter", "--sort", "--columns", "--state", "--port", "--memory", "--time-wait",
     "--format", "--style", "--lang"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["x" * 100_000, "9" * 100_000, "0." + "0" * 100_000, "#1" + "0" * 100_000])
def test_a_long_value_is_cut_where_it_is_repeated(
    option: str, value: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = ended(capfd, monkeypatch, "netstat", EXAMPLE, option, value)
    assert code in (0, 2)
    assert len(said) < 3_000
    assert said.count("\n") <= 1


def test_long_values_of_arguments_are_cut() -> None:
    for arguments in (["netstat", EXAMPLE, "9" * 100_000], ["netstat", "x" * 100_000], ["states", "x" * 100_000]):
        done = process(*arguments)
        assert done.returncode == 2
        assert len(done.stderr) < 5_000
        assert done.stderr.count(b"\n") == 1
