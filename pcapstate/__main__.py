"""Where the command line starts: ``pcapstate``, ``python -m pcapstate``.

What it needs takes a moment to import, in which Ctrl-C is to end it quietly as well.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from .cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("pcapstate: interrupted\n")
        sys.exit(1)
    run()


if __name__ == "__main__":
    main()
