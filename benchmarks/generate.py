"""Write a synthetic capture for the benchmarks: many TCP connections, interleaved, or a SYN flood.

    python benchmarks/generate.py connections 1000000 /tmp/1m.pcap
    python benchmarks/generate.py flood 1000000 /tmp/flood.pcap
    python benchmarks/generate.py connections 1000000 /tmp/vxlan.pcap --in vxlan
    python benchmarks/generate.py connections 3000000 /tmp/busy.pcap --alive 100000

``connections``: about 40 packets a connection and 460 bytes a packet, 2,000 connections alive at once; 5 % of them
unanswered, 5 % refused, 10 % ended by a RST. ``flood``: one SYN each from as many addresses. The same arguments
always give the same file, which has exactly so many packets. ``--in`` puts the same packets into VLANs, tunnels and
other link layers. Payloads are one letter; with ``--words`` they are words, and gzip makes a third of the file.
``--alive`` makes the capture begin in the midst of traffic; so many connections are alive from its start to its end.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from wrappings import WRAPPINGS, Wrapping

SYN, RST, PSH, ACK, FIN = 0x02, 0x04, 0x08, 0x10, 0x01
ALIVE = 2_000
DATA = 930
"""Payload bytes of a data segment: makes the mean packet 460 bytes."""
ETHERNET = 14
HEADERS = ETHERNET + 20 + 32
"""Ethernet, IPv4 and TCP with time stamps."""
BLOCK = 200_000
GAP = 60
"""Microseconds between two packets; with more connections less, so that each lasts as long."""
EACH = 40
"""Packets of a connection, about."""
SHARES = [0.80, 0.05, 0.05, 0.10]
"""Of connections that are closed, unanswered, refused, reset."""

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


def plan(packets: int, seed: int = 1) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """Return connection, direction (0 client), flags, payload length, relative seq and ack of each packet in order."""
    random = np.random.default_rng(seed)
    connections = max(1, packets // EACH)
    kind = random.choice(4, size=connections, p=SHARES)
    kind[0] = 0
    answered = np.flatnonzero((kind == 0) | (kind == 3))
    spare = packets - 6 * int(np.count_nonzero(kind == 1)) - 2 * int(np.count_nonzero(kind == 2))
    each, left = divmod(spare, len(answered))
    # So many are one packet longer that the sum is exact.
    kind[answered[:left]] = np.where(kind[answered[:left]] == 0, 4, 5)
    scripts = [_script(each, False), _script_unanswered(), _script_refused(), _script(each, True)]
    scripts += [_script(each + 1, False), _script(each + 1, True)]
    lengths = np.array([len(script) for script in scripts])[kind]
    owner = np.repeat(np.arange(connections), lengths)
    step = np.concatenate(scripts)
    first = np.cumsum([0] + [len(script) for script in scripts])[kind]
    starts = np.cumsum(lengths) - lengths
    index = np.arange(len(owner)) - starts[owner]
    rows = step[first[owner] + index]
    # A connection lives 1.0; so many start per unit that ALIVE overlap.
    when = owner / ALIVE + (index + random.random(len(owner)) * 0.8) / lengths[owner]
    order = np.argsort(when, kind="stable")[:packets]
    return owner[order], rows[order, 0], rows[order, 1], rows[order, 2], rows[order, 3], rows[order, 4]


def plan_alive(packets: int, alive: int, seed: int = 1) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """Return the same of packets among which ``alive`` connections are open at each moment, from the first one on."""
    random = np.random.default_rng(seed)
    # What answered connections have, so that all have EACH in the mean.
    each = round((EACH - 6 * SHARES[1] - 2 * SHARES[2]) / (SHARES[0] + SHARES[3]))
    scripts = [_script(each, False), _script_unanswered(), _script_refused(), _script(each, True)]
    # A connection lives 1.0, and the capture begins at 0: who began 1.0 before it has just ended.
    span = 1.1 * packets / (EACH * alive) + 10 / alive
    begins = np.arange(-alive, int(span * alive) + 1) / alive
    kind = random.choice(4, size=len(begins), p=SHARES)
    lengths = np.array([len(script) for script in scripts])[kind]
    # The packets of each that may lie in the span.
    first = np.clip(np.floor(-begins * lengths).astype(np.int64) - 1, 0, lengths)
    end = np.clip(np.ceil((span - begins) * lengths).astype(np.int64) + 1, first, lengths)
    owner = np.repeat(np.arange(len(begins)), end - first)
    index = np.arange(len(owner)) - np.repeat(np.cumsum(end - first) - (end - first), end - first) + first[owner]
    when = begins[owner] + (index + random.random(len(owner)) * 0.8) / lengths[owner]
    order = np.argsort(when, kind="stable")
    order = order[np.searchsorted(when[order], 0) :][:packets]
    starts = np.cumsum([0] + [len(script) for script in scripts])[kind[owner[order]]]
    rows = np.concatenate(scripts)[starts + index[order]]
    return owner[order], rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4]


def _script(packets: int, reset: bool) -> Ints:
    rows = [(0, SYN, 0, 0, 0), (1, SYN | ACK, 0, 0, 1), (0, ACK, 0, 1, 1)]
    sequence = [1, 1]
    for turn in range(packets - (4 if reset else 7)):
        side = (turn // 8) % 2
        if turn % 2 == 0:
            rows.append((side, PSH | ACK, DATA, sequence[side], sequence[1 - side]))
            sequence[side] += DATA
        else:
            rows.append((1 - side, ACK, 0, sequence[1 - side], sequence[side]))
    client, server = sequence
    if reset:
        rows.append((0, RST | ACK, 0, client, server))
    else:
        rows += [
            (0, FIN | ACK, 0, client, server),
            (1, ACK, 0, server, client + 1),
            (1, FIN | ACK, 0, server, client + 1),
            (0, ACK, 0, client + 1, server + 1),
        ]
    return np.array(rows, dtype=np.int64)


def _script_unanswered() -> Ints:
    return np.array([(0, SYN, 0, 0, 0)] * 6, dtype=np.int64)


def _script_refused() -> Ints:
    return np.array([(0, SYN, 0, 0, 0), (1, RST | ACK, 0, 0, 1)], dtype=np.int64)


def words() -> Bytes:
    """Return 16 MB of words, some more often: they may be repeated, since compressors do not look back that far."""
    random = np.random.default_rng(1)
    letters = random.integers(ord("a"), ord("z") + 1, (4_000, 12), dtype=np.uint8)
    lengths = random.integers(2, 12, len(letters))
    vocabulary = [bytes(word[:length]) + b" " for word, length in zip(letters, lengths, strict=True)]
    chosen = (len(vocabulary) ** random.random(2_400_000)).astype(np.int64) - 1
    return np.frombuffer(b"".join([vocabulary[index] for index in chosen]), np.uint8)


def records(
    time_us: Ints,
    source: Ints,
    target: Ints,
    ports: tuple[Ints, Ints],
    flags: Ints,
    length: Ints,
    seq: Ints,
    ack: Ints,
    wrapping: Wrapping,
    payload: Bytes,
) -> Bytes:
    """Return the pcap records (little-endian, microseconds) of these segments as one run of bytes."""
    before = wrapping.before
    sizes = 16 + len(before) + HEADERS - (0 if wrapping.holds_ethernet else ETHERNET) + length
    offsets = np.cumsum(sizes) - sizes
    out = np.resize(payload, int(sizes.sum()))

    def put(at: int, value: Ints | int, width: int, little: bool = False) -> None:
        for byte in range(width):
            shift = 8 * (byte if little else width - 1 - byte)
            out[offsets + at + byte] = (np.asarray(value) >> shift) & 0xFF

    put(0, time_us // 1_000_000, 4, little=True)
    put(4, time_us % 1_000_000, 4, little=True)
    put(8, sizes - 16, 4, little=True)
    put(12, sizes - 16, 4, little=True)
    for at, value in enumerate(before, 16):
        put(at, value, 1)
    for at, begin in wrapping.lengths:
        put(16 + at, sizes - 16 - begin, 2)
    ip = 16 + len(before)
    if wrapping.holds_ethernet:
        put(ip, 0x020000000002, 6)
        put(ip + 6, 0x020000000001, 6)
        put(ip + 12, 0x0800, 2)
        ip += ETHERNET
    put(ip, 0x4500, 2)
    put(ip + 2, HEADERS - ETHERNET + length, 2)
    put(ip + 4, 0, 2)
    put(ip + 6, 0x4000, 2)
    put(ip + 8, 0x4006, 2)
    put(ip + 10, 0, 2)
    put(ip + 12, source, 4)
    put(ip + 16, target, 4)
    tcp = ip + 20
    put(tcp, ports[0], 2)
    put(tcp + 2, ports[1], 2)
    put(tcp + 4, seq & 0xFFFFFFFF, 4)
    put(tcp + 8, ack & 0xFFFFFFFF, 4)
    put(tcp + 12, 0x80, 1)
    put(tcp + 13, flags, 1)
    put(tcp + 14, 501, 2)
    put(tcp + 16, 0, 4)
    put(tcp + 20, 0x0101080A, 4)
    put(tcp + 24, time_us // 1000 & 0xFFFFFFFF, 4)
    put(tcp + 28, 0, 4)
    return out


HEADER = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 00000400")
"""Of the file; the link type follows."""
START = 1_700_000_000 * 1_000_000


def write_connections(packets: int, path: Path, wrapping: Wrapping, payload: Bytes, alive: int | None = None) -> None:
    """Write a capture of so many packets: connections that open, talk and end in various ways."""
    owner, side, flags, length, seq, ack = plan(packets) if alive is None else plan_alive(packets, alive)
    gap = GAP if alive is None else max(1, GAP * ALIVE // alive)
    client = 0x0A000000 + (owner * 2_654_435_761 % 0x00FFFFFF)
    server = 0xC0A80000 + owner % 977
    client_port = 1024 + owner % 64_000
    server_port = np.array([80, 443, 8080, 5432, 22])[owner % 5]
    isn = np.stack([owner * 7_919 % 2**32, owner * 104_729 % 2**32])
    from_server = side == 1
    with path.open("wb") as file:
        file.write(HEADER + wrapping.linktype.to_bytes(4, "little"))
        for begin in range(0, len(owner), BLOCK):
            part = slice(begin, begin + BLOCK)
            back, who = from_server[part], owner[part]
            own = np.where(back, isn[1][part], isn[0][part])
            other = np.where(back, isn[0][part], isn[1][part])
            acks = flags[part] & ACK != 0
            file.write(
                records(
                    START + gap * (begin + np.arange(len(who))),
                    np.where(back, server[part], client[part]),
                    np.where(back, client[part], server[part]),
                    (
                        np.where(back, server_port[part], client_port[part]),
                        np.where(back, client_port[part], server_port[part]),
                    ),
                    flags[part],
                    length[part],
                    np.where((flags[part] & RST != 0) & back, 0, own + seq[part]),
                    np.where(acks, other + ack[part], 0),
                    wrapping,
                    payload,
                ).tobytes()
            )


def write_flood(packets: int, path: Path, wrapping: Wrapping, payload: Bytes) -> None:
    """Write a SYN flood: so many SYNs from as many addresses to one port, none answered."""
    with path.open("wb") as file:
        file.write(HEADER + wrapping.linktype.to_bytes(4, "little"))
        for begin in range(0, packets, BLOCK):
            number = np.arange(begin, min(packets, begin + BLOCK))
            zero = np.zeros_like(number)
            ports = (1024 + number * 40_503 % 64_000, zero + 80)
            source = 0x0B000000 + (number * 2_654_435_761 % 0x4FFFFFFF)
            seq = number * 69_069 % 2**32
            syn = zero + SYN
            target = zero + 0xC0A80001
            rows = records(START + number, source, target, ports, syn, zero, seq, zero, wrapping, payload)
            file.write(rows.tobytes())


def main() -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("what", choices=("connections", "flood"))
    parser.add_argument("packets", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--in", dest="wrapping", choices=WRAPPINGS, default="plain", help="what to put packets into")
    parser.add_argument("--words", action="store_true", help="fill segments with words instead of one letter")
    parser.add_argument("--alive", type=int, metavar="N", help="connections alive at once (default: up to 2,000)")
    arguments = parser.parse_args()
    if arguments.alive is not None and (arguments.what == "flood" or arguments.alive < 1):
        parser.error("--alive takes at least 1, for connections")
    payload = words() if arguments.words else np.full(1 << 20, ord("a"), dtype=np.uint8)
    where = arguments.packets, arguments.file, WRAPPINGS[arguments.wrapping], payload
    if arguments.what == "flood":
        write_flood(*where)
    else:
        write_connections(*where, arguments.alive)


if __name__ == "__main__":
    main()
