"""Recordings of real kernels, kept in ``truth``: every state that packets tell of is the kernel's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kernel_lab.compare import differences
from kernel_lab.inference import lines

RECORDINGS = sorted(Path(__file__).parent.joinpath("truth").glob("*.truth.json"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.removesuffix(".truth.json"))
def test_states_are_those_of_the_kernel(path: Path) -> None:
    truth = json.loads(path.read_text())
    capture = path.parent / truth["file"]
    assert differences(truth, lines("timeline", capture), lines("connections", capture)) == []


CHECKPOINTS = [
    pytest.param(path, connection, checkpoint, id=f"{path.name.removesuffix('.truth.json')}-{index}-{checkpoint['t']}")
    for path in RECORDINGS
    for index, connection in enumerate(json.loads(path.read_text())["connections"])
    for checkpoint in connection.get("checkpoints", [])
]


@pytest.mark.parametrize(("path", "connection", "checkpoint"), CHECKPOINTS)
def test_netstat_at_a_moment_is_what_the_socket_table_said(
    path: Path, connection: dict[str, Any], checkpoint: dict[str, Any]
) -> None:
    """Both hosts are asked; an endpoint without a row is closed, or just listens."""
    capture = path.parent / json.loads(path.read_text())["file"]
    for end, peer in (("client", "server"), ("server", "client")):
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
