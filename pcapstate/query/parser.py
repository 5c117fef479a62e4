"""The grammar of filters.

filter    = both { "or" both }
both      = single { "and" single }
single    = "not" single | "(" filter ")" | condition
condition = FLAG
          | FIELD ("=" | "!=" | ["not"] "in") (item | list)
          | FIELD ("<" | "<=" | ">" | ">=") value
          | FIELD ("~" | "!~" | ["not"] "contains") value
list      = "{" item { "," item } "}" | "(" item { "," item } ")"
item      = value [ ".." value ]
value     = WORD | STRING | NUMBER UNIT
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..escaping import quoted
from ..messages import Message
from .conditions import Item, between, check_operator, comparison, flag, is_likeness, item, likeness
from .errors import QueryError, Unfit, all_known, did_you_mean
from .expression import Expression, Not, both, either
from .fields import Field, Kind, as_name
from .tokens import END, STRING, SYMBOL, WORD, Token, tokens
from .values import EXAMPLES, PLAIN_NUMBER, SHOWN_UNITS, is_unit

LONGEST = 10_000
"""Characters that a filter can have."""
DEEPEST = 50
"""Parentheses and "not"s within each other."""

COMPARING = ("=", "!=", "<", "<=", ">", ">=", "~", "!~", "in", "contains")


def parse(text: str, fields: Mapping[str, Field], source: str = "--filter") -> Expression:
    """Return what a text means over these fields; ``source`` is named in errors; raises QueryError."""
    if len(text) > LONGEST:
        raise QueryError(
            source, text, LONGEST, 1, Message("the filter is longer than {most:,} characters", most=LONGEST)
        )
    return _Parser(text, fields, source).whole()


class _Parser:
    def __init__(self, text: str, fields: Mapping[str, Field], source: str) -> None:
        self._text, self._source = text, source
        self._fields = {as_name(name): (name, field) for name, field in fields.items()}
        self._tokens = tokens(text, source)
        self._at = 0
        self._unit = ""
        """What else could follow: the units of the number that was just read without one."""

    def whole(self) -> Expression:
        found = self._either(0)
        if self._next.kind != END:
            raise self._expected(Message('{unit}"and" or "or"', unit=self._unit))
        return found

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _either(self, depth: int) -> Expression:
        parts = [self._both(depth)]
        while self._next.is_("or"):
            self._take()
            parts.append(self._both(depth))
        return either(*parts)

    def _both(self, depth: int) -> Expression:
        found: Expression | None = self._single(depth)
        parts = [found]
        while self._next.is_("and"):
            self._take()
            parts.append(self._single(depth))
        found = both(*parts)
        assert found is not None
        return found

    def _single(self, depth: int) -> Expression:
        self._unit = ""
        token = self._next
        if not token.is_("not", "("):
            return self._condition()
        if depth == DEEPEST:
            raise self._error(token, Message("more than {most} parentheses and nots within each other", most=DEEPEST))
        self._take()
        if token.is_("not"):
            return Not(self._single(depth + 1))
        found = self._either(depth + 1)
        if not self._next.is_(")"):
            raise self._expected(Message('{unit}"and", "or" or ")"', unit=self._unit))
        self._take()
        self._unit = ""
        return found

    def _condition(self) -> Expression:
        token = self._next
        if token.kind != WORD:
            example = "port" if "port" in self._fields else next(iter(self._fields), "")
            raise self._expected(Message('a field (such as {example}), "not" or "("', example=example))
        if as_name(token.text) not in self._fields:
            names = [name for name, _ in self._fields.values()]
            hint = did_you_mean(as_name(token.text), names, all_known(names))
            raise self._error(
                token,
                Message("there is no field {text}", text=quoted(token.text)),
                Message(" ({hint})", hint=hint) if hint else "",
            )
        self._take()
        name, field = self._fields[as_name(token.text)]
        symbol, negated = self._next, False
        if symbol.is_("not") and self._tokens[self._at + 1].is_("in", "contains", "~"):
            self._take()
            negated = True
        if not self._next.is_(*COMPARING):
            if field.kind is Kind.FLAG:
                return flag(name, field)
            raise self._expected(Message("an operator (such as =) behind {name}", name=name))
        operator = self._take().text
        if negated:
            operator = "!~" if operator == "~" else f"not {operator}"
        with self._blaming(symbol):
            check_operator(name, field, operator)
        if is_likeness(operator):
            value = self._value(field)
            with self._blaming(value):
                return likeness(name, field, operator, value.text)
        return comparison(name, field, operator, self._items(name, field, operator))

    def _items(self, name: str, field: Field, operator: str) -> list[Item]:
        if operator not in ("=", "!=", "in", "not in") or not self._next.is_("{", "("):
            return [self._item(name, field, operator)]
        opening = self._take()
        close = "}" if opening.text == "{" else ")"
        if field.kind is Kind.FLAG:
            raise self._error(opening, Message("{name} takes no list", name=name))
        items = [self._item(name, field, "in")]
        while self._next.is_(","):
            self._take()
            items.append(self._item(name, field, "in"))
        if not self._next.is_(close):
            raise self._expected(Message('{unit}"," or "{close}"', unit=self._unit, close=close))
        self._take()
        self._unit = ""
        return items

    def _item(self, name: str, field: Field, operator: str) -> Item:
        first = last = self._value(field)
        is_range = self._next.is_("..")
        if is_range:
            self._take()
            last = self._value(field)
        try:
            found = between(name, field, first.text, last.text) if is_range else item(name, field, first.text)
        except Unfit as unfit:
            raise self._error(self._culprit(name, field, first, last), unfit.reason, unfit.hint) from None
        if not found.is_one and operator not in ("=", "!=", "in", "not in"):
            raise self._error(
                _span(first, last),
                Message("{operator} takes one value, and this is several", operator=quoted(operator)),
            )
        return found

    def _culprit(self, name: str, field: Field, first: Token, last: Token) -> Token:
        """Return which part of a range does not fit, or all of it."""
        for token in (first, last):
            try:
                item(name, field, token.text)
            except Unfit:
                return token
        return _span(first, last)

    def _value(self, field: Field) -> Token:
        """Return the token of a value, with its unit where that stands apart."""
        token = self._next
        if token.kind not in (WORD, STRING):
            hint = Message(" (in quotes it is a text)") if token.kind == SYMBOL and self._shown(token).isalpha() else ""
            raise self._expected(Message(EXAMPLES[field.kind]), hint)
        self._take()
        self._unit = ""
        if token.kind == WORD and field.kind in SHOWN_UNITS and PLAIN_NUMBER.fullmatch(token.text):
            unit = self._next
            if unit.kind == WORD and is_unit(field, unit.text):
                self._take()
                length = unit.position + unit.length - token.position
                return token._replace(text=token.text + unit.text, length=length)
            self._unit = Message("a unit ({units}), ", units=SHOWN_UNITS[field.kind])
        return token

    @contextmanager
    def _blaming(self, token: Token) -> Iterator[None]:
        try:
            yield
        except Unfit as unfit:
            raise self._error(token, unfit.reason, unfit.hint) from None

    def _expected(self, what: str, hint: str = "") -> QueryError:
        token = self._next
        shown = self._shown(token)
        if not self._text.strip():
            return QueryError(
                self._source, self._text, 0, len(self._text), Message("the filter is empty: expected {what}", what=what)
            )
        return self._error(
            token,
            Message("expected {what}", what=what),
            Message(", before {shown}{hint}", shown=quoted(shown), hint=hint) if shown else "",
        )

    def _shown(self, token: Token) -> str:
        return self._text[token.position : token.position + token.length]

    def _error(self, token: Token, reason: str, hint: str = "") -> QueryError:
        return QueryError(self._source, self._text, token.position, token.length, reason, hint)


def _span(first: Token, last: Token) -> Token:
    """Return a token for all from one to another."""
    return first._replace(length=last.position + last.length - first.position)
