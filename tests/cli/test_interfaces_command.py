"""``pcapstate interfaces``: what can be captured on, and what that needs."""

from __future__ import annotations

import json
import sys

import pytest

from pcapstate.sources import interface_list
from tests.helpers.running import run

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the loopback interface is called lo on Linux")


@LINUX
def test_loopback_is_there() -> None:
    rows = [json.loads(line) for line in run("interfaces", "--format", "jsonl").stdout.splitlines()]
    (one,) = (row for row in rows if row["name"] == "lo")
    assert one["loopback"] is True
    assert one["state"] == "up"
    assert "127.0.0.1" in one["addresses"].split(", ")
    assert one["mac"] is None
    assert run("interfaces").stdout.split()[:2] == ["Name", "State"]


def test_a_missing_privilege_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapstate.cli.interfaces.missing_privilege", lambda: "run it with sudo")
    result = run("interfaces")
    assert result.exit_code == 0
    assert result.stderr == "pcapstate: run it with sudo\n"


@LINUX
def test_a_privilege_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(interface_list.socket, "socket", refused)
    assert "run it with sudo" in interface_list.missing_privilege()
