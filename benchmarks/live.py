"""Capture live beside tcpdump and dumpcap: packets lost, and processor time a packet, at rising rates.

    sudo python benchmarks/live.py
    sudo python benchmarks/live.py --rates 20000 80000 --seconds 60 --tcpreplay
    sudo python benchmarks/live.py --rates top --seconds 60 --tcpreplay

Linux only, as root. A veth pair between two network namespaces is the wire. A sender puts TCP packets of 480 bytes on
it at an even rate, 64 at a call; with --tcpreplay, tcpreplay sends what generate.py writes. ``top`` is as fast as the
sender can. One program captures after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate
from wire import PCAPSTATE, SETTLE, WIRE, Program, Sender, Wire

HERE = Path(__file__).resolve().parent
SIZE = 480
TOP = 10_000_000
"""A rate beyond what a sender can."""
REPLAYED = 200_000
"""Packets of the capture that tcpreplay sends over and over."""


def frames() -> list[bytes]:
    """Return packets of 1,024 open connections, in turn from either end."""
    found = []
    for number in range(1_024):
        ends = (bytes([10, 9, number >> 8, number & 255]), bytes([10, 8, 0, 1])), (40_000 + number, 443)
        for side in (0, 1):
            (source, target), (own, other) = (one[:: -1 if side else 1] for one in ends)
            tcp = struct.pack("!HHIIBBHHH", own, other, 1_000, 2_000, 0x50, 0x10, 512, 0, 0)
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, SIZE - 14, number, 0, 64, 6, 0, source, target)
            found.append((bytes(12) + b"\x08\x00" + ip + tcp).ljust(SIZE, b"x"))
    return found


def programs() -> dict[str, list[str]]:
    """Return the commands by name."""
    found = {
        "pcapstate timeline": [*PCAPSTATE, "timeline", "-i", WIRE, "--format", "jsonl"],
        "pcapstate netstat 1": [*PCAPSTATE, "netstat", "-i", WIRE, "1"],
        "pcapstate live": [sys.executable, str(HERE / "in_terminal.py"), *PCAPSTATE, "live", "-i", WIRE],
        "tcpdump": ["tcpdump", "-i", WIRE, "-B", str(32 << 10), "-w", os.devnull],
        "dumpcap": ["dumpcap", "-i", WIRE, "-B", "32", "-q", "-w", os.devnull],
    }
    return {name: command for name, command in found.items() if shutil.which(command[0])}


def dropped(name: str, stderr: str) -> int:
    """Return how many packets a program says it lost."""
    if name == "tcpdump":
        return int(re.search(r"(\d+) packets? dropped by kernel", stderr)[1])  # type: ignore[index]
    if name == "dumpcap":
        return int(re.search(r"received/dropped on interface '[^']*': \d+/(\d+)", stderr)[1])  # type: ignore[index]
    found = re.search(r"dropped ([\d,]+) packets?", stderr)
    return int(found[1].replace(",", "")) if found else 0


def sent(wire: Wire, rate: int, seconds: float, capture: Path | None) -> tuple[int, float]:
    """Send at a rate; return how many packets were sent, and in how many seconds."""
    begin = time.monotonic()
    if capture is None:
        command = [sys.executable, __file__, "--send", str(rate), "--seconds", str(seconds)]
    else:
        speed = ["--topspeed"] if rate >= TOP else ["--pps", str(rate)]
        command = ["tcpreplay", "--preload-pcap", "--loop", "0", "--duration", str(max(round(seconds), 1))]
        command += [*speed, "--intf1", WIRE, str(capture)]
    done = subprocess.run([*wire.sending, *command], check=True, capture_output=True, text=True)
    if capture is None:
        return json.loads(done.stdout), time.monotonic() - begin
    told = re.search(r"Actual: (\d+) packets .* sent in ([\d.]+) seconds", done.stdout)
    assert told is not None, done.stdout
    return int(told[1]), float(told[2])


def measured(
    wire: Wire, name: str, command: list[str], rate: int, seconds: float, capture: Path | None
) -> tuple[int, float, int, float]:
    """Capture what is sent at a rate; return packets sent, the seconds that took, packets lost, processor seconds."""
    program = Program(wire, command)
    time.sleep(SETTLE)
    count, took = sent(wire, rate, seconds, capture)
    time.sleep(1)
    ended = program.end()
    return count, took, dropped(name, ended.stderr), ended.processor


def rate_of(text: str) -> int:
    """Read a rate."""
    return TOP if text == "top" else int(text)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = [1_000, 20_000, 80_000, 200_000, 400_000]
    parser.add_argument("--rates", type=rate_of, nargs="+", default=default, metavar="RATE")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--tcpreplay", action="store_true", help="let tcpreplay send")
    parser.add_argument("--send", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.send:
        print(json.dumps(Sender().send_at(frames(), given.send, given.seconds)))
        return
    rows = []
    with Wire() as wire, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        capture = None
        if given.tcpreplay:
            capture = Path(folder, "replayed.pcap")
            generate = [sys.executable, HERE / "generate.py", "connections", str(REPLAYED), capture]
            subprocess.run(generate, check=True)
        # A second in which nothing comes is what starting takes.
        idle = {name: measured(wire, name, command, 1, 1, None)[3] for name, command in programs().items()}
        for rate in given.rates:
            for name, command in programs().items():
                count, took, lost, spent = measured(wire, name, command, rate, given.seconds, capture)
                each = (spent - idle[name]) / max(count, 1) * 1e6
                asked = "top" if rate >= TOP else f"{rate:,}"
                rows.append([asked, f"{count / took:,.0f}", name, f"{lost:,}", f"{each:.2f} µs"])
                print(*rows[-1], file=sys.stderr)
    titles = ["packets/s", "sent/s", "program", "lost", "processor a packet"]
    print(tabulate(rows, titles, colalign=["right", "right", "left", "right", "right"], disable_numparse=True))


if __name__ == "__main__":
    main()
