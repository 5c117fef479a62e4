"""Run saved inputs again, findings raised: ``python -m fuzz.again TARGET FILE ...``."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Run the inputs; the first finding ends it with its traceback."""
    os.environ["PCAPSTATE_KERNELS"] = "plain"
    from . import guarded

    guarded.guard()
    from pcapstate.errors import PcapstateError

    from .targets import TARGETS

    if len(sys.argv) < 3 or sys.argv[1] not in TARGETS:
        print(f"usage: python -m fuzz.again {{{','.join(TARGETS)}}} FILE ...", file=sys.stderr)
        return 2
    for path in sys.argv[2:]:
        try:
            TARGETS[sys.argv[1]].run(Path(path).read_bytes())
            print(f"{path}: nothing")
        except PcapstateError as error:
            print(f"{path}: refused: {error}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
