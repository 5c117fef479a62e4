"""Compare what the program says of a folder of captures with what tshark says of them.

    python tests/compare_captures.py FOLDER [CATEGORY ...]

``FOLDER/expected.json`` tells of each capture (``files``, by path) its ``category``, which counts are solid enough to
be held to (``strict``: ``segments``, ``flows``), and under ``tcp`` the number of ``segments`` and ``streams``, and the
``stream_list``: for each stream its ends ``a`` and ``b`` and the ``packets`` from a to b and from b to a.
Ends with exit code 1 where something differs.
"""

from __future__ import annotations

import ipaddress
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from pcapstate.capture import Capture, open_source
from pcapstate.errors import CaptureError
from pcapstate.views.endpoints import sides
from pcapstate.views.perspective import address

Streams = Counter[tuple[tuple[str, int], ...]]
"""How often there is a connection with these (end, packets it sent), the ends in order."""


def counted(path: Path) -> tuple[int, Streams]:
    """Return the number of segments of a capture, and its connections. Raises CaptureError."""
    capture = Capture(open_source([path]), record=False)
    for _ in capture.follow():
        pass
    found: Streams = Counter()
    of = sides(capture.table)
    ends = []
    for rows, (high, low, port) in ((of.client, of.client_address), (of.server, of.server_address)):
        hosts = [str(address(*one)) for one in zip(high.tolist(), low.tolist(), strict=True)]
        told = zip(hosts, port.tolist(), rows["packets"].tolist(), strict=True)
        ends.append([(f"{host} {number}", packets) for host, number, packets in told])
    for both in zip(*ends, strict=True):
        found[tuple(sorted(both))] += 1
    return sum(packets * times for both, times in found.items() for _, packets in both), found


def expected(streams: Iterable[dict[str, Any]]) -> Streams:
    """Return the connections that tshark lists."""
    found: Streams = Counter()
    for one in streams:
        ends = []
        for end, packets in zip((one["a"], one["b"]), one["packets"], strict=True):
            host, port = end.rsplit(" ", 1)
            ends.append((f"{ipaddress.ip_address(host)} {port}", packets))
        found[tuple(sorted(ends))] += 1
    return found


def differences(path: Path, said: dict[str, Any]) -> list[str]:
    """Return in which counts the program and tshark differ."""
    try:
        segments, streams = counted(path)
    except CaptureError as error:
        return [str(error)]
    tcp = said.get("tcp", {})
    wanted = {"segments": (segments, tcp["segments"])} if "segments" in said["strict"] else {}
    if "flows" in said["strict"]:
        wanted["connections"] = (streams.total(), tcp["streams"])
    out = [f"{name} {got} for {want}" for name, (got, want) in wanted.items() if got != want]
    if "flows" in said["strict"] and not out and not tcp.get("stream_list_truncated"):
        listed = expected(tcp.get("stream_list", []))
        more, less = streams - listed, listed - streams
        out += [f"{dict(one)} for {dict(other)}" for one, other in zip(more, less, strict=False)]
    return out


def main(arguments: list[str]) -> int:
    """Print a table with a line per category, and each difference."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder, chosen = Path(arguments[0]), set(arguments[1:])
    files = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    tried: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    told = []
    for name, said in sorted(files.items()):
        category = said["category"]
        if not said.get("strict") or (chosen and category not in chosen):
            continue
        tried[category] += 1
        if found := differences(folder / name, said):
            differing[category] += 1
            told.append(f"{name}: {'; '.join(found[:3])}")
    print(f"{'category':<14} {'captures':>8} {'agreeing':>8} {'differing':>9}")
    for category in [*sorted(tried), ""]:
        count, other = (tried[category], differing[category]) if category else (tried.total(), differing.total())
        print(f"{category or 'all':<14} {count:>8} {count - other:>8} {other:>9}")
    print(*told, sep="\n")
    return 1 if told else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
