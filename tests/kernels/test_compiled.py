"""The library of compiled kernels: what is in it, when it is used, and what is said where it is not."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pcapstate.kernels import building, library, running, source
from pcapstate.kernels.library import BUILT, MANIFEST, PACKAGE, Library, Unusable
from pcapstate.kernels.running import SMALL, Kernels
from tests.helpers.captures import answers, pcap, story_frames
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests/pcaps/example.pcapng"
STORY = story_frames(parse(STORIES["half_close"]))
LINE = "running as plain Python, which is slower"


def run(capture: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run in the capture's folder as the installed program does, which does not import from there."""
    command = [sys.executable, "-P", "-m", "pcapstate", "connections", str(capture), "--format", "csv", *options]
    environment = {**os.environ, "PCAPSTATE_KERNELS": "", "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, cwd=capture.parent, env=environment
    )


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture that is large enough to speak of the time it takes."""
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap([(at + turn * 10**12, frame) for turn in range(100) for at, frame in STORY]))
    assert path.stat().st_size > SMALL
    return path


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The library as it was built, in a folder of this test's own."""
    return shutil.copytree(BUILT, tmp_path / "built")


def manifest(folder: Path) -> dict[str, Any]:
    """Return what a manifest says."""
    told: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return told


# --- what is used


def test_every_capture_is_read_compiled(capture: Path) -> None:
    assert Kernels().compiled
    assert Kernels().missing == ""
    assert not Kernels("plain").compiled
    assert run(capture).stderr == ""


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    for way, compiled in (("plain", False), ("compiled", True), ("", True)):
        monkeypatch.setenv("PCAPSTATE_KERNELS", way)
        assert Kernels().compiled == compiled
        assert Kernels().missing == ""


def test_there_is_no_other_kernel() -> None:
    for way in ("plain", "compiled"):
        with pytest.raises(AttributeError, match="no_such_kernel"):
            Kernels(way).no_such_kernel  # noqa: B018


def test_arrays_of_another_type_are_refused() -> None:
    import numpy as np

    wrong = np.zeros(4, dtype=np.int32)
    with pytest.raises(TypeError, match="kernel wants uint8, was given int32"):
        Kernels("compiled").gather(wrong, wrong, 0, wrong)


VARIANTS = Library(BUILT).variants


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_give_the_same_answers(variant: str) -> None:
    kernels = Kernels(variant)
    assert kernels.variant == variant
    assert answers(EXAMPLE.read_bytes(), kernels) == answers(EXAMPLE.read_bytes(), Kernels("plain"))


def test_all_modules_with_kernels_are_known() -> None:
    have = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^@entry\(", path.read_text("utf-8"), re.MULTILINE)
    }
    assert have == set(source.MODULES)


# --- what is in it


def test_the_sources_are_all_that_the_kernels_are_made_of() -> None:
    """Changing any module that takes part makes the library one of other sources."""
    sources = manifest(BUILT)["sources"]
    assert {f"{module.replace('.', '/')}.py" for module in source.MODULES} <= set(sources)
    assert {"tcp/machine.py", "tcp/states.py", "kernels/source.py", "kernels/objects.py"} <= set(sources)
    assert "cli/main.py" not in sources


@pytest.mark.skipif(sys.platform != "linux", reason="a library of another format")
def test_the_library_needs_the_c_library_alone() -> None:
    path = BUILT / manifest(BUILT)["library"][0]
    undefined = subprocess.run(
        ["nm", "--dynamic", "--undefined-only", path], capture_output=True, text=True, check=True
    )
    names = dict(re.findall(r"U (\w+)(?:@(\S+))?", undefined.stdout))
    assert set(names) <= {"abort", "memcpy", "memmove", "memset", "write"}
    assert all(tuple(map(int, version.removeprefix("GLIBC_").split("."))) <= (2, 17) for version in names.values())
    needed = subprocess.run(["readelf", "--dynamic", path], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"\(NEEDED\).*\[(.*)\]", needed) == ["libc.so.6"]
    assert "TEXTREL" not in needed


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="variants of x86-64")
@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump")
def test_the_baseline_has_no_instruction_of_later_processors(tmp_path: Path) -> None:
    name = building.this_platform()
    assert name is not None
    building.build(tmp_path, name)
    later = re.compile(r"v\w+|shlx|shrx|sarx|rorx|andn|bextr|blsr|blsi|blsmsk|mulx|pdep|pext|bzhi|lzcnt|tzcnt|movbe")
    found = {
        variant: {
            one
            for path in (building.KEPT / "unchecked" / name).glob(f"*-{variant}-*.o")
            for one in re.findall(
                r"^ +[0-9a-f]+:\t(\w+)",
                subprocess.run(
                    ["objdump", "--disassemble", "--no-show-raw-insn", path], capture_output=True, text=True, check=True
                ).stdout,
                re.MULTILINE,
            )
        }
        for variant in ("x86-64-v2", "x86-64-v3")
    }
    assert {"mov", "ret"} <= found["x86-64-v2"]
    assert not {one for one in found["x86-64-v2"] if later.fullmatch(one)}
    assert {one for one in found["x86-64-v3"] if later.fullmatch(one)}


# --- where it cannot be used


