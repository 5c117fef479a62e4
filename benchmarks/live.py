"""Capture live beside tcpdump and dumpcap: packets lost, and processor time a packet, at rising rates.

    sudo python benchmarks/live.py
    sudo python benchmarks/live.py --rates 20000 80000 --seconds 20

Linux only, as root. A veth pair between two network namespaces is the wire. A sender puts TCP packets of 480 bytes on
it at an even rate, 64 at a call; one program captures after the other.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

WIRE = "benchwire"
SIZE = 480
BURST = 64
SETTLE = 3.0
"""Seconds from the start of a program until its capture socket is open for sure."""


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


def send(rate: int, seconds: float) -> int:
    """Send packets on the wire at a rate; return how many were sent."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.bind((WIRE, 0))
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
    packets = frames()
    buffers = [ctypes.create_string_buffer(one, len(one)) for one in packets]
    vector = (ctypes.c_uint64 * (2 * len(packets)))()
    messages = (ctypes.c_uint64 * (8 * len(packets)))()
    for index, one in enumerate(buffers):
        vector[2 * index], vector[2 * index + 1] = ctypes.addressof(one), len(one)
        # struct mmsghdr: name, its length, vector, its length, control, its length, flags, bytes sent
        messages[8 * index + 2] = ctypes.addressof(vector) + 16 * index
        messages[8 * index + 3] = 1
    call = ctypes.CDLL(None, use_errno=True).sendmmsg
    sent, begin = 0, time.monotonic()
    total = int(rate * seconds)
    while sent < total:
        due = int((time.monotonic() - begin) * rate)
        if due - sent < BURST and due < total:
            time.sleep(0.0005)
            continue
        at = sent % len(packets)
        count = min(BURST, total - sent, len(packets) - at)
        done = call(opened.fileno(), ctypes.byref(messages, 64 * at), count, 0)
        sent += max(done, 0)
        if time.monotonic() - begin > 3 * seconds:
            break
    return sent


def programs() -> dict[str, list[str]]:
    """Return the commands by name."""
    ours = [sys.executable, "-m", "pcapstate"]
    found = {
        "pcapstate timeline": [*ours, "timeline", "-i", WIRE, "--format", "jsonl"],
        "pcapstate netstat 1": [*ours, "netstat", "-i", WIRE, "1"],
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


def measured(name: str, command: list[str], rate: int, seconds: float) -> tuple[int, int, float]:
    """Capture what is sent at a rate; return packets sent and lost, and processor seconds."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    sender = [sys.executable, __file__, "--send", str(rate), "--seconds", str(seconds)]
    with subprocess.Popen(
        ["ip", "netns", "exec", "bench-a", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as capturing:
        time.sleep(SETTLE)
        told = subprocess.run(["ip", "netns", "exec", "bench-b", *sender], check=True, capture_output=True, text=True)
        sent = json.loads(told.stdout)
        time.sleep(1)
        capturing.send_signal(signal.SIGINT)
        _, stderr = capturing.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - sent["processor"]
    return sent["sent"], dropped(name, stderr), spent


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[1_000, 20_000, 80_000, 200_000, 400_000])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--send", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.send:
        sent = send(given.send, given.seconds)
        own = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"sent": sent, "processor": own.ru_utime + own.ru_stime}))
        return
    for name in ("bench-a", "bench-b"):
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        link = ["link", "add", WIRE, "type", "veth", "peer", "name", WIRE, "netns", "bench-b"]
        subprocess.run(["ip", "-n", "bench-a", *link], check=True)
        for name in ("bench-a", "bench-b"):
            subprocess.run(["ip", "-n", name, "link", "set", WIRE, "up"], check=True)
        rows = []
        for rate in given.rates:
            for name, command in programs().items():
                idle = measured(name, command, 1, 1)[2]
                sent, lost, spent = measured(name, command, rate, given.seconds)
                each = (spent - idle) / max(sent, 1) * 1e6
                rows.append([f"{rate:,}", f"{sent / given.seconds:,.0f}", name, f"{lost:,}", f"{each:.2f} µs"])
        titles = ["packets/s", "sent/s", "program", "lost", "processor a packet"]
        print(tabulate(rows, titles, colalign=["right", "right", "left", "right", "right"], disable_numparse=True))
    finally:
        for name in ("bench-a", "bench-b"):
            subprocess.run(["ip", "netns", "del", name], check=False)


if __name__ == "__main__":
    main()
