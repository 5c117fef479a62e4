"""Keep packets with names (DNS, mDNS, LLMNR, DHCP, NetBIOS) unparsed until ``book`` needs them."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from ..decode.segment import SEGMENT_DATAGRAM
from ..kernels.running import Kernels
from ..rows import Rows
from ..sources.reader import Batch

DNS, NETBIOS, DHCP_SERVER, DHCP_CLIENT, DHCP6_CLIENT, DHCP6_SERVER, MDNS, LLMNR = 53, 137, 67, 68, 546, 547, 5353, 5355

MOST = 64 << 20
"""Most bytes kept; beyond that the oldest packets are evicted, since later ones are asked for more often."""
BLOCK, BATCHES = 1 << 20, 256
"""Bytes and batches of a block, which is evicted as a whole."""
LONGEST = 4_096
"""Most bytes of a message kept: the usual limit of a name server's datagram (RFC 6891 §6.2.5)."""

KEPT = np.dtype(
    [
        ("time", "i8"),  # nanoseconds since the epoch
        ("number", "i8"),  # of the frame
        ("target_high", "i8"),  # its target: the bits of an address, as in SEGMENT
        ("target_low", "i8"),
        ("offset", "i8"),  # of the message in the block's bytes
        ("length", "i4"),
        ("port", "i4"),  # one of those above: the protocol of the message
    ],
    align=True,
)

_PORTS = np.zeros(65_536, dtype=np.uint16)
"""For each port, the port above whose protocol its datagrams are kept as; 0: not kept."""
for _port in (DNS, MDNS, LLMNR, NETBIOS, DHCP_SERVER, DHCP6_CLIENT, DHCP6_SERVER):
    _PORTS[_port] = _port
_PORTS[DHCP_CLIENT] = DHCP_SERVER
_PORTS[DHCP6_CLIENT] = DHCP6_SERVER

DNS_HEADER = 12
DHCP_HEADER = 240
"""Bytes of a BOOTP message with its magic cookie."""


class Block(NamedTuple):
    """Messages in capture order, and the number of the first one among all."""

    first: int
    rows: Rows  # KEPT
    data: Rows  # uint8

    @property
    def size(self) -> int:
        """Bytes of memory that it takes."""
        return int(self.rows.nbytes + self.data.nbytes)

    def message(self, index: int) -> bytes:
        """Return the bytes of a message."""
        row = self.rows[index]
        start = int(row["offset"])
        return self.data[start : start + int(row["length"])].tobytes()


