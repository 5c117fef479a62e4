"""Manifests that a hand has changed: each is as it was, or damaged, and never a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from click.testing import CliRunner

from pcapstate.archive import manifest as m
from pcapstate.archive.storage import Storage
from pcapstate.cli.main import cli
from pcapstate.errors import PcapstateError
from tests.helpers.datasets import built
from tests.helpers.paths import PCAPS

WRONG: tuple[Any, ...] = (None, "x\x1b", -1, 2**70, 1.5, [], {}, [1], {"a": "b"}, True)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("manifest") / "dataset"
    built(out, PCAPS / "office.pcapng", bits=1)
    return out


def newest(out: Path) -> Path:
    return out / m.name_of(m.numbers(Storage(str(out)))[-1])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the ways to all that is in a manifest, down to some depth, of lists the first."""
    if path:
        yield path
    if len(path) < 4:
        inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
        for name, one in inner:
            yield from places(one, (*path, name))


def changed(raw: dict[str, Any], path: tuple[Any, ...], wrong: Any) -> bytes:
    found = copy.deepcopy(raw)
    inside: Any = found
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = wrong
    return zstandard.ZstdCompressor().compress(json.dumps(found).encode())


def test_wrong_types(dataset: Path) -> None:
    file = newest(dataset)
    right = file.read_bytes()
    raw = json.loads(zstandard.ZstdDecompressor().decompress(right))
    refused: list[str] = []
    kept = 0
    try:
        for path in places(raw):
            for wrong in WRONG:
                file.write_bytes(changed(raw, path, wrong))
                try:
                    m.existing(Storage(str(dataset)))
                    kept += 1
                except PcapstateError as error:
                    refused.append(str(error))
    finally:
        file.write_bytes(right)
    assert len(refused) > 1_000
    assert not any("\x1b" in one for one in refused)
    # Where another value of the right type is possible.
    assert kept < len(refused) / 3


@pytest.mark.parametrize(
    "path", [("parts", 0, "about"), ("options", "numbers"), ("captures", 0, "number"), ("epochs",)]
)
@pytest.mark.parametrize("wrong", [[], {}, 2**70, "x"])
def test_questions_say_so_in_a_line(dataset: Path, path: tuple[Any, ...], wrong: Any) -> None:
    file = newest(dataset)
    right = file.read_bytes()
    raw = json.loads(zstandard.ZstdDecompressor().decompress(right))
    try:
        file.write_bytes(changed(raw, path, wrong))
        for command in (["netstat", "--at", "5"], ["connections"], ["verify"]):
            arguments = ["archive", command[0], str(dataset), *command[1:]]
            done = CliRunner().invoke(cli, arguments)
            assert isinstance(done.exception, PcapstateError | SystemExit | None), done.exception
    finally:
        file.write_bytes(right)


def test_a_manifest_that_would_fill_the_memory(dataset: Path) -> None:
    file = newest(dataset)
    right = file.read_bytes()
    try:
        file.write_bytes(b"\x28\xb5\x2f\xfd\xe0" + (1 << 40).to_bytes(8, "little") + b"\0" * 8)
        with pytest.raises(PcapstateError, match="damaged"):
            m.existing(Storage(str(dataset)))
    finally:
        file.write_bytes(right)
