"""Recordings of real kernels, kept in ``truth``, and the samples: every state that packets tell of is the kernel's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kernel_lab.compare import differences
from kernel_lab.inference import lines

from pcapstate.samples.catalogue import CAPTURES

HERE = Path(__file__).parent
RECORDINGS = sorted(HERE.glob("truth/*.truth.json"))
DROPS_AN_ACK = "full-accept-queue"
"""The server of this sample drops an ACK that arrives; only the SYN-ACK that comes again shows it, later."""
OF_SAMPLES = sorted(HERE.glob("samples/*.truth.json"))
RECORDINGS += OF_SAMPLES


def capture_beside(path: Path) -> Path:
    """Return the capture that a truth file is about."""
    name = json.loads(path.read_text())["file"]
    return (CAPTURES if path in OF_SAMPLES else path.parent) / str(name)


def test_every_sample_has_its_truth() -> None:
    assert {capture_beside(path) for path in OF_SAMPLES} == set(CAPTURES.iterdir())


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.removesuffix(".truth.json"))
def test_states_are_those_of_the_kernel(path: Path) -> None:
    truth = json.loads(path.read_text())
    capture = capture_beside(path)
    assert differences(truth, lines("timeline", capture), lines("connections", capture)) == []


def used_again(connection: dict[str, Any], later: list[dict[str, Any]], moment: float) -> bool:
    """Return whether a later connection has the same endpoints by then; ``netstat`` shows that one."""
    return any(
        {one["client"], one["server"]} == {connection["client"], connection["server"]}
        and one["client_transitions"][0][0] <= moment
        for one in later
    )


CHECKPOINTS = [
    pytest.param(path, connection, checkpoint, id=f"{path.name.removesuffix('.truth.json')}-{index}-{checkpoint['t']}")
    for path in RECORDINGS
    for connections in (json.loads(path.read_text())["connections"],)
    for index, connection in enumerate(connections)
    for checkpoint in connection.get("checkpoints", [])
    if not used_again(connection, connections[index + 1 :], checkpoint["t"])
]


@pytest.mark.parametrize(("path", "connection", "checkpoint"), CHECKPOINTS)
def test_netstat_at_a_moment_is_what_the_socket_table_said(
    path: Path, connection: dict[str, Any], checkpoint: dict[str, Any]
) -> None:
    """Both hosts are asked; an endpoint without a row is closed, or just listens."""
    capture = capture_beside(path)
    for end, peer in (("client", "server"), ("server", "client")):
        if end == "server" and path.name.startswith(DROPS_AN_ACK):
            continue
        if end in checkpoint.get("not_inferable", {}) or not connection.get(f"{end}_inferable", True):
            continue
        before = [entry for entry in connection[f"{end}_transitions"] if entry[0] <= checkpoint["t"]]
        if before and len(before[-1]) > 2:
            continue  # no packet tells of its last change
        host, _, port = connection[end].rpartition(":")
        far_host, _, far_port = connection[peer].rpartition(":")
        found = {
            row["state"]
            for row in lines("netstat", capture, "--at", f"{checkpoint['t']:.9f}", "--local", host.strip("[]"))
            if (row["local_port"], row["foreign_address"]) == (int(port), far_host.strip("[]"))
            and row["foreign_port"] == int(far_port)
        }
        expected = set() if checkpoint[end] in ("CLOSED", "LISTEN") else {checkpoint[end]}
        assert found - {"UNKNOWN"} == expected, (end, checkpoint)
