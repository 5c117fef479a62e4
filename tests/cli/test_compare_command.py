"""``pcapstate compare`` on the command line."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.helpers.paths import PCAPS
from tests.helpers.running import ended, run

CLIENT, SERVER = PCAPS / "compared-client.pcap", PCAPS / "compared-server.pcap"
EXAMPLE = PCAPS / "example.pcapng"


def rows(*arguments: str | Path) -> list[dict[str, object]]:
    result = run("compare", CLIENT, SERVER, *arguments, "--format", "jsonl")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_connection_has_a_row_with_both_states() -> None:
    found = rows()
    assert [one["connection"] for one in found] == [0, 1, 2, 3]
    assert [one["pair"] for one in found] == ["agree", "agree", "half-open", "agree"]
    assert {one["translated"] for one in found} == {"client"}
    assert {(one["client_address"], one["other_client_address"]) for one in found} == {("10.0.0.5", "198.51.100.9")}
    assert [one["client_lost"] for one in found] == [0, 1, 1, 0]


def test_rows_can_be_chosen_and_columns_too() -> None:
    assert rows("--filter", "pair = half-open", "--columns", "connection,client_state,server_state") == [
        {"connection": 2, "client_state": "CLOSED", "server_state": "ESTABLISHED"}
    ]
    assert [one["connection"] for one in rows("--port", "51820")] == [1]
    sent = [one["client_sent"] for one in rows("--sort", "-client_sent")]
    assert sent == sorted(sent, reverse=True)
    assert len(set(sent)) > 1
    lost = rows("--connection", "2", "--filter", "fate = lost")
    assert [one["flags"] for one in lost] == ["RST ACK"]


def test_states_of_a_moment_and_over_time() -> None:
    assert [one["client_state"] for one in rows("--at", "1.1")][:2] == ["TIME_WAIT", "ESTABLISHED"]
    pairs = rows("--states", "--connection", "2")
    assert (pairs[-1]["client_state"], pairs[-1]["server_state"]) == ("CLOSED", "ESTABLISHED")
    assert all(one["until"] == other["from"] for one, other in pairwise(pairs))


def test_findings_are_rows_for_programs() -> None:
    found = rows("--findings")
    assert [one["finding"] for one in found] == [
        "half-open-between", "lost-between", "changed-between", "translated-between", "clocks-apart",
    ]  # fmt: skip
    for language in ("en", "ja"):
        result = run("compare", CLIENT, SERVER, "--lang", language)
        assert "[half-open-between]" in result.stdout
        assert "{" not in result.stdout.replace("in {", "")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([CLIENT], 2, "name two captures"),
        ([CLIENT, CLIENT], 1, "both captures are the same"),
        ([CLIENT, EXAMPLE], 1, "no packet in common"),
        ([CLIENT, SERVER, "--connection", "9"], 2, "there is no connection 9"),
        ([CLIENT, SERVER, "--findings"], 2, "--findings goes with --format"),
        ([CLIENT, SERVER, "--at", "#3"], 2, "--at takes a time here"),
        ([CLIENT, SERVER, "--offset", "nan"], 2, "is not a number of seconds"),
        ([CLIENT, PCAPS / "damaged-text.txt"], 2, "damaged-text.txt"),
        ([CLIENT, PCAPS / "none.pcap"], 2, "none.pcap"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_line(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str | Path],
    code: int,
    says: str,
) -> None:
    found, err = ended(capfd, monkeypatch, "compare", *map(str, arguments))
    assert found == code
    assert says in err
    assert "Traceback" not in err
