"""Datagrams whose fragments are all in the capture (RFC 791 §3.2, RFC 8200 §4.5).

Payloads are not kept, only a bit for every unit of eight bytes received.
"""

from __future__ import annotations

from ..decode.fragments import REASSEMBLY_TIMEOUT
from ..kernels.source import inner, rare
from .hashing import finished, mixed
from .paths import tally
from .tables import BITS, DATAGRAMS, FIRST_FRAGMENT, LATER_FRAGMENT, REASSEMBLED, UNITS, Tables

PROBES = 8
"""Rows to look for a datagram in."""
CELLS = UNITS // BITS


@rare
def note_fragment(
    t: Tables,
    sent: int,
    got: int,
    identity: int,
    code: int,
    offset: int,
    length: int,
    more: bool,
    time: int,
    number: int,
) -> None:
    """Count a fragment, and its datagram once it is whole.

    ``sent``, ``got``: its paths, -1 for none; ``code``: its protocol and, in the first fragment, ICMP type;
    ``offset``, ``length``: bytes.
    """
    variant = FIRST_FRAGMENT if offset == 0 else LATER_FRAGMENT
    tally(t, sent, variant | code, number)
    tally(t, got, variant | code, number)
    start = offset >> 3
    end = start + ((length + 7) >> 3)
    if length <= 0 or (more and length & 7 != 0) or end > UNITS:
        return
    row = collecting(t, sent if sent >= 0 else got, identity, time)
    one = t.datagrams[row]
    if offset == 0:
        one["code"] = code
    fresh = 0
    for cell in range(start // BITS, (end - 1) // BITS + 1):
        low = max(start - cell * BITS, 0)
        high = min(end - cell * BITS, BITS)
        bits = (1 << high) - (1 << low)
        had = t.units[row * CELLS + cell]
        fresh += ones(bits & ~had)
        t.units[row * CELLS + cell] = had | bits
    one["have"] += fresh
    if not more:
        one["total"] = end
    if one["have"] == one["total"] and one["code"] >= 0:
        tally(t, sent, REASSEMBLED | one["code"], number)
        tally(t, got, REASSEMBLED | one["code"], number)
        one["open"] = 0


@inner
def ones(bits: int) -> int:
    """Return the number of set bits among 32."""
    bits -= bits >> 1 & 0x55555555
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333)
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F
    return (bits * 0x01010101 >> 24) & 0xFF


@rare
def collecting(t: Tables, path: int, identity: int, time: int) -> int:
    """Return the row of a datagram; a new one takes a free row, or the row of the oldest."""
    m = t.memory
    start = finished(mixed(path, m, 0) + mixed(identity, m, 1) + mixed(identity >> 32, m, 2), m)
    chosen = -1
    for probe in range(PROBES):
        row = (start + probe) & (DATAGRAMS - 1)
        one = t.datagrams[row]
        if one["open"] != 0 and one["path"] == path and one["identity"] == identity:
            if 0 <= time - one["since"] <= REASSEMBLY_TIMEOUT:
                return row
            chosen = row
            break
        if chosen < 0:
            chosen = row
            continue
        best = t.datagrams[chosen]
        if best["open"] != 0 and (one["open"] == 0 or one["since"] < best["since"]):
            chosen = row
    one = t.datagrams[chosen]
    one["path"] = path
    one["identity"] = identity
    one["since"] = time
    one["open"] = 1
    one["code"] = one["total"] = -1
    one["have"] = 0
    for cell in range(chosen * CELLS, (chosen + 1) * CELLS):
        t.units[cell] = 0
    return chosen