def test_a_stale_library_is_not_used(capture: Path, copied: Path) -> None:
    told = manifest(copied)
    told["sources"]["tcp/machine.py"] = [*told["sources"]["tcp/machine.py"][:2], "0" * 64]
    (copied / MANIFEST).write_text(json.dumps(told))
    # The time of change is the same: nothing is read to find that out.
    assert run(capture, PCAPSTATE_LIBRARY=str(copied)).stderr == ""
    told["sources"]["tcp/machine.py"][1] += 1
    (copied / MANIFEST).write_text(json.dumps(told))
    stale = run(capture, PCAPSTATE_LIBRARY=str(copied))
    assert stale.stderr == (
        f"pcapstate: kernels are not built for these sources (`make kernels` builds them); {LINE}\n"
    )
    assert stale.stdout == run(capture).stdout


def test_a_checkout_that_was_copied_is_as_good(copied: Path) -> None:
    """Its files have another time of change, and the same contents."""
    told = manifest(copied)
    for one in (*told["sources"].values(), told["library"][1:]):
        one[1] += 1
    (copied / MANIFEST).write_text(json.dumps(told))
    assert Library(copied).variants == VARIANTS


def test_a_source_that_is_gone_makes_it_stale(copied: Path) -> None:
    told = manifest(copied)
    told["sources"]["tcp/no_such_module.py"] = [1, 1, "0" * 64]
    (copied / MANIFEST).write_text(json.dumps(told))
    with pytest.raises(Unusable, match="not built for these sources"):
        Library(copied)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "changed", "no library"])
@pytest.mark.parametrize("which", ["library", "manifest"])
def test_a_damaged_library_is_not_loaded(capture: Path, copied: Path, which: str, damage: str) -> None:
    told = manifest(copied)
    path = copied / (MANIFEST if which == "manifest" else told["library"][0])
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {
                "empty": b"",
                "cut off": data[: len(data) // 2],
                "changed": data[:-100] + bytes(100),
                "no library": b"#" * len(data),
            }[damage]
        )
    done = run(capture, PCAPSTATE_LIBRARY=str(copied))
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(f"; {LINE}\n")
    assert done.stdout == run(capture).stdout


@pytest.mark.parametrize("contents", [b"", b"no library at all"])
def test_what_cannot_be_loaded_is_left(copied: Path, contents: bytes) -> None:
    """Of an installed library nothing but the size is compared."""
    told = manifest(copied)
    del told["sources"]
    (copied / told["library"][0]).write_bytes(contents)
    told["library"][1] = len(contents)
    (copied / MANIFEST).write_text(json.dumps(told))
    with pytest.raises(Unusable, match="damaged"):
        Library(copied)


def test_a_processor_that_is_too_old(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Old(ctypes.CDLL):
        def pcapstate_level(self) -> int:
            return 0

    monkeypatch.setattr(library.ctypes, "CDLL", Old)
    with pytest.raises(Unusable, match="newer processor"):
        Library(copied)


def test_small_captures_and_quiet_runs_say_nothing(capture: Path, tmp_path: Path) -> None:
    nowhere = {"PCAPSTATE_LIBRARY": str(tmp_path / "nowhere")}
    assert LINE in run(capture, **nowhere).stderr
    assert run(capture, "--quiet", **nowhere).stderr == ""
    assert run(capture, PCAPSTATE_KERNELS="plain", **nowhere).stderr == ""
    capture.write_bytes(pcap(STORY))
    assert run(capture, **nowhere).stderr == ""


def test_the_library_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCAPSTATE_LIBRARY", str(tmp_path / "nowhere"))
    before = running._library.cache_info().misses
    for _ in range(3):
        assert not Kernels().compiled
    assert running._library.cache_info().misses == before + 1


# --- building


def test_nothing_is_compiled_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = building.this_platform()
    assert name is not None
    monkeypatch.setattr(building, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(building, "MODULES", ("names.payload_copies",))
    building.build(tmp_path / "first", name)
    compiled = sorted((tmp_path / "kept").rglob("*.o"))
    assert len(compiled) == 1 + len(building.TARGETS[name].variants)

    def never(*arguments: Any, **others: Any) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(building, "object_code", never)
    started = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **more: never() if "-m" in command else started(command, **more)
    )
    building.build(tmp_path / "second", name)
    libraries = [tmp_path / one / building.TARGETS[name].library for one in ("first", "second")]
    assert libraries[0].read_bytes() == libraries[1].read_bytes()
    assert list(manifest(tmp_path / "second")["kernels"]) == ["gather"]


def test_what_cannot_be_compiled_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = building.this_platform()
    assert name is not None
    monkeypatch.setattr(building, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(building, "MODULES", ("no_such_module",))
    with pytest.raises(building.BuildFailed, match=r"No module named .*no_such_module"):
        building.build(tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_linked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = building.this_platform()
    assert name is not None
    monkeypatch.setattr(building, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(building, "MODULES", ("names.payload_copies",))
    monkeypatch.setattr(building, "system_linker", lambda: [sys.executable, "-c", "raise SystemExit('cannot link')"])
    with pytest.raises(building.BuildFailed, match="cannot link"):
        building.build(tmp_path / "out", name)
    assert list((tmp_path / "out").iterdir()) == []
