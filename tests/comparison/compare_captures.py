"""Compare what the program says of a folder of captures with what tshark, Zeek and Suricata say of them.

    python -m tests.comparison.compare_captures FOLDER [CATEGORY ...]

Prints a table with a row per category of captures and a column per kind of comparison: how many agree of how many
that could be compared; then each difference. Ends with exit code 1 where something differs.

``FOLDER/expected.json`` tells of each capture (``files``, by path) its ``category``, which counts are solid enough to
be held to (``strict``: ``segments``, ``flows``), and under ``tcp`` the numbers of ``segments`` and ``streams``, of
segments with the flags ``syn``, ``synack``, ``fin`` and ``rst``, and the ``stream_list``: in the order of tshark's
stream ids the ends ``a`` and ``b`` of each stream, the ``packets`` from a to b and from b to a, and the ``trail`` of
events. What that decides of the final states, and what ``zeek`` and ``suricata`` do, is in ``deciding_states``.
Captures without such counts, malformed ones, are given to the program itself: ``running_malformed``. Of these,
``readable`` tells whether others can read them (``no``: an error is due).
"""

from __future__ import annotations

import ipaddress
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pcapstate.addresses import address
from pcapstate.capture import Capture, open_source
from pcapstate.decode.segment import ACK, FIN, RST, SYN
from pcapstate.errors import CaptureError
from pcapstate.tcp.states import State
from pcapstate.zeek.watcher import Stories
from tests.comparison.deciding_states import decisions
from tests.comparison.running_malformed import complaints
from tests.comparison.zeek_lines import Line, differs, lines_of

KINDS = (
    *("connections", "numbers", "segments", "SYN", "SYN-ACK", "FIN", "RST"),
    *("trail", "Zeek", "conn.log", "Suricata", "ending"),
)
"""What is compared: counts, per capture; the numbers of connections with their ends and packets, per capture; final
states, and the line of Zeek's conn.log (``zeek_lines``), per connection; and how the program ends where the capture is
malformed, per capture."""


class Compared(NamedTuple):
    """One comparison; ``difference`` is empty where they agree."""

    kind: str
    difference: str


class Connection(NamedTuple):
    """A connection as the program has it: its ends in order of speaking, packets that each sent, final states."""

    ends: tuple[str, str]
    packets: tuple[int, int]
    states: tuple[str, str]
    line: Line


class FlagCounts:
    """A watcher that counts segments by their flags."""

    datagrams = False

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def watch(self, batch: Any, segments: Any) -> None:
        """Nothing is needed of the frames."""

    def tracked(self, segments: Any, seen: Any) -> None:
        """Count segments."""
        flags = segments["flags"][segments["flags"] >= 0]
        synack = flags & (SYN | ACK)
        self.counts["segments"] += len(flags)
        self.counts["SYN"] += int(np.count_nonzero(synack == SYN))
        self.counts["SYN-ACK"] += int(np.count_nonzero(synack == SYN | ACK))
        self.counts["FIN"] += int(np.count_nonzero(flags & FIN))
        self.counts["RST"] += int(np.count_nonzero(flags & RST))


def answer(path: Path) -> tuple[Counter[str], list[Connection]]:
    """Return the counts of segments of a capture, and its connections by their numbers. Raises CaptureError."""
    counts, stories = FlagCounts(), Stories()
    capture = Capture(open_source([path]), record=False, watchers=[counts, stories])
    stories.follow(capture.table)
    for _ in capture.follow():
        pass
    table = capture.table
    found = []
    lines = lines_of(table)
    for number, (row, more) in enumerate(zip(table.connections, table.extras, strict=True)):
        rows = table.endpoints[2 * number : 2 * number + 2]
        first, second = (
            f"{address(int(more[f'high_{side}']), int(row[f'low_{side}']))} {row[f'port_{side}']}" for side in (0, 1)
        )
        sent, received = rows["packets"].tolist()
        a, b = (State(state).name for state in rows["state"].tolist())
        found.append(Connection((first, second), (sent, received), (a, b), lines[number]))
    return counts.counts, found


def end(text: str) -> str:
    """Return an end of a stream with its address spelled as ours."""
    host, port = text.rsplit(" ", 1)
    return f"{ipaddress.ip_address(host)} {port}"


