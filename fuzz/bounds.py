"""Run the kernels as Numba compiles them, with bounds checking on: ``python -m fuzz.bounds [--seconds N] [FILES]``.

First over the captures as they are, then, for so many seconds, over changed ones.

The object code that pcapstate loads could only end the process at a wrong index. So here Numba compiles the same
functions in this process, and its dispatchers are called, which raise IndexError. Like plain Python, Numba's check
takes an index from -len to -1 for one from the end; ``fuzz.guarded`` does not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(PCAPSTATE_COMPILING="called", NUMBA_BOUNDSCHECK="1", PCAPSTATE_KERNELS="plain")

PCAPS = Path(__file__).parent.parent / "tests" / "pcaps"
LARGEST = 20_000
"""Bytes of a capture that is changed, at most."""


def _dispatched(function: Callable[..., int], types: tuple[Any, ...]) -> Callable[..., int]:
    def call(*arguments: Any) -> int:
        return int(function(*arguments))

    return call


def main() -> int:
    """Read all captures, and changed ones; return 1 where a kernel left its arrays, or anything else went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captures", nargs="*", type=Path, help="those of the tests, unless told")
    parser.add_argument("--seconds", type=int, default=0, help="for changed captures (default: 0)")
    parser.add_argument("--seed", type=int, default=1, help="of the changes")
    given = parser.parse_args()

    from pcapstate.kernels import running

    running._plain = _dispatched
    from . import mutating

    captures = given.captures or sorted(path for path in PCAPS.glob("*.pcap*") if path.suffix != ".expected")
    contents = {str(path): path.read_bytes() for path in captures}
    failed = sum([_fails(name, data, True) for name, data in contents.items()])
    print(f"{len(captures)} captures with checked bounds, {failed} failed", flush=True)

    chance, until, runs, wrong = random.Random(given.seed), time.monotonic() + given.seconds, 0, 0
    seeds = [data for data in contents.values() if len(data) <= LARGEST]
    while seeds and time.monotonic() < until:
        data = chance.choice(seeds)
        change = mutating.pcapng if data[:4] == b"\x0a\x0d\x0d\x0a" else mutating.pcap
        runs += 1
        wrong += _fails("changed", change(data, chance))
    if given.seconds:
        print(f"{runs:,} changed captures with checked bounds, {wrong} failed")
    return 1 if failed or wrong else 0


def _fails(name: str, data: bytes, all_: bool = False) -> bool:
    from pcapstate.errors import PcapstateError

    from .program import whole
    from .running import FINDINGS

    try:
        whole(data, all_)
    except PcapstateError:
        return False
    except Exception:
        FINDINGS.mkdir(exist_ok=True)
        path = FINDINGS / f"bounds-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        print(f"--- {name}, kept as {path}", file=sys.stderr)
        traceback.print_exc()
        return True
    return False


if __name__ == "__main__":
    raise SystemExit(main())
