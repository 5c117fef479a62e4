"""Values in text, as a field's kind wants them: numbers with units, ports, states, addresses."""

from __future__ import annotations

import re
from fractions import Fraction

from ..addresses import Network, parse_network
from ..errors import PcapstateError
from ..escaping import quoted, safe
from ..messages import Message
from ..moments import DURATIONS
from ..names.services import TCP, UDP
from .errors import Unfit, did_you_mean
from .fields import Field, Kind, as_text, as_word

PREFIXES = "kmgt"
SIZES = {
    "b": 1,
    **{one + end: 1000 ** (power + 1) for power, one in enumerate(PREFIXES) for end in ("", "b")},
    **{one + end: 1024 ** (power + 1) for power, one in enumerate(PREFIXES) for end in ("i", "ib")},
}
"""Units (their case does not count) in ns and in one."""
UNITS = {Kind.DURATION: DURATIONS, Kind.NUMBER: SIZES}
SHOWN_UNITS = {Kind.DURATION: "ns us ms s m h d", Kind.NUMBER: "k M G T or Ki Mi Gi Ti"}

NO_VALUE = {Kind.NUMBER: "{text} is not a number", Kind.DURATION: "{text} is not a duration"}
NO_UNIT = {
    Kind.NUMBER: "{unit} is not a unit of a number",
    Kind.DURATION: "{unit} is not a unit of a duration",
}

EXAMPLES = {
    Kind.NUMBER: "a number such as 1500, 4k or 16MiB",
    Kind.DURATION: "a duration such as 60s, 1.5ms or 2h",
    Kind.TIME: "a time",
    Kind.PORT: "a port such as 443 or https",
    Kind.STATE: "a state such as CLOSE_WAIT",
    Kind.WORD: "a word",
    Kind.TEXT: "a text",
    Kind.ADDRESS: "an address or a network",
    Kind.FLAG: "true or false",
}


def _services() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        "dns": (53,),
        "smb": (445,),
        "rdp": (3389,),
        "postgres": (5432,),
        "vnc": (5900,),
    }
    for number, name in sorted({*TCP.items(), *UDP.items()}):
        found[name.casefold()] = (*found.get(name.casefold(), ()), number)
    return found


SERVICES = _services()
"""Ports by name: all that are shown by that name, and what people also say."""

STATES = {
    "listening": "LISTEN",
    "synrecv": "SYN_RECEIVED",
    "synrcvd": "SYN_RECEIVED",
    "estab": "ESTABLISHED",
    "close": "CLOSED",
    "unconn": "CLOSED",
}
"""How Windows, Linux, BSD and ss spell states, where that is not how RFC 9293 does (see ``as_word``)."""

FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

LARGEST = 2**63 - 1
DIGITS = 40
LONGEST_REASON = 200
"""Characters of what ``Field.read`` complains about."""
_NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
PLAIN_NUMBER = re.compile(rf"[+-]?{_NUMBER}")
_PART = re.compile(rf"({_NUMBER})([^\W\d]+)")
_PARTS = re.compile(rf"[+-]?(?:{_NUMBER}[^\W\d]+)+")

Numbers = tuple[Fraction, ...]
"""Numbers, in ns for what is a time; of a port's name all that have it."""
Value = frozenset[int] | Network | bool | str
"""Another value as it is compared: words' indices, a network, a flag, a text."""


def value(name: str, field: Field, text: str) -> Value:
    """Return what a text means for the field of this name, one that has no order; raises Unfit."""
    if field.kind in (Kind.STATE, Kind.WORD):
        return _words(name, field, text)
    if field.kind is Kind.ADDRESS:
        return network(text)
    if field.kind is Kind.FLAG:
        if text.casefold() not in FLAGS:
            raise Unfit(Message("{name} is true or false, not {text},", name=name, text=quoted(text)))
        return FLAGS[text.casefold()]
    return as_text(field, text)


def numbers(field: Field, text: str) -> Numbers:
    """Return the number that a text means, or numbers, for a field that has an order; raises Unfit."""
    if field.kind is Kind.PORT:
        return _ports(text)
    number = _time(field, text) if field.kind is Kind.TIME else _number(field, text)
    if abs(number) > LARGEST:
        raise Unfit(Message("{text} is too large", text=quoted(text)))
    return (number,)


def network(text: str) -> Network:
    """Return the network or address that a text means; the address may be in brackets; raises Unfit."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return parse_network(bare)
    except ValueError:
        pass
    reason = Message("{text} is neither an IP address nor a network", text=quoted(text))
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (host.count(":") == 0 or host.endswith("]")):
        raise Unfit(reason, Message("the port is a separate field"))
    raise Unfit(reason, Message("such as 192.168.0.1, 10.0.0.0/8 or 2001:db8::/32"))


def is_unit(field: Field, text: str) -> bool:
    """Tell whether a word behind a number is a unit of the field."""
    return text.casefold() in UNITS.get(field.kind, ())


def _number(field: Field, text: str) -> Fraction:
    units, one = UNITS[field.kind], 1 if field.kind is Kind.NUMBER else DURATIONS["s"]
    if len(text) > DIGITS:
        raise Unfit(Message("{text} is too long for a number", text=quoted(text)))
    if PLAIN_NUMBER.fullmatch(text):
        return Fraction(text) * one
    parts = _PART.findall(text) if _PARTS.fullmatch(text) else []
    if not parts or (len(parts) > 1 and field.kind is Kind.NUMBER):
        raise Unfit(
            Message(NO_VALUE[field.kind], text=quoted(text)),
            Message(EXAMPLES[field.kind]),
        )
    total = Fraction(0)
    for number, unit in parts:
        if unit.casefold() not in units:
            raise Unfit(
                Message(NO_UNIT[field.kind], unit=quoted(unit)),
                Message("units: {units}", units=SHOWN_UNITS[field.kind]),
            )
        total += Fraction(number) * units[unit.casefold()]
    return -total if text.startswith("-") else total


def _ports(text: str) -> Numbers:
    if text.isascii() and text.isdigit():
        number = int(text.lstrip("0")[:DIGITS] or "0")
        if number > 65535:
            raise Unfit(Message("{text} is not a port", text=quoted(text)), Message("ports go from 0 to 65535"))
        return (Fraction(number),)
    found = SERVICES.get(text.casefold())
    if found is None:
        hint = did_you_mean(text, SERVICES, Message("a number from 0 to 65535, or a name such as https"))
        raise Unfit(Message("no port is called {text}", text=quoted(text)), hint)
    return tuple(Fraction(number) for number in found)


def _time(field: Field, text: str) -> Fraction:
    assert field.read is not None  # Field sees to it
    try:
        return Fraction(field.read(text))
    except (ValueError, OverflowError, PcapstateError) as error:
        told = str(error)
        raise Unfit(told if isinstance(told, Message) else safe(" ".join(told.split()))[:LONGEST_REASON]) from None


def _words(name: str, field: Field, text: str) -> frozenset[int]:
    """Return the indices of the words that a text means, in whatever spelling."""
    wanted = as_word(text)
    if field.kind is Kind.STATE:
        wanted = as_word(STATES.get(wanted, wanted))
    found = frozenset(index for index, word in enumerate(field.words) if word is not None and as_word(word) == wanted)
    if not found:
        what = Message("state") if field.kind is Kind.STATE else name
        raise Unfit(
            Message("no {what} is called {text}", what=what, text=quoted(text)), did_you_mean(text, known_words(field))
        )
    return found


def known_words(field: Field) -> list[str]:
    """Return the words of a field that has a fixed list of them."""
    return [word for word in field.words if word is not None]