def compare(path: Path, said: dict[str, Any]) -> Iterator[Compared]:
    """Yield all that can be compared of a capture that tshark reads."""
    tcp = said["tcp"]
    try:
        counts, connections = answer(path)
    except CaptureError as error:
        yield Compared("connections", str(error))
        return
    wanted: dict[str, tuple[int, int]] = {}
    if "flows" in said["strict"]:
        wanted["connections"] = (len(connections), tcp["streams"])
    if "segments" in said["strict"]:
        names = {"segments": "segments", "SYN": "syn", "SYN-ACK": "synack", "FIN": "fin", "RST": "rst"}
        wanted |= {kind: (counts[kind], tcp[name]) for kind, name in names.items()}
    for kind, (ours, theirs) in wanted.items():
        yield Compared(kind, "" if ours == theirs else f"{ours} {kind} for {theirs}")
    # Where tshark numbers headers that are quoted in ICMP errors too, its ids are no order of connections.
    if "flows" not in said["strict"] or len(connections) != tcp["streams"] or tcp["in_icmp_or_sflow"]:
        return
    streams = tcp.get("stream_list", [])
    pairs = list(zip(connections, streams, strict=False))
    yield Compared("numbers", next(filter(None, (numbered(*pair) for pair in pairs)), ""))
    for ours, stream in pairs:
        for one in decisions(said, stream):
            a, b = ours.states if ours.ends[0] == end(stream["a"]) else ours.states[::-1]
            wrong = "" if one.allows(a, b) else f"connection {stream['id']}: {a}, {b} for {one.by}'s {one.said}"
            yield Compared(one.by, wrong)
    for theirs in said.get("zeek", ()):
        if theirs["usable"]:
            wrong = differs(connections[theirs["stream"]].line, theirs, end, path.name)
            yield Compared("conn.log", wrong and f"connection {theirs['stream']}: {wrong}")


def numbered(ours: Connection, stream: dict[str, Any]) -> str:
    """Return how a connection differs from the stream that tshark gives its number, or nothing."""
    a, b = end(stream["a"]), end(stream["b"])
    packets = dict(zip((a, b), stream["packets"], strict=True))
    if {*ours.ends} != {a, b}:
        return f"connection {stream['id']}: {' - '.join(ours.ends)} for {a} - {b}"
    sent = [packets[one] for one in ours.ends]
    if a != b and [*ours.packets] != sent:
        return f"connection {stream['id']}: {ours.packets} packets for {tuple(sent)}"
    return ""


def main(arguments: list[str]) -> int:
    """Print the table, and each difference."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder, chosen = Path(arguments[0]), set(arguments[1:])
    files = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    captures: Counter[str] = Counter()
    agreeing: dict[str, Counter[str]] = defaultdict(Counter)
    compared: dict[str, Counter[str]] = defaultdict(Counter)
    told = []
    malformed = []
    for name, said in sorted(files.items()):
        category = said["category"]
        if chosen and category not in chosen:
            continue
        captures[category] += 1
        if not said["strict"]:
            malformed.append(name)
            continue
        for one in compare(folder / name, said):
            compared[category][one.kind] += 1
            agreeing[category][one.kind] += not one.difference
            if one.difference:
                told.append(f"{name}: {one.difference}")
    given = [(folder / name, files[name]["readable"]) for name in malformed]
    for name, wrong in zip(malformed, complaints(given), strict=True):
        compared[files[name]["category"]]["ending"] += 1
        agreeing[files[name]["category"]]["ending"] += not wrong
        told += [f"{name}: {one}" for one in wrong]
    print(f"{'category':<12} {'captures':>8}", *(f"{kind:>{width(kind)}}" for kind in KINDS))
    for category in [*sorted(captures), "all"]:
        rows = [category] if category != "all" else list(captures)
        cells = []
        for kind in KINDS:
            of = sum(compared[row][kind] for row in rows)
            cell = f"{sum(agreeing[row][kind] for row in rows)}/{of}" if of else "-"
            cells.append(f"{cell:>{width(kind)}}")
        print(f"{category:<12} {sum(captures[row] for row in rows):>8}", *cells)
    for line in sorted(told):
        print(line)
    return 1 if told else 0


def width(kind: str) -> int:
    """Return the width of a column."""
    return max(len(kind), len("1234/1234"))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