class NamePackets:
    """A watcher that copies messages that may contain names; they are parsed on demand."""

    datagrams = True

    def __init__(self, kernels: Kernels, most: int = MOST) -> None:
        self._kernels = kernels
        self._most, self._block = most, min(BLOCK, most // 16)
        self._size = self._unsealed = 0
        self._count = 0
        self._blocks: deque[Block] = deque()
        self._recent: list[tuple[Rows, Rows]] = []
        self.evicted = 0
        """Messages evicted to bound the memory, all older than the kept ones."""

    # --- while the capture is read

    def watch(self, batch: Batch, segments: Rows) -> tuple[Rows, Rows] | None:
        """Copy the messages of a batch: rows (KEPT) and bytes."""
        flags = segments["flags"]
        datagrams = np.flatnonzero(flags == SEGMENT_DATAGRAM)
        source, target = segments["source_port"], segments["target_port"]
        if len(datagrams):
            datagrams = datagrams[(_PORTS[source[datagrams]] | _PORTS[target[datagrams]]) != 0]
        # An answer over TCP, after its length field, if one segment holds all of it (RFC 1035 §4.2.2).
        over_tcp = np.flatnonzero((source == DNS) & (flags >= 0))
        over_tcp = over_tcp[segments["length"][over_tcp] > 2 + DNS_HEADER]
        if not len(datagrams) and not len(over_tcp):
            return None
        chosen = np.concatenate([datagrams, over_tcp])
        skipped = np.where(np.arange(len(chosen)) < len(datagrams), 0, 2)
        segments = segments[chosen]
        ports = _PORTS[segments["source_port"]]
        answers = ports != 0
        ports = np.where(answers, ports, _PORTS[segments["target_port"]])
        start = segments["payload"].astype(np.int64)
        frames = batch.frames[np.clip(segments["number"] - batch.frames["number"][0], 0, len(batch.frames) - 1)]
        length = np.minimum(start + segments["length"], frames["offset"] + frames["captured"]) - start - skipped
        there = (start >= 0) & (length >= DNS_HEADER) & (length <= LONGEST)
        start = start + skipped
        there[there] = _may_tell(batch.data, start[there], length[there], ports[there], answers[there])
        if not there.any():
            return None
        return self._copied(batch.data, segments[there], start[there], length[there], ports[there])

    def _copied(self, data: Rows, segments: Rows, start: Rows, length: Rows, ports: Rows) -> tuple[Rows, Rows]:
        order = np.argsort(segments["number"], kind="stable")
        rows = np.zeros(len(segments), dtype=KEPT)
        for field in ("time", "number", "target_high", "target_low"):
            rows[field] = segments[field]
        rows["length"], rows["port"] = length, ports
        rows, start, length = rows[order], start[order], length[order]
        rows["offset"] = np.cumsum(length) - length
        kept = np.empty(int(length.sum()), dtype=np.uint8)
        spans = np.stack([start, length], axis=1).reshape(-1)
        self._kernels.gather(data, spans, len(rows), kept)
        return rows, kept

    def tracked(self, segments: Rows, seen: tuple[Rows, Rows] | None) -> None:
        """Keep the copies, and evict the oldest beyond the bound."""
        if seen is None:
            return
        self._recent.append(seen)
        more = int(seen[0].nbytes + seen[1].nbytes)
        self._size += more
        self._unsealed += more
        if self._unsealed > self._block or len(self._recent) > BATCHES or self._size > self._most:
            self._seal()
        while self._size > self._most:
            gone = self._blocks.popleft()
            self._size -= gone.size
            self.evicted += len(gone.rows)

    # --- afterwards

    def blocks(self) -> list[Block]:
        """Return the kept messages in capture order."""
        self._seal()
        return list(self._blocks)

    def _seal(self) -> None:
        if not self._recent:
            return
        rows = np.concatenate([one[0] for one in self._recent])
        data = np.concatenate([one[1] for one in self._recent])
        sizes = [len(one[1]) for one in self._recent]
        rows["offset"] += np.repeat(np.cumsum([0, *sizes[:-1]]), [len(one[0]) for one in self._recent])
        self._blocks.append(Block(self._count, rows, data))
        self._count += len(rows)
        self._recent.clear()
        self._unsealed = 0


def _may_tell(data: Rows, start: Rows, length: Rows, ports: Rows, answers: Rows) -> Rows:
    """Tell for each message by its first bytes whether it may name an address.

    ``answers``: it was sent from the server's port.
    """
    flags = data[start + 2]
    answered = (flags & 0x80 != 0) & (data[start + 6] | data[start + 7] != 0)
    # NetBIOS: registration, refresh (two codes are in use), multi-homed registration (RFC 1002).
    opcode = flags >> 3 & 0x0F
    registered = (opcode == 5) | (opcode == 8) | (opcode == 9) | (opcode == 15)
    cookie = np.where(length >= DHCP_HEADER, start + 236, start)
    dhcp = length >= DHCP_HEADER
    for at, octet in enumerate(b"\x63\x82\x53\x63"):
        dhcp &= data[cookie + at] == octet
    # DHCPv6: request, renew, rebind, reply (RFC 8415 §7.3).
    kind = data[start]
    dhcp6 = (kind == 3) | (kind == 5) | (kind == 6) | (kind == 7)
    return np.select(
        [ports == NETBIOS, ports == DHCP_SERVER, ports == DHCP6_SERVER],
        [answered | registered, dhcp, dhcp6],
        answered & answers,
    )
