"""DNS answers: names and their addresses (RFC 1035, RFC 3596, RFC 9460; mDNS: RFC 6762)."""

from __future__ import annotations

from typing import NamedTuple

from ..addresses import Address, packed, parse_address
from ..kernels.source import be16
from .host_names import host_name

A, CNAME, PTR, AAAA, SVCB, HTTPS = 1, 5, 12, 28, 64, 65
IPV4_HINT, IPV6_HINT = 4, 6
"""Parameters of service records with addresses (RFC 9460 §7.3)."""

QUESTIONS, RECORDS = 4, 100
"""Most questions and records of a message; each parameter of a service record counts as a record."""
JUMPS = 20
"""Most compression pointers in a name."""
NAME = 254
"""Most bytes of a name with the lengths of its labels (RFC 1035 §2.3.4)."""


class Claim(NamedTuple):
    """A name in an answer: the address, the queried name, and the canonical name."""

    address: Address
    name: str
    canonical: str


class Record(NamedTuple):
    """A record of a type that is read."""

    owner: str
    kind: int
    target: str  # the name that a CNAME or PTR points to
    addresses: list[Address]


class Message(NamedTuple):
    """An answer: its questions, and its records of supported types."""

    asked: set[str]
    records: list[Record]


def claims(message: bytes, multicast: bool = False) -> list[Claim]:
    """Return the addresses and names in a DNS answer; with ``multicast``, also in additional records, as in mDNS.

    Names that are not valid host names (see ``host_names``) are left out.
    """
    found = []
    for record, head in _answers(message, multicast):
        # The owner of a service record may have labels before the host name: _8443._https.example.org.
        name, canonical = host_name(_without_service(head)), host_name(_without_service(record.owner))
        if name and canonical:
            found += [Claim(address, name, canonical) for address in record.addresses]
    return found


def reverse_claims(message: bytes) -> list[Claim]:
    """Return the addresses and names in a DNS answer to a reverse query (PTR)."""
    found = []
    for record, head in _answers(message, False):
        # The queried name may be an alias, if a network is delegated classless (RFC 2317).
        address = reversed_address(head) if record.kind == PTR else None
        name = host_name(record.target) if address else None
        if address and name:
            found.append(Claim(address, name, name))
    return found


def _answers(message: bytes, multicast: bool) -> list[tuple[Record, str]]:
    """Return the records of an answer, each with the name whose alias chain leads to its owner."""
    answer = read(message, multicast)
    if answer is None:
        return []
    asked = answer.asked
    aliases: dict[str, list[str]] = {}
    for record in answer.records:
        if record.kind == CNAME:
            aliases.setdefault(record.target, []).append(record.owner)
    heads = [(record, _asked_for(record.owner, aliases, asked)) for record in answer.records]
    # A resolver ignores records that do not answer the question (RFC 5452 §6).
    return [(record, head) for record, head in heads if multicast or not asked or head in asked]


def reversed_address(name: str) -> Address | None:
    """Return the address in a name such as 4.3.2.1.in-addr.arpa (RFC 1035 §3.5, RFC 3596 §2.5)."""
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
    """Return the name whose alias chain leads to an owner, preferably the queried name."""
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
    """Parse a message; return None if it is not an answer.

    Parsing stops at the first truncated record, and at ``RECORDS``. Records of other types, of other classes and
    with malformed names are skipped. ``additional``: the section of additional records counts, too.
    """
    # A response with the opcode QUERY; responses to other operations hold no such answers.
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
    """Return a record whose fixed fields are at an offset (None if unsupported), and its cost in records."""
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
    """Return a service record with the addresses hinted in its parameters, and its cost in records."""
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
    """Return the name at an offset in lower case, and its end; -1 if it is malformed (RFC 1035 §4.1.4).

    All labels lie within the message, at most ``NAME`` bytes; each pointer points backward, at most ``JUMPS``.
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
