"""DNS answers: which name stands for which address (RFC 1035, RFC 3596, RFC 9460; mDNS: RFC 6762)."""

from __future__ import annotations

from typing import NamedTuple

from ..addresses import Address, packed, parse_address
from ..kernels.source import be16
from .host_names import host_name

A, CNAME, PTR, AAAA, SVCB, HTTPS = 1, 5, 12, 28, 64, 65
IPV4_HINT, IPV6_HINT = 4, 6
"""Parameters of service records that hold addresses (RFC 9460 §7.3)."""

QUESTIONS, RECORDS = 4, 100
"""Limits of one message; each parameter of a service record counts as one record more."""
JUMPS = 20
"""Limit of compression pointers in one name."""
NAME = 254
"""Bytes of a name with the lengths of its labels (RFC 1035 §2.3.4)."""


class Claim(NamedTuple):
    """One statement of a message: an address, the name that was asked for, and the canonical name."""

    address: Address
    name: str
    canonical: str


class Record(NamedTuple):
    """A record of a type that is read."""

    owner: str
    kind: int
    target: str  # the name that CNAME and PTR point to
    addresses: list[Address]


class Message(NamedTuple):
    """The questions of an answer, and those of its records that are read."""

    asked: set[str]
    records: list[Record]


def claims(message: bytes, multicast: bool = False) -> list[Claim]:
    """Return which names a DNS answer gives to addresses; with ``multicast``, additional records count, as in mDNS.

    Names that are no host names (see ``host_names``) are left out.
    """
    found = []
    for record, head in _answers(message, multicast):
        # The owner of a service record may have labels before the host's name: _8443._https.example.org.
        name, canonical = host_name(_without_service(head)), host_name(_without_service(record.owner))
        if name and canonical:
            found += [Claim(address, name, canonical) for address in record.addresses]
    return found


def reverse_claims(message: bytes) -> list[Claim]:
    """Return which names a DNS answer to a reverse query (PTR) gives to addresses."""
    found = []
    for record, head in _answers(message, False):
        # The name asked for may be an alias, where a network is shared (RFC 2317).
        address = reversed_address(head) if record.kind == PTR else None
        name = host_name(record.target) if address else None
        if address and name:
            found.append(Claim(address, name, name))
    return found


def _answers(message: bytes, multicast: bool) -> list[tuple[Record, str]]:
    """Return the records of an answer, each with the name at the head of the aliases that lead to its owner."""
    answer = read(message, multicast)
    if answer is None:
        return []
    asked = answer.asked
    aliases: dict[str, list[str]] = {}
    for record in answer.records:
        if record.kind == CNAME:
            aliases.setdefault(record.target, []).append(record.owner)
    heads = [(record, _asked_for(record.owner, aliases, asked)) for record in answer.records]
    # A resolver ignores records that answer no question (RFC 5452 §6).
    return [(record, head) for record, head in heads if multicast or not asked or head in asked]


def reversed_address(name: str) -> Address | None:
    """Return the address that a name such as 4.3.2.1.in-addr.arpa is about (RFC 1035 §3.5, RFC 3596 §2.5)."""
    labels = name.split(".")
    try:
        if labels[4:] == ["in-addr", "arpa"]:
            return parse_address(".".join(reversed(labels[:4])))
        if labels[32:] == ["ip6", "arpa"] and all(len(one) == 1 and one.isalnum() for one in labels[:32]):
            return packed(bytes.fromhex("".join(reversed(labels[:32]))))
    except ValueError:
        pass
    return None


def _without_service(name: str) -> str:
    while name.startswith("_") and "." in name:
        name = name.partition(".")[2]
    return name


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


# --- the message ---------------------------------------------------------------------------------------------------


def read(message: bytes, additional: bool) -> Message | None:
    """Return an answer, or None where the message is none.

    Reading stops at the first record that is cut off, and at ``RECORDS``. Records of other types, of other classes and
    with unsound names are skipped. ``additional``: the section of additional records counts, too.
    """
    # A response with the operation "query": answers to other operations hold no answers in this sense.
    if len(message) < 12 or message[2] & 0xF8 != 0x80:
        return None
    questions, answers, authorities, more = (be16(message, at) for at in (4, 6, 8, 10))
    if questions > QUESTIONS:
        return None
    at = 12
    asked = set()
    for _ in range(questions):
        name, at = read_name(message, at)
        at += 4
        if at < 12 + 4 or at > len(message):
            return None
        asked.add(name)
    records = []
    cost = 0
    for number in range(min(answers + authorities + more if additional else answers, RECORDS)):
        owner, start = read_name(message, at)
        if start < 0 or start + 10 > len(message):
            break
        at = start + 10 + be16(message, start + 8)
        if at > len(message):
            break
        record, weight = _record(message, owner, start, at)
        cost += weight
        if cost > RECORDS:
            break
        if record is not None and not answers <= number < answers + authorities:
            records.append(record)
    return Message(asked, records)


def _record(message: bytes, owner: str, start: int, end: int) -> tuple[Record | None, int]:
    """Return a record whose fixed fields are at an offset, None where it tells nothing, and what it costs."""
    kind, data = be16(message, start), start + 10
    if be16(message, start + 2) & 0x7FFF != 1:
        return None, 1
    if end - data == {A: 4, AAAA: 16}.get(kind):
        return Record(owner, kind, "", [packed(message[data:end])]), 1
    if kind in (CNAME, PTR):
        target, behind = read_name(message, data)
        return (Record(owner, kind, target, []) if behind == end else None), 1
    if kind in (SVCB, HTTPS):
        return _service(message, owner, kind, data, end)
    return None, 1


def _service(message: bytes, owner: str, kind: int, at: int, end: int) -> tuple[Record | None, int]:
    """Return a service record with the addresses that its parameters give as hints, and what it costs."""
    at = read_name(message, at + 2, compressed=False)[1]
    addresses = []
    cost = 1
    while 0 <= at <= end - 4:
        key, value, at = be16(message, at), at + 4, at + 4 + be16(message, at + 2)
        cost += 1
        size = {IPV4_HINT: 4, IPV6_HINT: 16}.get(key)
        if size and at <= end and (at - value) % size == 0:
            addresses += [packed(message[one : one + size]) for one in range(value, at, size)]
    return (Record(owner, kind, "", addresses), cost) if at == end else (None, 1)


def read_name(message: bytes, at: int, compressed: bool = True) -> tuple[str, int]:
    """Return the name at an offset in small letters, and where it ends: -1 where it is not sound (RFC 1035 §4.1.4).

    All labels lie within the message, ``NAME`` bytes at most; each pointer leads backward, ``JUMPS`` at most.
    """
    labels: list[bytes] = []
    end = -1
    length = jumps = 0
    while 0 <= at < len(message):
        octet = message[at]
        if octet == 0:
            return b".".join(labels).decode("latin-1").lower(), at + 1 if end < 0 else end
        if octet >= 0xC0 and compressed and at + 1 < len(message):
            end = at + 2 if end < 0 else end
            target = be16(message, at) & 0x3FFF
            jumps += 1
            if target >= at or jumps >= JUMPS:
                break
            at = target
        elif octet < 0x40:
            labels.append(message[at + 1 : at + 1 + octet])
            at += 1 + octet
            length += 1 + octet
            if length > NAME:
                break
        else:
            break
    return "", -1
