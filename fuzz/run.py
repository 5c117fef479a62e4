"""Fuzz all targets, or some: ``python -m fuzz.run [--seconds N] [TARGET ...]``; exit code 1 where it finds anything."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
FINDINGS = Path(__file__).parent / "findings"
LARGEST = 24_000
"""Bytes of an input at most."""


def main() -> int:
    """Run each target in a process of its own, one after the other; print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="all, unless told")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the random changes; 0: another one each time")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        return alone(given.targets[0], given.seconds, given.seed or random.randrange(1, 2**31), Path(given.alone))
    from .targets import TARGETS

    unknown = [one for one in given.targets if one not in TARGETS]
    if unknown:
        parser.error(f"no target {unknown[0]}; there are {', '.join(TARGETS)}")
    print(f"{'target':12} {'runs':>9} {'runs/s':>8} {'new inputs':>10} {'findings':>8}", flush=True)
    found = [row(name, given.seconds, given.seed) for name in given.targets or TARGETS]
    return 1 if any(found) else 0


def row(name: str, seconds: int, seed: int) -> bool:
    """Fuzz a target in a process of its own, and print its row; tell whether something was found."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.json"
        command = [sys.executable, "-m", "fuzz.run", name, f"--seconds={seconds}", f"--seed={seed}", f"--alone={notes}"]
        started = time.monotonic()
        run = subprocess.run(
            command, capture_output=True, text=True, errors="replace", cwd=Path(__file__).parent.parent
        )
        took = time.monotonic() - started
        told: dict[str, Any] = json.loads(notes.read_text()) if notes.exists() else {"runs": 0, "found": {}}
    new = re.search(r"stat::new_units_added:\s*(\d+)", run.stderr)
    found = list(told["found"].values())
    if run.returncode != 0 or not told["runs"]:
        found.append(f"the fuzzer ended with {run.returncode}:\n{run.stdout[-500:]}\n{run.stderr[-3000:]}")
    print(
        f"{name:12} {told['runs']:9,} {told['runs'] / took:8.1f} {new[1] if new else '-':>10} {len(found):8}",
        flush=True,
    )
    for one in found:
        print(one, file=sys.stderr, flush=True)
    return bool(found)


def alone(name: str, seconds: int, seed: int, notes: Path) -> int:
    """Fuzz one target in this process: led by coverage where atheris is installed, else by chance alone."""
    os.environ["PCAPSTATE_KERNELS"] = "plain"
    try:
        import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        atheris = None
    if atheris is None:
        _prepared(name, notes)(seconds, seed)
        return 0
    # The text kernel copies byte by byte, which says nothing about an input and takes half the time.
    with atheris.instrument_imports(include=["pcapstate"], exclude=["pcapstate.output.text"]):
        lead = _prepared(name, notes)
    lead(seconds, seed, atheris)
    return 0


def _prepared(name: str, notes: Path) -> Any:
    from . import guarded

    guarded.guard()
    from .running import Trial
    from .targets import TARGETS

    target = TARGETS[name]
    trial = Trial(name, target)
    last = 0.0

    def run(data: bytes) -> None:
        nonlocal last
        before = len(trial.places)
        trial(data)
        if time.monotonic() - last > 1 or len(trial.places) > before:
            last = time.monotonic()
            notes.write_text(json.dumps({"runs": trial.runs, "found": trial.places}))

    def lead(seconds: int, seed: int, atheris: Any = None) -> None:
        seeds = target.seeds()
        if atheris is None:
            chance, until = random.Random(seed), time.monotonic() + seconds
            while time.monotonic() < until:
                run(target.change(chance.choice(seeds), chance)[:LARGEST])
            return
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        FINDINGS.mkdir(exist_ok=True)
        for number, data in enumerate(seeds):
            (folder / f"seed-{number}").write_bytes(data)

        def mutated(data: bytes, most: int, number: int) -> bytes:
            chance = random.Random(number)

            def change(part: bytes, chance: random.Random) -> bytes:
                if chance.random() < 0.5:
                    from .mutating import any_bytes

                    return any_bytes(part, chance)
                return bytes(atheris.Mutate(part, len(part) + 64))

            format_known = name in ("pcap", "pcapng", "readers")
            if not format_known and chance.random() < 0.5:
                return bytes(atheris.Mutate(data, most))
            return (target.change(data, chance, change) if format_known else target.change(data, chance))[:most]

        options = [
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-max_len={LARGEST}",
            "-timeout=0",
            "-rss_limit_mb=3000",
        ]
        atheris.Setup(
            [sys.argv[0], *options, "-print_final_stats=1", "-reload=0", "-len_control=0", str(folder)],
            run,
            custom_mutator=mutated,
        )
        atheris.Fuzz()

    return lead


if __name__ == "__main__":
    raise SystemExit(main())
