"""Write the captures beside this file, the same bytes on each run, and the table in README.md.

    python tests/pcaps/make.py               all of them, and README.md
    python tests/pcaps/make.py NAME ...      only these, such as refused.pcap

The captures are made up, packet by packet, by the functions in ``making``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from making import CAPTURES

FOLDER = Path(__file__).parent

README = """# Captures for the tests

Small synthetic captures. One short function in `making/` writes each of them, byte for byte the same on every run
(`python tests/pcaps/make.py`). All addresses are private or reserved for documentation (RFC 5737, RFC 3849).

`NAME.expected` beside a capture has the expected answers, checked line by line with RFC 9293. Captures of the same
conversation in another wrapping have none: they must give the output of `close-by-client.pcap`. After an intended
change, `PCAPSTATE_REWRITE=1 pytest tests/test_pcaps.py` rewrites the expected results; read the difference before
you keep it.
"""


def readme() -> str:
    """Return the text of README.md: all captures, and what each shows."""
    parts = [README]
    groups = {
        "Connections": [name for name, one in CAPTURES.items() if one.like is None and one.exit_code is None],
        "The conversation of close-by-client.pcap in other wrappings": [
            name for name, one in CAPTURES.items() if one.like is not None
        ],
        "Damaged": [name for name, one in CAPTURES.items() if one.exit_code is not None],
    }
    for title, names in groups.items():
        parts.append(f"\n## {title}\n\n| Capture | What it shows |\n| --- | --- |\n")
        parts += [f"| `{name}` | {CAPTURES[name].shows} |\n" for name in names]
    return "".join(parts)


def main(names: list[str]) -> int:
    """Write the named captures, or all and README.md."""
    unknown = [name for name in names if name not in CAPTURES]
    if unknown or any(name.startswith("-") for name in names):
        print(f"no such capture: {' '.join(unknown)}\n{__doc__}", file=sys.stderr)
        return 2
    for name in names or CAPTURES:
        (FOLDER / name).write_bytes(CAPTURES[name].make())
    if not names:
        (FOLDER / "README.md").write_text(readme(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
