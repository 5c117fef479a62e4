"""Where the command line starts: ``pcapstate``, ``python -m pcapstate``.

What it needs takes a moment to import, in which Ctrl-C is to end it quietly as well.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line."""
    # Threads for linear algebra, which nothing here uses, double the processor time of importing NumPy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from .cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("pcapstate: interrupted\n")
        sys.exit(1)
    run()


if __name__ == "__main__":
    main()
