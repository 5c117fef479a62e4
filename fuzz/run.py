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
ROUND = 300
"""Seconds that a process fuzzes at most: in instrumented code atheris loses some 100 kB an input."""
HANGS = 120
"""Seconds after which atheris ends the process, where Trial could not end an input. It looks once a second, in whole
seconds: with 0 it would end the process as soon as it meets an input that began in the second before."""


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
    """Fuzz a target in processes of its own, and print its row; tell whether something was found."""
    started = time.monotonic()
    runs, new, found = 0, 0, {}
    for at in range(0, seconds, ROUND):
        told, added = one_round(name, min(ROUND, seconds - at), seed and seed + at)
        runs, new = runs + told["runs"], new + added
        found.update(told["found"])
    print(f"{name:12} {runs:9,} {runs / (time.monotonic() - started):8.1f} {new:10,} {len(found):8}", flush=True)
    for one in found.values():
        print(one, file=sys.stderr, flush=True)
    return bool(found)


def one_round(name: str, seconds: int, seed: int) -> tuple[dict[str, Any], int]:
    """Fuzz a target in one process; return what it told, ``runs`` and ``found``, and how many inputs are new."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.json"
        command = [sys.executable, "-m", "fuzz.run", name, f"--seconds={seconds}", f"--seed={seed}", f"--alone={notes}"]
        run = subprocess.run(
            command, capture_output=True, text=True, errors="replace", cwd=Path(__file__).parent.parent
        )
        told: dict[str, Any] = json.loads(notes.read_text()) if notes.exists() else {"runs": 0, "found": {}}
    if run.returncode != 0 or not told["runs"]:
        end = f"{run.stdout[-500:]}\n{run.stderr[-3000:]}"
        told["found"][f"ended with {run.returncode}"] = f"the fuzzer ended with {run.returncode}:\n{end}"
    new = re.search(r"stat::new_units_added:\s*(\d+)", run.stderr)
    return told, int(new[1]) if new else 0


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

            if target.layered:
                return target.change(data, chance, change)[:most]
            return bytes(atheris.Mutate(data, most)) if chance.random() < 0.5 else target.change(data, chance)[:most]

        options = [
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-max_len={LARGEST}",
            f"-timeout={HANGS}",
            "-rss_limit_mb=3000",
            f"-artifact_prefix={FINDINGS / name}-",
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
