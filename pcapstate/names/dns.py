"""What a DNS answer says: which name stands for which address (RFC 1035, RFC 3596, RFC 9460; mDNS: RFC 6762)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..addresses import Address, packed, written
from ..kernels.source import be16
from .dissecting import dissected
from .host_names import host_name

A, CNAME, PTR, AAAA, SVCB, HTTPS = 1, 5, 12, 28, 64, 65
UNREAD = 0xFF00
"""A type for private use (RFC 6895 §3.1): a record that is given to Scapy as of this type is left as bytes."""

QUESTIONS, RECORDS = 4, 100
"""Of a message no more than so many are read; each parameter of a service record counts as a record more."""
JUMPS = 20
"""Compression pointers in one name, as many as Scapy follows."""
NAME = 254
"""Bytes of a name with the lengths of its labels (RFC 1035 §2.3.4)."""


class Claim(NamedTuple):
    """What a message says: an address, its name as it was asked for, and the name behind the aliases of that."""

    address: Address
    name: str
    canonical: str


def claims(message: bytes, multicast: bool = False) -> list[Claim]:
    """Return which names a DNS answer gives to addresses; ``multicast``: in its additional records too, as mDNS has it.

    A name that is no host's (see ``host_names``) is left out.
    """
    given = bounded(message, multicast)
    return dissected("dns", "DNS", given, lambda packet: _claims(packet, multicast), list) if given else []


def reverse_claims(message: bytes) -> list[Claim]:
    """Return which names a DNS answer to a reverse query (PTR) gives to addresses."""
    given = bounded(message, False)
    return dissected("dns", "DNS", given, _reverse_claims, list) if given else []


def _claims(packet: Any, multicast: bool) -> list[Claim]:
    found = []
    for record, head in _answers(packet, multicast):
        # A service's record may belong to a label before the host's name, as in _8443._https.example.org.
        names = [host_name(_without_service(one)) for one in (head, _text(record.rrname))]
        if names[0] and names[1]:
            found += [Claim(address, names[0], names[1]) for address in _addresses(record)]
    return found


def _reverse_claims(packet: Any) -> list[Claim]:
    found = []
    for record, head in _answers(packet, False):
        # The name asked for may be an alias, where a network is shared (RFC 2317).
        address = reversed_address(head) if record.type == PTR else None
        name = host_name(record.rdata) if address else None
        if address and name:
            found.append(Claim(address, name, name))
    return found


def _answers(packet: Any, multicast: bool) -> Iterator[tuple[Any, str]]:
    """Yield the records of an answer, each with the name at the head of the aliases that lead to its owner."""
    records = [one for section in ("an", "ar") for one in _records(packet, section)]
    aliases: dict[str, list[str]] = {}
    for record in records:
        if record.type == CNAME:
            aliases.setdefault(_text(record.rdata), []).append(_text(record.rrname))
    asked = {_text(one.qname) for one in _records(packet, "qd")}
    for record in records:
        head = _asked_for(_text(record.rrname), aliases, asked)
        # What nobody asked for no resolver would believe (RFC 5452 §6).
        if multicast or not asked or head in asked:
            yield record, head


def reversed_address(name: str) -> Address | None:
    """Return the address that a name such as 4.3.2.1.in-addr.arpa is about (RFC 1035 §3.5, RFC 3596 §2.5)."""
    labels = name.split(".")
    try:
        if labels[4:] == ["in-addr", "arpa"]:
            return written(".".join(reversed(labels[:4])))
        if labels[32:] == ["ip6", "arpa"] and all(len(one) == 1 and one.isalnum() for one in labels[:32]):
            return packed(bytes.fromhex("".join(reversed(labels[:32]))))
    except ValueError:
        pass
    return None


def _records(packet: Any, section: str) -> Iterator[Any]:
    held = getattr(packet, section, None)
    if isinstance(held, list):
        yield from held
        return
    # Before version 2.6 Scapy has them one as the payload of the other.
    while held:
        yield held
        held = held.payload


def _text(name: Any) -> str:
    raw = name if isinstance(name, bytes) else str(name).encode("latin-1", "replace")
    return raw.decode("latin-1").removesuffix(".").lower()


def _without_service(name: str) -> str:
    while name.startswith("_") and "." in name:
        name = name.partition(".")[2]
    return name


def _addresses(record: Any) -> list[Address]:
    texts = []
    if record.type in (A, AAAA):
        texts = [record.rdata]
    elif record.type in (SVCB, HTTPS):
        # Hints: ipv4hint is parameter 4, ipv6hint is 6 (RFC 9460 §7.3).
        texts = [text for one in getattr(record, "svc_params", ()) if one.key in (4, 6) for text in one.value]
    found = []
    for text in texts:
        try:
            found.append(written(str(text)))
        except ValueError:
            continue
    return found


def _asked_for(owner: str, aliases: dict[str, list[str]], asked: set[str]) -> str:
    """Return the name at the head of the aliases that lead to an owner: that of the question, where one leads there."""
    name, seen = owner, {owner}
    while name not in asked:
        before = [one for one in aliases.get(name, ()) if one not in seen]
        if not before:
            break
        name = next((one for one in before if one in asked), before[0])
        seen.add(name)
    return name


# --- what may be given to Scapy -----------------------------------------------------------------------------------


def bounded(message: bytes, additional: bool) -> bytes | None:
    """Return a message such that dissecting it costs little, or None where it tells nothing.

    Only whole records with sound names are left in it, ``RECORDS`` at most, and none behind the last that tells
    something; the data of records of other types is left unread. ``additional``: the sections behind the answers count.
    """
    # The operation must be a query: answers to others have no answers in this sense.
    if len(message) < 12 or message[2] & 0xF8 != 0x80:
        return None
    counts = [be16(message, at) for at in (4, 6, 8, 10)]
    out = bytearray(message)
    at = 12
    if counts[0] > QUESTIONS:
        return None
    for _ in range(counts[0]):
        at = behind_name(message, at) + 4
        if at < 12 + 4 or at > len(message):
            return None
    total = sum(counts[1:]) if additional else counts[1]
    last = cost = 0
    for number in range(1, min(total, RECORDS) + 1):
        at, size = _record(message, at, out)
        cost += abs(size)
        if at < 0 or cost > RECORDS:
            break
        if size > 0:
            last = number
    if not last:
        return None
    for index, count in enumerate(counts[1:]):
        out[6 + 2 * index : 8 + 2 * index] = min(count, last).to_bytes(2, "big")
        last -= min(count, last)
    return bytes(out)


def _record(message: bytes, at: int, out: bytearray) -> tuple[int, int]:
    """Return where a record ends (-1 where it is not whole) and what it counts, negative where it tells nothing."""
    start = behind_name(message, at)
    if start < 0 or start + 10 > len(message):
        return -1, -1
    data = start + 10
    end = data + be16(message, start + 8)
    if end > len(message):
        return -1, -1
    kind = be16(message, start)
    size = 0
    if be16(message, start + 2) & 0x7FFF != 1:
        pass
    elif kind == A:
        size = end - data == 4
    elif kind == AAAA:
        size = end - data == 16
    elif kind in (CNAME, PTR):
        size = behind_name(message, data) == end
    elif kind in (SVCB, HTTPS):
        size = _parameters(message, data, end)
    if not size:
        out[start : start + 2] = UNREAD.to_bytes(2, "big")
    return end, int(size) or -1


def _parameters(message: bytes, at: int, end: int) -> int:
    """Return 1 and the number of a service record's parameters, or 0 where it is not sound."""
    at = behind_name(message, at + 2, compressed=False)
    count = 1
    while at >= 0 and at + 4 <= end:
        at += 4 + be16(message, at + 2)
        count += 1
    return count if at == end else 0


def behind_name(message: bytes, at: int, compressed: bool = True) -> int:
    """Return where the name at an offset ends, or -1 where it is not a sound one (RFC 1035 §4.1.4).

    Its labels are in the message, ``NAME`` bytes at most, and each pointer leads backward, ``JUMPS`` at most.
    """
    end = -1
    length = jumps = 0
    while 0 <= at < len(message):
        octet = message[at]
        if octet == 0:
            return at + 1 if end < 0 else end
        if octet >= 0xC0 and compressed and at + 1 < len(message):
            end = at + 2 if end < 0 else end
            target = be16(message, at) & 0x3FFF
            jumps += 1
            if target >= at or jumps >= JUMPS:
                return -1
            at = target
        elif octet < 0x40:
            at += 1 + octet
            length += 1 + octet
            if length > NAME:
                return -1
        else:
            return -1
    return -1
