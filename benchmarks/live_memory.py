"""Memory of ``timeline -i``, ``netstat -i 1`` and ``live`` while connections open and end, for minutes.

    sudo python benchmarks/live_memory.py
    sudo python benchmarks/live_memory.py --seconds 60 --rate 2000 --memory 300M

Linux only, as root. The programs capture on the same veth pair. No two connections have the same endpoints; each
lives for a second and has 2 to 10 packets. One in ten is refused, one in ten unanswered, two in ten are reset.
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from tabulate import tabulate
from wire import PCAPSTATE, SETTLE, WIRE, Program, Sender, Wire

EVERY = 10.0
"""Seconds between two looks."""
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TICK = 0.02
"""Seconds between the connections that begin together."""
SERVER = bytes([10, 8, 0, 1]), 443


def connection(number: int) -> tuple[list[bytes], list[bytes]]:
    """Return the packets at the beginning of a connection, and those at its end a second later."""
    client = bytes([10, 64 | number >> 22 & 63, number >> 14 & 255, number >> 6 & 255]), 1_024 + (number & 63)

    def packet(sent: bool, seq: int, ack: int, flags: int, size: int = 0) -> bytes:
        (source, own), (target, other) = (client, SERVER) if sent else (SERVER, client)
        tcp = struct.pack("!HHIIBBHHH", own, other, seq, ack, 0x50, flags, 512, 0, 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + size, 0, 0, 64, 6, 0, source, target)
        return bytes(12) + b"\x08\x00" + ip + tcp + b"x" * size

    syn = packet(True, 1_000, 0, SYN)
    kind = number % 10
    if kind == 0:
        return [syn], [syn]
    if kind == 1:
        return [syn, packet(False, 0, 1_001, RST | ACK)], []
    begun = [
        syn,
        packet(False, 5_000, 1_001, SYN | ACK),
        packet(True, 1_001, 5_001, ACK),
        packet(True, 1_001, 5_001, PSH | ACK, 200),
        packet(False, 5_001, 1_201, PSH | ACK, 400),
        packet(True, 1_201, 5_401, ACK),
    ]
    if kind < 4:
        return begun, [packet(kind == 2, 1_201 if kind == 2 else 5_401, 0, RST)]
    return begun, [
        packet(True, 1_201, 5_401, FIN | ACK),
        packet(False, 5_401, 1_202, ACK),
        packet(False, 5_401, 1_202, FIN | ACK),
        packet(True, 1_202, 5_402, ACK),
    ]


def send(rate: float, seconds: float) -> None:
    """Begin connections at a rate, and end them; for so many seconds."""
    sender, number, ending = Sender(), 0, deque[tuple[float, list[bytes]]]()
    begin = time.monotonic()
    while (now := time.monotonic() - begin) < seconds or ending:
        frames: list[bytes] = []
        begun: list[bytes] = []
        while number < min(now, seconds) * rate:
            first, last = connection(number)
            frames += first
            begun += last
            number += 1
        while ending and ending[0][0] <= now:
            frames += ending.popleft()[1]
        if begun:
            ending.append((now + 1, begun))
        sender.send_all(frames)
        time.sleep(TICK)


IN_TERMINAL = str(Path(__file__).with_name("in_terminal.py"))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=500, help="connections a second")
    parser.add_argument("--memory", help="the bound of all programs (default: their own)")
    parser.add_argument("--send", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.send:
        send(given.rate, given.seconds)
        return
    bound = ["--memory", given.memory] if given.memory else []
    commands = {
        "timeline": [*PCAPSTATE, "timeline", "-i", WIRE, "--format", "jsonl", *bound],
        "netstat 1": [*PCAPSTATE, "netstat", "-n", "-i", WIRE, "1", "--format", "jsonl", *bound],
        "live": [sys.executable, IN_TERMINAL, *PCAPSTATE, "live", "-i", WIRE, *bound],
    }
    rows: list[list[str]] = []
    with Wire() as wire:
        programs = [Program(wire, command) for command in commands.values()]
        time.sleep(SETTLE)
        command = [sys.executable, __file__, "--send", "--rate", str(given.rate), "--seconds", str(given.seconds)]
        with subprocess.Popen([*wire.sending, *command]) as sending:
            begin = time.monotonic()
            while sending.poll() is None:
                now = time.monotonic() - begin
                sizes = [f"{one.resident() / 1e6:.0f} MB" for one in programs]
                rows.append([f"{now:.0f}", f"{min(now, given.seconds) * given.rate:,.0f}", *sizes])
                time.sleep(max(begin + len(rows) * EVERY - time.monotonic(), 0))
        for name, program in zip(commands, programs, strict=True):
            ended = program.end()
            print(f"{name}: exit code {ended.code}, {ended.processor:.0f} s of processor time\n{ended.stderr}")
    print(tabulate(rows, ["seconds", "connections", *commands], stralign="right", disable_numparse=True))


if __name__ == "__main__":
    main()
