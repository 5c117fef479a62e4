"""Run scenarios of the kernel laboratory and keep captures and truth files for study.

Usage: python tests/real_stacks/record.py OUTDIR [NAME ...]      (without names: all; needs root)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kernel_lab.runner import SCENARIOS, reason_to_skip, run_scenarios


def main(arguments: list[str]) -> int:
    """Record, and say what came of each scenario."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    directory, names = Path(arguments[0]), arguments[1:] or list(SCENARIOS)
    unknown = [name for name in names if name not in SCENARIOS]
    problem = f"no such scenario: {' '.join(unknown)}" if unknown else reason_to_skip()
    if problem:
        print(problem, file=sys.stderr)
        return 2
    directory.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    results = run_scenarios(names, directory)
    for name, result in results.items():
        print(f"{name}: {result.failure or ' '.join(path.name for path, _ in result.recordings)}")
    failed = sum(bool(result.failure) for result in results.values())
    print(f"{len(results)} scenarios, {failed} failed, {time.monotonic() - begin:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
