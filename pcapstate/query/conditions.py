"""A field, an operator and values become a condition."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..escaping import quoted
from ..messages import Message
from .errors import Unfit, did_you_mean
from .expression import Condition
from .fields import LIKE, OPERATORS, Field, Kind, as_text, as_word
from .matching import Flags, Matcher, Networks, Texts, Words, ranges, words_like
from .tokens import as_written
from .values import known_words, numbers, value

RANGES = (Kind.NUMBER, Kind.DURATION, Kind.TIME, Kind.PORT)
"""Kinds whose values can be in a range."""


class Item(NamedTuple):
    """One value (of kinds in RANGES: ranges, with both ends), and how a filter spells it."""

    value: Any
    written: str
    is_one: bool
    """It is one value, that others can be less than."""


def item(name: str, field: Field, text: str) -> Item:
    """Return what one value in text means for a field of this name; raises Unfit."""
    low, dash, high = text.partition("-")
    if field.kind is Kind.PORT and dash and low.isdecimal() and high.isdecimal():
        return between(name, field, low, high)
    if field.kind in RANGES:
        found = numbers(field, text)
        return Item(tuple((one, one) for one in found), as_written(text), len(found) == 1)
    return Item(value(name, field, text), as_written(text), True)


def between(name: str, field: Field, low: str, high: str) -> Item:
    """Return the range between two values in text, both included; raises Unfit."""
    if field.kind not in RANGES:
        raise Unfit(
            Message("{name} does not take ranges", name=name),
            Message("they are for numbers, durations, times or ports"),
        )
    first, last = numbers(field, low)[0], numbers(field, high)[-1]
    if first > last:
        raise Unfit(Message("the range begins after its end, {high},", high=quoted(high)))
    return Item(((first, last),), f"{as_written(low)}..{as_written(high)}", False)


def check_operator(name: str, field: Field, operator: str) -> None:
    """Raise Unfit where an operator does not fit a field."""
    if operator not in OPERATORS[field.kind]:
        others = [one for one in OPERATORS[field.kind] if not one.startswith("not ")]
        raise Unfit(
            Message("{operator} does not fit {name}", operator=quoted(operator), name=name),
            Message("it has {others}", others=" ".join(others)),
        )


def flag(name: str, field: Field) -> Condition:
    """Return the condition that a flag is set."""
    return Condition(field, Flags(True), False, name)


def likeness(name: str, field: Field, operator: str, text: str) -> Condition:
    """Return the condition that a text is like a pattern (~), or contains a part; raises Unfit."""
    how = "contains" if operator.endswith("contains") else "~"
    folded = as_text(field, text) if field.kind is Kind.TEXT else as_word(text)
    if not folded:
        raise Unfit(Message("the text is empty"))
    test: Matcher
    if field.kind is Kind.TEXT:
        test = Texts(frozenset([folded]), how, field.exact)
    else:
        wanted = words_like(field, text, how)
        if not wanted:
            like, contains = "no {name} is like {text}", "no {name} contains {text}"
            raise Unfit(
                Message(like if how == "~" else contains, name=name, text=quoted(text)),
                did_you_mean(text, known_words(field)),
            )
        test = _words(field, wanted)
    return Condition(field, test, operator in ("!~", "not contains"), f"{name} {operator} {as_written(text)}")


def comparison(name: str, field: Field, operator: str, items: list[Item]) -> Condition:
    """Return the condition that a field has one of some values, or is in a relation (such as <) to the only one."""
    spelled = [one.written for one in items]
    if operator in ("in", "not in") or len(items) > 1:
        negated = operator in ("not in", "!=")
        written = f"{name} {'not in' if negated else 'in'} {{{', '.join(spelled)}}}"
    else:
        negated = operator == "!="
        written = f"{name} {operator} {spelled[0]}"
    return Condition(field, _test(field, operator, items), negated, written)


def _test(field: Field, operator: str, items: list[Item]) -> Matcher:
    values = [one.value for one in items]
    if field.kind is Kind.TEXT:
        return Texts(frozenset(values), "=", field.exact)
    if field.kind is Kind.ADDRESS:
        return Networks(tuple(dict.fromkeys(values)))
    if field.kind is Kind.FLAG:
        return Flags(values[0])
    if field.kind in (Kind.STATE, Kind.WORD):
        return _words(field, frozenset().union(*values))
    return ranges(field, operator, [pair for one in values for pair in one])


def _words(field: Field, wanted: frozenset[int]) -> Words:
    return Words(wanted, frozenset(index for index, word in enumerate(field.words) if word is not None))


def is_likeness(operator: str) -> bool:
    """Tell whether an operator takes a pattern, or a part of a text."""
    return operator in LIKE
